//! What a look has found, by the resource that it is about: pure, so that what is said of an object can be
//! tested without a cluster.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::status::{PackageCounts, Synchronized};
use crate::{
    model::{
        ActionKind, CatalogVersion, Declared, Hierarchy, Kind, Known, Name, Observed,
        ObservedPoint, PullJobState, ResourceId, SiteCode,
    },
    plan::{ActionId, Plan, Waiting},
};

/// What a look has found.
#[derive(Debug, Clone, Default)]
pub(super) struct Picture {
    /// Of each declared resource.
    pub(super) parts: BTreeMap<ResourceId, Part>,
    /// The actions that are planned, in their order.
    pub(super) actions: Vec<Step>,
    /// Where each of them is in this order.
    pub(super) places: HashMap<ActionId, usize>,
    /// What cannot be planned.
    pub(super) waiting: Vec<Waiting>,
    /// Whether nothing unknown is in the way.
    pub(super) complete: bool,
}

/// An action, as far as people are told of it.
#[derive(Debug, Clone)]
pub(super) struct Step {
    pub(super) id: ActionId,
    pub(super) kind: ActionKind,
    pub(super) resource: ResourceId,
    pub(super) reason: String,
    /// Whether it mends what is there and is otherwise than wanted.
    pub(super) mends: bool,
}

/// What was found of a resource.
#[derive(Debug, Clone, Default)]
pub(super) struct Part {
    /// Its actions, as places in the list of all.
    pub(super) actions: Vec<usize>,
    /// What it waits for, as places in the list of all.
    pub(super) waiting: Vec<usize>,
    /// Why nobody knows how it stands.
    pub(super) unknown: Option<String>,
    pub(super) catalog: Option<Catalog>,
    pub(super) content: Option<PackageCounts>,
    pub(super) source: Option<String>,
}

/// The catalog of a site or a software update point.
#[derive(Debug, Clone, Default)]
pub(super) struct Catalog {
    pub(super) version: Option<CatalogVersion>,
    /// How many revisions the one above has more; absent where there is none above.
    pub(super) lag: Option<u64>,
    pub(super) last: Option<Synchronized>,
}

impl Picture {
    /// What a look has found.
    pub(super) fn of(
        (hierarchy, declared): (&Hierarchy, &Declared),
        observed: &Observed,
        plan: &Plan,
    ) -> Self {
        let actions = plan.actions.iter().map(|action| Step {
            id: action.id.clone(),
            kind: action.kind,
            resource: action.resource.clone(),
            reason: action.reason.clone(),
            mends: action.diff.iter().any(|change| !change.before.is_null()),
        });
        let mut picture = Self {
            parts: BTreeMap::new(),
            actions: actions.collect(),
            places: (plan.actions.iter().enumerate())
                .map(|(place, action)| (action.id.clone(), place))
                .collect(),
            waiting: plan.waiting.clone(),
            complete: plan.complete,
        };
        picture.declared(hierarchy, declared);
        picture.planned(hierarchy, plan);
        picture.systems(hierarchy, observed);
        picture.catalogs(hierarchy, observed);
        picture.contents(hierarchy, observed);
        picture.groups(declared);
        picture
    }

    /// An action that is planned.
    pub(super) fn step(&self, id: &ActionId) -> Option<&Step> {
        self.actions.get(*self.places.get(id)?)
    }

    /// Whether an action is planned that removes a resource.
    pub(super) fn removes(&self, id: &ResourceId) -> bool {
        let actions = self.parts.get(id).into_iter().flat_map(|it| &it.actions);
        let mut actions = actions.map(|place| &self.actions[*place]);
        actions.any(|it| it.resource == *id && it.kind.removes())
    }

    /// Whether something cannot be planned yet that has to be done to a resource.
    pub(super) fn waits(&self, id: &ResourceId) -> bool {
        self.parts.get(id).is_some_and(|it| !it.waiting.is_empty())
    }

    fn part(&mut self, kind: Kind, name: &Name) -> &mut Part {
        self.parts.entry(ResourceId::new(kind, name)).or_default()
    }

