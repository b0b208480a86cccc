//! Observed state for programs.

use super::json_text::json_text;
use crate::model::Observation;

/// What was observed, as JSON: what [`Observation::read`] reads.
pub fn observation_json(observation: &Observation) -> String {
    json_text(observation)
}
