//! How actions and runs ended, for people and for programs.

use anstyle::{AnsiColor, Style};
use serde::Serialize;

use crate::plan::ActionId;

use super::{counted, plain};

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LeftAction {
    /// Which one.
    pub action: ActionId,
    /// `failed`, `skipped` or `waiting`.
    pub outcome: &'static str,
    /// Why.
    pub detail: String,
}

/// How a run ended, as text: what was not done and why, then one line.
pub fn run_text(summary: &RunSummary) -> String {
    let mut text = String::new();
    for left in &summary.left {
        text += &format!("{:<8} {}: {}\n", left.outcome, left.action, plain(&left.detail));
    }
    for waiting in &summary.waiting {
        text += &format!("{:<8} {}\n", "waits", plain(waiting));
    }
    let done = counted(summary.done, "action");
    text += &match (summary.converged, summary.done) {
        (true, 0) => "Nothing to do: the hierarchy is as the manifests say.\n".to_owned(),
        (true, _) => format!("{done} done. The hierarchy is as the manifests say.\n"),
        (false, _) => format!("{done} done. The hierarchy is not as the manifests say yet.\n"),
    };
    text
}

/// How a run ended, as JSON.
pub fn run_json(summary: &RunSummary) -> String {
    // A summary holds nothing that JSON cannot hold.
    let mut text = serde_json::to_string_pretty(summary).unwrap_or_default();
    text.push('\n');
    text
}

/// How an action ended, on one line. `word` is `done`, `failed`, `skipped` or `waiting`.
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
