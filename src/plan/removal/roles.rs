//! Roles that shall not be there.

use std::collections::BTreeMap;

use crate::{
    model::{
        DistributionPointState, Kind, Name, ResourceId, SiteSystemState, UpdatePointRole,
        UpdatePointState,
    },
    plan::{
        ActionId, ActionKind,
        distribution_points::SETTING_UP as POINT_SETTING_UP,
        order::each_after,
        planner::{Draft, Planner},
        synchronization::SYNCHRONIZING,
        update_points::SETTING_UP,
    },
};

use super::there::There;

const CONTENT: [ActionKind; 2] = [ActionKind::DistributeContent, ActionKind::UpdateContent];

impl<'a> Planner<'a> {
    /// Those that pull come before those that they pull from.
    pub(super) fn remove_distribution_points(&mut self, there: &There<'a>) {
        let kind = Kind::DistributionPoint;
        let mut removed = Vec::new();
        let mut number: BTreeMap<&Name, Vec<usize>> = BTreeMap::new();
        for (system, state) in &there.systems {
            let Some(point) = &state.distribution_point else { continue };
            if !self.distribution_point_on.contains_key(system)
                && self.may_remove(system, kind, &point.name)
            {
                number.entry(&point.name).or_default().push(removed.len());
                removed.push((*system, *state, point));
            }
        }
        let needs: Vec<Vec<usize>> = removed
            .iter()
            .map(|(_, _, point)| {
                let pulling = there.pulling(&point.name).iter();
                pulling.filter_map(|(_, it)| number.get(&it.name)).flatten().copied().collect()
            })
            .collect();
        for (system, state, point) in each_after(&needs).into_iter().map(|it| removed[it]) {
            let resource = ResourceId::new(kind, &point.name);
            let pulling = there.pulling(&point.name).iter();
            let fixed = pulling.filter(|(_, other)| self.pulls_as_before(other));
            let users =
                fixed.flat_map(|(system, it)| self.distribution_points_of(&it.name, system));
            if let Some((user, chosen)) = self.held_user(kind, users) {
                let on = format!("`{user}` pulls from it, and cannot be changed now");
                self.hold(resource, on, chosen);
                continue;
            }
            let after = self.before_distribution_point_goes(point, there);
            let removal = ActionKind::RemoveDistributionPoint;
            self.remove(removal, resource, (system, state), after);
        }
    }

    /// Whether a role may be removed from a site system. If that is held, so is the role.
    fn may_remove(&mut self, system: &Name, kind: Kind, role: &Name) -> bool {
        if self.held(kind, role).is_some() {
            return false;
        }
        let held = self.held(Kind::SiteSystem, system);
        if let Some(chosen) = held {
            let on = format!("site system `{system}` has to be there");
            self.hold(ResourceId::new(kind, role), on, chosen);
        }
        held.is_none()
    }

    /// A distribution point, and the one that takes its place on its site system.
    fn distribution_points_of<'b>(&'b self, name: &'b Name, system: &Name) -> Vec<&'b Name> {
        let next = self.distribution_point_on.get(system).copied();
        [Some(name), next].into_iter().flatten().collect()
    }

    /// An update point, and the one that takes its place on its site system.
    fn update_points_of<'b>(&'b self, name: &'b Name, system: &Name) -> Vec<&'b Name> {
        let next = self.update_point_on.get(system).copied();
        [Some(name), next].into_iter().flatten().collect()
    }

    /// Whether a distribution point does not pull as it shall yet.
    fn pulls_as_before(&self, point: &DistributionPointState) -> bool {
        let declared = self.hierarchy.distribution_points.get(&point.name);
        declared.is_none_or(|it| it.settings.pull != point.settings.pull)
    }

