//! How a saved plan was carried out, for people and for programs.

use serde::Serialize;

use crate::plan::{Action, ActionId, ActionKind, Plan, SavedPlan};

use super::{
    LeftAction, counted,
    json_text::json_text,
    plain::{add, plain},
};

/// How a saved plan was carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CarriedOutSummary {
    /// Whether every action of the plan was done.
    pub carried_out: bool,
    /// How many actions were done.
    pub done: usize,
    /// What was not done.
    pub left: Vec<LeftAction>,
    /// What a plan made right after has to do.
    pub next: Vec<ActionId>,
}

/// How a saved plan was carried out, as text: what was not done and why, then one line.
pub fn carried_out_text(summary: &CarriedOutSummary) -> String {
    let CarriedOutSummary { carried_out, done, left, next } = summary;
    let mut text = String::new();
    for LeftAction { action, outcome, detail } in left {
        add(&mut text, format_args!("{outcome:<8} {action}: {}\n", plain(detail)));
    }
    let actions = counted(*done, "action");
    if *carried_out {
        add(&mut text, format_args!("{actions} done, as planned."));
    } else {
        let all = done + left.len();
        add(&mut text, format_args!("{done} of {} done.", counted(all, "action")));
    }
    match next.first() {
        None => text += " Nothing is left to do.\n",
        Some(first) => {
            let next = counted(next.len(), "action");
            add(&mut text, format_args!(" A plan made now has {next}, first {first}.\n"));
        }
    }
    text
}

/// How a saved plan was carried out, as JSON.
pub fn carried_out_json(summary: &CarriedOutSummary) -> String {
    json_text(summary)
}

/// What there is to know of a way back: how much it does, and what does not come back.
pub fn way_back_text(plan: &Plan, file: &str) -> String {
    let mut text = String::new();
    for diagnostic in &plan.diagnostics {
        let message = plain(&diagnostic.message);
        add(&mut text, format_args!("note: {}: {message}\n", diagnostic.resource));
    }
    for waiting in &plan.waiting {
        add(&mut text, format_args!("waits: {}: {}\n", waiting.resource, plain(&waiting.on)));
    }
    let prune = if plan.actions.iter().any(|it| it.kind.removes()) { " --prune" } else { "" };
    add(
        &mut text,
        format_args!(
            "the way back has {}: `headwater apply{prune} --plan {}`\n",
            counted(plan.actions.len(), "action"),
            plain(file)
        ),
    );
    text
}

/// Whether an action reads a source directory or an import file.
fn reads(action: &Action) -> bool {
    match action.kind {
        ActionKind::ImportUpdates | ActionKind::PublishLocalUpdate => true,
        // Without targets: the site server takes it from its source.
        ActionKind::DistributeContent | ActionKind::UpdateContent => action.targets.is_empty(),
        _ => false,
    }
}

/// That a plan was saved, and what to know of the file.
pub fn saved_text(saved: &SavedPlan<'_>, file: &str) -> String {
    let file = plain(file);
    let mut text = format!("saved in {file}: apply it with `headwater apply --plan {file}`\n");
    if saved.plan.actions.iter().any(reads) {
        text += "note: what packages and import files hold is read when it is applied, not now\n";
    }
    for (resource, path) in saved.secrets() {
        let path = path.to_string();
        let path = plain(&path);
        add(&mut text, format_args!("note: {resource} {path} is in it with what it hides\n"));
    }
    text
}
