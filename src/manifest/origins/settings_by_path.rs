//! The origins of all settings of a resource, by the paths that a plan calls them by.

use std::collections::BTreeMap;

use serde_json::Value;

use super::origin::Origin;
use crate::model::{FieldPath, Name};

/// The origins of the settings of a resource.
#[derive(Debug, Default)]
pub(super) struct SettingsByPath(BTreeMap<&'static str, Source>);

/// Where a setting comes from.
#[derive(Debug)]
enum Source {
    /// From these fields.
    Fields(Vec<Origin>),
    /// From a field whose type it shares: what is inside of the one is so in the other.
    Copied(Origin),
    /// From these fields, and so is all that is inside of it.
    Inside(Vec<Origin>),
    /// From three fields: it is an address.
    Address(AddressOrigins),
    /// From this field; that there shall be anything at all, from the others.
    Thing { value: Origin, there: Vec<Origin> },
    /// From a list of sources.
    PullSources { whole: Origin, sources: Vec<SourceOrigins> },
}

/// Where the parts of an address come from.
#[derive(Debug, Clone)]
pub(super) struct AddressOrigins {
    pub(super) scheme: Vec<Origin>,
    pub(super) host: Vec<Origin>,
    pub(super) port: Vec<Origin>,
}

/// Where a source of a pull distribution point comes from.
#[derive(Debug)]
pub(super) struct SourceOrigins {
    pub(super) name: Name,
    pub(super) reference: Origin,
    pub(super) priority: Origin,
    pub(super) address: AddressOrigins,
}

impl SettingsByPath {
    pub(super) fn field(&mut self, path: &'static str, origin: Origin) {
        self.fields(path, vec![origin]);
    }

    pub(super) fn fields(&mut self, path: &'static str, origins: Vec<Origin>) {
        self.0.insert(path, Source::Fields(origins));
    }

    /// A value of which every part comes from the same fields.
    pub(super) fn inside(&mut self, path: &'static str, origins: Vec<Origin>) {
        self.0.insert(path, Source::Inside(origins));
    }

    pub(super) fn copied(&mut self, path: &'static str, origin: Origin) {
        self.0.insert(path, Source::Copied(origin));
    }

    pub(super) fn address(&mut self, path: &'static str, origins: AddressOrigins) {
        self.0.insert(path, Source::Address(origins));
    }

    pub(super) fn thing(&mut self, path: &'static str, value: Origin, there: Vec<Origin>) {
        self.0.insert(path, Source::Thing { value, there });
    }

    pub(super) fn pull_sources(
        &mut self,
        path: &'static str,
        whole: Origin,
        sources: Vec<SourceOrigins>,
    ) {
        self.0.insert(path, Source::PullSources { whole, sources });
    }

    /// Where a value comes from; of a value with parts only those parts count that differ from what
    /// was found. Nothing for a path that no setting has.
    pub(super) fn of(&self, path: &str, before: &Value, after: &Value) -> Vec<Origin> {
        let (known, source) = match self.0.get_key_value(path) {
            Some(found) => found,
            None => match self.around(path) {
                Some(found) => found,
                None => return Vec::new(),
            },
        };
        match source {
            Source::Fields(origins) | Source::Inside(origins) => origins.clone(),
            Source::Copied(origin) => {
                let inside = path.get(known.len() + 1..).unwrap_or_default();
                let mut origin = origin.clone();
                origin.place.path = origin.place.path.key(inside);
                vec![origin]
            }
            Source::Thing { value, there } => match (before, after) {
                (_, Value::Null) => there.clone(),
                (Value::Null, _) => there.iter().chain([value]).cloned().collect(),
                _ => vec![value.clone()],
            },
            Source::Address(origins) => origins.of(before, after),
            Source::PullSources { whole, sources } => of_sources(whole, sources, before, after),
        }
    }

    /// The setting that a path leads into.
    fn around(&self, path: &str) -> Option<(&&'static str, &Source)> {
        path.match_indices('.').rev().find_map(|(dot, _)| {
            let found = self.0.get_key_value(path.get(..dot)?)?;
            matches!(found.1, Source::Copied(_) | Source::Inside(_)).then_some(found)
        })
    }
}

impl AddressOrigins {
    fn of(&self, before: &Value, after: &Value) -> Vec<Origin> {
        let Self { scheme, host, port } = self;
        let parts = (before.as_str().and_then(parts), after.as_str().and_then(parts));
        let differing: Vec<Origin> = match parts {
            (Some(before), Some(after)) => [(host, 1), (port, 2), (scheme, 0)]
                .into_iter()
                .filter(|(_, part)| before[*part] != after[*part])
                .flat_map(|(origins, _)| origins.clone())
                .collect(),
            _ => Vec::new(),
        };
        if differing.is_empty() {
            return [host, port, scheme].into_iter().flatten().cloned().collect();
        }
        // What decides about the scheme decides about the port too.
        without_repetitions(differing)
    }
}

/// Scheme, host and port of an address.
fn parts(address: &str) -> Option<[&str; 3]> {
    let (scheme, rest) = address.split_once("://")?;
    let (host, port) = rest.rsplit_once(':')?;
    Some([scheme, host, port])
}

fn of_sources(
    whole: &Origin,
    sources: &[SourceOrigins],
    before: &Value,
    after: &Value,
) -> Vec<Origin> {
    let (Some(before), Some(after)) = (before.as_array(), after.as_array()) else {
        return vec![whole.clone()];
    };
    let called = |list: &[Value], name: &str| {
        list.iter().find(|it| it["distributionPoint"].as_str() == Some(name)).cloned()
    };
    let mut origins = Vec::new();
    for source in sources {
        let name = source.name.as_str();
        match (called(before, name), called(after, name)) {
            (None, _) | (_, None) => origins.push(source.reference.clone()),
            (Some(before), Some(after)) => {
                if before["priority"] != after["priority"] {
                    origins.push(source.priority.clone());
                }
                if before["url"] != after["url"] {
                    origins.extend(source.address.of(&before["url"], &after["url"]));
                }
            }
        }
    }
    let wanted = |it: &Value| {
        let name = it["distributionPoint"].as_str();
        sources.iter().any(|source| Some(source.name.as_str()) == name)
    };
    // One that is not wanted any more is missing from the list.
    if origins.is_empty() || !before.iter().all(wanted) {
        origins.insert(0, whole.clone());
    }
    without_repetitions(origins)
}

fn without_repetitions(origins: Vec<Origin>) -> Vec<Origin> {
    let mut once: Vec<Origin> = Vec::with_capacity(origins.len());
    for origin in origins {
        if !once.iter().any(|known| known.place == origin.place) {
            once.push(origin);
        }
    }
    once
}

/// The field of a list at which an element stands.
pub(super) fn element(list: &FieldPath, index: usize) -> FieldPath {
    list.clone().index(index)
}
