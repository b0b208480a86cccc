//! Puts a plan together, part by part, in the order of REC-4.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{
    Digest, Facts, Hierarchy, Kind, Known, Name, Observed, ObservedSystem, PackageId, ResourceId,
    SiteCode,
};

use super::{
    Action, ActionId, ActionKind, FORMAT_VERSION, FieldChange, Plan, PlanDiagnostic, Summary,
    Waiting, drift::Drift, libraries::WantedContent, secrets::hide_secrets,
    synchronization::SYNCHRONIZING, unsupported::refusals,
};

/// Everything a plan depends on.
#[derive(Debug, Clone, Copy)]
pub struct Inputs<'a> {
    /// What is wanted.
    pub hierarchy: &'a Hierarchy,
    /// The digest of the manifests that say so.
    pub manifest_digest: Digest,
    /// What there is.
    pub observed: &'a Observed,
    /// The time, for schedules that are due (SYNC-2), and for maintenance windows.
    pub now: jiff::Timestamp,
}

/// What has to be done so that the hierarchy becomes as wanted (REC-3): parents before children,
/// active before Internet-based points, sources before those that pull from them, installs before
/// settings before synchronization before distribution, removal last and in reverse (REC-4).
pub fn plan(inputs: Inputs<'_>) -> Plan {
    let mut planner = Planner::new(inputs);
    planner.site_systems();
    planner.update_points();
    planner.local_updates();
    planner.synchronizations();
    let places = planner.distribution_points();
    let unwanted = planner.content(&places);
    planner.remove_content(unwanted, &places);
    planner.expire_local_updates();
    planner.removals();
    planner.finish()
}

/// A plan that is being put together. Actions refer only to earlier ones, so that the order in
/// which they are added can be followed one by one.
pub(super) struct Planner<'a> {
    pub(super) hierarchy: &'a Hierarchy,
    pub(super) observed: &'a Observed,
    pub(super) now: jiff::Timestamp,
    /// The update point of each site system: the first that is declared on it.
    pub(super) update_point_on: BTreeMap<&'a Name, &'a Name>,
    /// The distribution point of each site system: the first that is declared on it.
    pub(super) distribution_point_on: BTreeMap<&'a Name, &'a Name>,
    manifest_digest: Digest,
    pub(super) actions: Vec<Action>,
    /// What is planned, by the names of the resources: looked at for each of thousands, so by
    /// reference.
    planned: BTreeMap<(ActionKind, Kind), BTreeMap<Name, Vec<ActionId>>>,
    pub(super) waiting: Vec<Waiting>,
    diagnostics: Vec<PlanDiagnostic>,
    /// That for which nothing can be planned, and whether somebody chose that: unknown, suspended,
    /// or waiting for such a thing.
    held: BTreeMap<Kind, BTreeMap<Name, bool>>,
    /// The publications of updates of local publishers that make a further revision.
    pub(super) publishing: Vec<ActionId>,
    /// What a schedule asks for.
    scheduled: BTreeSet<ActionId>,
    /// Update points whose synchronization waits, and whether somebody chose that.
    pub(super) unsynchronized: BTreeMap<&'a Name, bool>,
    /// Packages that somebody needs who gets them from none of its sources.
    pub(super) starving: BTreeMap<&'a PackageId, Starving<'a>>,
}

/// A distribution point that needs a package and gets it from none of its sources.
pub(super) struct Starving<'a> {
    /// The first one.
    pub(super) point: &'a Name,
    /// What it needs.
    pub(super) wanted: WantedContent,
    /// Whether somebody chose that.
    pub(super) chosen: bool,
}

/// An action before it has an identity.
pub(super) struct Draft {
    pub(super) kind: ActionKind,
    pub(super) resource: ResourceId,
    pub(super) site: SiteCode,
    pub(super) requirement: &'static str,
    pub(super) reason: String,
    pub(super) after: Vec<ActionId>,
    pub(super) targets: Vec<Name>,
    pub(super) diff: Vec<FieldChange>,
    /// What tells it from another one of its kind for the same resource.
    pub(super) part: Option<String>,
}

impl<'a> Planner<'a> {
    fn new(inputs: Inputs<'a>) -> Self {
        let hierarchy = inputs.hierarchy;
        let mut update_point_on = BTreeMap::new();
        for (name, point) in &hierarchy.update_points {
            update_point_on.entry(&point.site_system).or_insert(name);
        }
        let mut distribution_point_on = BTreeMap::new();
        for (name, point) in &hierarchy.distribution_points {
            distribution_point_on.entry(&point.site_system).or_insert(name);
        }
        Self {
            hierarchy,
            observed: inputs.observed,
            now: inputs.now,
            update_point_on,
            distribution_point_on,
            manifest_digest: inputs.manifest_digest,
            actions: Vec::new(),
            planned: BTreeMap::new(),
            waiting: Vec::new(),
            diagnostics: Vec::new(),
            held: BTreeMap::new(),
            publishing: Vec::new(),
            scheduled: BTreeSet::new(),
            unsynchronized: BTreeMap::new(),
            starving: BTreeMap::new(),
        }
    }

    pub(super) fn add(&mut self, draft: Draft) -> ActionId {
        let Draft { kind, resource, site, requirement, reason, mut after, targets, diff, part } =
            draft;
        let id = ActionId::from(match part {
            None => format!("{kind}:{resource}"),
            Some(part) => format!("{kind}:{resource}@{part}"),
        });
        after.sort();
        after.dedup();
        let planned = self.planned.entry((kind, resource.kind)).or_default();
        planned.entry(resource.name.clone()).or_default().push(id.clone());
        self.actions.push(Action {
            id: id.clone(),
            kind,
            resource,
            site,
            requirement: requirement.to_owned(),
            reason,
            after,
            targets,
            diff,
            only_new: false,
            scheduled: false,
        });
        id
    }

