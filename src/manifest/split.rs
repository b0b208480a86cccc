//! A text cut into its documents, before anything of it is parsed: so one that is broken does not
//! hide the others.

use std::ops::Range;

/// A document of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cut {
    /// Its bytes, with the `---` line that begins it.
    pub(super) bytes: Range<usize>,
    /// The number of the line it begins on, from 1.
    pub(super) line: usize,
}

/// The documents of a text. Those that hold nothing but comments are left out; and of more than
/// `most`, all but one more than these.
///
/// Lines are enough for that: YAML forbids `---` and `...` at the beginning of a line in every
/// multi-line value, a block of text or a quoted one (YAML 1.2.2, 9.1.2, `c-forbidden`).
pub(super) fn split(text: &str, most: usize) -> Vec<Cut> {
    let mut documents = Vec::new();
    // A byte order mark is no part of the first document.
    let mut start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let mut empty = true;
    let mut position = start;
    let (mut number, mut first) = (1, 1);
    for line in text[start..].split_inclusive('\n') {
        if is_marker(line, "---") || is_marker(line, "...") {
            if !empty {
                documents.push(Cut { bytes: start..position, line: first });
                if documents.len() > most {
                    return documents;
                }
            }
            // The end marker belongs to nothing.
            (start, first) = if line.starts_with('-') {
                (position, number)
            } else {
                (position + line.len(), number + 1)
            };
            empty = line.starts_with('.') || says_nothing(&line[3..]);
        } else if empty && !is_directive(line) && !says_nothing(line) {
            empty = false;
        }
        position += line.len();
        number += 1;
    }
    if !empty {
        documents.push(Cut { bytes: start..position, line: first });
    }
    documents
}

fn is_marker(line: &str, marker: &str) -> bool {
    line.strip_prefix(marker)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\r', '\n']))
}

/// `%YAML` before a document: it changes nothing here.
fn is_directive(line: &str) -> bool {
    line.starts_with('%')
}

fn says_nothing(line: &str) -> bool {
    let line = line.trim_matches([' ', '\t', '\r', '\n']);
    line.is_empty() || line.starts_with('#')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn documents(text: &str) -> Vec<&str> {
        split(text, usize::MAX).into_iter().map(|cut| &text[cut.bytes]).collect()
    }

    #[test]
    fn lines_are_counted_from_the_beginning_of_the_text() {
        let lines = |text| split(text, usize::MAX).iter().map(|it| it.line).collect::<Vec<_>>();
        assert_eq!(lines("a: 1\n---\nb: 2\n...\n\n# c\nc: 3\n"), [1, 2, 5]);
        assert_eq!(lines("\u{feff}# nothing\n---\n---\n\na: 1"), [3]);
    }

    #[test]
    fn more_than_anyone_reads_is_not_cut() {
        assert_eq!(split(&"a\n---\n".repeat(100), 10).len(), 11);
    }

    #[test]
    fn cuts_at_the_markers() {
        assert_eq!(documents("a: 1\n---\nb: 2\n"), ["a: 1\n", "---\nb: 2\n"]);
        assert_eq!(documents("--- {a: 1}\n--- # two\nb: 2"), ["--- {a: 1}\n", "--- # two\nb: 2"]);
        assert_eq!(documents("a: 1\r\n---\r\nb: 2\r\n"), ["a: 1\r\n", "---\r\nb: 2\r\n"]);
        assert_eq!(documents("a: 1\n...\nb: 2\n"), ["a: 1\n", "b: 2\n"]);
    }

    #[test]
    fn what_only_looks_like_a_marker_stays() {
        let text = "a: |\n  ---\n  b\n----: 1\n--- x: y\n";
        assert_eq!(documents(text), ["a: |\n  ---\n  b\n----: 1\n", "--- x: y\n"]);
    }

    #[test]
    fn empty_documents_are_skipped() {
        assert_eq!(documents(""), [""; 0]);
        assert_eq!(documents("# only a comment\n---\n\n--- # nothing\n...\n"), [""; 0]);
        assert_eq!(documents("%YAML 1.2\n---\na: 1\n"), ["---\na: 1\n"]);
        assert_eq!(documents("\u{feff}a: 1\n"), ["a: 1\n"]);
    }
}
