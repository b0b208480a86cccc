//! The committed schema of a plan, and an independent validator.

use std::{fs, sync::LazyLock};

use headwater::plan::Plan;
use jsonschema::Validator;
use serde_json::Value;

use super::world::root;

static SCHEMA: LazyLock<Validator> = LazyLock::new(|| {
    let text = fs::read_to_string(root().join("schemas/plan.json")).unwrap();
    let schema: Value = serde_json::from_str(&text).unwrap();
    jsonschema::meta::validate(&schema).unwrap();
    jsonschema::validator_for(&schema).unwrap()
});

/// A plan in its JSON form is as `schemas/plan.json` says.
#[track_caller]
pub(crate) fn assert_valid(plan: &Value) {
    if SCHEMA.is_valid(plan) {
        return;
    }
    let error = SCHEMA.iter_errors(plan).next().unwrap();
    panic!("{error}, at {}", error.instance_path());
}

/// The same for a plan that is a value.
#[track_caller]
pub(crate) fn assert_plan_is_valid(plan: &Plan) {
    assert_valid(&serde_json::to_value(plan).unwrap());
}
