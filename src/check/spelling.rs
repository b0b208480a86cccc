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
    let wrong = Word::of(wrong);
    let mut bound = (wrong.letters.len() / 3).clamp(1, 3);
    let mut best = None;
    // There may be ten thousand candidates: they take no room of their own.
    let mut other = Word::default();
    let mut table = Table::default();
    for candidate in known {
        if candidate.len() > LONGEST {
            continue;
        }
        other.set(candidate);
        if !wrong.may_be_within(&other, bound) {
            continue;
        }
        if let Some(distance) = table.distance(&wrong.letters, &other.letters, bound) {
            best = Some(candidate);
            if distance == 0 {
                break;
            }
            bound = distance - 1;
        }
    }
    best
}

/// A word in small letters.
#[derive(Default)]
struct Word {
    letters: Vec<char>,
    /// A bit for each letter that occurs; some letters share one.
    occurring: u64,
}

impl Word {
    fn of(text: &str) -> Self {
        let mut word = Self::default();
        word.set(text);
        word
    }

    fn set(&mut self, text: &str) {
        self.letters.clear();
        if text.is_ascii() {
            let letters = text.bytes().map(|letter| char::from(letter.to_ascii_lowercase()));
            self.letters.extend(letters);
        } else {
            self.letters.extend(text.chars().flat_map(char::to_lowercase));
        }
        self.occurring =
            self.letters.iter().fold(0, |bits, letter| bits | 1 << (u32::from(*letter) % 64));
    }

    /// Whether so few slips could lead to the other word: each changes the length by one at most,
    /// and takes one letter away and adds one at most.
    fn may_be_within(&self, other: &Self, slips: usize) -> bool {
        let different = (self.occurring ^ other.occurring).count_ones() as usize;
        self.letters.len().abs_diff(other.letters.len()) <= slips && different <= 2 * slips
    }
}

/// Rows of the usual table of slips, kept so that comparing thousands of words takes no memory.
#[derive(Default)]
struct Table {
    /// The row before the last one is needed for swapped letters.
    before: Vec<usize>,
    above: Vec<usize>,
    row: Vec<usize>,
}

impl Table {
    /// How many slips lead from one word to the other; `None` for more than `bound`.
    fn distance(&mut self, one: &[char], other: &[char], bound: usize) -> Option<usize> {
        // What both begin and end with is not looked at again: names are often numbered.
        let same = one.iter().zip(other).take_while(|(a, b)| a == b).count();
        let (one, other) = (&one[same..], &other[same..]);
        let same = one.iter().rev().zip(other.iter().rev()).take_while(|(a, b)| a == b).count();
        let (one, other) = (&one[..one.len() - same], &other[..other.len() - same]);
        let Self { before, above, row } = self;
        above.clear();
        above.extend(0..=other.len());
        for (i, a) in one.iter().enumerate() {
            row.clear();
            row.push(i + 1);
            for (j, b) in other.iter().enumerate() {
                let changed = above[j] + usize::from(a != b);
                let mut slips = changed.min(above[j + 1] + 1).min(row[j] + 1);
                if i > 0 && j > 0 && *a == other[j - 1] && one[i - 1] == *b {
                    slips = slips.min(before[j - 1] + 1);
                }
                row.push(slips);
            }
            if row.iter().all(|slips| *slips > bound) {
                return None;
            }
            std::mem::swap(before, above);
            std::mem::swap(above, row);
        }
        above.last().copied().filter(|slips| *slips <= bound)
    }
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
