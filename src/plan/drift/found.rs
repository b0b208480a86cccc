//! Where the values were read that the actions of a plan are about to change.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use crate::{
    model::{Hierarchy, Kind, Known, Name, Observed, ObservedSystem, Placement},
    plan::{Action, ActionKind, FieldChange, Found},
};

/// What the actions of a plan are explained by: the same two things that they were made of.
#[derive(Debug, Clone, Copy)]
pub(in crate::plan) struct Drift<'a> {
    pub(in crate::plan) hierarchy: &'a Hierarchy,
    pub(in crate::plan) observed: &'a Observed,
}

impl<'a> Drift<'a> {
    /// Says of every change where the value was read, and adds the changes that are none of settings:
    /// a closed port, missing content, an older catalog.
    pub(in crate::plan) fn explain(self, actions: &mut [Action]) {
        for action in actions {
            match action.kind {
                ActionKind::CreateSiteSystem
                | ActionKind::RemoveSiteSystem
                | ActionKind::InstallUpdateServices
                | ActionKind::UninstallUpdateServices
                | ActionKind::InstallAdministrationConsole => self.site_system(action),
                ActionKind::ConfigureSsl
                | ActionKind::AddSoftwareUpdatePoint
                | ActionKind::ConfigureSoftwareUpdatePoint
                | ActionKind::RemoveSoftwareUpdatePoint => self.update_point(action),
                ActionKind::ConfigureDistributionPoint if action.resource.kind == Kind::Package => {
                    self.on_demand(action);
                }
                ActionKind::AddDistributionPoint
                | ActionKind::ConfigureDistributionPoint
                | ActionKind::EnablePull
                | ActionKind::DisablePull
                | ActionKind::RemoveDistributionPoint => self.distribution_point(action),
                ActionKind::Synchronize
                | ActionKind::SynchronizeCategories
                | ActionKind::ImportUpdates => self.catalog(action),
                ActionKind::PublishClientPolicy => self.client_policy(action),
                ActionKind::PublishLocalUpdate | ActionKind::ExpireLocalUpdate => {
                    self.local_update(action);
                }
                ActionKind::DistributeContent
                | ActionKind::UpdateContent
                | ActionKind::RemoveContent => self.content(action),
                ActionKind::VerifyPorts => self.ports(action),
                // It looks, and what it finds is drift of the next plan.
                ActionKind::ValidateContent => {}
            }
        }
    }

    /// What a site system reports, if it is there.
    pub(super) fn system(self, name: &Name) -> Option<&'a ObservedSystem> {
        self.observed.site_systems.get(name).and_then(Known::present)
    }

    /// The site system on which an action is done, and what it reports.
    pub(super) fn target(self, action: &Action) -> Option<(Name, &'a ObservedSystem)> {
        let name = action.targets.first()?.clone();
        let state = self.system(&name)?;
        Some((name, state))
    }

    /// Where a value of a site system was read.
    pub(super) fn found(
        self,
        name: &Name,
        state: &ObservedSystem,
        since: Option<Timestamp>,
    ) -> Found {
        let declared = self.hierarchy.site_systems.get(name);
        let url = declared
            .filter(|it| it.placement == Some(Placement::Remote))
            .and_then(|it| it.agent_url.clone());
        let at = url.unwrap_or_else(|| state.listens_on.clone());
        Found { site_system: name.clone(), at, since }
    }
}

/// A change of one value into another one, read there.
pub(super) fn change(
    path: impl Into<String>,
    before: impl Serialize,
    after: impl Serialize,
    found: &Found,
) -> FieldChange {
    // What is reported and wanted is numbers, names and texts: they all have a JSON form.
    let value = |it: serde_json::Result<Value>| it.unwrap_or(Value::Null);
    let (before, after) = (value(serde_json::to_value(before)), value(serde_json::to_value(after)));
    FieldChange { found: Some(found.clone()), ..FieldChange::new(path, before, after) }
}

/// Says of all changes so far that they were read there.
pub(super) fn all_found(changes: &mut [FieldChange], found: &Found) {
    for change in changes {
        change.found.get_or_insert_with(|| found.clone());
    }
}