    fn declared(&mut self, hierarchy: &Hierarchy, declared: &Declared) {
        // What is nowhere by itself is there as soon as it is in force.
        for kind in [Kind::PortSettings, Kind::Notification, Kind::MaintenanceWindow] {
            for name in declared.names(kind) {
                self.part(kind, name);
            }
        }
        for site in hierarchy.sites.values() {
            self.part(Kind::Site, &site.name);
        }
        for name in hierarchy.site_systems.keys() {
            self.part(Kind::SiteSystem, name);
        }
        for name in hierarchy.local_updates.keys() {
            self.part(Kind::LocalUpdate, name);
        }
    }

    fn planned(&mut self, hierarchy: &Hierarchy, plan: &Plan) {
        for (number, action) in plan.actions.iter().enumerate() {
            let mut about = BTreeSet::from([action.resource.clone()]);
            if let Some(site) = hierarchy.sites.get(&action.site) {
                about.insert(ResourceId::new(Kind::Site, &site.name));
            }
            if action.resource.kind == Kind::Package {
                let points = action.targets.iter();
                about.extend(points.map(|it| ResourceId::new(Kind::DistributionPoint, it)));
            }
            for id in about {
                self.parts.entry(id).or_default().actions.push(number);
            }
        }
        for (number, waiting) in plan.waiting.iter().enumerate() {
            self.parts.entry(waiting.resource.clone()).or_default().waiting.push(number);
        }
    }

    /// Nobody knows how the roles of a site system stand that does not answer.
    fn systems(&mut self, hierarchy: &Hierarchy, observed: &Observed) {
        let silent = |system: &Name| match observed.site_systems.get(system) {
            Some(Known::Unknown(why)) => Some(why.clone()),
            _ => None,
        };
        for name in hierarchy.site_systems.keys() {
            self.part(Kind::SiteSystem, name).unknown = silent(name);
        }
        for (name, point) in &hierarchy.update_points {
            self.part(Kind::SoftwareUpdatePoint, name).unknown = silent(&point.site_system);
        }
        for (name, point) in &hierarchy.distribution_points {
            self.part(Kind::DistributionPoint, name).unknown = silent(&point.site_system);
        }
        for site in hierarchy.sites.values() {
            self.part(Kind::Site, &site.name).unknown = silent(&site.site_server);
        }
    }

    fn catalogs(&mut self, hierarchy: &Hierarchy, observed: &Observed) {
        let on =
            |system: &Name| observed.site_systems.get(system)?.present()?.update_point.as_ref();
        let held = |point: &Name| {
            let state = on(&hierarchy.update_points.get(point)?.site_system)?;
            Some((state.catalog_version, state.revisions))
        };
        for (name, point) in &hierarchy.update_points {
            let Some(state) = on(&point.site_system).filter(|it| it.name == *name) else {
                continue;
            };
            let above = point.settings.source.update_point.as_ref().and_then(held);
            let own = (state.catalog_version, state.revisions);
            let last = state.last_synchronization.as_ref().map(|it| Synchronized {
                finished_at: it.finished_at,
                from: it.from.clone(),
                new_revisions: it.new_revisions,
            });
            let source = last.as_ref().map(|it| place(&it.from).to_owned());
            let version = state.catalog_version;
            let part = self.part(Kind::SoftwareUpdatePoint, name);
            part.catalog = Some(Catalog { version, lag: lag(own, above), last });
            part.source = source;
        }
        let database = |site: &SiteCode| {
            let server = &hierarchy.sites.get(site)?.site_server;
            let server = observed.site_systems.get(server)?.present()?.site_server.as_ref()?;
            Some((server.catalog_version, server.revisions))
        };
        for (code, site) in &hierarchy.sites {
            let Some(own) = database(code) else { continue };
            // What the site's own point has is what its database takes next.
            let above = match &site.parent {
                Some(parent) => database(parent),
                None => site.active_point.as_ref().and_then(held),
            };
            self.part(Kind::Site, &site.name).catalog =
                Some(Catalog { version: own.0, lag: lag(own, above), last: None });
        }
    }

