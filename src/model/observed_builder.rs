//! Takes in what the agents report, one after the other, in any order.

use std::collections::BTreeMap;

use super::{
    Content, ContentFacts, DistributionPointState, FoundPorts, Known, Libraries, LibrarySummary,
    Name, Observed, ObservedPoint, ObservedSystem, OnDemandPackage, PackageId, PackageState,
    SiteSystemState, number_set::Runs,
};

/// Puts together what was observed. The packages of a report are taken in as it comes, so that the
/// reports of thousands of site systems never have to be there at once.
#[derive(Debug, Default)]
pub struct ObservedBuilder {
    site_systems: BTreeMap<Name, Known<ObservedSystem>>,
    /// The site systems whose libraries were taken in, in that order: the runs count in it.
    libraries: Vec<Name>,
    packages: BTreeMap<PackageId, Vec<Growing>>,
}

/// A content of a package while its holders are coming in.
#[derive(Debug)]
struct Growing {
    facts: ContentFacts,
    whole: Runs,
    damaged: BTreeMap<u32, u64>,
    on_demand: Runs,
}

impl ObservedBuilder {
    /// Takes in what was found of a site system. If it was there before, the new report counts.
    pub fn insert(&mut self, name: Name, known: Known<SiteSystemState>) {
        let known = match known {
            Known::Present(state) => Known::Present(self.without_packages(&name, state)),
            Known::Absent => Known::Absent,
            Known::Unknown(why) => Known::Unknown(why),
        };
        self.site_systems.insert(name, known);
    }

    fn without_packages(&mut self, name: &Name, state: SiteSystemState) -> ObservedSystem {
        let SiteSystemState {
            settings,
            listens_on,
            administration_console,
            site_server,
            update_services,
            update_point,
            distribution_point,
            since,
        } = state;
        let distribution_point = distribution_point.map(|point| {
            let DistributionPointState {
                name: called,
                settings,
                listener,
                packages,
                pull_jobs,
                validated,
                mut on_demand,
                unique_clients,
            } = point;
            // What is held in any version is not on demand, whatever an agent says.
            on_demand.retain(|package, _| !packages.contains_key(package));
            let packages = self.library(name, packages, &on_demand);
            on_demand.retain(|_, it| it.requested.is_some());
            ObservedPoint {
                name: called,
                settings,
                listener,
                packages,
                pull_jobs,
                validated,
                on_demand,
                unique_clients,
            }
        });
        ObservedSystem {
            settings,
            listens_on,
            administration_console,
            site_server,
            update_services,
            update_point,
            distribution_point,
            since,
        }
    }

    /// Both the library and what is there already are in the order of IDs: one goes along the
    /// other.
    fn library(
        &mut self,
        system: &Name,
        library: BTreeMap<PackageId, PackageState>,
        on_demand: &BTreeMap<PackageId, OnDemandPackage>,
    ) -> LibrarySummary {
        let mut summary = LibrarySummary::default();
        // Beyond four thousand million libraries, which no computer holds, nothing would be added.
        let Ok(number) = u32::try_from(self.libraries.len()) else { return summary };
        self.libraries.push(system.clone());
        let mut known = self.packages.iter_mut().peekable();
        let mut new = Vec::new();
        for (id, package) in library {
            let PackageState { version, digest, files, bytes, damaged, sources } = package;
            summary.files = summary.files.saturating_add(files);
            summary.bytes = summary.bytes.saturating_add(bytes);
            if damaged == 0 {
                summary.whole += 1;
            } else {
                summary.damaged += 1;
            }
            for source in sources {
                if let Err(place) = summary.sources.binary_search(&source) {
                    summary.sources.insert(place, source);
                }
            }
            let facts = ContentFacts { version, digest, files, bytes };
            while known.next_if(|(other, _)| **other < id).is_some() {}
            if let Some((_, contents)) = known.next_if(|(other, _)| **other == id) {
                add(contents, facts, number, damaged);
            } else {
                let mut contents = Vec::new();
                add(&mut contents, facts, number, damaged);
                new.push((id, contents));
            }
        }
        self.packages.extend(new);
        for (id, OnDemandPackage { content, .. }) in on_demand {
            let contents = self.packages.entry(id.clone()).or_default();
            growing(contents, *content).on_demand.push(number);
        }
        summary
    }

    /// What was observed.
    pub fn finish(self) -> Observed {
        let mut numbers: BTreeMap<Name, usize> = BTreeMap::new();
        for (number, name) in self.libraries.iter().enumerate() {
            // A later report of the same site system takes the place of an earlier one.
            numbers.insert(name.clone(), number);
        }
        let has_point = |name: &Name| {
            let known = self.site_systems.get(name).and_then(Known::present);
            known.is_some_and(|state| state.distribution_point.is_some())
        };
        numbers.retain(|name, _| has_point(name));
        let mut becomes = vec![None; self.libraries.len()];
        for (new, old) in (0_u32..).zip(numbers.values()) {
            becomes[*old] = Some(new);
        }
        let same = (0_u32..).zip(&becomes).all(|(old, new)| *new == Some(old));
        let mut packages = BTreeMap::new();
        for (id, contents) in self.packages {
            let mut finished = Vec::with_capacity(contents.len());
            for Growing { facts, whole, damaged, on_demand } in contents {
                let (mut whole, mut on_demand) = (whole.into_set(), on_demand.into_set());
                let mut damaged = damaged;
                if !same {
                    let new = |(old, files)| Some((becomes[old as usize]?, files));
                    whole = whole.translate(&becomes);
                    damaged = damaged.into_iter().filter_map(new).collect();
                    on_demand = on_demand.translate(&becomes);
                }
                if !whole.is_empty() || !damaged.is_empty() || !on_demand.is_empty() {
                    finished.push(Content { facts, whole, damaged, on_demand });
                }
            }
            if !finished.is_empty() {
                packages.insert(id, finished);
            }
        }
        let systems = numbers.into_keys().collect();
        let libraries = Libraries::new(systems, packages);
        // The ports are looked at when it is known which roles are there.
        Observed { site_systems: self.site_systems, libraries, ports: FoundPorts::default() }
    }
}

