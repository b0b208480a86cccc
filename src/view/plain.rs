//! Small things that every view says the same way.

use std::{
    borrow::Cow,
    fmt::{Arguments, Write},
};

use crate::model::without_secrets;

/// A number and the word for what is counted: `1 error`, `2 errors`.
pub fn counted(number: usize, word: &str) -> String {
    if number == 1 { format!("1 {word}") } else { format!("{number} {word}s") }
}

/// Adds to a text.
pub(super) fn add(text: &mut String, arguments: Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = text.write_fmt(arguments);
}

/// A text that came from outside, fit for a terminal: what would move the cursor, change colours
/// or the direction of writing is shown instead of done, and URLs keep their secrets.
pub fn plain(text: &str) -> Cow<'_, str> {
    match without_secrets(text) {
        Cow::Borrowed(text) => without_acts(text),
        Cow::Owned(text) => Cow::Owned(without_acts(&text).into_owned()),
    }
}

fn without_acts(text: &str) -> Cow<'_, str> {
    if !text.chars().any(acts) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars() {
        if acts(letter) {
            shown.extend(letter.escape_unicode());
        } else {
            shown.push(letter);
        }
    }
    Cow::Owned(shown)
}

pub(super) fn acts(letter: char) -> bool {
    let direction = matches!(letter,
        '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    letter.is_control() || direction
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_go_with_their_words() {
        assert_eq!([counted(0, "error"), counted(1, "error")], ["0 errors", "1 error"]);
    }

    #[test]
    fn nothing_from_outside_acts_on_a_terminal() {
        assert_eq!(plain("Zürich → Lisbon"), "Zürich → Lisbon");
        assert_eq!(plain("http://ada:s3cret@a\n"), "http://***@a\\u{a}");
        assert_eq!(plain("a\u{1b}[31m\n\u{202e}b"), "a\\u{1b}[31m\\u{a}\\u{202e}b");
    }
}
