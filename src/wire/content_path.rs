//! Paths of files inside a package: relative, the same on every system, and never a way out.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// The path of a file inside a package: relative, its parts separated by `/`, in UTF-8. A valid one
/// cannot leave the directory it is put in, on Unix or on Windows (clients of both take content).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ContentPath(String);

/// Why a text is not a [`ContentPath`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a path that a package can hold: {rule}")]
pub struct InvalidContentPath {
    /// The path, shortened and with control characters made visible.
    pub text: String,
    /// What is wrong with it.
    pub rule: &'static str,
}

impl ContentPath {
    /// The longest path, in bytes: what Linux takes in one call.
    pub const MAX_BYTES: usize = 4_096;
    /// The longest part, in bytes: what common file systems take as a name.
    pub const MAX_PART_BYTES: usize = 255;

    /// The text itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ContentPath {
    type Err = InvalidContentPath;

    fn from_str(text: &str) -> Result<Self, InvalidContentPath> {
        let refuse = |rule| {
            let text = text.chars().take(200).flat_map(char::escape_debug).collect();
            Err(InvalidContentPath { text, rule })
        };
        if text.len() > Self::MAX_BYTES {
            return refuse("a path has at most 4,096 bytes");
        }
        for part in text.split('/') {
            if let Some(rule) = broken_rule(part) {
                return refuse(rule);
            }
        }
        Ok(Self(text.to_owned()))
    }
}

/// What is wrong with one part of a path.
fn broken_rule(part: &str) -> Option<&'static str> {
    if part.is_empty() {
        return Some("it is relative, and no part of it is empty");
    }
    if part == "." || part == ".." {
        return Some("no part of it is `.` or `..`");
    }
    if part.len() > ContentPath::MAX_PART_BYTES {
        return Some("each part has at most 255 bytes");
    }
    if part.chars().any(char::is_control) {
        return Some("it has no control characters");
    }
    if part.contains(['\\', '<', '>', ':', '"', '|', '?', '*']) {
        return Some("Windows clients cannot store the characters \\ < > : \" | ? *");
    }
    if part.ends_with(['.', ' ']) {
        return Some("Windows clients cannot store a name that ends with a dot or a space");
    }
    if is_device_name(part) {
        return Some("Windows clients take a name such as CON, NUL or COM1 for a device");
    }
    None
}

/// Whether Windows takes a name for a device, with any extension and in any case.
fn is_device_name(part: &str) -> bool {
    let stem = part.split('.').next().unwrap_or(part).trim_end_matches(' ').to_ascii_uppercase();
    match stem.as_str() {
        "CON" | "PRN" | "AUX" | "NUL" | "CONIN$" | "CONOUT$" => true,
        _ => stem.strip_prefix("COM").or_else(|| stem.strip_prefix("LPT")).is_some_and(|port| {
            matches!(port.chars().collect::<Vec<_>>()[..], ['0'..='9' | '¹' | '²' | '³'])
        }),
    }
}

impl TryFrom<String> for ContentPath {
    type Error = InvalidContentPath;

    fn try_from(text: String) -> Result<Self, InvalidContentPath> {
        text.parse()
    }
}

impl From<ContentPath> for String {
    fn from(path: ContentPath) -> Self {
        path.0
    }
}

impl fmt::Display for ContentPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ContentPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_paths_are_kept_as_they_are() {
        let long = format!("{}/{}", "a".repeat(255), "b".repeat(255));
        for good in ["a", "setup.exe", "x64/Setup Files/ä.cab", ".hidden", "a..b/...c", &long] {
            assert_eq!(good.parse::<ContentPath>().unwrap().as_str(), good);
        }
    }

    #[test]
    fn paths_that_lead_elsewhere_are_refused() {
        for bad in [
            "",
            "/",
            "/etc/passwd",
            "a/",
            "a//b",
            ".",
            "..",
            "../a",
            "a/../b",
            "a/./b",
            "a\\b",
            "C:a",
            "C:/a",
            "a\0b",
            "a\nb",
            "a\u{7f}",
        ] {
            assert!(bad.parse::<ContentPath>().is_err(), "{bad:?}");
        }
        assert!("a".repeat(256).parse::<ContentPath>().is_err());
        assert!("a/".repeat(2_049).parse::<ContentPath>().is_err());
    }

    #[test]
    fn names_that_windows_takes_for_devices_are_refused() {
        for bad in ["con", "NUL", "nul.txt", "a/Com1/b", "lpt9.log", "aux .c", "COM¹", "a. ", "a."]
        {
            assert!(bad.parse::<ContentPath>().is_err(), "{bad:?}");
        }
        for good in ["console", "com", "com10", "nul-1", "lpt"] {
            assert!(good.parse::<ContentPath>().is_ok(), "{good:?}");
        }
    }

    #[test]
    fn refusal_shows_control_characters() {
        let error = "a\u{1b}[31m".parse::<ContentPath>().unwrap_err();
        assert!(!error.to_string().contains('\u{1b}'));
    }
}
