//! Puts a plan together, part by part, in the order of REC-4.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{
    Digest, Hierarchy, Kind, Known, Name, Observed, ResourceId, SiteCode, SiteSystemState,
};

use super::{
    Action, ActionId, ActionKind, FORMAT_VERSION, FieldChange, Plan, PlanDiagnostic, Summary,
    Waiting,
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
    /// The time, for schedules that are due (SYNC-2).
    pub now: jiff::Timestamp,
}

/// What has to be done so that the hierarchy becomes as wanted (REC-3): parents before children,
/// active before Internet-based points, sources before those that pull from them, installs before
/// settings before synchronization before distribution, removal last and in reverse (REC-4).
pub fn plan(inputs: Inputs<'_>) -> Plan {
    let mut planner = Planner::new(inputs);
    planner.site_systems();
    planner.update_points();
    planner.distribution_points();
    planner.content();
    planner.removals();
    planner.finish()
}

/// A plan that is being put together. Actions refer only to earlier ones, so that the order in
/// which they are added can be followed one by one.
pub(super) struct Planner<'a> {
    pub(super) hierarchy: &'a Hierarchy,
    pub(super) observed: &'a Observed,
    pub(super) now: jiff::Timestamp,
    manifest_digest: Digest,
    actions: Vec<Action>,
    planned: BTreeMap<(ActionKind, ResourceId), Vec<ActionId>>,
    waiting: Vec<Waiting>,
    diagnostics: Vec<PlanDiagnostic>,
    /// Site systems on which nothing can be planned: unknown or suspended.
    held: BTreeSet<Name>,
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
        Self {
            hierarchy: inputs.hierarchy,
            observed: inputs.observed,
            now: inputs.now,
            manifest_digest: inputs.manifest_digest,
            actions: Vec::new(),
            planned: BTreeMap::new(),
            waiting: Vec::new(),
            diagnostics: Vec::new(),
            held: BTreeSet::new(),
        }
    }

    pub(super) fn add(&mut self, draft: Draft) -> ActionId {
        let Draft { kind, resource, site, requirement, reason, mut after, targets, diff, part } =
            draft;
        let id = ActionId(match part {
            None => format!("{kind}:{resource}"),
            Some(part) => format!("{kind}:{resource}@{part}"),
        });
        after.sort();
        after.dedup();
        self.planned.entry((kind, resource.clone())).or_default().push(id.clone());
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
        });
        id
    }

    /// The actions of a kind that are planned for a resource.
    pub(super) fn planned(&self, action: ActionKind, kind: Kind, name: &Name) -> Vec<ActionId> {
        self.planned.get(&(action, ResourceId::new(kind, name))).cloned().unwrap_or_default()
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

    /// Says that something waits; nothing more is planned for it.
    pub(super) fn wait(&mut self, resource: ResourceId, on: impl Into<String>, chosen: bool) {
        self.waiting.push(Waiting { resource, on: on.into(), chosen });
    }

    pub(super) fn tell(&mut self, rule: &str, resource: ResourceId, message: String) {
        self.diagnostics.push(PlanDiagnostic { rule: rule.to_owned(), message, resource });
    }

    /// Nothing can be planned on this site system.
    pub(super) fn hold(&mut self, system: &Name) {
        self.held.insert(system.clone());
    }

    pub(super) fn held(&self, system: &Name) -> bool {
        self.held.contains(system)
    }

    /// What a site system reports, if it is there.
    pub(super) fn system(&self, name: &Name) -> Option<&'a SiteSystemState> {
        let observed: &'a Observed = self.observed;
        observed.site_systems.get(name).and_then(Known::present)
    }

    /// Whether anything is planned at all on a site system before its roles are.
    pub(super) fn created(&self, system: &Name) -> Vec<ActionId> {
        self.planned(ActionKind::CreateSiteSystem, Kind::SiteSystem, system)
    }

    fn finish(self) -> Plan {
        let observed_bytes = serde_json::to_vec(self.observed).unwrap_or_default();
        Plan {
            format_version: FORMAT_VERSION.to_owned(),
            manifest_digest: self.manifest_digest,
            observed_digest: Digest::of(&observed_bytes),
            complete: self.waiting.iter().all(|waiting| waiting.chosen),
            summary: Summary::of(&self.actions),
            actions: self.actions,
            waiting: self.waiting,
            diagnostics: self.diagnostics,
        }
    }
}
