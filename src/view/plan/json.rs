//! A plan for programs.

use serde::Serialize;

use crate::{
    model::{Digest, SiteCode},
    plan::{Action, Plan, PlanDiagnostic, Summary, Waiting},
    view::json_text::json_text,
};

use super::{PlanFilter, PlanView, ShownKind};

/// A part of a plan: its own fields, and `filter`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Part<'a> {
    format_version: &'a str,
    manifest_digest: &'a Digest,
    observed_digest: &'a Digest,
    complete: bool,
    filter: Filter<'a>,
    summary: &'a Summary,
    actions: Vec<&'a Action>,
    waiting: Vec<&'a Waiting>,
    diagnostics: Vec<&'a PlanDiagnostic>,
}

/// What was asked for, and of how much.
#[derive(Serialize)]
struct Filter<'a> {
    sites: &'a [SiteCode],
    kinds: &'a [ShownKind],
    /// How many actions the whole plan has.
    actions: usize,
}

/// A plan as JSON; `schemas/plan.json` describes it. If only a part of it is shown, the lists hold
/// that part, everything else is about the whole plan, and `filter` says so.
pub fn plan_json(plan: &Plan, view: PlanView<'_>) -> String {
    match view.filter.filter(|filter| !filter.is_empty()) {
        None => json_text(plan),
        Some(filter) => json_text(&part(plan, view, filter)),
    }
}

fn part<'a>(plan: &'a Plan, view: PlanView<'_>, filter: &'a PlanFilter) -> Part<'a> {
    let shown = view.shown(plan);
    let Plan {
        format_version,
        manifest_digest,
        observed_digest,
        complete,
        summary,
        actions,
        waiting: _,
        diagnostics: _,
    } = plan;
    let PlanFilter { sites, kinds } = filter;
    Part {
        format_version,
        manifest_digest,
        observed_digest,
        complete: *complete,
        filter: Filter { sites, kinds, actions: actions.len() },
        summary,
        // In the order of the plan, not by site.
        actions: actions.iter().filter(|action| filter.shows(action)).collect(),
        waiting: shown.waiting,
        diagnostics: shown.diagnostics,
    }
}
