//! "Did you mean": the known word nearest to one that is not known.

/// The longest word that is compared: the longest name, a DNS label. Nobody misspells more.
const LONGEST: usize = 63;

/// The known word nearest to `wrong`, if one is near enough to be what was meant: the same but for
/// case, or a slip (a letter missing, added, changed, or two swapped) for every three letters, at
/// most three. Of equally near ones the first.
pub fn closest<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if wrong.len() > LONGEST {
        return None;
    }
    let wrong = wrong.to_lowercase();
    let letters: Vec<char> = wrong.chars().collect();
    let mut bound = (letters.len() / 3).clamp(1, 3);
    let mut best = None;
    for candidate in known {
        if candidate.len().abs_diff(wrong.len()) > 3 * bound || candidate.len() > LONGEST {
            continue;
        }
        let others: Vec<char> = candidate.to_lowercase().chars().collect();
        if let Some(distance) = distance(&letters, &others, bound) {
            best = Some(candidate);
            if distance == 0 {
                break;
            }
            bound = distance - 1;
        }
    }
    best
}

/// How many slips lead from one word to the other; `None` for more than `bound`.
fn distance(one: &[char], other: &[char], bound: usize) -> Option<usize> {
    if one.len().abs_diff(other.len()) > bound {
        return None;
    }
    // Rows of the usual table: the row before the last one is needed for swapped letters.
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in other.iter().enumerate() {
            let mut slips = (above[j] + usize::from(a != b)).min(above[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *a == other[j - 1] && one[i - 1] == *b {
                slips = slips.min(before[j - 1] + 1);
            }
            row.push(slips);
        }
        if row.iter().all(|slips| *slips > bound) {
            return None;
        }
        before = std::mem::replace(&mut above, row);
    }
    above.last().copied().filter(|slips| *slips <= bound)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_was_meant() {
        let known = ["siteCode", "siteServer", "parent", "mode"];
        for (wrong, meant) in [
            ("sitecode", Some("siteCode")),
            ("siteCdoe", Some("siteCode")),
            ("sitServer", Some("siteServer")),
            ("parents", Some("parent")),
            ("moed", Some("mode")),
            ("colour", None),
            ("", None),
            ("pärent", Some("parent")),
        ] {
            assert_eq!(closest(wrong, known), meant, "{wrong}");
        }
    }

    #[test]
    fn prefers_the_nearest_and_then_the_first() {
        assert_eq!(closest("ams-dp4", ["ams-dp1", "ams-dp2"]), Some("ams-dp1"));
        assert_eq!(closest("ams-dp", ["ams-dps2", "ams-dp2"]), Some("ams-dp2"));
    }

    #[test]
    fn endless_words_are_not_compared() {
        assert_eq!(closest(&"a".repeat(1 << 20), ["a"]), None);
    }
}
