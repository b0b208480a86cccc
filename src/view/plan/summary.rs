//! How many actions a plan has by site and by kind, and what they come to.

use std::collections::BTreeMap;

use comfy_table::{Cell, CellAlignment};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::{
    model::SiteCode,
    plan::{ActionKind, FORMAT_VERSION, Plan},
    view::{
        json_text::{json_schema, json_text},
        plain::add,
        table::{lines, table},
    },
};

use super::{PlanView, paint::sign_of, shown::Shown, sort::Counts, text::last_line};

/// The counts of a plan. Of a part of it, if only that is shown.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct PlanCounts<'a> {
    /// As in the plan: the version of this form too.
    #[schemars(extend("const" = FORMAT_VERSION.to_string()))]
    format_version: String,
    /// As in the plan: whether the hierarchy is as wanted once the actions are done.
    complete: bool,
    /// How many actions the plan has.
    actions: usize,
    /// How many of them are counted here.
    shown: usize,
    /// By sort.
    counts: Counts,
    /// By site, in the order of the plan.
    pub(super) sites: Vec<SiteCounts<'a>>,
    /// What waits, in the whole plan.
    waiting: usize,
}

/// The counts of a site.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct SiteCounts<'a> {
    /// Which one.
    pub(super) site: &'a SiteCode,
    /// How many actions are done there.
    pub(super) actions: usize,
    /// By sort.
    pub(super) counts: Counts,
    /// By kind of action.
    kinds: BTreeMap<ActionKind, usize>,
    /// How many of them have which sign.
    #[serde(skip)]
    signs: BTreeMap<(ActionKind, char), usize>,
}

impl<'a> PlanCounts<'a> {
    pub(super) fn of(shown: &Shown<'a>) -> Self {
        let all = || shown.sites.iter().flat_map(|site| site.actions.iter().copied());
        let sites = shown.sites.iter().map(|site| {
            let mut kinds = BTreeMap::new();
            let mut signs = BTreeMap::new();
            for action in &site.actions {
                *kinds.entry(action.kind).or_default() += 1;
                *signs.entry((action.kind, sign_of(action))).or_default() += 1;
            }
            SiteCounts {
                site: site.code,
                actions: site.actions.len(),
                counts: Counts::of(site.actions.iter().copied()),
                kinds,
                signs,
            }
        });
        Self {
            format_version: FORMAT_VERSION.to_string(),
            complete: shown.plan.complete,
            actions: shown.plan.actions.len(),
            shown: shown.actions(),
            counts: Counts::of(all()),
            sites: sites.collect(),
            waiting: shown.plan.waiting.len(),
        }
    }

    /// How many actions there are of a kind, with their sign, and where, in a few words.
    pub(super) fn kinds(&self) -> Vec<(char, ActionKind, usize, String)> {
        /// So many sites are named: a line of a terminal has room for them.
        const NAMED: usize = 6;
        let mut kinds: BTreeMap<(ActionKind, char), Vec<(&SiteCode, usize)>> = BTreeMap::new();
        for site in &self.sites {
            for (kind, count) in &site.signs {
                kinds.entry(*kind).or_default().push((site.site, *count));
            }
        }
        let told = kinds.into_iter().map(|((kind, sign), sites)| {
            let all = sites.iter().map(|(_, count)| count).sum();
            let named = sites.iter().take(NAMED).map(|(site, count)| format!("{site} {count}"));
            let mut named = named.collect::<Vec<_>>().join(", ");
            if sites.len() > NAMED {
                add(&mut named, format_args!(", and {} more", sites.len() - NAMED));
            }
            (sign, kind, all, named)
        });
        told.collect()
    }
}

/// The counts of a plan as text: a table of sites, one of kinds, and the last line of the plan.
pub fn plan_summary_text(plan: &Plan, view: PlanView<'_>) -> String {
    let shown = view.shown(plan);
    tables(&shown) + &last_line(&shown)
}

/// The tables of sites and of kinds, each with an empty line behind it.
pub(super) fn tables(shown: &Shown<'_>) -> String {
    let counts = PlanCounts::of(shown);
    let mut text = String::new();
    if !counts.sites.is_empty() {
        text += &sites(&counts);
        text.push('\n');
        text += &kinds(&counts);
        text.push('\n');
    }
    text
}

/// The counts of a plan as JSON.
pub fn plan_summary_json(plan: &Plan, view: PlanView<'_>) -> String {
    json_text(&PlanCounts::of(&view.shown(plan)))
}

/// The schema of [`plan_summary_json`]. It does not forbid further fields.
pub fn plan_summary_schema() -> Value {
    json_schema::<PlanCounts<'_>>("Headwater counts of a plan")
}

fn sites(counts: &PlanCounts<'_>) -> String {
    let titles = Counts::default().columns().map(|(title, _)| title.to_uppercase());
    let header: Vec<&str> =
        ["SITE"].into_iter().chain(titles.iter().map(String::as_str)).chain(["ACTIONS"]).collect();
    let numbers: Vec<usize> = (1..header.len()).collect();
    let mut table = table(&header, &numbers);
    for site in &counts.sites {
        table.add_row(row(site.site.to_string(), site.counts, site.actions));
    }
    if counts.sites.len() > 1 {
        table.add_row(row("all".to_owned(), counts.counts, counts.shown));
    }
    lines(&table)
}

fn row(first: String, counts: Counts, actions: usize) -> Vec<Cell> {
    let numbers = counts.columns().map(|(_, count)| count).into_iter().chain([actions]);
    let number = |number: usize| Cell::new(number).set_alignment(CellAlignment::Right);
    [Cell::new(first)].into_iter().chain(numbers.map(number)).collect()
}

fn kinds(counts: &PlanCounts<'_>) -> String {
    let mut table = table(&["ACTION", "ACTIONS", "SITES"], &[1]);
    for (sign, kind, count, sites) in counts.kinds() {
        let count = Cell::new(count).set_alignment(CellAlignment::Right);
        table.add_row([Cell::new(format!("{sign} {kind}")), count, Cell::new(sites)]);
    }
    lines(&table)
}
