//! A world of site systems that do what the actions of a plan say, as their agents do, and insist
//! on what has to come first.

use std::collections::{BTreeMap, BTreeSet};

use headwater::{
    model::{
        CatalogVersion, FileFacts, Hierarchy, Kind, Known, LocalUpdateState, Name, Observed,
        SiteCode, SiteServerState, SiteSystemState, SourceType, SynchronizationRecord,
        UpdateIdentity, UpdatePointState,
    },
    plan::{Action, ActionId, ActionKind, Inputs, Plan, plan},
};
use jiff::Timestamp;
use proptest::sample::Index;
use uuid::Uuid;

use super::{contoso::manifest_digest, order::assert_ordered};

/// The revisions of a catalog or site database, as numbers.
pub(super) type Revisions = BTreeSet<u128>;

#[derive(Debug, Clone)]
pub(super) struct World {
    pub(super) systems: BTreeMap<Name, SiteSystemState>,
    /// Site systems that do not answer.
    pub(super) unknown: BTreeSet<Name>,
    /// By site system; a catalog outlives its update point.
    pub(super) catalogs: BTreeMap<Name, (Revisions, Option<SynchronizationRecord>)>,
    /// Updates of local publishers, by site system, as catalogs.
    pub(super) published: BTreeMap<Name, BTreeMap<Uuid, LocalUpdateState>>,
    /// Site systems whose virtual roots require a secured channel.
    pub(super) secured: BTreeSet<Name>,
    /// By site.
    pub(super) databases: BTreeMap<SiteCode, Revisions>,
    /// Sites with a synchronization request from their parent.
    pub(super) requested: BTreeSet<SiteCode>,
    /// What export files and servers elsewhere hold, by path or address; by default something of
    /// their own.
    pub(super) elsewhere: BTreeMap<String, Revisions>,
    /// Update points to which files of updates are still to come.
    pub(super) files_to_come: BTreeSet<Name>,
    pub(super) now: Timestamp,
}

/// Which of the actions that may begin begins first.
#[derive(Debug, Clone, Copy)]
pub(super) enum Choice {
    First,
    Last,
    /// By a number that decides.
    Any(u64),
}

impl World {
    pub(super) fn new() -> Self {
        Self {
            systems: BTreeMap::new(),
            unknown: BTreeSet::new(),
            catalogs: BTreeMap::new(),
            published: BTreeMap::new(),
            secured: BTreeSet::new(),
            databases: BTreeMap::new(),
            requested: BTreeSet::new(),
            elsewhere: BTreeMap::new(),
            files_to_come: BTreeSet::new(),
            now: "2026-12-01T00:00:00Z".parse().unwrap(),
        }
    }

    /// A world in which a hierarchy is as wanted.
    pub(super) fn of(hierarchy: &Hierarchy) -> Self {
        let mut world = Self::new();
        let rounds = world.converge(hierarchy, Choice::First);
        assert_eq!(rounds, 1, "one plan from nothing is enough");
        world
    }

    pub(super) fn observed(&self) -> Observed {
        let reports = self
            .systems
            .iter()
            .map(|(name, state)| (name.clone(), Known::Present(self.report(name, state))));
        let unknown =
            self.unknown.iter().map(|name| (name.clone(), Known::Unknown("no answer".to_owned())));
        reports.chain(unknown).collect()
    }

    /// What a site system's agent reports: catalogs and databases by their versions.
    fn report(&self, name: &Name, state: &SiteSystemState) -> SiteSystemState {
        let mut state = state.clone();
        if let Some(server) = &mut state.site_server {
            let database = self.databases.get(&state.settings.site);
            server.catalog_version = database.and_then(version);
            server.revisions = database.map_or(0, |it| it.len() as u64);
        }
        if let Some(point) = &mut state.update_point {
            let (revisions, last) = self.catalogs.get(name).cloned().unwrap_or_default();
            point.catalog_version = version(&revisions);
            point.revisions = revisions.len() as u64;
            point.last_synchronization = last;
            point.local_updates = self.published.get(name).cloned().unwrap_or_default();
            let source = &point.settings.source;
            point.import_file = source.file.as_ref().map(|file| self.file(file));
            point.packages = self.package_files(name, point);
        }
        state
    }

