//! Reads a scenario: YAML, of which nothing that is not understood is passed over.

use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

use super::Scenario;
use crate::model::API_VERSION;

/// The largest scenario: ten thousand lines, machines and faults each.
const LARGEST: usize = 16 << 20;

/// A text is not a scenario.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    /// It is longer than any scenario is.
    #[error("a scenario has at most {} MiB", LARGEST >> 20)]
    TooLarge,
    /// It is no YAML, or says what a scenario does not.
    #[error("it is not a scenario{}", place(.0))]
    NotUnderstood(#[from] serde_yaml::Error),
    /// It is a document of another kind or version.
    #[error("`{field}` is `{found}`: a scenario has `{wanted}`")]
    Another {
        /// `apiVersion` or `kind`.
        field: &'static str,
        /// What it is.
        found: String,
        /// What it should be.
        wanted: &'static str,
    },
}

/// Where a text is not understood.
fn place(error: &serde_yaml::Error) -> String {
    let at = error.location();
    at.map_or_else(String::new, |at| format!(": line {}, column {}", at.line(), at.column()))
}

/// Reads a scenario.
///
/// # Errors
///
/// The text is none.
pub fn read_scenario(text: &str) -> Result<Scenario, ScenarioError> {
    if text.len() > LARGEST {
        return Err(ScenarioError::TooLarge);
    }
    if text.lines().all(|line| matches!(line.trim_start().chars().next(), None | Some('#'))) {
        return Ok(Scenario::default());
    }
    let scenario: Scenario = serde_yaml::from_str(text)?;
    let said =
        [("apiVersion", &scenario.api_version, API_VERSION), ("kind", &scenario.kind, "Scenario")];
    for (field, found, wanted) in said {
        if let Some(found) = found.as_ref().filter(|found| *found != wanted) {
            return Err(ScenarioError::Another { field, found: found.clone(), wanted });
        }
    }
    Ok(scenario)
}

/// The JSON Schema of scenarios.
pub fn scenario_schema() -> Value {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let mut schema = generator.root_schema_for::<Scenario>().to_value();
    schema["title"] = json!("Scenario of headwater simulate");
    schema
}
