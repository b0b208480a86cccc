//! Values for programs, and their schemas.

use schemars::{JsonSchema, generate::SchemaSettings};
use serde::Serialize;
use serde_json::{Value, json};

/// A value as JSON, indented, with the end of its last line.
pub(super) fn json_text(value: &impl Serialize) -> String {
    // Names, numbers, texts, and values that were JSON before: writing them cannot fail, and nothing
    // would be shown if it did.
    serde_json::to_string_pretty(value).unwrap_or_default() + "\n"
}

/// The JSON Schema of a value for programs.
pub(super) fn json_schema<T: JsonSchema>(title: &str) -> Value {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let mut schema = generator.root_schema_for::<T>().to_value();
    schema["title"] = json!(title);
    schema
}
