//! A line of a log in the form that the field's log viewers read.

use jiff::{Timestamp, tz::TimeZone};

use crate::view::plain;

/// The longest text of a line, in characters. It may quote what other servers say.
const LONGEST: usize = 2_000;

/// How bad it is what a line tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Severity {
    /// Nothing is wrong.
    Info,
    /// Something went wrong, and another way is tried.
    Warning,
    /// Something failed.
    Error,
}

/// The line, with its end. The time is in UTC, which the form tells by a difference of no minutes.
/// Nothing in the text can end the line or the text, or show what a URL hides.
pub(super) fn line(at: Timestamp, component: &str, severity: Severity, text: &str) -> String {
    let kind = match severity {
        Severity::Info => 1,
        Severity::Warning => 2,
        Severity::Error => 3,
    };
    let at = at.to_zoned(TimeZone::UTC);
    let (time, date) = (at.strftime("%H:%M:%S.%3f+000"), at.strftime("%m-%d-%Y"));
    let (text, thread) = (fitting(text), std::process::id());
    format!(
        "<![LOG[{text}]LOG]!><time=\"{time}\" date=\"{date}\" component=\"{component}\" context=\"\" \
         type=\"{kind}\" thread=\"{thread}\" file=\"\">\n"
    )
}

/// A text that fits into a line.
fn fitting(text: &str) -> String {
    // Before it is cut: a URL that is cut in two would not hide its secrets any more.
    let text = plain(text);
    let mut fitting: String = text.chars().take(LONGEST).collect();
    if fitting.len() < text.len() {
        fitting.push('…');
    }
    fitting.replace("]LOG]", "]LOG\\u{5d}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> String {
        let at = "2026-12-01T07:08:09.012Z".parse().unwrap();
        line(at, "PullDP", Severity::Warning, text)
    }

    #[test]
    fn a_line_has_the_form_of_the_field() {
        let thread = std::process::id();
        assert_eq!(
            told("no source has it"),
            format!(
                "<![LOG[no source has it]LOG]!><time=\"07:08:09.012+000\" date=\"12-01-2026\" \
                 component=\"PullDP\" context=\"\" type=\"2\" thread=\"{thread}\" file=\"\">\n"
            )
        );
    }

    #[test]
    fn hostile_text_stays_one_text_on_one_line() {
        let hostile = "a\r\n<![LOG[forged]LOG]!><time=\"\" type=\"1\"> \u{1b}[2J\u{202e} \
                       http://ada:s3cret@a/?sig=s3cret";
        let line = told(hostile);
        assert_eq!(line.matches('\n').count(), 1);
        assert_eq!(line.matches("]LOG]!>").count(), 1);
        assert!(!line.contains(['\r', '\u{1b}', '\u{202e}']) && !line.contains("s3cret"), "{line}");
        let long = told(&"]LOG]!>\n".repeat(100_000));
        assert!(long.len() < 20_000, "{}", long.len());
        assert_eq!(long.matches("]LOG]!>").count(), 1);
    }
}
