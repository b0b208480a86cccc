//! What of a plan this version does not carry out: said when it is planned, and refused when it is
//! applied, by the same rule.

use std::collections::BTreeMap;

use crate::model::{Hierarchy, Kind, Placement, ResourceId, Unsupported};

use super::{Action, ActionKind, PlanDiagnostic};

/// Why an action will not be carried out, if that is known beforehand.
pub fn unsupported(action: &Action, hierarchy: &Hierarchy) -> Option<Unsupported> {
    let name = &action.resource.name;
    match action.kind {
        ActionKind::CreateSiteSystem => {
            let system = hierarchy.site_systems.get(name)?;
            let in_cluster = system.placement == Some(Placement::Kubernetes);
            // The operator says where it has started them.
            (in_cluster && system.agent_url.is_none()).then_some(Unsupported::Kubernetes)
        }
        // What may be fetched on demand, where that is carried out.
        ActionKind::ConfigureDistributionPoint if action.resource.kind == Kind::Package => None,
        ActionKind::AddDistributionPoint
        | ActionKind::ConfigureDistributionPoint
        | ActionKind::EnablePull
        | ActionKind::DisablePull => {
            hierarchy.distribution_points.get(name)?.settings.unsupported()
        }
        // Without targets: the site server takes it from its source.
        ActionKind::DistributeContent | ActionKind::UpdateContent if action.targets.is_empty() => {
            hierarchy.packages.get(name)?.source.unsupported()
        }
        ActionKind::SynchronizeCategories | ActionKind::ValidateContent => {
            Some(Unsupported::Action)
        }
        ActionKind::InstallUpdateServices
        | ActionKind::InstallAdministrationConsole
        | ActionKind::ConfigureSsl
        | ActionKind::AddSoftwareUpdatePoint
        | ActionKind::ConfigureSoftwareUpdatePoint
        | ActionKind::VerifyPorts
        | ActionKind::Synchronize
        | ActionKind::ImportUpdates
        | ActionKind::PublishClientPolicy
        | ActionKind::DistributeContent
        | ActionKind::UpdateContent
        | ActionKind::PublishLocalUpdate
        | ActionKind::ExpireLocalUpdate
        | ActionKind::RemoveContent
        | ActionKind::RemoveDistributionPoint
        | ActionKind::RemoveSoftwareUpdatePoint
        | ActionKind::UninstallUpdateServices
        | ActionKind::RemoveSiteSystem => None,
    }
}

/// Says of all actions that will not be carried out why, once for each resource and reason.
pub(super) fn refusals(actions: &[Action], hierarchy: &Hierarchy) -> Vec<PlanDiagnostic> {
    let mut refused: Vec<(&Action, Unsupported, Vec<String>)> = Vec::new();
    let mut places: BTreeMap<(&ResourceId, Unsupported), usize> = BTreeMap::new();
    for action in actions {
        let Some(why) = unsupported(action, hierarchy) else { continue };
        let place = *places.entry((&action.resource, why)).or_insert_with(|| {
            refused.push((action, why, Vec::new()));
            refused.len() - 1
        });
        refused[place].2.push(action.kind.to_string());
    }
    let told = refused.into_iter().map(|(action, why, kinds)| PlanDiagnostic {
        rule: action.requirement.clone(),
        message: format!("{} will be refused by `apply`: {why}", kinds.join(" and ")),
        resource: action.resource.clone(),
    });
    told.collect()
}
