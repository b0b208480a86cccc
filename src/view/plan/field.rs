//! A field that changes, in one action or in several that are alike.

use std::{borrow::Cow, collections::BTreeSet};

use serde_json::Value;

use crate::plan::FieldChange;

use super::{drift::wanted, yaml};

/// A field that changes.
#[derive(Debug)]
pub(super) struct Field<'a> {
    /// The way to it, with dots.
    pub(super) path: &'a str,
    /// What it is.
    pub(super) before: Side<'a>,
    /// What it shall be.
    pub(super) after: Side<'a>,
}

/// What a field is, or shall be.
#[derive(Debug)]
pub(super) struct Side<'a> {
    /// Its value.
    value: Shape<'a>,
    /// What else there is to say: it stands behind the last line of the value.
    pub(super) remark: Option<String>,
}

#[derive(Debug)]
enum Shape<'a> {
    /// There is nothing.
    Nothing,
    /// There is this.
    Value(Cow<'a, Value>),
    /// Several actions have different values: the first and the last, or nothing if they are long.
    Several(String),
}

impl<'a> Field<'a> {
    /// The field of one action.
    pub(super) fn of(change: &'a FieldChange) -> Self {
        let FieldChange { path, before, after, .. } = change;
        let mut field = Self { path, before: Side::of(before), after: Side::of(after) };
        if before == after {
            field.after.remark = Some("what is hidden here differs".to_owned());
        }
        field.explain([change].into_iter())
    }

    /// The field, with a remark on where it is written what these changes of it want.
    pub(super) fn explain<'b>(mut self, changes: impl Iterator<Item = &'b FieldChange>) -> Self {
        let Some(wanted) = wanted(changes) else { return self };
        // What is not wanted any more has no line of its own.
        let nothing = self.after.is_nothing();
        let side = if nothing { &mut self.before } else { &mut self.after };
        side.remark = Some(match side.remark.take() {
            Some(remark) => format!("{remark}; {wanted}"),
            None => wanted,
        });
        self
    }
}

impl<'a> Side<'a> {
    fn of(value: &'a Value) -> Self {
        let value =
            if value.is_null() { Shape::Nothing } else { Shape::Value(Cow::Borrowed(value)) };
        Self { value, remark: None }
    }

    /// What several actions have here.
    pub(super) fn of_several(values: impl Iterator<Item = Value>) -> Side<'static> {
        let mut different = BTreeSet::new();
        let mut ends: Option<(Value, Value)> = None;
        for value in values {
            different.insert(value.to_string());
            match &mut ends {
                None => ends = Some((value.clone(), value)),
                Some((_, last)) => *last = value,
            }
        }
        let remark = (different.len() > 1).then(|| format!("{} different values", different.len()));
        let value = match ends {
            None | Some((Value::Null, Value::Null)) => Shape::Nothing,
            Some((first, _)) if different.len() == 1 => Shape::Value(Cow::Owned(first)),
            Some((first, last)) => Shape::Several(match (short(&first), short(&last)) {
                (Some(first), Some(last)) => format!("{first} … {last}"),
                _ => "…".to_owned(),
            }),
        };
        Side { value, remark }
    }

    /// Whether there is nothing.
    pub(super) fn is_nothing(&self) -> bool {
        matches!(self.value, Shape::Nothing)
    }

    /// The lines of the field.
    pub(super) fn lines(&self, key: &str) -> Vec<String> {
        match &self.value {
            Shape::Nothing => Vec::new(),
            Shape::Value(value) => yaml::field(key, value),
            Shape::Several(text) => vec![format!("{}: {text}", yaml::scalar(key))],
        }
    }
}

/// A value of a few letters.
fn short(value: &Value) -> Option<String> {
    const LONGEST: usize = 60;
    let text = match value {
        Value::String(text) => yaml::scalar(text),
        Value::Array(_) | Value::Object(_) => return None,
        other => other.to_string(),
    };
    (text.len() <= LONGEST).then_some(text)
}
