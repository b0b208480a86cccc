//! What people read, and its twin for programs: values in, text and JSON out. Only this module
//! knows colour. Pure.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod outcome;
mod plain;
mod plan;
mod problems;
mod status;

pub use outcome::{
    FailedAction, LastRunSummary, LeftAction, RunSummary, last_run_text, outcome_line, run_json,
    run_text,
};
pub use plain::{counted, plain};
pub use plan::{plan_json, plan_text, sign};
pub use problems::{Summary, problems_json, problems_text, summary_line};
pub use status::{
    DistributionPointStatus, SiteSystemStatus, StatusReport, UpdatePointStatus, status_json,
    status_text,
};
