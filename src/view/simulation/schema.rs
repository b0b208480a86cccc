//! The schema of what programs are given.

use serde_json::Value;

use crate::{simulate::Outcome, view::json_text::json_schema};

/// The JSON Schema of `headwater simulate --output json`.
pub fn simulation_schema() -> Value {
    json_schema::<Outcome>("What comes of a simulation")
}
