//! What is there but not wanted any more: removed last and in reverse (REC-4). What could not be
//! asked is never removed.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Kind, Name, PackageId, ResourceId, SiteCode, SiteSystemState};

use super::{
    ActionId, ActionKind,
    distribution_points::SETTING_UP as POINT_SETTING_UP,
    planner::{Draft, Planner},
};

impl<'a> Planner<'a> {
    pub(super) fn removals(&mut self) {
        self.remove_content();
        let observed: &'a crate::model::Observed = self.observed;
        let systems: Vec<(&Name, &SiteSystemState)> = observed.present().collect();
        self.remove_distribution_points(&systems);
        self.remove_update_points(&systems);
        self.remove_systems(&systems);
    }

    /// Packages in libraries that shall not be there.
    fn remove_content(&mut self) {
        let hierarchy = self.hierarchy;
        let names: BTreeMap<&PackageId, &Name> =
            hierarchy.packages.iter().map(|(name, package)| (&package.id, name)).collect();
        let mut unwanted: BTreeMap<(PackageId, SiteCode), Vec<Name>> = BTreeMap::new();
        for (name, point) in &hierarchy.distribution_points {
            let state = self
                .system(&point.site_system)
                .and_then(|system| system.distribution_point.as_ref())
                .filter(|state| state.name == *name);
            if point.suspended || self.held(&point.site_system) {
                continue;
            }
            for id in state.iter().flat_map(|state| state.packages.keys()) {
                let wanted = names
                    .get(id)
                    .and_then(|package| hierarchy.packages.get(*package))
                    .is_some_and(|package| package.distribute_to.contains(name));
                if !wanted {
                    let site = point.settings.site.clone();
                    unwanted.entry((id.clone(), site)).or_default().push(name.clone());
                }
            }
        }
        let mut from_points: BTreeMap<PackageId, Vec<ActionId>> = BTreeMap::new();
        for ((id, site), points) in unwanted {
            let action = self.remove_package(&names, &id, site, points, Vec::new());
            from_points.entry(id).or_default().extend(action);
        }
        for (code, site) in &hierarchy.sites {
            let server =
                self.system(&site.site_server).and_then(|system| system.site_server.as_ref());
            for id in server.iter().flat_map(|server| server.packages.keys()) {
                if !names.contains_key(id) {
                    let after = from_points.get(id).cloned().unwrap_or_default();
                    let on = vec![site.site_server.clone()];
                    self.remove_package(&names, id, code.clone(), on, after);
                }
            }
        }
    }

    fn remove_package(
        &mut self,
        names: &BTreeMap<&PackageId, &Name>,
        id: &PackageId,
        site: SiteCode,
        targets: Vec<Name>,
        after: Vec<ActionId>,
    ) -> Option<ActionId> {
        // A package without a document goes by its ID, which in lower case is a valid name.
        let name = match names.get(id) {
            Some(name) => (*name).clone(),
            None => id.as_str().to_ascii_lowercase().parse().ok()?,
        };
        let part = targets.first().map(|target| format!("{site}.{target}"));
        Some(self.add(Draft {
            kind: ActionKind::RemoveContent,
            resource: ResourceId::new(Kind::Package, &name),
            site,
            requirement: "REC-4",
            reason: format!("package {id} is not distributed there any more"),
            after,
            targets,
            diff: Vec::new(),
            part,
        }))
    }

    fn remove_distribution_points(&mut self, systems: &[(&Name, &SiteSystemState)]) {
        let hierarchy = self.hierarchy;
        let unwanted: Vec<_> = systems
            .iter()
            .filter_map(|(system, state)| {
                let point = state.distribution_point.as_ref()?;
                let wanted = hierarchy
                    .distribution_points
                    .values()
                    .any(|declared| declared.site_system == **system);
                (!wanted && !self.held(system)).then_some((*system, *state, point))
            })
            .collect();
        for (system, state, point) in &unwanted {
            let mut after = Vec::new();
            // Those that pull from it come first, and are found among what is there.
            let pulling = systems.iter().filter_map(|(_, other)| {
                let other = other.distribution_point.as_ref()?;
                let mut sources = other.settings.pull.iter().flat_map(|pull| &pull.sources);
                sources.any(|source| source.distribution_point == point.name).then_some(&other.name)
            });
            for other in pulling {
                after.extend(self.planned_any(&POINT_SETTING_UP, Kind::DistributionPoint, other));
            }
            self.add(Draft {
                kind: ActionKind::RemoveDistributionPoint,
                resource: ResourceId::new(Kind::DistributionPoint, &point.name),
                site: state.settings.site.clone(),
                requirement: "REC-4",
                reason: "no document declares it any more".to_owned(),
                after,
                targets: vec![(*system).clone()],
                diff: Vec::new(),
                part: Some(system.to_string()),
            });
        }
    }

