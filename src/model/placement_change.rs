//! Which placements differ between two looks at the content libraries. Sets are compared with sets:
//! what is the same costs nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::{Content, ContentFacts, Libraries, Name, NumberSet, PackageId};

/// How a package stands in the content library of a distribution point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Placed {
    /// It holds this, and so many files of it are missing or damaged.
    Held(ContentFacts, u64),
    /// It holds nothing of it, and fetches this when a client first asks (PDP-3).
    OnDemand(ContentFacts),
}

/// A package in the content library of a distribution point, that was another one at another time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlacementChange<'a> {
    /// The package.
    pub package: &'a PackageId,
    /// The site system with the distribution point.
    pub site_system: &'a Name,
    /// What it had of it.
    pub before: Option<Placed>,
    /// What it has of it.
    pub after: Option<Placed>,
}

impl Libraries {
    /// The placements that differ from what they were before: by package, and for each by the name
    /// of the site system. They are found while the iterator goes on: to count them all is cheap,
    /// to name the first few is cheaper.
    pub fn changes_since<'a>(
        &'a self,
        before: &'a Libraries,
    ) -> impl Iterator<Item = PlacementChange<'a>> {
        // Both in the order of names: each number stands for the same site system in both.
        let both: BTreeSet<&Name> = before.systems().iter().chain(self.systems()).collect();
        let both: Vec<&Name> = both.into_iter().collect();
        let same = before.systems() == self.systems();
        let became = numbers(&both, before.systems());
        let becomes = numbers(&both, self.systems());
        let ids: BTreeSet<&PackageId> =
            before.packages().chain(self.packages()).map(|(id, _)| id).collect();
        ids.into_iter().flat_map(move |package| {
            let (old, new) = (before.contents(package), self.contents(package));
            if same && old == new {
                return Vec::new();
            }
            let (old, new) = (translated(old, &became), translated(new, &becomes));
            let mut changed = NumberSet::default();
            beyond(&old, &new, &mut changed);
            beyond(&new, &old, &mut changed);
            let change = |number: u32| PlacementChange {
                package,
                site_system: both[number as usize],
                before: placed(&old, number),
                after: placed(&new, number),
            };
            changed.iter().map(change).collect()
        })
    }
}

fn numbers(both: &[&Name], systems: &[Name]) -> Vec<Option<u32>> {
    let number = |system: &Name| both.binary_search(&system).ok();
    systems.iter().map(|system| u32::try_from(number(system)?).ok()).collect()
}

fn translated(contents: &[Content], becomes: &[Option<u32>]) -> BTreeMap<ContentFacts, Content> {
    let content = |content: &Content| {
        let damaged = content.damaged.iter();
        let number = |(system, files): (&u32, &u64)| Some((becomes[*system as usize]?, *files));
        let whole = content.whole.translate(becomes);
        let on_demand = content.on_demand.translate(becomes);
        let (facts, damaged) = (content.facts, damaged.filter_map(number).collect());
        (facts, Content { facts, whole, damaged, on_demand })
    };
    contents.iter().map(content).collect()
}

/// Adds those that have something at the one time that they do not have likewise at the other.
fn beyond(
    one: &BTreeMap<ContentFacts, Content>,
    other: &BTreeMap<ContentFacts, Content>,
    changed: &mut NumberSet,
) {
    for (facts, this) in one {
        let that = other.get(facts);
        if let Some(that) = that {
            changed.add(&(&this.whole - &that.whole));
            changed.add(&(&this.on_demand - &that.on_demand));
        } else {
            changed.add(&this.whole);
            changed.add(&this.on_demand);
        }
        for (system, files) in &this.damaged {
            if that.is_none_or(|that| that.damaged.get(system) != Some(files)) {
                changed.insert(*system);
            }
        }
    }
}

fn placed(contents: &BTreeMap<ContentFacts, Content>, system: u32) -> Option<Placed> {
    contents.values().find_map(|content| match content.lacks(system) {
        Some(lacks) => Some(Placed::Held(content.facts, lacks)),
        None => content.on_demand.contains(system).then_some(Placed::OnDemand(content.facts)),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::model::Digest;

    fn libraries(systems: &[&str], packages: &Value) -> Libraries {
        serde_json::from_value(json!({"systems": systems, "packages": packages})).unwrap()
    }

    fn content(version: u32, whole: &str, damaged: &Value) -> Value {
        let digest = Digest::of(&version.to_be_bytes());
        json!({"version": version, "digest": digest, "files": 1, "bytes": 1, "whole": whole,
            "damaged": damaged})
    }

    fn on_demand(version: u32, systems: &str) -> Value {
        let digest = Digest::of(&version.to_be_bytes());
        json!({"version": version, "digest": digest, "files": 1, "bytes": 1, "onDemand": systems})
    }

    #[test]
    fn only_what_differs_is_named() {
        let none = json!({});
        let before = libraries(
            &["a", "b", "c"],
            &json!({"CEN00001": [content(1, "0-2", &none)], "CEN00002": [content(1, "0", &none)],
                "CEN00003": [content(1, "0-2", &none)], "CEN00004": [on_demand(1, "0-2")]}),
        );
        let after = libraries(
            &["a", "b0", "c", "d"],
            &json!({"CEN00001": [content(1, "0-1", &none), content(2, "2", &none)],
                "CEN00002": [content(1, "", &json!({"0": 1}))],
                "CEN00003": [content(1, "0-2", &none)],
                "CEN00004": [content(1, "0", &none), on_demand(2, "2")]}),
        );
        let shown: Vec<String> = after
            .changes_since(&before)
            .map(|it| {
                let held = |held: Option<Placed>| match held {
                    None => "-".to_owned(),
                    Some(Placed::Held(facts, lacks)) => format!("{}/{lacks}", facts.version),
                    Some(Placed::OnDemand(facts)) => format!("{}?", facts.version),
                };
                let (before, after) = (held(it.before), held(it.after));
                format!("{} {} {before} {after}", it.package, it.site_system)
            })
            .collect();
        assert_eq!(
            shown,
            [
                "CEN00001 b 1/0 -",
                "CEN00001 b0 - 1/0",
                "CEN00001 c 1/0 2/0",
                "CEN00002 a 1/0 1/1",
                "CEN00003 b 1/0 -",
                "CEN00003 b0 - 1/0",
                "CEN00004 a 1? 1/0",
                "CEN00004 b 1? -",
                "CEN00004 c 1? 2?",
            ]
        );
        assert_eq!(before.changes_since(&before).count(), 0);
    }
}