    /// The first of some users of a role for which nothing can be planned, and whether somebody
    /// chose that.
    fn held_user<'b>(
        &self,
        kind: Kind,
        mut users: impl Iterator<Item = &'b Name>,
    ) -> Option<(Name, bool)> {
        users.find_map(|user| Some((user.clone(), self.held(kind, user)?)))
    }

    fn before_distribution_point_goes(
        &self,
        point: &DistributionPointState,
        there: &There<'a>,
    ) -> Vec<ActionId> {
        let kind = Kind::DistributionPoint;
        let mut after = Vec::new();
        for (system, other) in there.pulling(&point.name) {
            for other in self.distribution_points_of(&other.name, system) {
                after.extend(self.planned_any(&POINT_SETTING_UP, kind, other));
                after.extend(self.planned(ActionKind::RemoveDistributionPoint, kind, other));
            }
        }
        // It may have moved: the new one is there with its content before the old one goes.
        if self.hierarchy.distribution_points.contains_key(&point.name) {
            after.extend(self.planned_any(&POINT_SETTING_UP, kind, &point.name));
            after.extend(self.planned_where(|action| {
                CONTENT.contains(&action.kind) && action.targets.contains(&point.name)
            }));
        }
        after
    }

    /// Downstream points come before their upstream ones: deeper sites, and in a site the
    /// Internet-based point.
    pub(super) fn remove_update_points(&mut self, there: &There<'a>) {
        let kind = Kind::SoftwareUpdatePoint;
        let mut unwanted = there.systems.clone();
        unwanted.retain(|(system, state)| {
            let there = state.update_point.is_some() || state.update_services.is_some();
            let unwanted = there && !self.update_point_on.contains_key(system);
            unwanted
                && match &state.update_point {
                    Some(point) => self.may_remove(system, kind, &point.name),
                    None => self.held(Kind::SiteSystem, system).is_none(),
                }
        });
        unwanted.sort_by_key(|(name, state)| {
            let active = |point: &UpdatePointState| point.settings.role == UpdatePointRole::Active;
            let depth = std::cmp::Reverse(there.depth(&state.settings.site));
            (depth, state.update_point.as_ref().is_some_and(active), *name)
        });
        for (system, state) in unwanted {
            let mut after = Vec::new();
            if let Some(point) = &state.update_point {
                let resource = ResourceId::new(kind, &point.name);
                let downstream = there.downstream(&point.name).iter();
                let fixed = downstream.filter(|(_, other)| self.synchronizes_as_before(other));
                let users = fixed.flat_map(|(system, it)| self.update_points_of(&it.name, system));
                if let Some((user, chosen)) = self.held_user(kind, users) {
                    let on = format!("`{user}` synchronizes with it, and cannot be changed now");
                    self.hold(resource, on, chosen);
                    continue;
                }
                let before = self.before_update_point_goes(point, there);
                let removal = ActionKind::RemoveSoftwareUpdatePoint;
                after.push(self.remove(removal, resource, (system, state), before));
            }
            if state.update_services.is_some() {
                let resource = ResourceId::new(Kind::SiteSystem, system);
                let removal = ActionKind::UninstallUpdateServices;
                self.remove(removal, resource, (system, state), after);
            }
        }
    }

    /// Whether an update point does not synchronize with what it shall yet.
    fn synchronizes_as_before(&self, point: &UpdatePointState) -> bool {
        let declared = self.hierarchy.update_points.get(&point.name);
        declared.is_none_or(|it| it.settings.source != point.settings.source)
    }

    /// Everyone who uses a point, downstream points and clients, has to use another one before it
    /// goes; it may itself have moved.
    fn before_update_point_goes(
        &self,
        point: &UpdatePointState,
        there: &There<'a>,
    ) -> Vec<ActionId> {
        let points = Kind::SoftwareUpdatePoint;
        let mut after = Vec::new();
        let downstream = there
            .downstream(&point.name)
            .iter()
            .flat_map(|(system, other)| self.update_points_of(&other.name, system));
        for other in downstream.chain([&point.name]) {
            after.extend(self.planned_any(&SETTING_UP, points, other));
            after.extend(self.planned_any(&SYNCHRONIZING, points, other));
            after.extend(self.planned(ActionKind::RemoveSoftwareUpdatePoint, points, other));
        }
        if let Some(site) = self.hierarchy.sites.get(&point.settings.site) {
            let kind = ActionKind::PublishClientPolicy;
            after.extend(self.planned(kind, Kind::Site, &site.name));
        }
        after
    }

    pub(super) fn remove(
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
