//! The words in which two lines differ.

use similar::{Algorithm, DiffOp, capture_diff_slices, diff_ratio};

/// A part of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) text: String,
    /// Whether it is what differs from the other line.
    pub(super) differs: bool,
}

/// The longest line, in bytes, in which words are compared: nobody reads along a longer one, and
/// the time to compare grows with its square.
const LONGEST: usize = 1000;

/// Lines of which less than this is the same have little to do with each other: no words stand out.
const ALIKE: f32 = 0.5;

/// A line that has no other.
pub(super) fn whole(line: String) -> Vec<Part> {
    vec![Part { text: line, differs: false }]
}

/// What stands out in a line and in the one that replaces it.
pub(super) fn compared(before: &str, after: &str) -> (Vec<Part>, Vec<Part>) {
    let alone = || (whole(before.to_owned()), whole(after.to_owned()));
    if before.len() > LONGEST || after.len() > LONGEST {
        return alone();
    }
    let (old, new) = (words(before), words(after));
    let ops = capture_diff_slices(Algorithm::Myers, &old, &new);
    if diff_ratio(&ops, old.len(), new.len()) < ALIKE {
        return alone();
    }
    let (mut in_old, mut in_new) = (Vec::new(), Vec::new());
    for op in ops {
        let differs = !matches!(op, DiffOp::Equal { .. });
        push(&mut in_old, &old[op.old_range()], differs);
        push(&mut in_new, &new[op.new_range()], differs);
    }
    (in_old, in_new)
}

fn push(parts: &mut Vec<Part>, words: &[&str], differs: bool) {
    if !words.is_empty() {
        parts.push(Part { text: words.concat(), differs });
    }
}

/// Letters and digits that stand together, and every other sign by itself: so that a port differs
/// within an address, not the address.
fn words(line: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = line;
    while let Some(first) = rest.chars().next() {
        let ends = |letter: char| !letter.is_alphanumeric();
        let word = rest.find(ends).unwrap_or(rest.len()).max(first.len_utf8());
        let (word, after) = rest.split_at(word);
        words.push(word);
        rest = after;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked(parts: &[Part]) -> String {
        let mark =
            |part: &Part| if part.differs { format!("[{}]", part.text) } else { part.text.clone() };
        parts.iter().map(mark).collect()
    }

    #[test]
    fn the_words_that_differ_stand_out() {
        for (before, after, old, new) in [
            ("http: 8530", "http: 8540", "http: [8530]", "http: [8540]"),
            (
                "url: http://a.b:80",
                "url: http://a.b:81",
                "url: http://a.b:[80]",
                "url: http://a.b:[81]",
            ),
            ("- Zürich", "- Zug", "- [Zürich]", "- [Zug]"),
            ("every: 7d", "every: 7d", "every: 7d", "every: 7d"),
            ("file: /a", "url: http://b", "file: /a", "url: http://b"),
            ("", "a", "", "a"),
        ] {
            let (left, right) = compared(before, after);
            assert_eq!((marked(&left), marked(&right)), (old.to_owned(), new.to_owned()));
        }
    }
}
