//! Observed state for programs.

use crate::model::Observation;

/// What was observed, as JSON: what [`Observation::read`] reads.
pub fn observation_json(observation: &Observation) -> String {
    // What agents report is nothing that JSON cannot hold.
    let mut text = serde_json::to_string_pretty(observation).unwrap_or_default();
    text.push('\n');
    text
}
