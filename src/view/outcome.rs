//! How actions and runs ended, for people and for programs.

use anstyle::{AnsiColor, Style};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use crate::plan::ActionId;

use super::{
    counted,
    json_text::json_text,
    plain::{add, plain},
};

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RunSummary {
    /// Whether the hierarchy is as the manifests say.
    pub converged: bool,
    /// How many actions were done.
    pub done: usize,
    /// What was not done.
    pub left: Vec<LeftAction>,
    /// What waits, and for what.
    pub waiting: Vec<String>,
}

/// An action that was not done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LeftAction {
    /// Which one.
    pub action: ActionId,
    /// `failed`, `skipped`, `left` or `waiting`.
    pub outcome: &'static str,
    /// Why.
    pub detail: String,
}

/// How a run ended, as text: what was not done and why, then one line.
pub fn run_text(summary: &RunSummary) -> String {
    let done = counted(summary.done, "action");
    let last = match (summary.converged, summary.done) {
        (true, 0) => "Nothing to do: the hierarchy is as the manifests say.\n".to_owned(),
        (true, _) => format!("{done} done. The hierarchy is as the manifests say.\n"),
        (false, _) => format!("{done} done. The hierarchy is not as the manifests say yet.\n"),
    };
    not_done(summary) + &last
}

/// How a synchronization by hand ended, as text: what was not done and why, then one line.
pub fn synchronized_text(summary: &RunSummary) -> String {
    let last = if summary.converged {
        "Everything is synchronized.\n"
    } else {
        "Not everything is synchronized: what failed is tried again by `headwater up`, or by hand.\n"
    };
    not_done(summary) + last
}

/// What was not done and why, a line each.
fn not_done(summary: &RunSummary) -> String {
    let mut text = String::new();
    for left in &summary.left {
        add(
            &mut text,
            format_args!("{:<8} {}: {}\n", left.outcome, left.action, plain(&left.detail)),
        );
    }
    for waiting in &summary.waiting {
        add(&mut text, format_args!("{:<8} {}\n", "waits", plain(waiting)));
    }
    text
}

/// How a run ended, as JSON.
pub fn run_json(summary: &RunSummary) -> String {
    json_text(summary)
}

/// How an action ended, on one line. `word` is `done`, `failed`, `skipped`, `left` or `waiting`.
pub fn outcome_line(id: &ActionId, word: &str, detail: &str, coloured: bool) -> String {
    let style = match word {
        _ if !coloured => Style::new(),
        "done" => AnsiColor::Green.on_default(),
        "failed" => AnsiColor::Red.on_default().bold(),
        _ => AnsiColor::Yellow.on_default(),
    };
    let detail = if detail.is_empty() { String::new() } else { format!(": {}", plain(detail)) };
    format!("{style}{word:<8}{style:#} {id}{detail}")
}

/// What is remembered of the last run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LastRunSummary {
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended; absent if it was cut off or is under way.
    pub finished_at: Option<Timestamp>,
    /// Whether it is under way.
    pub under_way: bool,
    /// Whether the hierarchy was as wanted then.
    pub converged: bool,
    /// The actions that did not end well.
    pub failures: Vec<FailedAction>,
}

/// An action that did not end well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FailedAction {
    /// Which one.
    pub action: String,
    /// What it said.
    pub detail: String,
}

/// An action that failed and is not tried again yet by whoever keeps the hierarchy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NextTry {
    /// Which one.
    pub action: String,
    /// How many times it has failed without a break.
    pub failed: u32,
    /// When it is tried again, at the earliest.
    pub at: Timestamp,
    /// Why it failed the last time.
    pub why: String,
}

/// When actions that failed are tried again, as text; nothing if there are none.
pub fn next_tries_text(tries: &[NextTry]) -> String {
    let mut text = String::new();
    for NextTry { action, failed, at, why } in tries {
        let times = if *failed == 1 { "once".to_owned() } else { format!("{failed} times") };
        let (action, why) = (plain(action), plain(why));
        add(
            &mut text,
            format_args!("{action} failed {times}, and is tried again at {at}: {why}\n"),
        );
    }
    text
}

/// What is remembered of the last run, as text.
pub fn last_run_text(last: Option<&LastRunSummary>) -> String {
    let Some(last) = last else { return "Nothing has been applied yet.\n".to_owned() };
    let mut text = match (last.finished_at, last.converged) {
        (None, _) if last.under_way => {
            return format!("A run began at {} and is under way.\n", last.started_at);
        }
        (None, _) => format!("The last run, of {}, was cut off.\n", last.started_at),
        (Some(at), true) => format!("The last run ended well at {at}.\n"),
        (Some(at), false) => format!("The last run ended at {at}, and something was left:\n"),
    };
    for FailedAction { action, detail } in &last.failures {
        add(&mut text, format_args!("  {action}: {}\n", plain(detail)));
    }
    text
}
