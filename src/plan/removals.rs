//! What is there but not wanted any more: removed last and in reverse (REC-4). What could not be
//! asked is never removed.

use std::collections::BTreeMap;

use crate::model::{
    DistributionPointState, Kind, Known, Name, Observed, PackageId, ResourceId, SiteCode,
    SiteSystemState, UpdatePointRole, UpdatePointState,
};

use super::{
    ActionId, ActionKind,
    distribution_points::SETTING_UP as POINT_SETTING_UP,
    libraries::Unwanted,
    order::each_after,
    planner::{Draft, Planner},
    synchronization::SYNCHRONIZING,
    update_points::SETTING_UP,
};

const CONTENT: [ActionKind; 2] = [ActionKind::DistributeContent, ActionKind::UpdateContent];

impl<'a> Planner<'a> {
    /// Packages in libraries that shall not be there.
    pub(super) fn remove_content(&mut self, unwanted: Unwanted) {
        let hierarchy = self.hierarchy;
        let names: BTreeMap<&PackageId, &Name> =
            hierarchy.packages.iter().map(|(name, package)| (&package.id, name)).collect();
        let mut from_points: BTreeMap<PackageId, Vec<ActionId>> = BTreeMap::new();
        for ((id, site), points) in unwanted {
            let part = points.first().map(|point| format!("{site}.{point}"));
            let action = self.remove_package(&names, &id, site, points, part, Vec::new());
            from_points.entry(id).or_default().extend(action);
        }
        for (code, site) in &hierarchy.sites {
            if self.held(Kind::SiteSystem, &site.site_server).is_some() {
                continue;
            }
            for id in self.site_server(code).into_iter().flat_map(|server| server.packages.keys()) {
                if !names.contains_key(id) {
                    let after = from_points.get(id).cloned().unwrap_or_default();
                    let on = vec![site.site_server.clone()];
                    let part = Some(code.to_string());
                    self.remove_package(&names, id, code.clone(), on, part, after);
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
        part: Option<String>,
        after: Vec<ActionId>,
    ) -> Option<ActionId> {
        // A package without a document goes by its ID, which in lower case is a valid name.
        let name = match names.get(id) {
            Some(name) => (*name).clone(),
            None => id.as_str().to_ascii_lowercase().parse().ok()?,
        };
        let resource = ResourceId::new(Kind::Package, &name);
        if !names.contains_key(id) && self.hierarchy.packages.contains_key(&name) {
            let message = format!(
                "package {id} is not declared any more, but cannot be removed while the document \
                 of another package is called `{name}`: give that another name"
            );
            self.tell("REC-4", resource.clone(), message.clone());
            self.wait(resource, message, false);
            return None;
        }
        if self.held(Kind::Package, &name).is_some() {
            return None;
        }
        Some(self.add(Draft {
            kind: ActionKind::RemoveContent,
            resource,
            site,
            requirement: "REC-4",
            reason: format!("package {id} is not distributed there any more"),
            after,
            targets,
            diff: Vec::new(),
            part,
        }))
    }

    /// Roles that shall not be there; then site systems.
    pub(super) fn removals(&mut self) {
        let observed: &'a Observed = self.observed;
        let there = There::of(observed);
        self.remove_distribution_points(&there);
        self.remove_update_points(&there);
        self.remove_systems(&there);
    }

    /// Those that pull come before those that they pull from.
    fn remove_distribution_points(&mut self, there: &There<'a>) {
        let mut removed = Vec::new();
        let mut number: BTreeMap<&Name, Vec<usize>> = BTreeMap::new();
        for (system, state) in &there.systems {
            let Some(point) = &state.distribution_point else { continue };
            if !self.distribution_point_on.contains_key(system)
                && self.held(Kind::SiteSystem, system).is_none()
                && self.held(Kind::DistributionPoint, &point.name).is_none()
            {
                number.entry(&point.name).or_default().push(removed.len());
                removed.push((*system, *state, point));
            }
        }
        let pulling = |point: &DistributionPointState| {
            there.pulling.get(&point.name).map(Vec::as_slice).unwrap_or_default()
        };
        let needs: Vec<Vec<usize>> = removed
            .iter()
            .map(|(_, _, point)| {
                pulling(point).iter().filter_map(|it| number.get(it)).flatten().copied().collect()
            })
            .collect();
        for (system, state, point) in each_after(&needs).into_iter().map(|it| removed[it]) {
            let kind = Kind::DistributionPoint;
            let removal = ActionKind::RemoveDistributionPoint;
            let mut after = Vec::new();
            for other in pulling(point) {
                after.extend(self.planned_any(&POINT_SETTING_UP, kind, other));
                after.extend(self.planned(removal, kind, other));
            }
            // It may have moved: the new one is there with its content before the old one goes.
            if self.hierarchy.distribution_points.contains_key(&point.name) {
                after.extend(self.planned_any(&POINT_SETTING_UP, kind, &point.name));
                after.extend(self.planned_where(|action| {
                    CONTENT.contains(&action.kind) && action.targets.contains(&point.name)
                }));
            }
            self.remove(removal, ResourceId::new(kind, &point.name), (system, state), after);
        }
    }

    /// Downstream points come before their upstream ones: deeper sites, and in a site the
    /// Internet-based point.
    fn remove_update_points(&mut self, there: &There<'a>) {
        let mut unwanted: Vec<_> = there
            .systems
            .iter()
            .filter(|(system, state)| {
                let point = state.update_point.as_ref();
                (point.is_some() || state.update_services.is_some())
                    && !self.update_point_on.contains_key(system)
                    && self.held(Kind::SiteSystem, system).is_none()
                    && point.is_none_or(|point| {
                        self.held(Kind::SoftwareUpdatePoint, &point.name).is_none()
                    })
            })
            .copied()
            .collect();
        unwanted.sort_by_key(|(name, state)| {
            let active = |point: &UpdatePointState| point.settings.role == UpdatePointRole::Active;
            let depth = std::cmp::Reverse(there.depth(&state.settings.site));
            (depth, state.update_point.as_ref().is_some_and(active), *name)
        });
        for (system, state) in unwanted {
            let mut removed = None;
            if let Some(point) = &state.update_point {
                let after = self.before_update_point_goes(point, &state.settings.site, there);
                let resource = ResourceId::new(Kind::SoftwareUpdatePoint, &point.name);
                let kind = ActionKind::RemoveSoftwareUpdatePoint;
                removed = Some(self.remove(kind, resource, (system, state), after));
            }
            if state.update_services.is_some() {
                let resource = ResourceId::new(Kind::SiteSystem, system);
                let kind = ActionKind::UninstallUpdateServices;
                self.remove(kind, resource, (system, state), removed.into_iter().collect());
            }
        }
    }

    /// Everyone who uses a point, downstream points and clients, has to use another one before it
    /// goes; it may itself have moved.
    fn before_update_point_goes(
        &self,
        point: &UpdatePointState,
        site: &SiteCode,
        there: &There<'a>,
    ) -> Vec<ActionId> {
        let points = Kind::SoftwareUpdatePoint;
        let mut after = Vec::new();
        let downstream = there.downstream.get(&point.name).into_iter().flatten().copied();
        for other in downstream.chain([&point.name]) {
            after.extend(self.planned_any(&SETTING_UP, points, other));
            after.extend(self.planned_any(&SYNCHRONIZING, points, other));
            after.extend(self.planned(ActionKind::RemoveSoftwareUpdatePoint, points, other));
        }
        if let Some(site) = self.hierarchy.sites.get(site) {
            let kind = ActionKind::PublishClientPolicy;
            after.extend(self.planned(kind, Kind::Site, &site.name));
        }
        after
    }

    /// Deeper sites come first, and in a site its server last.
    fn remove_systems(&mut self, there: &There<'a>) {
        let declared = &self.hierarchy.site_systems;
        let mut unknown = None;
        for (name, known) in &self.observed.site_systems {
            if let (Known::Unknown(why), false) = (known, declared.contains_key(name)) {
                let on = format!("no document declares it any more, but it cannot be asked: {why}");
                self.hold(ResourceId::new(Kind::SiteSystem, name), on, false);
                unknown.get_or_insert(name);
            }
        }
        let mut unwanted: Vec<_> =
            there.systems.iter().filter(|(name, _)| !declared.contains_key(*name)).collect();
        unwanted.sort_by_key(|(name, state)| {
            let depth = std::cmp::Reverse(there.depth(&state.settings.site));
            (depth, state.settings.site_server.is_some(), *name)
        });
        let mut of_site: BTreeMap<&SiteCode, Vec<ActionId>> = BTreeMap::new();
        for &&(system, state) in &unwanted {
            let site = &state.settings.site;
            let resource = ResourceId::new(Kind::SiteSystem, system);
            let mut after = self.before_system_goes(system, state);
            if state.settings.site_server.is_some() {
                if let Some(unknown) = unknown {
                    let on = format!("`{unknown}` may belong to its site, and cannot be asked");
                    self.wait(resource, on, false);
                    continue;
                }
                after.extend(of_site.get(site).into_iter().flatten().cloned());
                // The sites below have another parent first, and the site another server.
                for (child, server) in there.below.get(site).into_iter().flatten() {
                    after.extend(of_site.get(child).into_iter().flatten().cloned());
                    after.extend(self.created(server));
                }
                if self.hierarchy.sites.contains_key(site) {
                    let of_its_site =
                        self.planned_where(|it| it.site == *site && !it.kind.removes());
                    after.extend(of_its_site);
                }
            }
            let removed =
                self.remove(ActionKind::RemoveSiteSystem, resource, (system, state), after);
            of_site.entry(site).or_default().push(removed);
        }
    }

    /// The roles of a site system go first.
    fn before_system_goes(&self, system: &Name, state: &SiteSystemState) -> Vec<ActionId> {
        let kind = ActionKind::UninstallUpdateServices;
        let mut after = self.planned(kind, Kind::SiteSystem, system);
        if let Some(point) = &state.update_point {
            let kind = ActionKind::RemoveSoftwareUpdatePoint;
            after.extend(self.planned(kind, Kind::SoftwareUpdatePoint, &point.name));
        }
        if let Some(point) = &state.distribution_point {
            let kind = ActionKind::RemoveDistributionPoint;
            after.extend(self.planned(kind, Kind::DistributionPoint, &point.name));
        }
        after
    }

    fn remove(
        &mut self,
        kind: ActionKind,
        resource: ResourceId,
        (system, state): (&Name, &SiteSystemState),
        after: Vec<ActionId>,
    ) -> ActionId {
        let services = kind == ActionKind::UninstallUpdateServices;
        let reason = if services {
            "the site system carries no software update point any more"
        } else {
            "no document declares it any more"
        };
        // Roles of one name may be left on several site systems.
        let part = (resource.kind != Kind::SiteSystem).then(|| system.to_string());
        self.add(Draft {
            kind,
            resource,
            site: state.settings.site.clone(),
            requirement: "REC-4",
            reason: reason.to_owned(),
            after,
            targets: vec![system.clone()],
            diff: Vec::new(),
            part,
        })
    }
}

/// The site systems that answered, and who of them needs whom.
struct There<'a> {
    systems: Vec<(&'a Name, &'a SiteSystemState)>,
    /// The distribution points that pull from one.
    pulling: BTreeMap<&'a Name, Vec<&'a Name>>,
    /// The update points that synchronize with one.
    downstream: BTreeMap<&'a Name, Vec<&'a Name>>,
    parents: BTreeMap<&'a SiteCode, &'a SiteCode>,
    /// The sites below one, with their site servers.
    below: BTreeMap<&'a SiteCode, Vec<(&'a SiteCode, &'a Name)>>,
}

impl<'a> There<'a> {
    fn of(observed: &'a Observed) -> Self {
        let systems: Vec<_> = observed.present().collect();
        let mut there = Self {
            systems: Vec::new(),
            pulling: BTreeMap::new(),
            downstream: BTreeMap::new(),
            parents: BTreeMap::new(),
            below: BTreeMap::new(),
        };
        for (name, state) in &systems {
            if let Some(point) = &state.distribution_point {
                for source in point.settings.pull.iter().flat_map(|pull| &pull.sources) {
                    there.pulling.entry(&source.distribution_point).or_default().push(&point.name);
                }
            }
            if let Some(point) = &state.update_point
                && let Some(upstream) = &point.settings.source.update_point
            {
                there.downstream.entry(upstream).or_default().push(&point.name);
            }
            let site = &state.settings.site;
            let server = state.settings.site_server.as_ref();
            if let Some(parent) = server.and_then(|server| server.parent.as_ref()) {
                there.parents.insert(site, parent);
                there.below.entry(parent).or_default().push((site, name));
            }
        }
        Self { systems, ..there }
    }

    /// How far below the top a site is, as far as that is known.
    fn depth(&self, site: &SiteCode) -> usize {
        let above = std::iter::successors(self.parents.get(site), |it| self.parents.get(**it));
        // A circle of parents is possible only while a change is half done.
        above.take(self.parents.len()).count()
    }
}
