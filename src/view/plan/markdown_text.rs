//! Texts from outside as Markdown: nothing in them is read as Markdown or HTML, and nobody is
//! mentioned.

use crate::view::plain::plain;

/// A text between backticks, more of them than it holds in a row.
pub(super) fn code(text: &str) -> String {
    let text = plain(text);
    let fence = "`".repeat(longest_run(&text) + 1);
    // A space at each end is taken off again; without it a backtick there would join the fence.
    let touches = text.is_empty() || text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']);
    let space = if touches { " " } else { "" };
    format!("{fence}{space}{text}{space}{fence}")
}

/// Lines as a block of code that they cannot end.
pub(super) fn block(language: &str, lines: &str) -> String {
    let fence = "`".repeat((longest_run(lines) + 1).max(3));
    format!("{fence}{language}\n{lines}{fence}\n")
}

/// The longest row of backticks.
fn longest_run(text: &str) -> usize {
    text.split(|letter| letter != '`').map(str::len).max().unwrap_or(0)
}

/// A sentence: what stands in backticks is code, and so is every word that Markdown could read as
/// something else. It must not stand at the beginning of a line.
pub(super) fn prose(text: &str) -> String {
    let text = plain(text);
    let segments: Vec<&str> = text.split('`').collect();
    if segments.len().is_multiple_of(2) {
        // A backtick that is not closed.
        return code(&text);
    }
    let mut prose = String::new();
    for (number, segment) in segments.into_iter().enumerate() {
        if number % 2 == 1 {
            push_code(&mut prose, segment);
            continue;
        }
        for (number, word) in segment.split(' ').enumerate() {
            if number > 0 && !prose.ends_with(' ') {
                prose.push(' ');
            }
            if is_harmless(word) {
                prose.push_str(word);
            } else {
                push_code(&mut prose, word);
            }
        }
    }
    prose.trim().to_owned()
}

/// Adds code, apart from other code: two of them side by side would be read as one.
fn push_code(prose: &mut String, text: &str) {
    if prose.ends_with('`') {
        prose.push(' ');
    }
    prose.push_str(&code(text));
}

/// Whether a word is nothing but a word: no emphasis, link, mention, reference, entity or tag.
fn is_harmless(word: &str) -> bool {
    const SIGNS: &str = ",;.'\"()%/?!…–—→=-";
    let core = word.strip_suffix(':').unwrap_or(word);
    let lower = core.to_lowercase();
    core.chars().all(|letter| letter.is_alphanumeric() || SIGNS.contains(letter))
        && !lower.contains("www.")
        && !lower.contains("gh-")
}

/// The beginning of a text that is too long.
pub(super) fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_stay_sentences() {
        for (text, shown) in [
            ("it does not exist yet", "it does not exist yet"),
            ("`a` is not one: 8530 (PDP-9)", "`a` is not one: 8530 (PDP-9)"),
            ("see http://a.example now", "see `http://a.example` now"),
            ("by @ada in #12 and GH-12", "by `@ada` in `#12` and `GH-12`"),
            ("<b>*x*</b> [a](b) ![c] &lt; :tada:", "`<b>*x*</b>` `[a](b)` `![c]` `&lt;` `:tada:`"),
            ("an `open end", "``an `open end``"),
            ("`a`@b", "`a` `@b`"),
            ("www.a.example", "`www.a.example`"),
            ("", ""),
        ] {
            assert_eq!(prose(text), shown);
        }
    }

    #[test]
    fn code_cannot_be_ended_from_within() {
        assert_eq!(code("a"), "`a`");
        assert_eq!(code("``"), "``` `` ```");
        assert_eq!(code(""), "`  `");
        assert_eq!(block("diff", "+ a: ```\n"), "````diff\n+ a: ```\n````\n");
    }
}
