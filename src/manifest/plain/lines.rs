//! Lines that say something, and the values that stand on one.

use serde::de;

/// The document is not plain, or not what is wanted: the other parser says which.
#[derive(Debug, thiserror::Error)]
#[error("the document is not plain")]
pub(in crate::manifest) struct NotPlain;

impl de::Error for NotPlain {
    fn custom<T: std::fmt::Display>(_: T) -> Self {
        Self
    }
}

/// Whether all letters are what they look like. Not tabs and other controls; and outside of ASCII
/// only letters and digits, since some of the rest end a line.
pub(super) fn ordinary(text: &str) -> bool {
    let odd = |byte: &&u8| (**byte < b' ' && **byte != b'\n') || **byte >= 0x7f;
    text.as_bytes().iter().filter(odd).count() == 0
        || text.chars().all(|letter| matches!(letter, '\n' | ' '..='~') || letter.is_alphanumeric())
}

/// A line without what stands before it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line<'t> {
    pub(super) column: usize,
    /// From its first letter to its end; never empty, and no comment.
    pub(super) text: &'t str,
}

/// The lines that say something.
pub(super) struct Lines<'t> {
    rest: &'t str,
    next: Option<Line<'t>>,
}

impl<'t> Lines<'t> {
    pub(super) fn of(text: &'t str) -> Self {
        Self { rest: text, next: None }
    }

    /// The line `---` before the document.
    pub(super) fn skip_marker(&mut self) -> Result<(), NotPlain> {
        match self.peek()? {
            Some(Line { column: 0, text }) if text.starts_with("---") => {
                self.next = None;
                if blank(&text[3..]) { Ok(()) } else { Err(NotPlain) }
            }
            _ => Ok(()),
        }
    }

    pub(super) fn peek(&mut self) -> Result<Option<Line<'t>>, NotPlain> {
        while self.next.is_none() {
            if self.rest.is_empty() {
                return Ok(None);
            }
            let (line, rest) = self.rest.split_once('\n').unwrap_or((self.rest, ""));
            self.rest = rest;
            let text = line.trim_start_matches(' ');
            if !text.is_empty() && !text.starts_with('#') {
                // A directive.
                if line.starts_with('%') {
                    return Err(NotPlain);
                }
                self.next = Some(Line { column: line.len() - text.len(), text });
            }
        }
        Ok(self.next)
    }

    /// The next line, which was looked at.
    pub(super) fn take(&mut self) {
        self.next = None;
    }

    /// Puts the rest of a line back as a line: what stands behind `- `.
    pub(super) fn put_back(&mut self, line: Line<'t>) {
        self.next = Some(line);
    }

    /// After a value that stands on one line: it may not go on below.
    pub(super) fn ends_at(&mut self, column: usize) -> Result<(), NotPlain> {
        match self.peek()? {
            Some(line) if line.column > column => Err(NotPlain),
            _ => Ok(()),
        }
    }
}

/// Whether nothing is written there but a comment.
pub(super) fn blank(rest: &str) -> bool {
    let text = rest.trim_start_matches(' ');
    // A comment needs a space before it, unless nothing is there at all.
    text.is_empty() || (text.starts_with('#') && text.len() < rest.len())
}

/// A single value, and whether it is without quotes.
pub(super) struct Scalar<'t> {
    pub(super) text: &'t str,
    pub(super) bare: bool,
}

impl Scalar<'_> {
    pub(super) fn is_null(&self) -> bool {
        self.bare && matches!(self.text, "null" | "Null" | "NULL" | "~")
    }
}

/// A value that stands on one line.
pub(super) fn scalar(text: &str) -> Result<Scalar<'_>, NotPlain> {
    let text = text.trim_start_matches(' ');
    let quote = text.chars().next().filter(|first| matches!(first, '"' | '\''));
    if let Some(quote) = quote {
        let (text, rest) = text[1..].split_once(quote).ok_or(NotPlain)?;
        // Two quotes are one letter, and a backslash begins one.
        let escapes = quote == '"' && text.contains('\\') || rest.starts_with(quote);
        return if blank(rest) && !escapes {
            Ok(Scalar { text, bare: false })
        } else {
            Err(NotPlain)
        };
    }
    let text = text.split_once(" #").map_or(text, |(text, _)| text).trim_end_matches(' ');
    let begins = text.starts_with(|first: char| {
        first.is_alphanumeric() || matches!(first, '/' | '.' | '_' | '(' | '+' | '~' | '$')
    });
    if begins && !text.contains(": ") && !text.ends_with(':') {
        Ok(Scalar { text, bare: true })
    } else {
        Err(NotPlain)
    }
}

pub(super) fn is_item(text: &str) -> bool {
    text.strip_prefix('-').is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
}