    fn contents(&mut self, hierarchy: &Hierarchy, observed: &Observed) {
        let mut of_points: BTreeMap<&Name, PackageCounts> = hierarchy
            .distribution_points
            .keys()
            .map(|name| (name, PackageCounts::default()))
            .collect();
        for (name, package) in &hierarchy.packages {
            let contents = observed.libraries.contents(&package.id);
            let mut counts = PackageCounts::default();
            for point in package.distribute_to.iter() {
                let Some(declared) = hierarchy.distribution_points.get(point) else { continue };
                let number = observed.libraries.number(&declared.site_system);
                let holds = number.is_some_and(|number| {
                    let wanted = contents.iter().filter(|it| it.facts.version == package.version);
                    let mut wanted = wanted.filter(|it| it.whole.contains(number));
                    wanted.next().is_some()
                });
                let job = point_on(observed, &declared.site_system);
                let job = job.and_then(|it| it.pull_jobs.get(&package.id));
                let (coming, failed) = match job.map(|it| &it.state) {
                    _ if holds => (false, false),
                    None => (false, false),
                    Some(PullJobState::Stopped(_)) => (false, true),
                    Some(PullJobState::Downloading(_) | PullJobState::WaitingForSource { .. }) => {
                        (true, false)
                    }
                };
                let here = of_points.entry(point).or_default();
                for counts in [&mut counts, here] {
                    counts.wanted += 1;
                    counts.present += u64::from(holds);
                    counts.coming += u64::from(coming);
                    counts.failed += u64::from(failed);
                }
            }
            self.part(Kind::Package, name).content = Some(counts);
        }
        for (name, counts) in of_points {
            let state = hierarchy.distribution_points.get(name);
            let state = state.and_then(|it| point_on(observed, &it.site_system));
            let source = state.map(|it| some_of(&it.packages.sources));
            let part = self.part(Kind::DistributionPoint, name);
            part.content = Some(counts);
            part.source = source.filter(|it| !it.is_empty());
        }
    }

    /// A group has what its members have together, and what is done to them.
    fn groups(&mut self, declared: &Declared) {
        for (name, group) in &declared.distribution_point_groups {
            let mut whole = Part { content: Some(PackageCounts::default()), ..Part::default() };
            for member in &group.spec.members {
                let id = ResourceId::new(Kind::DistributionPoint, member);
                let Some(member) = self.parts.get(&id) else { continue };
                if let (Some(counts), Some(more)) = (&mut whole.content, member.content) {
                    counts.wanted += more.wanted;
                    counts.present += more.present;
                    counts.coming += more.coming;
                    counts.failed += more.failed;
                }
                whole.actions.extend(&member.actions);
                whole.waiting.extend(&member.waiting);
                whole.unknown = whole.unknown.or_else(|| member.unknown.clone());
            }
            whole.actions.sort_unstable();
            whole.actions.dedup();
            self.parts.insert(ResourceId::new(Kind::DistributionPointGroup, name), whole);
        }
    }
}

/// The distribution point of a site system, as it reports itself.
fn point_on<'a>(observed: &'a Observed, system: &Name) -> Option<&'a ObservedPoint> {
    observed.site_systems.get(system)?.present()?.distribution_point.as_ref()
}

/// An address, or the name of a file, without the directories that it is in.
fn place(from: &str) -> &str {
    if from.contains("://") { from } else { from.rsplit('/').next().unwrap_or(from) }
}

/// Sources as a table has room for them.
fn some_of(sources: &[String]) -> String {
    match sources {
        [first, second, rest @ ..] if !rest.is_empty() => {
            format!("{first}, {second} and {} more", rest.len())
        }
        few => few.join(", "),
    }
}

/// How many revisions one has less than the one above it: 0 only if it has the same.
fn lag(
    own: (Option<CatalogVersion>, u64),
    above: Option<(Option<CatalogVersion>, u64)>,
) -> Option<u64> {
    let above = above?;
    if own.0 == above.0 { Some(0) } else { Some(above.1.saturating_sub(own.1).max(1)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_as_short_as_a_table_wants_them() {
        assert_eq!(place("http://cen.contoso.example:8530"), "http://cen.contoso.example:8530");
        assert_eq!(place("/srv/export/WSUS-2024-06-19.cab"), "WSUS-2024-06-19.cab");
        let sources = ["a", "b", "c", "d"].map(str::to_owned);
        let texts = [0, 1, 2, 3, 4].map(|count| some_of(&sources[..count]));
        assert_eq!(texts, ["", "a", "a, b", "a, b and 1 more", "a, b and 2 more"]);
    }
}
