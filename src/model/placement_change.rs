//! Which placements differ between two looks at the content libraries. Sets are compared with sets:
//! what is the same costs nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::{Content, ContentFacts, Libraries, Name, NumberSet, PackageId};

/// A package in the content library of a distribution point, that was another one at another time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlacementChange<'a> {
    /// The package.
    pub package: &'a PackageId,
    /// The site system with the distribution point.
    pub site_system: &'a Name,
    /// What it held of it, and how many files of that were missing or damaged.
    pub before: Option<(ContentFacts, u64)>,
    /// What it holds of it, and how many files of that are missing or damaged.
    pub after: Option<(ContentFacts, u64)>,
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
                before: held(&old, number),
                after: held(&new, number),
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
        let facts = content.facts;
        (facts, Content { facts, whole, damaged: damaged.filter_map(number).collect() })
    };
    contents.iter().map(content).collect()
}

/// Adds those that hold something at the one time that they do not hold likewise at the other.
fn beyond(
    one: &BTreeMap<ContentFacts, Content>,
    other: &BTreeMap<ContentFacts, Content>,
    changed: &mut NumberSet,
) {
    for (facts, this) in one {
        let that = other.get(facts);
        match that {
            Some(that) => changed.add(&(&this.whole - &that.whole)),
            None => changed.add(&this.whole),
        }
        for (system, files) in &this.damaged {
            if that.is_none_or(|that| that.damaged.get(system) != Some(files)) {
                changed.insert(*system);
            }
        }
    }
}

fn held(contents: &BTreeMap<ContentFacts, Content>, system: u32) -> Option<(ContentFacts, u64)> {
    contents.values().find_map(|content| Some((content.facts, content.lacks(system)?)))
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

    #[test]
    fn only_what_differs_is_named() {
        let none = json!({});
        let before = libraries(
            &["a", "b", "c"],
            &json!({"CEN00001": [content(1, "0-2", &none)], "CEN00002": [content(1, "0", &none)],
                "CEN00003": [content(1, "0-2", &none)]}),
        );
        let after = libraries(
            &["a", "b0", "c", "d"],
            &json!({"CEN00001": [content(1, "0-1", &none), content(2, "2", &none)],
                "CEN00002": [content(1, "", &json!({"0": 1}))],
                "CEN00003": [content(1, "0-2", &none)]}),
        );
        let shown: Vec<String> = after
            .changes_since(&before)
            .map(|it| {
                let held = |held: Option<(ContentFacts, u64)>| match held {
                    None => "-".to_owned(),
                    Some((facts, lacks)) => format!("{}/{lacks}", facts.version),
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
            ]
        );
        assert_eq!(before.changes_since(&before).count(), 0);
    }
}
