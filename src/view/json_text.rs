//! Values for programs.

use serde::Serialize;

/// A value as JSON, indented, with the end of its last line.
pub(super) fn json_text(value: &impl Serialize) -> String {
    // Names, numbers, texts, and values that were JSON before: writing them cannot fail, and nothing
    // would be shown if it did.
    serde_json::to_string_pretty(value).unwrap_or_default() + "\n"
}
