//! What the content libraries of all distribution points hold, by package: each content of a
//! package once, with the set of those that hold it. 5,000 distribution points with the same
//! 10,000 packages are some megabytes, where a list for each would be gigabytes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Digest, Name, NumberSet, PackageId, number_set::InvalidNumbers, point_set::number};

/// The content libraries of the distribution points, by package.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written")]
pub struct Libraries {
    /// The site systems with a distribution point, ascending. The sets count in this list.
    systems: Vec<Name>,
    /// For each package its contents, ascending. A site system holds at most one of them, or may fetch
    /// at most one.
    packages: BTreeMap<PackageId, Vec<Content>>,
}

/// What a content of a package is. Two that differ in any of this are two contents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ContentFacts {
    /// The source version.
    pub version: u32,
    /// The digest of the package's list of files: equal digests, equal content.
    pub digest: Digest,
    /// How many files it has.
    pub files: u64,
    /// Their total size in bytes.
    pub bytes: u64,
}

/// A content of a package, and who holds it or may fetch it: numbers count in [`Libraries::systems`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Content {
    /// What it is.
    #[serde(flatten)]
    pub facts: ContentFacts,
    /// Those that hold all of it.
    #[serde(skip_serializing_if = "NumberSet::is_empty")]
    pub whole: NumberSet,
    /// Those that hold a part, and how many files each of them lacks.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub damaged: BTreeMap<u32, u64>,
    /// Those that hold nothing of the package, and fetch this when a client first asks (PDP-3).
    #[serde(skip_serializing_if = "NumberSet::is_empty")]
    pub on_demand: NumberSet,
}

impl Content {
    /// How many files of this content a site system lacks; absent if it does not hold it at all.
    pub fn lacks(&self, system: u32) -> Option<u64> {
        if self.whole.contains(system) { Some(0) } else { self.damaged.get(&system).copied() }
    }
}

impl Libraries {
    /// `systems` is ascending, and so are the contents of each package.
    pub(super) fn new(systems: Vec<Name>, packages: BTreeMap<PackageId, Vec<Content>>) -> Self {
        Self { systems, packages }
    }

    /// The site systems with a distribution point, ascending.
    pub fn systems(&self) -> &[Name] {
        &self.systems
    }

    /// The place of a site system in that list.
    pub fn number(&self, system: &Name) -> Option<u32> {
        number(&self.systems, system)
    }

    /// The packages that anybody holds or may fetch, with their contents; ascending.
    pub fn packages(&self) -> impl Iterator<Item = (&PackageId, &[Content])> {
        self.packages.iter().map(|(id, contents)| (id, contents.as_slice()))
    }

    /// The contents of a package that anybody holds or may fetch, ascending.
    pub fn contents(&self, package: &PackageId) -> &[Content] {
        self.packages.get(package).map(Vec::as_slice).unwrap_or_default()
    }

    /// What a site system holds of a package, and how many files of it are missing or damaged.
    pub fn held(&self, system: &Name, package: &PackageId) -> Option<(ContentFacts, u64)> {
        let system = self.number(system)?;
        let mut contents = self.contents(package).iter();
        contents.find_map(|content| Some((content.facts, content.lacks(system)?)))
    }

    /// What a site system that holds nothing of a package fetches when a client first asks for it.
    pub fn on_demand(&self, system: &Name, package: &PackageId) -> Option<ContentFacts> {
        let system = self.number(system)?;
        let mut contents = self.contents(package).iter();
        contents.find(|content| content.on_demand.contains(system)).map(|content| content.facts)
    }

    /// The packages of one site system, each with how many of its files are missing or damaged;
    /// ascending. It looks through all packages: for one library, not for each.
    pub fn of_system(
        &self,
        system: &Name,
    ) -> impl Iterator<Item = (&PackageId, ContentFacts, u64)> {
        let system = self.number(system);
        self.packages.iter().filter_map(move |(id, contents)| {
            let system = system?;
            let held = |content: &Content| Some((id, content.facts, content.lacks(system)?));
            contents.iter().find_map(held)
        })
    }

    /// How many placements there are: pairs of a package and a distribution point that holds it.
    pub fn placements(&self) -> usize {
        let contents = self.packages.values().flatten();
        contents.map(|content| content.whole.len() + content.damaged.len()).sum()
    }
}

/// What is read from a file, before it is known to be sound: sets are runs of places in the list of
/// site systems.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Written {
    systems: Vec<Name>,
    packages: BTreeMap<PackageId, Vec<WrittenContent>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct WrittenContent {
    version: u32,
    digest: Digest,
    files: u64,
    bytes: u64,
    #[serde(default)]
    whole: String,
    #[serde(default)]
    damaged: BTreeMap<u32, u64>,
    #[serde(default)]
    on_demand: String,
}

/// What is written of content libraries does not agree with itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidLibraries {
    /// The site systems do not ascend.
    #[error("the site systems of the content libraries are not in the order of their names")]
    Systems,
    /// A set cannot be read.
    #[error("package {package}: {source}")]
    Numbers {
        /// The package.
        package: PackageId,
        /// What is wrong.
        source: InvalidNumbers,
    },
    /// The contents do not ascend, a site system is said to hold two of them, or one holds a part
    /// that lacks nothing.
    #[error("package {package}: its contents are not in order, or one site system has two")]
    Contents {
        /// The package.
        package: PackageId,
    },
}

