//! The same said of many resources is told once.

use std::{borrow::Cow, collections::BTreeMap};

use crate::model::{Kind, ResourceId};

use super::fold::FOLDED_FROM;

/// What is said under a word, of one resource or of several, as texts; in the order in which it is
/// said first.
pub(super) fn told<'a>(
    all: impl Iterator<Item = (&'a str, &'a ResourceId, &'a str)>,
    full: bool,
) -> Vec<(&'a str, String, Cow<'a, str>)> {
    let mut places: BTreeMap<(&str, Kind, String), usize> = BTreeMap::new();
    let mut groups: Vec<Vec<(&'a str, &'a ResourceId, &'a str)>> = Vec::new();
    for it @ (word, resource, text) in all {
        let alike = if full { format!("{} {text}", resource.name) } else { named(resource, text) };
        let place = *places.entry((word, resource.kind, alike)).or_insert_with(|| {
            groups.push(Vec::new());
            groups.len() - 1
        });
        groups[place].push(it);
    }
    let mut told = Vec::new();
    for group in groups {
        let (word, first, text) = group[0];
        if group.len() < FOLDED_FROM {
            let each = group.iter();
            told.extend(each.map(|(word, it, text)| (*word, it.to_string(), Cow::Borrowed(*text))));
            continue;
        }
        let last = &group[group.len() - 1].1.name;
        let resources = format!("{first} … {last} ({})", group.len());
        told.push((word, resources, Cow::Owned(named(first, text))));
    }
    told
}

/// What is said of a resource, without its name.
fn named(resource: &ResourceId, text: &str) -> String {
    text.replace(&format!("`{}`", resource.name), "`<name>`")
}
