//! A plan for people: by site, each action with its reason, its requirement and what changes.

use std::collections::BTreeSet;

use crate::{
    plan::{ActionId, Plan},
    view::{
        counted,
        plain::{add, plain},
    },
};

use super::{
    PlanView,
    fold::{Entry, entries},
    paint::{Paint, sign_of},
    shown::Shown,
    sites::{Section, folded},
    sort::Counts,
    summary::tables,
    told::told,
    wait_for::Order,
};

/// A plan with more lines is longer than anybody reads from the beginning: it begins with its counts.
const LONG: usize = 500;

/// A plan as text: by site in the order in which it is carried out, each action with its reason,
/// its requirement and what changes, then what waits, and a last line with counts. Actions of a
/// site that are alike are told once, and where all that is long, sites that are alike too, after a
/// summary; unless the view is full.
pub fn plan_text(plan: &Plan, view: PlanView<'_>, coloured: bool) -> String {
    let paint = Paint { coloured };
    let shown = view.shown(plan);
    let order = Order::of(plan);
    let mut sections = Vec::with_capacity(shown.sites.len());
    for site in &shown.sites {
        let mut text = String::new();
        let actions = counted(site.of, "action");
        let part = match site.actions.len() {
            all if all == site.of => String::new(),
            some => format!("{some} of "),
        };
        let title = paint.bold(&format!("Site {}", site.code));
        add(&mut text, format_args!("{title}: {part}{actions}\n"));
        let entries = entries(&site.actions, !view.full);
        for entry in &entries {
            text += &entry_text(entry, &order, view.full, paint);
        }
        text.push('\n');
        sections.push(Section { code: site.code, entries, text });
    }
    let lines: usize = sections.iter().map(|section| section.text.lines().count()).sum();
    let mut text = String::new();
    if view.full || lines <= LONG {
        text.extend(sections.into_iter().map(|section| section.text));
    } else {
        text += &tables(&shown);
        text += &folded(&sections);
    }
    text += &notes(&shown, view.full, paint);
    text + &last_line(&shown)
}

fn entry_text(entry: &Entry<'_>, order: &Order<'_>, full: bool, paint: Paint) -> String {
    let first = entry.actions[0];
    let sign = sign_of(first);
    let many = match entry.actions.len() {
        1 => String::new(),
        many => format!(" ({})", counted(many, "action")),
    };
    let mut text = format!(
        "  {} {} {}{many} [{}]\n      {}",
        paint.sign(sign, &sign.to_string()),
        paint.bold(&first.kind.to_string()),
        entry.resources(),
        plain(&first.requirement),
        plain(&entry.reason),
    );
    if entry.other_reasons > 0 {
        add(&mut text, format_args!("; and {}", counted(entry.other_reasons, "other reason")));
    }
    text.push('\n');
    for line in entry.lines(full) {
        add(&mut text, format_args!("      {}\n", paint.line(&line)));
    }
    if let Some(after) = order.waits_for(&entry.actions).sentence(full, shown_id) {
        add(&mut text, format_args!("      {}\n", paint.dim(&after)));
    }
    text
}

fn shown_id(id: &ActionId) -> String {
    plain(id.as_str()).into_owned()
}

/// What else there is to know, and what waits for what.
fn notes(shown: &Shown<'_>, full: bool, paint: Paint) -> String {
    let mut text = String::new();
    let diagnostics =
        shown.diagnostics.iter().map(|it| (it.rule.as_str(), &it.resource, it.message.as_str()));
    for (rule, resources, message) in told(diagnostics, full) {
        let note = paint.yellow(&format!("note[{}]", plain(rule)));
        add(&mut text, format_args!("{note} {resources}: {}\n", plain(&message)));
    }
    let waiting = shown.waiting.iter().map(|it| ("", &it.resource, it.on.as_str()));
    for (_, resources, on) in told(waiting, full) {
        add(&mut text, format_args!("{} {resources}: {}\n", paint.yellow("waits"), plain(&on)));
    }
    if !text.is_empty() {
        text.push('\n');
    }
    text
}

/// What a plan comes to, with a line end.
pub(super) fn last_line(shown: &Shown<'_>) -> String {
    format!("{}{}\n", counts(shown.plan), part(shown))
}

/// What the whole plan comes to, in a sentence.
pub(super) fn counts(plan: &Plan) -> String {
    if plan.actions.is_empty() {
        return match (plan.complete, plan.waiting.is_empty()) {
            (true, true) => "No changes: the hierarchy is as the manifests say.",
            (true, false) => "No changes, apart from what waits.",
            (false, _) => "Nothing can be done now: see what waits.",
        }
        .to_owned();
    }
    let actions = counted(plan.actions.len(), "action");
    let waiting: BTreeSet<_> = plan.waiting.iter().map(|waiting| &waiting.resource).collect();
    let waits = match waiting.len() {
        0 => String::new(),
        1 => " 1 resource waits.".to_owned(),
        many => format!(" {many} resources wait."),
    };
    format!("Plan: {actions}: {}.{waits}", Counts::of(&plan.actions).sentence())
}

/// How much of a plan is shown, if that may not be all.
fn part(shown: &Shown<'_>) -> String {
    if !shown.filtered {
        return String::new();
    }
    let all = shown.plan.actions.len();
    let verb = if all == 1 { "is" } else { "are" };
    format!(" {} of {} {verb} shown.", shown.actions(), counted(all, "action"))
}
