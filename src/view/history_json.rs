//! The runs that the journal remembers, for programs.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::model::{
    ActionCounts, ActionRecord, Digest, FormatVersion, RunCause, RunId, RunRecord, RunState,
};

use super::json_text::{json_schema, json_text};

/// The version of both forms: raised when a reader of the old one would misread it.
const FORMAT_VERSION: FormatVersion = FormatVersion { major: 1, minor: 0 };

/// The runs that were asked for.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Runs<'a> {
    /// The version of this form: raised when a reader of the old one would misread it.
    #[schemars(extend("const" = FORMAT_VERSION.to_string()))]
    format_version: String,
    /// The runs, the newest first.
    runs: Vec<Run<'a>>,
}

/// A run as a whole.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Whole<'a> {
    /// The version of this form: raised when a reader of the old one would misread it.
    #[schemars(extend("const" = FORMAT_VERSION.to_string()))]
    format_version: String,
    /// The run.
    run: Run<'a>,
    /// Its actions, in the order in which they began.
    actions: &'a [ActionRecord],
    /// What it planned, as `headwater plan --output json` prints a plan, a part of one (`--site`,
    /// `--kind`) or its counts (`--summary`); absent where the plan is not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Map<String, Value>>")]
    plan: Option<Value>,
}

/// A run, as the journal remembers it.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Run<'a> {
    /// Its number.
    id: RunId,
    /// How it stands.
    state: RunState,
    /// When it began.
    started_at: Timestamp,
    /// When it ended, the last time if it was repeated; absent if it has not.
    #[serde(skip_serializing_if = "Option::is_none")]
    finished_at: Option<Timestamp>,
    /// How often it came again to the same end without doing anything.
    repeated: u32,
    /// What set it in motion; nobody knows of runs that an earlier version wrote down.
    #[serde(flatten)]
    cause: Option<&'a RunCause>,
    /// The manifests that it was for; absent if it had none.
    #[serde(skip_serializing_if = "Option::is_none")]
    manifest_digest: Option<Digest>,
    /// The text of its plan; absent if it is not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    plan_digest: Option<Digest>,
    /// Its actions, counted.
    actions: &'a ActionCounts,
    /// How many actions of which kind were done.
    done: &'a BTreeMap<String, u32>,
}

impl<'a> Run<'a> {
    fn of(run: &'a RunRecord) -> Self {
        // Destructured, so that a new field cannot be forgotten.
        let RunRecord {
            id,
            started_at,
            finished_at,
            state,
            cause,
            repeated,
            manifests,
            plan,
            actions,
            done,
        } = run;
        Self {
            id: *id,
            state: *state,
            started_at: *started_at,
            finished_at: *finished_at,
            repeated: *repeated,
            cause: cause.as_ref(),
            manifest_digest: *manifests,
            plan_digest: *plan,
            actions,
            done,
        }
    }
}

/// Runs as JSON, the newest first.
pub fn runs_json(runs: &[RunRecord]) -> String {
    let format_version = FORMAT_VERSION.to_string();
    json_text(&Runs { format_version, runs: runs.iter().map(Run::of).collect() })
}

/// A run, its actions and its plan as JSON.
pub fn run_record_json(run: &RunRecord, actions: &[ActionRecord], plan: Option<Value>) -> String {
    let format_version = FORMAT_VERSION.to_string();
    json_text(&Whole { format_version, run: Run::of(run), actions, plan })
}

/// The schema of [`runs_json`]. It does not forbid further fields.
pub fn runs_schema() -> Value {
    json_schema::<Runs<'_>>("Headwater runs")
}

/// The schema of [`run_record_json`]. It does not forbid further fields.
pub fn run_record_schema() -> Value {
    json_schema::<Whole<'_>>("Headwater run")
}
