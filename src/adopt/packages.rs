//! Packages: what site servers took in, and which distribution points hold it.

use std::collections::BTreeMap;

use crate::model::{
    DistributeTo, Kind, Name, NumberSet, PackageId, PackageOrigin, PackageSource, PackageSpec,
    Priority, SiteServerState, TakenSource,
};

use super::{adopting::Adopting, groups::Groups};

/// A package that a site server has taken in.
struct Taken<'a> {
    id: &'a PackageId,
    version: u32,
    origin: Option<&'a PackageOrigin>,
    server: &'a Name,
}

impl<'a> Adopting<'a> {
    pub(super) fn packages(&mut self) {
        let mut holders = self.holders();
        let taken = self.taken();
        let points: Vec<Option<Name>> = self
            .observed
            .libraries
            .systems()
            .iter()
            .map(|system| {
                let point = self.observed.site_systems.get(system)?.present()?;
                point.distribution_point.as_ref().map(|point| point.name.clone())
            })
            .collect();
        let set = |it: &Taken<'_>| {
            let mut set = holders.remove(it.id).unwrap_or_default();
            // What comes when a client asks is meant to be there too.
            for content in self.observed.libraries.contents(it.id) {
                set.add(&content.on_demand);
            }
            set
        };
        let sets = taken.iter().map(set).collect();
        for (id, set) in holders {
            let Some(Some(point)) = set.iter().next().and_then(|it| points.get(it as usize)) else {
                continue;
            };
            let message = format!(
                "it holds package {id}, which no site server that was asked has: the package is \
                 not described, and a plan removes it"
            );
            self.note(Kind::DistributionPoint, point, message);
        }
        let groups = Groups::of(points, sets, &self.declared);
        for (name, members) in groups.documents() {
            let group = self.resource(&name, members);
            self.declared.distribution_point_groups.insert(name, group);
        }
        for (number, it) in taken.iter().enumerate() {
            self.package(it, groups.targets(number));
        }
    }

    /// Which distribution points hold each package, or are about to: as their numbers among the
    /// libraries.
    fn holders(&self) -> BTreeMap<&'a PackageId, NumberSet> {
        let libraries = &self.observed.libraries;
        let mut holders: BTreeMap<&PackageId, NumberSet> = BTreeMap::new();
        for (id, contents) in libraries.packages() {
            let set = holders.entry(id).or_default();
            for content in contents {
                set.add(&content.whole);
                content.damaged.keys().for_each(|number| set.insert(*number));
            }
        }
        for (system, state) in self.observed.present() {
            let Some(number) = libraries.number(system) else { continue };
            // What is on its way is meant to be there.
            for id in state.distribution_point.iter().flat_map(|point| point.pull_jobs.keys()) {
                holders.entry(id).or_default().insert(number);
            }
        }
        holders
    }

    /// The packages of all site servers, by ID. Only the site whose code is in the ID owns one.
    fn taken(&mut self) -> Vec<Taken<'a>> {
        let mut taken = Vec::new();
        for (system, state) in self.observed.present() {
            let Some(SiteServerState { packages, package_origins, .. }) = &state.site_server else {
                continue;
            };
            for (id, held) in packages {
                if id.site_code() == state.settings.site.as_str() {
                    let origin = package_origins.get(id);
                    taken.push(Taken { id, version: held.version, origin, server: system });
                } else {
                    let site = &state.settings.site;
                    let message = format!("it holds package {id}, which is not one of site {site}");
                    self.note(Kind::SiteSystem, system, message);
                }
            }
        }
        taken.sort_by_key(|it| it.id);
        taken.dedup_by_key(|it| it.id);
        taken
    }

    fn package(&mut self, it: &Taken<'_>, distribute_to: DistributeTo) {
        let Taken { id, version, origin, server } = it;
        let told = origin.map(|origin| &origin.name);
        let free = |name: &Name| !self.declared.packages.contains_key(name);
        // Another package may have been told the name, or be called as this one's ID is.
        let numbered =
            (2..).map_while(|number| format!("{}-{number}", id_as_name(id)?).parse().ok());
        let mut names = told.cloned().into_iter().chain(id_as_name(id)).chain(numbered);
        let Some(name) = names.find(free) else { return };
        let source = if let Some(origin) = origin {
            written(&origin.source)
        } else {
            let message = format!(
                "site server `{server}` does not know where it took version {version} from: \
                     write the directory of the next version as `source.path`"
            );
            self.note(Kind::Package, &name, message);
            PackageSource::directory(format!("/unknown/{id}"))
        };
        let spec = PackageSpec {
            package_id: (*id).clone(),
            display_name: origin.and_then(|origin| origin.display_name.clone()),
            source_version: *version,
            source,
            distribute_to,
            priority: origin.map_or(Priority::default(), |origin| origin.priority),
        };
        let package = self.resource(&name, spec);
        self.declared.packages.insert(name, package);
    }
}

/// As a document says it.
fn written(source: &TakenSource) -> PackageSource {
    match source {
        TakenSource::Path(path) => PackageSource::directory(path),
        TakenSource::Updates(taken) => {
            PackageSource { updates: Some(taken.selection.clone()), ..PackageSource::default() }
        }
        TakenSource::LegacyCatalog(_) => {
            PackageSource { legacy_catalog: true, ..PackageSource::default() }
        }
    }
}

/// A package ID in lower case, which is a valid name.
fn id_as_name(id: &PackageId) -> Option<Name> {
    id.as_str().to_ascii_lowercase().parse().ok()
}
