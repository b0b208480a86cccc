//! The committed schemas of what is shown to programs, and an independent validator.

use std::{fs, sync::LazyLock};

use jsonschema::Validator;
use serde_json::Value;

use super::world::root;

static CONTENT: LazyLock<Validator> = LazyLock::new(|| validator("content.json"));
static VALIDATION: LazyLock<Validator> = LazyLock::new(|| validator("validation.json"));
static PULL: LazyLock<Validator> = LazyLock::new(|| validator("pull.json"));

fn validator(name: &str) -> Validator {
    let text = fs::read_to_string(root().join("schemas").join(name)).unwrap();
    let schema: Value = serde_json::from_str(&text).unwrap();
    jsonschema::meta::validate(&schema).unwrap();
    jsonschema::validator_for(&schema).unwrap()
}

/// A report of content is as `schemas/content.json` says.
pub(crate) fn content_is_valid(report: &Value) -> bool {
    CONTENT.is_valid(report)
}

/// A line of `headwater pulls` is as `schemas/pull.json` says.
#[track_caller]
pub(crate) fn assert_pull_is_valid(line: &Value) {
    PULL.validate(line).unwrap();
}

/// A report of a content validation is as `schemas/validation.json` says.
#[track_caller]
pub(crate) fn assert_validation_is_valid(report: &Value) {
    VALIDATION.validate(report).unwrap();
}

/// A report is as the schema of this name says.
#[track_caller]
pub(crate) fn assert_valid(schema: &str, report: &Value) {
    validator(schema).validate(report).unwrap();
}
