//! The JSON Schemas of what `headwater status --content` and `headwater pulls` print as JSON.

use serde_json::Value;

use super::{ContentReport, PullLine};
use crate::view::json_text::json_schema;

/// The JSON Schema of a report of content.
///
/// It does not forbid further fields: those that a later version adds do not raise `formatVersion`,
/// and a reader may pass over them.
pub fn content_schema() -> Value {
    json_schema::<ContentReport>("Headwater content")
}

/// The JSON Schema of a line that `headwater pulls --output json` prints.
pub fn pull_schema() -> Value {
    json_schema::<PullLine>("Headwater transfer")
}