fn add(contents: &mut Vec<Growing>, facts: ContentFacts, system: u32, damaged: u64) {
    let content = growing(contents, facts);
    if damaged == 0 {
        content.whole.push(system);
    } else {
        content.damaged.insert(system, damaged);
    }
}

/// A content among those of its package.
fn growing(contents: &mut Vec<Growing>, facts: ContentFacts) -> &mut Growing {
    let place = match contents.binary_search_by(|content| content.facts.cmp(&facts)) {
        Ok(place) => place,
        Err(place) => {
            let (whole, damaged, on_demand) = Default::default();
            contents.insert(place, Growing { facts, whole, damaged, on_demand });
            place
        }
    };
    &mut contents[place]
}

impl Extend<(Name, Known<SiteSystemState>)> for ObservedBuilder {
    fn extend<Reports>(&mut self, reports: Reports)
    where
        Reports: IntoIterator<Item = (Name, Known<SiteSystemState>)>,
    {
        for (name, known) in reports {
            self.insert(name, known);
        }
    }
}

impl FromIterator<(Name, Known<SiteSystemState>)> for Observed {
    fn from_iter<Reports>(reports: Reports) -> Self
    where
        Reports: IntoIterator<Item = (Name, Known<SiteSystemState>)>,
    {
        let mut builder = ObservedBuilder::default();
        builder.extend(reports);
        builder.finish()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::Digest;

    fn report(called: &str, packages: &[(&str, u32, u64)]) -> SiteSystemState {
        let package = |&(id, version, damaged): &(&str, u32, u64)| {
            let digest = Digest::of(&version.to_be_bytes());
            let package = json!({"version": version, "digest": digest, "files": 2, "bytes": 5,
                "damaged": damaged, "sources": ["b", "a"]});
            (id.to_owned(), package)
        };
        let packages: serde_json::Map<_, _> = packages.iter().map(package).collect();
        serde_json::from_value(json!({
            "settings": {"site": "CEN", "address": "dp.contoso.example", "software": {}},
            "listensOn": "127.0.0.1", "administrationConsole": false,
            "distributionPoint": {
                "name": called, "listener": {"open": "127.0.0.1:80"},
                "settings": {
                    "site": "CEN", "type": "Standard", "protocol": "HTTP",
                    "ports": {"webSite": "Default", "http": 80, "https": 443},
                    "prestaged": false, "onDemand": false,
                },
                "packages": packages, "pullJobs": {},
            },
        }))
        .unwrap()
    }

    fn name(text: &str) -> Name {
        text.parse().unwrap()
    }

    #[test]
    fn reports_in_any_order_give_the_same() {
        let reports = [
            ("s1", Known::Present(report("one", &[("CEN00001", 1, 0), ("CEN00003", 1, 0)]))),
            ("s2", Known::Present(report("two", &[("CEN00001", 2, 0), ("CEN00002", 1, 1)]))),
            ("s3", Known::Unknown("no answer".to_owned())),
            ("s4", Known::Present(report("four", &[("CEN00001", 1, 0), ("CEN00002", 1, 0)]))),
        ]
        .map(|(system, known)| (name(system), known));
        let forward: Observed = reports.clone().into_iter().collect();
        let backward: Observed = reports.into_iter().rev().collect();
        assert_eq!(forward, backward);
        let text = |observed: &Observed| serde_json::to_string(observed).unwrap();
        assert_eq!(text(&forward), text(&backward));
        assert_eq!(serde_json::from_str::<Observed>(&text(&forward)).unwrap(), forward);
        let contents = forward.libraries.contents(&"CEN00001".parse().unwrap());
        let holders: Vec<_> = contents.iter().map(|it| it.whole.to_string()).collect();
        assert_eq!(holders, ["0,2", "1"]);
        let summary = &forward.distribution_point(&name("two")).unwrap().1.packages;
        assert_eq!((summary.whole, summary.damaged, summary.files), (1, 1, 4));
        assert_eq!(summary.sources, ["a", "b"]);
    }

    #[test]
    fn a_later_report_takes_the_place_of_an_earlier_one() {
        let mut builder = ObservedBuilder::default();
        builder.insert(name("s1"), Known::Present(report("one", &[("CEN00001", 1, 0)])));
        builder.insert(name("s2"), Known::Present(report("two", &[("CEN00001", 1, 0)])));
        builder.insert(name("s1"), Known::Present(report("one", &[("CEN00002", 1, 0)])));
        builder.insert(name("s2"), Known::Unknown("no answer".to_owned()));
        let observed = builder.finish();
        assert_eq!(observed.libraries.systems(), [name("s1")]);
        let packages: Vec<_> = observed.libraries.packages().map(|(id, _)| id.as_str()).collect();
        assert_eq!(packages, ["CEN00002"]);
    }
}
