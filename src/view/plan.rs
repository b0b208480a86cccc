//! A plan, for people and for programs.

use anstyle::{AnsiColor, Style};
use serde_json::Value;

use crate::plan::{Action, ActionKind, FieldChange, Plan, Summary};

use super::{
    counted,
    plain::{add, plain},
};

/// A plan as text: by site, each action with its reason, its requirement and what changes, then
/// what waits, and a last line with counts.
pub fn plan_text(plan: &Plan, coloured: bool) -> String {
    let paint = Paint { coloured };
    let mut text = String::new();
    let mut sites = Vec::new();
    for action in &plan.actions {
        if !sites.contains(&&action.site) {
            sites.push(&action.site);
        }
    }
    for site in sites {
        add(&mut text, format_args!("{}\n", paint.bold(&format!("Site {site}"))));
        for action in plan.actions.iter().filter(|action| action.site == *site) {
            text += &action_text(action, paint);
        }
        text.push('\n');
    }
    for diagnostic in &plan.diagnostics {
        add(
            &mut text,
            format_args!(
                "{} {}: {}\n",
                paint.yellow(&format!("note[{}]", diagnostic.rule)),
                diagnostic.resource,
                plain(&diagnostic.message)
            ),
        );
    }
    for waiting in &plan.waiting {
        let waits = paint.yellow("waits");
        add(&mut text, format_args!("{waits} {}: {}\n", waiting.resource, plain(&waiting.on)));
    }
    if !(plan.diagnostics.is_empty() && plan.waiting.is_empty()) {
        text.push('\n');
    }
    text += &last_line(plan);
    text
}

/// A plan as JSON, as the design describes it.
pub fn plan_json(plan: &Plan) -> String {
    // A plan holds nothing that JSON cannot hold.
    let mut text = serde_json::to_string_pretty(plan).unwrap_or_default();
    text.push('\n');
    text
}

/// The sign in front of an action: what it does at a glance.
pub fn sign(kind: ActionKind) -> char {
    match kind {
        ActionKind::CreateSiteSystem
        | ActionKind::InstallUpdateServices
        | ActionKind::InstallAdministrationConsole
        | ActionKind::AddSoftwareUpdatePoint
        | ActionKind::AddDistributionPoint => '+',
        ActionKind::ConfigureSsl
        | ActionKind::ConfigureSoftwareUpdatePoint
        | ActionKind::PublishClientPolicy
        | ActionKind::ConfigureDistributionPoint
        | ActionKind::EnablePull
        | ActionKind::DisablePull => '~',
        ActionKind::VerifyPorts | ActionKind::ValidateContent => '?',
        ActionKind::SynchronizeCategories
        | ActionKind::Synchronize
        | ActionKind::ImportUpdates
        | ActionKind::DistributeContent
        | ActionKind::UpdateContent => '>',
        ActionKind::RemoveContent
        | ActionKind::RemoveDistributionPoint
        | ActionKind::RemoveSoftwareUpdatePoint
        | ActionKind::UninstallUpdateServices
        | ActionKind::RemoveSiteSystem => '-',
    }
}

fn action_text(action: &Action, paint: Paint) -> String {
    let sign = sign(action.kind);
    let mut text = format!(
        "  {} {} {} [{}]\n      {}\n",
        paint.sign(sign, &sign.to_string()),
        paint.bold(&action.kind.to_string()),
        action.resource,
        action.requirement,
        plain(&action.reason),
    );
    for change in &action.diff {
        text += &change_text(change, paint);
    }
    if !action.after.is_empty() {
        let after: Vec<_> = action.after.iter().map(ToString::to_string).collect();
        text += &paint.dim(&format!("      after {}", after.join(", ")));
        text.push('\n');
    }
    text
}

fn change_text(change: &FieldChange, paint: Paint) -> String {
    let FieldChange { path, before, after } = change;
    let (sign, shown) = match (before, after) {
        (Value::Null, after) => ('+', value(after)),
        (before, Value::Null) => ('-', value(before)),
        (before, after) => ('~', format!("{} -> {}", value(before), value(after))),
    };
    format!("      {}\n", paint.sign(sign, &format!("{sign} {path}: {shown}")))
}

/// A value as it would be written in a manifest, on one line.
fn value(value: &Value) -> String {
    match value {
        Value::String(text) => plain(text).into_owned(),
        other => plain(&other.to_string()).into_owned(),
    }
}

fn last_line(plan: &Plan) -> String {
    if plan.actions.is_empty() {
        return match (plan.complete, plan.waiting.is_empty()) {
            (true, true) => "No changes: the hierarchy is as the manifests say.\n".to_owned(),
            (true, false) => "No changes, apart from what waits.\n".to_owned(),
            (false, _) => "Nothing can be done now: see what waits.\n".to_owned(),
        };
    }
    // What is verified changes nothing, and is not in the summary.
    let Summary { create, change, remove, synchronize, distribute } = plan.summary;
    let verify = plan.actions.len() - (create + change + remove + synchronize + distribute);
    format!(
        "Plan: {}: {create} to create, {change} to change, {remove} to remove, {verify} to verify, \
         {synchronize} to synchronize, {distribute} to distribute.\n",
        counted(plan.actions.len(), "action"),
    )
}

/// Colours carry nothing that the text does not say.
#[derive(Debug, Clone, Copy)]
struct Paint {
    coloured: bool,
}

impl Paint {
    fn with(self, style: Style, text: &str) -> String {
        if self.coloured { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }

    fn bold(self, text: &str) -> String {
        self.with(Style::new().bold(), text)
    }

    fn dim(self, text: &str) -> String {
        self.with(Style::new().dimmed(), text)
    }

    fn yellow(self, text: &str) -> String {
        self.with(AnsiColor::Yellow.on_default(), text)
    }

    fn sign(self, sign: char, text: &str) -> String {
        let colour = match sign {
            '+' => AnsiColor::Green,
            '-' => AnsiColor::Red,
            '~' => AnsiColor::Yellow,
            _ => AnsiColor::Cyan,
        };
        self.with(colour.on_default(), text)
    }
}