impl TryFrom<Written> for Libraries {
    type Error = InvalidLibraries;

    fn try_from(written: Written) -> Result<Self, InvalidLibraries> {
        let ascending = written.systems.windows(2).all(|pair| pair[0] < pair[1]);
        let end = u32::try_from(written.systems.len()).ok().filter(|_| ascending);
        let end = end.ok_or(InvalidLibraries::Systems)?;
        let mut packages = BTreeMap::new();
        for (package, contents) in written.packages {
            let mut read: Vec<Content> = Vec::with_capacity(contents.len());
            let mut holders = NumberSet::default();
            for content in contents {
                let WrittenContent { version, digest, files, bytes, whole, damaged, on_demand } =
                    content;
                let set = |text: &str| {
                    NumberSet::parse(text, end).map_err(|source| InvalidLibraries::Numbers {
                        package: package.clone(),
                        source,
                    })
                };
                let (whole, on_demand) = (set(&whole)?, set(&on_demand)?);
                let facts = ContentFacts { version, digest, files, bytes };
                let in_part: NumberSet = damaged.keys().copied().collect();
                let sound = read.last().is_none_or(|before| before.facts < facts)
                    && in_part.max().is_none_or(|greatest| greatest < end)
                    && damaged.values().all(|files| *files > 0)
                    && whole.is_disjoint(&in_part)
                    && holders.is_disjoint(&whole)
                    && holders.is_disjoint(&in_part)
                    && holders.is_disjoint(&on_demand)
                    && on_demand.is_disjoint(&whole)
                    && on_demand.is_disjoint(&in_part);
                if !sound {
                    return Err(InvalidLibraries::Contents { package });
                }
                holders.add(&whole);
                holders.add(&in_part);
                // Who may fetch one content of a package has no other one.
                holders.add(&on_demand);
                read.push(Content { facts, whole, damaged, on_demand });
            }
            packages.insert(package, read);
        }
        Ok(Self { systems: written.systems, packages })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn digest() -> Digest {
        Digest::of(b"list")
    }

    fn written() -> Value {
        json!({
            "systems": ["dp1", "dp2", "dp3", "dp5"],
            "packages": {"CEN00001": [
                {"version": 1, "digest": digest(), "files": 3, "bytes": 9, "whole": "0-1"},
                {"version": 2, "digest": digest(), "files": 3, "bytes": 9, "damaged": {"2": 1}},
                {"version": 3, "digest": digest(), "files": 3, "bytes": 9, "onDemand": "3"},
            ]},
        })
    }

    #[test]
    fn the_form_in_files_reads_back() {
        let libraries: Libraries = serde_json::from_value(written()).unwrap();
        assert_eq!(serde_json::to_value(&libraries).unwrap(), written());
        let id = "CEN00001".parse().unwrap();
        let held = |system: &str| libraries.held(&system.parse().unwrap(), &id);
        assert_eq!(held("dp1").map(|(facts, lacks)| (facts.version, lacks)), Some((1, 0)));
        assert_eq!(held("dp3").map(|(facts, lacks)| (facts.version, lacks)), Some((2, 1)));
        assert_eq!(held("dp4"), None);
        assert_eq!(held("dp5"), None);
        let on_demand = |system: &str| libraries.on_demand(&system.parse().unwrap(), &id);
        assert_eq!(on_demand("dp5").map(|facts| facts.version), Some(3));
        assert_eq!(on_demand("dp1"), None);
        assert_eq!(libraries.of_system(&"dp3".parse().unwrap()).count(), 1);
        assert_eq!(libraries.placements(), 3);
    }

    #[test]
    fn what_does_not_agree_with_itself_is_refused() {
        let refused = |change: &dyn Fn(&mut Value)| {
            let mut value = written();
            change(&mut value);
            assert!(serde_json::from_value::<Libraries>(value.clone()).is_err(), "{value}");
        };
        refused(&|it| it["systems"] = json!(["dp2", "dp1", "dp3", "dp5"]));
        refused(&|it| it["systems"] = json!(["dp1", "dp1", "dp3", "dp5"]));
        let content = |it: &mut Value, number: usize, field: &str, value: Value| {
            it["packages"]["CEN00001"][number][field] = value;
        };
        refused(&|it| content(it, 0, "whole", json!("0-4")));
        refused(&|it| content(it, 0, "onDemand", json!("4")));
        refused(&|it| content(it, 0, "onDemand", json!("1")));
        refused(&|it| content(it, 1, "onDemand", json!("0")));
        refused(&|it| content(it, 1, "onDemand", json!("3")));
        refused(&|it| content(it, 0, "whole", json!("0-4294967295")));
        refused(&|it| content(it, 0, "whole", json!("0-2")));
        refused(&|it| content(it, 0, "version", json!(2)));
        refused(&|it| content(it, 1, "damaged", json!({"2": 0})));
        refused(&|it| content(it, 1, "damaged", json!({"4": 1})));
        refused(&|it| content(it, 1, "damaged", json!({"1": 1})));
        refused(&|it| content(it, 1, "whole", json!("2")));
    }
}