    /// The synchronization that was added last was requested by hand (SYNC-3).
    pub(super) fn last_brings_only_what_is_new(&mut self) {
        if let Some(action) = self.actions.last_mut() {
            action.only_new = true;
        }
    }

    /// The action that was added last is asked for by a schedule.
    pub(super) fn last_is_scheduled(&mut self) {
        if let Some(action) = self.actions.last_mut() {
            action.scheduled = true;
            self.scheduled.insert(action.id.clone());
        }
    }

    /// Whether of these actions all that synchronize are asked for by a schedule.
    pub(super) fn only_scheduled_synchronizations(&self, actions: &[ActionId]) -> bool {
        let synchronizing =
            |id: &&ActionId| id.kind().is_some_and(|kind| SYNCHRONIZING.contains(&kind));
        actions.iter().filter(synchronizing).all(|id| self.scheduled.contains(id))
    }

    /// The actions of a kind that are planned for a resource.
    pub(super) fn planned(&self, action: ActionKind, kind: Kind, name: &Name) -> Vec<ActionId> {
        let planned = self.planned.get(&(action, kind)).and_then(|planned| planned.get(name));
        planned.cloned().unwrap_or_default()
    }

    /// The same for several kinds of action.
    pub(super) fn planned_any(
        &self,
        actions: &[ActionKind],
        kind: Kind,
        name: &Name,
    ) -> Vec<ActionId> {
        actions.iter().flat_map(|action| self.planned(*action, kind, name)).collect()
    }

    /// The actions that are planned so far.
    pub(super) fn actions(&self) -> &[Action] {
        &self.actions
    }

    /// The actions that are planned so far and that something is true of.
    pub(super) fn planned_where(&self, holds: impl Fn(&Action) -> bool) -> Vec<ActionId> {
        self.actions.iter().filter(|action| holds(action)).map(|it| it.id.clone()).collect()
    }

    /// Says that something waits.
    pub(super) fn wait(&mut self, resource: ResourceId, on: impl Into<String>, chosen: bool) {
        self.waiting.push(Waiting { resource, on: on.into(), chosen, until: None });
    }

    /// Says that something waits; nothing is planned for it, nor for what needs it.
    pub(super) fn hold(&mut self, resource: ResourceId, on: impl Into<String>, chosen: bool) {
        self.held.entry(resource.kind).or_default().insert(resource.name.clone(), chosen);
        self.wait(resource, on, chosen);
    }

    /// If nothing can be planned for something: whether somebody chose that.
    pub(super) fn held(&self, kind: Kind, name: &Name) -> Option<bool> {
        self.held.get(&kind)?.get(name).copied()
    }

    pub(super) fn tell(&mut self, rule: &str, resource: ResourceId, message: String) {
        self.diagnostics.push(PlanDiagnostic { rule: rule.to_owned(), message, resource });
    }

    /// Whether a document declares a role or a site system.
    pub(super) fn declares(&self, kind: Kind, name: &Name) -> bool {
        match kind {
            Kind::SiteSystem => self.hierarchy.site_systems.contains_key(name),
            Kind::SoftwareUpdatePoint => self.hierarchy.update_points.contains_key(name),
            Kind::DistributionPoint => self.hierarchy.distribution_points.contains_key(name),
            Kind::Package => self.hierarchy.packages.contains_key(name),
            Kind::LocalUpdate => self.hierarchy.local_updates.contains_key(name),
            Kind::Site => self.hierarchy.sites.values().any(|site| site.name == *name),
            // What they say has become part of what refers to them.
            Kind::PortSettings
            | Kind::DistributionPointGroup
            | Kind::Notification
            | Kind::MaintenanceWindow => false,
        }
    }

    /// What a site system reports, if it is there.
    pub(super) fn system(&self, name: &Name) -> Option<&'a ObservedSystem> {
        let observed: &'a Observed = self.observed;
        observed.site_systems.get(name).and_then(Known::present)
    }

    /// Whether anything is planned at all on a site system before its roles are.
    pub(super) fn created(&self, system: &Name) -> Vec<ActionId> {
        self.planned(ActionKind::CreateSiteSystem, Kind::SiteSystem, system)
    }

    /// Whether a site system is there, or will be.
    pub(super) fn is_or_will_be(&self, system: &Name) -> bool {
        self.system(system).is_some() || !self.created(system).is_empty()
    }

    /// Whether a site system serves its site, or will. One that is there and suspended may be meant
    /// to, and not do it yet.
    pub(super) fn serves_or_will_serve(&self, system: &Name) -> bool {
        self.system(system).is_some_and(|it| it.site_server.is_some())
            || !self.created(system).is_empty()
    }

    fn finish(mut self) -> Plan {
        self.wait_for_windows();
        Drift { hierarchy: self.hierarchy, observed: self.observed }.explain(&mut self.actions);
        self.diagnostics.extend(refusals(&self.actions, self.hierarchy));
        let mut plan = Plan {
            format_version: FORMAT_VERSION.to_string(),
            manifest_digest: self.manifest_digest,
            observed_digest: Facts::of(self.observed).digest(),
            complete: self.waiting.iter().all(|waiting| waiting.chosen),
            summary: Summary::of(&self.actions),
            actions: self.actions,
            waiting: self.waiting,
            diagnostics: self.diagnostics,
        };
        hide_secrets(&mut plan);
        plan
    }
}
