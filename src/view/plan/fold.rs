//! Actions of a site that are alike are one entry, so that a plan of thousands can be read.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use serde_json::Value;

use crate::{
    model::Kind,
    plan::{Action, ActionKind, FieldChange},
    view::plain::add,
};

use super::{
    alike::Meaning,
    changes::{DiffLine, changes},
    drift::found,
    field::{Field, Side},
};

/// So many of what is alike are shown as one: fewer are read faster than they are counted.
pub(super) const FOLDED_FROM: usize = 4;

/// Actions that change the same fields are shown in as many different ways; where there are more,
/// the rest is one entry, which says how many there are.
const MOST_WAYS: usize = 8;

/// An action, or some that are alike.
#[derive(Debug)]
pub(super) struct Entry<'a> {
    /// At least one, in the order of the plan.
    pub(super) actions: Vec<&'a Action>,
    /// Why; the names of what the actions are done to are replaced where there are several.
    pub(super) reason: Cow<'a, str>,
    /// How many other reasons there are among them.
    pub(super) other_reasons: usize,
    /// What changes.
    pub(super) fields: Vec<Field<'a>>,
}

/// What actions have in common that may be one entry: what is done, and to which fields.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Shape<'a> {
    kind: ActionKind,
    alters: bool,
    of: Kind,
    requirement: &'a str,
    fields: Vec<(&'a str, bool, bool)>,
}

/// What actions of one shape say, without the names: the reason, and the diff.
type Way = (String, String);

/// The entries of a site, in the order of their first actions; each action by itself if not folded.
pub(super) fn entries<'a>(actions: &[&'a Action], folded: bool) -> Vec<Entry<'a>> {
    if !folded || actions.len() < FOLDED_FROM {
        return actions.iter().map(|action| single(action)).collect();
    }
    let mut shapes: BTreeMap<Shape<'a>, Vec<(usize, &'a Action)>> = BTreeMap::new();
    for (number, action) in actions.iter().enumerate() {
        shapes.entry(shape(action)).or_default().push((number, action));
    }
    let mut entries: Vec<(usize, Entry<'a>)> = Vec::new();
    for actions in shapes.into_values() {
        fold(&actions, &mut entries);
    }
    entries.sort_by_key(|(number, _)| *number);
    entries.into_iter().map(|(_, entry)| entry).collect()
}

fn shape(action: &Action) -> Shape<'_> {
    let fields = action.diff.iter();
    Shape {
        kind: action.kind,
        alters: action.alters(),
        of: action.resource.kind,
        requirement: &action.requirement,
        fields: fields
            .map(|it| (it.path.as_str(), it.before.is_null(), it.after.is_null()))
            .collect(),
    }
}

/// Adds the entries of actions of one shape.
fn fold<'a>(actions: &[(usize, &'a Action)], entries: &mut Vec<(usize, Entry<'a>)>) {
    let mut ways: BTreeMap<Way, Vec<(usize, &'a Action)>> = BTreeMap::new();
    for (number, action) in actions {
        ways.entry(way(action)).or_default().push((*number, *action));
    }
    let (mut many, few): (Vec<_>, Vec<_>) =
        ways.into_values().partition(|actions| actions.len() >= FOLDED_FROM);
    many.sort_by_key(|actions| actions[0].0);
    let mut rest: Vec<_> = many.split_off(many.len().min(MOST_WAYS)).concat();
    entries.extend(many.into_iter().map(|actions| (actions[0].0, several(actions))));
    let few = few.concat();
    if few.len() <= MOST_WAYS {
        entries.extend(few.iter().map(|(number, action)| (*number, single(action))));
    } else {
        rest.extend(few);
    }
    rest.sort_by_key(|(number, _)| *number);
    if rest.len() < FOLDED_FROM {
        entries.extend(rest.into_iter().map(|(number, action)| (number, single(action))));
    } else {
        entries.push((rest[0].0, several(rest)));
    }
}

fn way(action: &Action) -> Way {
    let meaning = Meaning::of(action);
    let mut diff = String::new();
    for FieldChange { path: _, before, after, .. } in &action.diff {
        add(&mut diff, format_args!("{}\n{}\n", meaning.value(before), meaning.value(after)));
    }
    (meaning.text(&action.reason), diff)
}

fn single(action: &Action) -> Entry<'_> {
    Entry {
        actions: vec![action],
        reason: Cow::Borrowed(&action.reason),
        other_reasons: 0,
        fields: action.diff.iter().map(Field::of).collect(),
    }
}

/// Actions of one shape as one entry.
fn several<'a>(actions: Vec<(usize, &'a Action)>) -> Entry<'a> {
    let actions: Vec<&'a Action> = actions.into_iter().map(|(_, action)| action).collect();
    let reasons: BTreeSet<String> =
        actions.iter().map(|action| Meaning::of(action).text(&action.reason)).collect();
    let first = actions[0];
    let side = |number: usize, of: fn(&FieldChange) -> &Value| {
        let value = |action: &&Action| Meaning::of(action).value(of(&action.diff[number]));
        Side::of_several(actions.iter().map(value))
    };
    let fields = first.diff.iter().enumerate().map(|(number, change)| {
        let before = side(number, |it| &it.before);
        let after = side(number, |it| &it.after);
        let field = Field { path: &change.path, before, after };
        field.explain(actions.iter().map(|action| &action.diff[number]))
    });
    Entry {
        fields: fields.collect(),
        reason: Cow::Owned(Meaning::of(first).text(&first.reason)),
        other_reasons: reasons.len() - 1,
        actions,
    }
}

impl Entry<'_> {
    /// What changes, line by line, and where it was found as it is.
    pub(super) fn lines(&self, full: bool) -> Vec<DiffLine> {
        let mut lines = changes(&self.fields, full);
        let all = self.actions.iter().flat_map(|action| &action.diff);
        lines.extend(found(all, full).map(DiffLine::remark));
        lines
    }

    /// To what it is done: the first and the last name where there are many.
    pub(super) fn resources(&self) -> String {
        let kind = self.actions[0].resource.kind;
        let mut names: Vec<&str> = Vec::new();
        for action in &self.actions {
            let name = action.resource.name.as_str();
            // Actions of one resource follow each other.
            if names.last() != Some(&name) {
                names.push(name);
            }
        }
        match names.as_slice() {
            [name] => format!("{kind}/{name}"),
            [first, .., last] if names.len() > FOLDED_FROM => format!("{kind}/{first} … {last}"),
            names => format!("{kind}/{}", names.join(", ")),
        }
    }
}
