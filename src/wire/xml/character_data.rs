//! Text of elements, in one go: references and line ends, as XML 1.0 prescribes them.

use std::borrow::Cow;

use memchr::memchr2;

use super::reader::is_allowed;

/// Longest reference that is read here, in bytes without `&` and `;`.
const LONGEST: usize = 16;

/// What `run` stands for, a text without markup. `None` if one of its references is none that XML 1.0
/// has: who reads it piece by piece can say which.
pub(super) fn unescape(run: &str) -> Option<Cow<'_, str>> {
    let special = |text: &str| memchr2(b'&', b'\r', text.as_bytes());
    let Some(mut at) = special(run) else { return Some(Cow::Borrowed(run)) };
    let mut text = String::with_capacity(run.len());
    let mut rest = run;
    loop {
        let (before, found) = rest.split_at(at);
        text.push_str(before);
        rest = if let Some(after) = found.strip_prefix('&') {
            let (character, after) = reference(after)?;
            text.push(character);
            after
        } else {
            // A carriage return, alone or with the line feed behind it, is a line end.
            let after = found.get(1..)?;
            text.push('\n');
            after.strip_prefix('\n').unwrap_or(after)
        };
        let Some(next) = special(rest) else { break };
        at = next;
    }
    text.push_str(rest);
    Some(Cow::Owned(text))
}

/// The character that the reference in front stands for, and what is behind it.
pub(super) fn reference(text: &str) -> Option<(char, &str)> {
    for (name, character) in
        [("lt;", '<'), ("gt;", '>'), ("amp;", '&'), ("quot;", '"'), ("apos;", '\'')]
    {
        if let Some(after) = text.strip_prefix(name) {
            return Some((character, after));
        }
    }
    let number = text.strip_prefix('#')?;
    let end = number.bytes().take(LONGEST).position(|byte| byte == b';')?;
    let (digits, after) = (number.get(..end)?, number.get(end + 1..)?);
    let code = match digits.strip_prefix('x') {
        Some(digits) if is_plain(digits, 16) => u32::from_str_radix(digits, 16),
        None if is_plain(digits, 10) => digits.parse(),
        _ => return None,
    };
    let character = char::from_u32(code.ok()?).filter(|it| is_allowed(*it))?;
    Some((character, after))
}

/// Whether there are digits and nothing else, such as a sign.
fn is_plain(digits: &str, radix: u32) -> bool {
    !digits.is_empty() && digits.chars().all(|digit| digit.is_digit(radix))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::wire::xml::{XmlReader, escape_text};

    #[test]
    fn what_needs_no_change_is_not_copied() {
        assert!(matches!(unescape("plain > text"), Some(Cow::Borrowed("plain > text"))));
    }

    #[test]
    fn references_and_line_ends_become_what_they_stand_for() {
        let text = unescape("&lt;&#x41;&#66;&quot;&apos;&amp;lt;&gt;\r\n\r&#xD;\u{E9}");
        assert_eq!(text.as_deref(), Some("<AB\"'&lt;>\n\n\r\u{E9}"));
    }

    #[test]
    fn what_is_no_reference_is_nothing() {
        for run in [
            "&",
            "&;",
            "&lt",
            "&LT;",
            "&nbsp;",
            "&#;",
            "&#x;",
            "&#0;",
            "&#xFFFE;",
            "&#xD800;",
            "&#-1;",
            "&#+65;",
            "&#x+41;",
            "&#X41;",
            "&#99999999999;",
            "&#000000000000000065;",
        ] {
            assert_eq!(unescape(run), None, "{run}");
        }
    }

    proptest! {
        #[test]
        fn any_text_that_was_escaped_reads_back(text in "[ -~\r\n\t\u{A0}-\u{D7FF}&<>]*") {
            let mut run = String::new();
            escape_text(&mut run, &text).unwrap();
            prop_assert_eq!(unescape(&run).map(Cow::into_owned), Some(text));
        }

        /// In one go or event by event: the same text, or the same refusal.
        #[test]
        fn both_ways_of_reading_agree(run in "(&lt;|&gt;|&amp;|&#[x0-9a-fA-F]{0,5};|&[a-z]{0,4};?|[ a-z\r\n;#]){0,12}") {
            // A comment in front makes the reader take the events.
            let of = |front: &str| {
                let document = format!("<a>{front}{run}</a>");
                let mut xml = XmlReader::new(&document, 1 << 20).unwrap();
                xml.root().unwrap();
                let text = xml.text().map(Cow::into_owned);
                text.map_err(|error| std::mem::discriminant(&error))
            };
            prop_assert_eq!(of(""), of("<!---->"));
        }
    }
}