    fn remove_update_points(&mut self, systems: &[(&Name, &SiteSystemState)]) {
        let hierarchy = self.hierarchy;
        let mut unwanted: Vec<_> = systems
            .iter()
            .filter(|(system, state)| {
                let wanted = hierarchy
                    .update_points
                    .values()
                    .any(|declared| declared.site_system == **system);
                let there = state.update_point.is_some() || state.update_services.is_some();
                there && !wanted && !self.held(system)
            })
            .collect();
        unwanted.sort_by_key(|(name, state)| (order_of_removal(state, systems), *name));
        for (system, state) in unwanted {
            let site = &state.settings.site;
            let on = vec![(*system).clone()];
            let mut after = Vec::new();
            if let Some(point) = &state.update_point {
                let kinds = [ActionKind::ConfigureSoftwareUpdatePoint, ActionKind::Synchronize];
                for (_, other) in systems {
                    let Some(other) = &other.update_point else { continue };
                    if other.settings.source.update_point.as_ref() == Some(&point.name) {
                        let points = Kind::SoftwareUpdatePoint;
                        after.extend(self.planned_any(&kinds, points, &other.name));
                        let removal = ActionKind::RemoveSoftwareUpdatePoint;
                        after.extend(self.planned(removal, points, &other.name));
                    }
                }
                let removed = self.add(Draft {
                    kind: ActionKind::RemoveSoftwareUpdatePoint,
                    resource: ResourceId::new(Kind::SoftwareUpdatePoint, &point.name),
                    site: site.clone(),
                    requirement: "REC-4",
                    reason: "no document declares it any more".to_owned(),
                    after: after.clone(),
                    targets: on.clone(),
                    diff: Vec::new(),
                    part: Some(system.to_string()),
                });
                after = vec![removed];
            }
            if state.update_services.is_some() {
                self.add(Draft {
                    kind: ActionKind::UninstallUpdateServices,
                    resource: ResourceId::new(Kind::SiteSystem, system),
                    site: site.clone(),
                    requirement: "REC-4",
                    reason: "the site system carries no software update point any more".to_owned(),
                    after,
                    targets: on,
                    diff: Vec::new(),
                    part: None,
                });
            }
        }
    }

    fn remove_systems(&mut self, systems: &[(&Name, &SiteSystemState)]) {
        let hierarchy = self.hierarchy;
        let mut unwanted: Vec<_> = systems
            .iter()
            .filter(|(name, _)| !hierarchy.site_systems.contains_key(*name))
            .collect();
        unwanted.sort_by_key(|(name, state)| (order_of_removal(state, systems), *name));
        let mut earlier: Vec<ActionId> = Vec::new();
        for (system, state) in unwanted {
            let mut after = earlier.clone();
            after.extend(self.planned(
                ActionKind::UninstallUpdateServices,
                Kind::SiteSystem,
                system,
            ));
            if let Some(point) = &state.distribution_point {
                after.extend(self.planned(
                    ActionKind::RemoveDistributionPoint,
                    Kind::DistributionPoint,
                    &point.name,
                ));
            }
            let removed = self.add(Draft {
                kind: ActionKind::RemoveSiteSystem,
                resource: ResourceId::new(Kind::SiteSystem, system),
                site: state.settings.site.clone(),
                requirement: "REC-4",
                reason: "no document declares it any more".to_owned(),
                after,
                targets: vec![(*system).clone()],
                diff: Vec::new(),
                part: None,
            });
            if state.settings.site_server.is_some() {
                // A parent's site server outlives its children's.
                earlier = vec![removed];
            }
        }
    }
}

/// Deepest sites first, and a site's server after its other systems.
fn order_of_removal(
    state: &SiteSystemState,
    systems: &[(&Name, &SiteSystemState)],
) -> (std::cmp::Reverse<usize>, bool) {
    let parents: BTreeMap<&SiteCode, Option<&SiteCode>> = systems
        .iter()
        .filter_map(|(_, state)| {
            let server = state.settings.site_server.as_ref()?;
            Some((&state.settings.site, server.parent.as_ref()))
        })
        .collect();
    let mut seen = BTreeSet::new();
    let mut site = &state.settings.site;
    while let Some(Some(parent)) = parents.get(site) {
        if !seen.insert(site) {
            break;
        }
        site = parent;
    }
    (std::cmp::Reverse(seen.len()), state.settings.site_server.is_some())
}
