//! What several rules want of texts.

/// The longest address of a server: scheme, host, port and a slash.
pub(super) const LONGEST_SERVER: usize = 270;

/// The longest range of addresses or ports.
pub(super) const LONGEST_RANGE: usize = 64;

/// How long a GUID is.
pub(super) const GUID: usize = 36;

/// The longest rule of applicability.
pub(super) const LONGEST_RULE: usize = 64 << 10;

/// The path of a file that has a plain name with an extension.
pub(super) const PUBLISHED_FILE: &str =
    r#"(^|[/\\])[^/\\:*?"<>|\x00-\x1F\x7F]+\.[0-9A-Za-z]{1,10}$"#;

/// The numbers of ports.
const PORT: &str =
    "6553[0-5]|655[0-2][0-9]|65[0-4][0-9]{2}|6[0-4][0-9]{3}|[1-5][0-9]{4}|0*[1-9][0-9]{0,3}";

/// Whether the text that an expression gives is the address of a server.
pub(super) fn is_server(text: &str) -> String {
    format!(r"{text}.matches(r'^https?://(\[[0-9A-Za-z:.-]+\]|[0-9A-Za-z.-]+)(:({PORT}))?/?$')")
}

/// Whether what is sent to a URL stays on the computer, or is sent over TLS.
pub(super) fn is_safe(url: &str) -> String {
    let loopback = r"(?i)^http://(localhost|\[?127(\.[0-9]{1,3}){3}\]?|\[[0:]*:0*1\])([:/]|$)";
    format!("!{url}.startsWith('http://') || {url}.matches(r'{loopback}')")
}

/// Whether the text that an expression gives has five parts, as a cron expression has.
pub(super) const FIVE_FIELDS: &str = r"self.matches(r'^\s*\S+(\s+\S+){4}\s*$')";

/// What is said of one that has not.
pub(super) const NO_CRON: (&str, &str) = (
    "`<<self>>` is not a cron expression of five fields",
    "write minute, hour, day, month and day of the week, such as `0 2 * * 3`",
);

/// Whether XML can have all letters of the text that an expression gives.
pub(super) fn is_plain(text: &str) -> String {
    format!(r"{text}.matches(r'^[^\x00-\x08\x0B\x0C\x0E-\x1F\x{{FFFE}}\x{{FFFF}}]*$')")
}