    pub(super) fn file(&self, path: &str) -> FileFacts {
        let revisions = self.outside(path);
        let digest = headwater::model::Digest::of(format!("{revisions:?}").as_bytes());
        FileFacts { digest, size: revisions.len() as u64 }
    }

    pub(super) fn outside(&self, place: &str) -> Revisions {
        let own = || place.bytes().map(u128::from).chain([place.len() as u128 + 1_000]).collect();
        self.elsewhere.get(place).cloned().unwrap_or_else(own)
    }

    pub(super) fn plan(&self, hierarchy: &Hierarchy) -> Plan {
        let observed = self.observed();
        let manifest_digest = manifest_digest();
        let plan = plan(Inputs { hierarchy, manifest_digest, observed: &observed, now: self.now });
        assert_sound(&plan, hierarchy, self);
        assert_ordered(&plan, hierarchy, self);
        plan
    }

    /// Does all that a plan says, each action as soon as those that it comes after are done.
    pub(super) fn carry_out(&mut self, hierarchy: &Hierarchy, plan: &Plan, choice: Choice) {
        let mut pending: Vec<&Action> = plan.actions.iter().collect();
        let mut done: BTreeSet<&ActionId> = BTreeSet::new();
        let mut number = match choice {
            Choice::Any(number) => number,
            Choice::First | Choice::Last => 0,
        };
        while !pending.is_empty() {
            let ready: Vec<usize> = (0..pending.len())
                .filter(|it| pending[*it].after.iter().all(|id| done.contains(id)))
                .collect();
            let next = match choice {
                Choice::First => 0,
                Choice::Last => ready.len() - 1,
                Choice::Any(_) => {
                    number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    usize::try_from(number >> 33).unwrap() % ready.len()
                }
            };
            let action = pending.remove(ready[next]);
            self.now += jiff::SignedDuration::from_secs(1);
            self.carry_out_one(hierarchy, action);
            done.insert(&action.id);
        }
    }

    /// Does all that a plan says, one by one, as it is listed.
    pub(super) fn carry_out_listed(&mut self, hierarchy: &Hierarchy, plan: &Plan) {
        for action in &plan.actions {
            self.carry_out_one(hierarchy, action);
        }
    }

    /// Plans and carries out until there is nothing left to do. How many plans had actions.
    pub(super) fn converge(&mut self, hierarchy: &Hierarchy, choice: Choice) -> usize {
        for round in 0.. {
            let plan = self.plan(hierarchy);
            if plan.actions.is_empty() {
                return round;
            }
            assert!(round < 3, "still to be done after three rounds: {:#?}", plan.actions);
            self.carry_out(hierarchy, &plan, choice);
        }
        unreachable!("the loop returns or panics")
    }

    /// Does what can be done while some site systems do not answer, and nothing to them.
    pub(super) fn converge_without(
        &mut self,
        unknown: &[Index],
        hierarchy: &Hierarchy,
        choice: Choice,
    ) {
        let mut names: Vec<Name> = self.systems.keys().cloned().collect();
        names.extend(hierarchy.site_systems.keys().cloned());
        self.unknown = unknown.iter().map(|index| index.get(&names).clone()).collect();
        let untouched = |world: &Self| -> Vec<_> {
            world.unknown.iter().map(|name| world.systems.get(name).cloned()).collect()
        };
        let state = untouched(self);
        self.converge(hierarchy, choice);
        assert_eq!(untouched(self), state);
    }

