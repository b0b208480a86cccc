//! Sites in which the same is done are told once, so that a plan for hundreds of sites can be read.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{
    model::{Kind, SiteCode},
    plan::{Action, ActionKind, FieldChange},
    view::{counted, plain::add},
};

use super::fold::{Entry, FOLDED_FROM};

/// Fields that hold a name or an address: each site has its own.
const NAMES: [&str; 9] = [
    "address",
    "distributionPoint",
    "file",
    "internetUrl",
    "name",
    "parent",
    "site",
    "updatePoint",
    "url",
];

/// What is done in a site, without the names.
type Alike<'a> = Vec<Done<'a>>;

/// What an entry says, without the names.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Done<'a> {
    kind: ActionKind,
    alters: bool,
    of: Kind,
    requirement: &'a str,
    /// What changes, and in how many actions it does.
    changes: BTreeMap<String, usize>,
}

/// The part of a plan for a site.
pub(super) struct Section<'a> {
    pub(super) code: &'a SiteCode,
    pub(super) entries: Vec<Entry<'a>>,
    pub(super) text: String,
}

/// The sections as one text, each in its place; those of sites that are alike another one are told
/// in a line behind that. What is removed is always told.
pub(super) fn folded(sections: &[Section<'_>]) -> String {
    let mut alike: BTreeMap<Alike<'_>, Vec<usize>> = BTreeMap::new();
    for (number, section) in sections.iter().enumerate() {
        let mut all = section.entries.iter().flat_map(|entry| &entry.actions);
        if !all.any(|action| action.kind.removes()) {
            alike.entry(signature(&section.entries)).or_default().push(number);
        }
    }
    let mut told: Vec<Option<String>> = sections.iter().map(|it| Some(it.text.clone())).collect();
    for numbers in alike.into_values().filter(|numbers| numbers.len() >= FOLDED_FROM) {
        let (first, others) = (numbers[0], &numbers[1..]);
        for other in others {
            told[*other] = None;
        }
        if let Some(text) = &mut told[first] {
            let (like, more) = (sections[first].code, counted(others.len(), "more site"));
            let which = ranges(sections, others);
            add(
                text,
                format_args!(
                    "Sites {which}: as in site {like}, in {more}, each with its own names; \
                     `--full` or `--site CODE` shows them\n\n"
                ),
            );
        }
    }
    told.into_iter().flatten().collect()
}

/// Sites by their codes: those that follow each other by the first and the last one, so that none
/// is covered that is not among them.
fn ranges(sections: &[Section<'_>], numbers: &[usize]) -> String {
    let runs = numbers.chunk_by(|one, next| one + 1 == *next).map(|run| {
        let codes: Vec<&str> = run.iter().map(|number| sections[*number].code.as_str()).collect();
        match codes.as_slice() {
            [from, _, .., to] => format!("{from} … {to}"),
            few => few.join(", "),
        }
    });
    runs.collect::<Vec<_>>().join(", ")
}

fn signature<'a>(entries: &[Entry<'a>]) -> Alike<'a> {
    let of_entry = |entry: &Entry<'a>| {
        let first = entry.actions[0];
        let mut changes = BTreeMap::new();
        for action in &entry.actions {
            *changes.entry(changed(action)).or_default() += 1;
        }
        Done {
            kind: first.kind,
            alters: first.alters(),
            of: first.resource.kind,
            requirement: first.requirement.as_str(),
            changes,
        }
    };
    entries.iter().map(of_entry).collect()
}

/// What an action changes, without the names.
fn changed(action: &Action) -> String {
    let mut text = String::new();
    for FieldChange { path, before, after, .. } in &action.diff {
        let field = path.rsplit('.').next().unwrap_or_default();
        let (before, after) = (without_names(field, before), without_names(field, after));
        add(&mut text, format_args!("{path}: {before} {after}\n"));
    }
    text
}

fn without_names(field: &str, value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let inner =
                |(field, value): (&String, &Value)| (field.clone(), without_names(field, value));
            fields.iter().map(inner).collect()
        }
        Value::Array(list) => list.iter().map(|value| without_names(field, value)).collect(),
        Value::String(_) if NAMES.contains(&field) => Value::from("<name>"),
        other => other.clone(),
    }
}
