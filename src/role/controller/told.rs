//! What there is to tell of a pass: to those whom notifications name.

use std::collections::{BTreeMap, BTreeSet};

use super::{Converged, Looked};
use crate::{
    apply::{ApplyReport, Outcome},
    engine::notifications::{Condition, Look},
    model::{EventKind, Hierarchy, Kind, Known, ResourceId, SiteCode},
    plan::{Action, ActionId, ActionKind, Plan},
};

impl Converged {
    /// What there is to tell of it.
    pub fn told(&self, hierarchy: &Hierarchy) -> Look {
        let Self { looked, done: _, mended, left, to_approve } = self;
        let mut look = looked.told(hierarchy);
        look.mended = mended.iter().map(ToString::to_string).collect();
        let sites: BTreeMap<&ActionId, &SiteCode> =
            looked.plan.actions.iter().map(|action| (&action.id, &action.site)).collect();
        for (id, outcome) in left {
            let (kind, text) = match outcome {
                Outcome::Failed(why) | Outcome::TriedAgain { why, .. } => {
                    (EventKind::Failed, why.clone())
                }
                // Not until when: that changes, and it is the same that waits.
                Outcome::Waiting { why, .. } => (EventKind::Waiting, why.clone()),
                Outcome::Unconfirmed => (EventKind::Waiting, outcome.detail()),
                // What it waits for is told.
                Outcome::Done(_) | Outcome::Skipped(_) => continue,
            };
            let site = sites.get(id).map(|site| (*site).clone());
            look.conditions.push(Condition::new(kind, id.as_str(), site, &text));
        }
        if let Some(plan) = to_approve {
            let text = format!("`headwater approve {}`", plan.digest);
            look.conditions.push(Condition::new(EventKind::Waiting, "approval", None, &text));
        }
        look
    }
}

impl Looked {
    /// What there is to tell of what was only looked at: nothing of it is done.
    pub fn told_only(&self, hierarchy: &Hierarchy) -> Look {
        let mut look = self.told(hierarchy);
        look.conditions.extend(self.plan.actions.iter().map(|action| {
            let Action { id, site, reason, .. } = action;
            Condition::new(EventKind::Drift, id.as_str(), Some(site.clone()), reason)
        }));
        look
    }

    fn told(&self, hierarchy: &Hierarchy) -> Look {
        let Self { observed, plan, agents: _ } = self;
        let silent = observed.site_systems.iter().filter_map(|(name, known)| match known {
            Known::Unknown(why) => {
                let site = hierarchy.site_systems.get(name).map(|it| it.site.clone());
                let kind = EventKind::SiteSystemUnreachable;
                Some(Condition::new(kind, name.as_str(), site, why))
            }
            Known::Present(_) | Known::Absent => None,
        });
        // What somebody has chosen to wait needs not be told.
        let waiting = plan.waiting.iter().filter(|it| !it.chosen).map(|waiting| {
            let resource = waiting.resource.to_string();
            let site = site_of(hierarchy, &waiting.resource);
            Condition::new(EventKind::Waiting, &resource, site, &waiting.on)
        });
        Look {
            converged: plan.actions.is_empty() && plan.complete,
            mended: Vec::new(),
            planned: plan
                .actions
                .iter()
                .map(|action| action.id.to_string())
                .collect::<BTreeSet<_>>(),
            conditions: silent.chain(waiting).collect(),
        }
    }
}

/// The site that a resource belongs to, if it belongs to one.
fn site_of(hierarchy: &Hierarchy, resource: &ResourceId) -> Option<SiteCode> {
    let ResourceId { kind, name } = resource;
    let site = match kind {
        Kind::SiteSystem => hierarchy.site_systems.get(name).map(|it| &it.site),
        Kind::SoftwareUpdatePoint => hierarchy.update_points.get(name).map(|it| &it.settings.site),
        Kind::DistributionPoint => {
            hierarchy.distribution_points.get(name).map(|it| &it.settings.site)
        }
        // Of several, of none, or of the one at the top.
        _ => None,
    };
    site.cloned()
}

/// The actions of a plan that were done and have changed what is there. Content that moves and catalogs
/// that are synchronized change all the time, and policies follow them: that is no drift.
pub(super) fn mended_by(plan: &Plan, report: &ApplyReport) -> Vec<ActionId> {
    let done = |action: &&Action| matches!(report.outcomes.get(&action.id), Some(Outcome::Done(_)));
    let mended = plan.actions.iter().filter(|action| mends(action.kind)).filter(done);
    mended.map(|action| action.id.clone()).collect()
}

const fn mends(kind: ActionKind) -> bool {
    match kind {
        ActionKind::CreateSiteSystem
        | ActionKind::InstallUpdateServices
        | ActionKind::InstallAdministrationConsole
        | ActionKind::ConfigureSsl
        | ActionKind::AddSoftwareUpdatePoint
        | ActionKind::ConfigureSoftwareUpdatePoint
        | ActionKind::AddDistributionPoint
        | ActionKind::ConfigureDistributionPoint
        | ActionKind::EnablePull
        | ActionKind::DisablePull
        | ActionKind::ExpireLocalUpdate
        | ActionKind::RemoveContent
        | ActionKind::RemoveDistributionPoint
        | ActionKind::RemoveSoftwareUpdatePoint
        | ActionKind::UninstallUpdateServices
        | ActionKind::RemoveSiteSystem => true,
        ActionKind::VerifyPorts
        | ActionKind::PublishLocalUpdate
        | ActionKind::SynchronizeCategories
        | ActionKind::Synchronize
        | ActionKind::ImportUpdates
        | ActionKind::PublishClientPolicy
        | ActionKind::DistributeContent
        | ActionKind::UpdateContent
        | ActionKind::ValidateContent => false,
    }
}
