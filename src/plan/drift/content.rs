//! Content libraries: what they hold of a package, and what they shall hold.

use jiff::Timestamp;

use crate::{
    model::{Digest, Name, ObservedSystem, Package, PackageId},
    plan::{Action, ActionKind, FieldChange, Found},
};

use super::found::{Drift, change};

/// For so many libraries of one action it is said what they lack; the others are alike.
const SHOWN: usize = 5;

impl Drift<'_> {
    /// A package that is declared, and its ID: without a document it goes by that.
    fn package(&self, name: &Name) -> (Option<&Package>, Option<PackageId>) {
        let declared = self.hierarchy.packages.get(name);
        let id = match declared {
            Some(package) => Some(package.id.clone()),
            None => name.as_str().to_ascii_uppercase().parse().ok(),
        };
        (declared, id)
    }

    /// What distribution points may fetch of a package when a client asks, and shall.
    pub(super) fn on_demand(self, action: &mut Action) {
        let (declared, Some(id)) = self.package(&action.resource.name) else { return };
        let mut changes = Vec::new();
        for name in action.targets.iter().take(SHOWN) {
            let Some(point) = self.hierarchy.distribution_points.get(name) else { continue };
            let Some(state) = self.system(&point.site_system) else { continue };
            let offered = self.observed.libraries.on_demand(&point.site_system, &id);
            let wanted = declared.filter(|package| package.distribute_to.contains(name));
            let wanted = wanted.map(|package| package.version);
            let found = self.found(&point.site_system, state, None);
            let path = |field: &str| format!("{name}.onDemand.{field}");
            changes.push(match offered {
                Some(offered) if Some(offered.version) == wanted => {
                    let of_site = declared.and_then(|package| self.digest_of_site(package));
                    change(path("digest"), offered.digest, of_site, &found)
                }
                _ => change(path("version"), offered.map(|it| it.version), wanted, &found),
            });
        }
        // Those that know nothing of it are alike: the first stands for all.
        if changes.iter().all(|it| it.before.is_null()) {
            changes.truncate(1);
        }
        action.diff.extend(changes);
    }

    fn digest_of_site(self, package: &Package) -> Option<Digest> {
        let site = self.hierarchy.sites.get(&package.site)?;
        let held = of_site(self.system(&site.site_server)?, &package.id)?;
        Some(held.digest)
    }

    pub(super) fn content(self, action: &mut Action) {
        let (declared, Some(id)) = self.package(&action.resource.name) else { return };
        let of_site = self.hierarchy.sites.get(&action.site).map(|site| &site.site_server);
        // Without targets it is about the site server's own library.
        let changes: Vec<_> = if action.targets.is_empty() {
            of_site
                .and_then(|server| self.at_site_server(server, &id, declared, action.kind))
                .into_iter()
                .collect()
        } else {
            let points = action.targets.iter().take(SHOWN);
            let mut changes: Vec<_> =
                points.filter_map(|it| self.at_point(it, &id, declared, action.kind)).collect();
            // Those that have nothing at all of it are alike: the first stands for all.
            let nothing = changes.iter().filter(|it| it.before.is_null()).count();
            if nothing == changes.len() {
                changes.truncate(1);
            }
            changes
        };
        action.diff.extend(changes);
    }

    fn at_site_server(
        self,
        server: &Name,
        id: &PackageId,
        package: Option<&Package>,
        kind: ActionKind,
    ) -> Option<FieldChange> {
        let state = self.system(server)?;
        let held = of_site(state, id);
        let since = LibrarySince {
            taken: state.since.taken_by_site_server.get(id).copied().filter(|_| held.is_some()),
            damaged: state.since.damaged_at_site_server.get(id).copied(),
        };
        let found = self.found(server, state, None);
        lacking(server, held, package.filter(|_| !kind.removes()), None, (found, since))
    }

    fn at_point(
        self,
        name: &Name,
        id: &PackageId,
        package: Option<&Package>,
        kind: ActionKind,
    ) -> Option<FieldChange> {
        let system = &self.hierarchy.distribution_points.get(name)?.site_system;
        let state = self.system(system)?;
        let point = state.distribution_point.as_ref().filter(|point| point.name == *name)?;
        let found = self.found(system, state, None);
        let damaged = state.since.damaged.get(id).copied();
        let package = package.filter(|_| !kind.removes());
        let site = package.and_then(|package| self.hierarchy.sites.get(&package.site));
        let of_site = site.and_then(|site| of_site(self.system(&site.site_server)?, id));
        let held = self.observed.libraries.held(system, id).map(|(content, damaged)| Content {
            version: content.version,
            digest: content.digest,
            damaged,
        });
        let job = point.pull_jobs.get(id).filter(|_| held.is_none() && package.is_none());
        if let Some(job) = job {
            // A transfer of what is not wanted any more.
            return Some(change(format!("{name}.transfer"), job.version, (), &found));
        }
        let since = LibrarySince { taken: None, damaged };
        lacking(name, held, package, of_site, (found, since))
    }
}

/// What a library holds of a package.
#[derive(Debug, Clone, Copy)]
struct Content {
    version: u32,
    digest: Digest,
    /// How many of its files are missing or damaged.
    damaged: u64,
}

/// What a site server holds of a package.
fn of_site(state: &ObservedSystem, id: &PackageId) -> Option<Content> {
    let held = state.site_server.as_ref()?.packages.get(id)?;
    Some(Content { version: held.version, digest: held.digest, damaged: held.damaged })
}

/// Since when a library holds what it holds of a package, as far as that is known.
#[derive(Debug, Clone, Copy)]
struct LibrarySince {
    taken: Option<Timestamp>,
    damaged: Option<Timestamp>,
}

/// How what a library holds of a package differs from what it shall hold: none of it without a
/// `package`, otherwise its version with the content that the site has.
fn lacking(
    library: &Name,
    held: Option<Content>,
    package: Option<&Package>,
    of_site: Option<Content>,
    (found, since): (Found, LibrarySince),
) -> Option<FieldChange> {
    let taken = Found { since: since.taken, ..found };
    let version = |before: Option<u32>, after: Option<u32>| {
        change(format!("{library}.version"), before, after, &taken)
    };
    let Some(held) = held else {
        return package.map(|package| version(None, Some(package.version)));
    };
    let Some(package) = package else { return Some(version(Some(held.version), None)) };
    if held.version != package.version {
        return Some(version(Some(held.version), Some(package.version)));
    }
    if held.damaged > 0 {
        let damaged = Found { since: since.damaged, ..taken };
        return Some(change(format!("{library}.damaged"), held.damaged, 0, &damaged));
    }
    let of_site = of_site.filter(|of_site| of_site.version == held.version);
    let of_site = of_site.filter(|of_site| of_site.digest != held.digest)?;
    Some(change(format!("{library}.digest"), held.digest, of_site.digest, &taken))
}