    /// A site system that answers; nothing is ever asked of another one.
    pub(super) fn system(&mut self, name: &Name) -> &mut SiteSystemState {
        assert!(!self.unknown.contains(name), "`{name}` does not answer");
        self.systems.get_mut(name).unwrap_or_else(|| panic!("`{name}` is not there"))
    }

    pub(super) fn answers(&self, name: &Name) -> bool {
        self.systems.contains_key(name) && !self.unknown.contains(name)
    }

    pub(super) fn site_server(&mut self, name: &Name) -> &mut SiteServerState {
        let state = self.system(name).site_server.as_mut();
        state.unwrap_or_else(|| panic!("`{name}` is no site server"))
    }

    pub(super) fn update_point(&mut self, system: &Name, name: &Name) -> &mut UpdatePointState {
        let point = self.system(system).update_point.as_mut();
        let point = point.unwrap_or_else(|| panic!("`{system}` carries no update point"));
        assert_eq!(point.name, *name);
        point
    }
}

fn version(revisions: &Revisions) -> Option<CatalogVersion> {
    let identity =
        |number: &u128| UpdateIdentity { update_id: uuid::Uuid::from_u128(*number), revision: 1 };
    (!revisions.is_empty()).then(|| CatalogVersion::of(revisions.iter().map(identity)))
}

pub(super) fn ids(plan: &Plan) -> Vec<&str> {
    plan.actions.iter().map(|action| action.id.as_str()).collect()
}

pub(super) fn of_kind(plan: &Plan, kind: ActionKind) -> Vec<&Action> {
    plan.actions.iter().filter(|action| action.kind == kind).collect()
}

/// What is true of every plan.
fn assert_sound(plan: &Plan, hierarchy: &Hierarchy, world: &World) {
    let mut earlier = BTreeSet::new();
    for action in &plan.actions {
        for id in &action.after {
            assert!(earlier.contains(id), "{} comes after {id}, which is not earlier", action.id);
        }
        assert!(earlier.insert(&action.id), "{} is there twice", action.id);
        let declared = match action.kind {
            ActionKind::RemoveSiteSystem => {
                hierarchy.site_systems.contains_key(&action.resource.name)
            }
            ActionKind::RemoveDistributionPoint => hierarchy
                .distribution_points
                .get(&action.resource.name)
                .is_some_and(|it| action.targets.contains(&it.site_system)),
            ActionKind::RemoveSoftwareUpdatePoint => hierarchy
                .update_points
                .get(&action.resource.name)
                .is_some_and(|it| action.targets.contains(&it.site_system)),
            ActionKind::UninstallUpdateServices => {
                let on = &action.resource.name;
                hierarchy.update_points.values().any(|it| it.site_system == *on)
            }
            ActionKind::ExpireLocalUpdate => {
                let mut declared = hierarchy.local_updates.values();
                declared
                    .any(|it| action.id.as_str().ends_with(&it.update.spec.update_id.to_string()))
            }
            _ => false,
        };
        assert!(!declared, "{} removes what is declared", action.id);
        for target in &action.targets {
            let on = match action.kind {
                ActionKind::DistributeContent | ActionKind::UpdateContent => {
                    &hierarchy.distribution_points[target].site_system
                }
                ActionKind::RemoveContent => hierarchy
                    .distribution_points
                    .get(target)
                    .map_or(target, |point| &point.site_system),
                ActionKind::ConfigureDistributionPoint if action.resource.kind == Kind::Package => {
                    &hierarchy.distribution_points[target].site_system
                }
                _ => target,
            };
            assert!(!world.unknown.contains(on), "{} is done to something unknown", action.id);
        }
    }
    let chosen = plan.waiting.iter().all(|waiting| waiting.chosen);
    assert_eq!(plan.complete, chosen);
    crate::plan_schema::assert_plan_is_valid(plan);
}

/// The kind of source decides what a synchronization is.
pub(super) fn imports(point: &UpdatePointState) -> bool {
    point.settings.source.r#type == SourceType::Import
}
