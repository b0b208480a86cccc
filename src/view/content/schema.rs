//! The JSON Schemas of what `headwater status --content` and `headwater pulls` print as JSON.

use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

use super::{ContentReport, PullLine};

/// The JSON Schema of a report of content.
///
/// It does not forbid further fields: those that a later version adds do not raise `formatVersion`,
/// and a reader may pass over them.
pub fn content_schema() -> Value {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let mut schema = generator.root_schema_for::<ContentReport>().to_value();
    schema["title"] = json!("Headwater content");
    schema
}

/// The JSON Schema of a line that `headwater pulls --output json` prints.
pub fn pull_schema() -> Value {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let mut schema = generator.root_schema_for::<PullLine>().to_value();
    schema["title"] = json!("Headwater transfer");
    schema
}
