//! Roles that shall not be there.

use std::collections::BTreeMap;

use crate::{
    model::{
        Kind, Name, ObservedPoint, ObservedSystem, ResourceId, UpdatePointRole, UpdatePointState,
    },
    plan::{
        ActionId, ActionKind,
        distribution_points::SETTING_UP as POINT_SETTING_UP,
        libraries::Held,
        order::each_after,
        planner::{Draft, Planner},
        synchronization::SYNCHRONIZING,
        update_points::SETTING_UP,
    },
};

use super::there::There;

/// Why something stays that is not declared any more.
pub(in crate::plan) const KEPT: &str = "no document declares it any more, and `headwater.dev/prune: \
                               disabled` keeps it: to let it go, declare it without that, apply, \
                               and remove the document again";

const CONTENT: [ActionKind; 2] = [ActionKind::DistributeContent, ActionKind::UpdateContent];

impl<'a> Planner<'a> {
    /// Those that pull come before those that they pull from.
    pub(super) fn remove_distribution_points(&mut self, there: &There<'a>) {
        let kind = Kind::DistributionPoint;
        let mut removed = Vec::new();
        // By site system: roles of one name may be there on several.
        let mut number: BTreeMap<&Name, usize> = BTreeMap::new();
        for (system, state) in &there.systems {
            let Some(point) = &state.distribution_point else { continue };
            if !self.distribution_point_on.contains_key(system)
                && self.may_remove(system, kind, &point.name, point.settings.keep)
            {
                number.insert(system, removed.len());
                removed.push((*system, *state, point));
            }
        }
        let needs: Vec<Vec<usize>> = removed
            .iter()
            .map(|(_, _, point)| {
                let pulling = there.pulling(&point.name).iter();
                pulling.filter_map(|(system, _)| number.get(system)).copied().collect()
            })
            .collect();
        let mut gone = BTreeMap::new();
        let bringing = self.bringing(removed.iter().map(|(_, _, point)| *point), there);
        for (system, state, point) in each_after(&needs).into_iter().map(|it| removed[it]) {
            let resource = ResourceId::new(kind, &point.name);
            if let Some((on, chosen)) = self.last_source(system, &point.name) {
                self.hold(resource, on, chosen);
                continue;
            }
            let pulling = there.pulling(&point.name).iter();
            let fixed = pulling.filter(|(_, other)| self.pulls_as_before(other));
            let users =
                fixed.flat_map(|(system, it)| self.distribution_points_of(&it.name, system));
            if let Some((user, chosen)) = self.held_user(kind, users) {
                let on = format!("`{user}` pulls from it, and cannot be changed now");
                self.hold(resource, on, chosen);
                continue;
            }
            let mut after = self.before_distribution_point_goes(point, there, &bringing);
            let pulling = there.pulling(&point.name).iter();
            after.extend(pulling.filter_map(|(system, _)| gone.get(system)).cloned());
            let removal = ActionKind::RemoveDistributionPoint;
            gone.insert(system, self.remove(removal, resource, (system, state), after));
        }
    }

    /// Whether a role may be removed from a site system. If that is held, so is the role; and it is
    /// held if it was told to stay.
    fn may_remove(&mut self, system: &Name, kind: Kind, role: &Name, keep: bool) -> bool {
        if self.held(kind, role).is_some() {
            return false;
        }
        if keep && !self.declares(kind, role) {
            self.hold(ResourceId::new(kind, role), KEPT, true);
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
    fn pulls_as_before(&self, point: &ObservedPoint) -> bool {
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
        point: &ObservedPoint,
        there: &There<'a>,
        bringing: &BTreeMap<&Name, Vec<ActionId>>,
    ) -> Vec<ActionId> {
        let kind = Kind::DistributionPoint;
        let brought = |name: &Name| bringing.get(name).into_iter().flatten().cloned();
        let mut after = Vec::new();
        for (system, other) in there.pulling(&point.name) {
            for other in self.distribution_points_of(&other.name, system) {
                after.extend(self.planned_any(&POINT_SETTING_UP, kind, other));
                // What it still lacks it has from another source first.
                after.extend(brought(other));
            }
        }
        // It may have moved: the new one is there with its content before the old one goes.
        if self.declares(kind, &point.name) {
            after.extend(self.planned_any(&POINT_SETTING_UP, kind, &point.name));
            after.extend(brought(&point.name));
        }
        after
    }

    /// The actions that bring content to some distribution points that go, in case they have only
    /// moved, and to those that pull from them.
    fn bringing<'b>(
        &self,
        going: impl Iterator<Item = &'b ObservedPoint>,
        there: &There<'b>,
    ) -> BTreeMap<&'b Name, Vec<ActionId>>
    where
        'a: 'b,
    {
        let mut bringing: BTreeMap<&Name, Vec<ActionId>> = BTreeMap::new();
        for point in going {
            bringing.entry(&point.name).or_default();
            for (system, other) in there.pulling(&point.name) {
                let next = self.distribution_point_on.get(system).copied();
                for name in [Some(&other.name), next].into_iter().flatten() {
                    bringing.entry(name).or_default();
                }
            }
        }
        if bringing.is_empty() {
            return bringing;
        }
        for action in self.actions().iter().filter(|action| CONTENT.contains(&action.kind)) {
            for target in &action.targets {
                if let Some(actions) = bringing.get_mut(target) {
                    actions.push(action.id.clone());
                }
            }
        }
        bringing
    }

    /// Why a distribution point has to stay although nobody pulls from it any more: it has a package
    /// that somebody needs and gets from no other source.
    fn last_source(&self, system: &Name, point: &Name) -> Option<(String, bool)> {
        if self.declares(Kind::DistributionPoint, point) {
            return None;
        }
        let libraries = &self.observed.libraries;
        let number = libraries.number(system)?;
        self.starving.iter().find_map(|(package, starving)| {
            let held = Held::by(libraries, number, package)?;
            starving.wanted.is_met_by(held).then(|| {
                let name = &starving.point;
                let on = format!(
                    "it holds package {package}, which `{name}` still needs and none of the \
                     sources of `{name}` gets"
                );
                (on, starving.chosen)
            })
        })
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
                    Some(point) => self.may_remove(system, kind, &point.name, point.settings.keep),
                    None => self.held(Kind::SiteSystem, system).is_none(),
                }
        });
        unwanted.sort_by_key(|(name, state)| {
            let active = |point: &UpdatePointState| point.settings.role == UpdatePointRole::Active;
            let depth = std::cmp::Reverse(there.depth(&state.settings.site));
            (depth, state.update_point.as_ref().is_some_and(active), *name)
        });
        // Who synchronizes with whom says more than depth, which nobody knows of a site whose server
        // does not answer.
        let number: BTreeMap<&Name, usize> =
            unwanted.iter().enumerate().map(|(place, (system, _))| (*system, place)).collect();
        let needs: Vec<Vec<usize>> = unwanted
            .iter()
            .map(|(_, state)| {
                let point = state.update_point.iter();
                let downstream = point.flat_map(|point| there.downstream(&point.name));
                downstream.filter_map(|(system, _)| number.get(system)).copied().collect()
            })
            .collect();
        let mut gone = BTreeMap::new();
        for (system, state) in each_after(&needs).into_iter().map(|it| unwanted[it]) {
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
                let mut before = self.before_update_point_goes(point, there);
                let downstream = there.downstream(&point.name).iter();
                before.extend(downstream.filter_map(|(system, _)| gone.get(system)).cloned());
                let removal = ActionKind::RemoveSoftwareUpdatePoint;
                let id = self.remove(removal, resource, (system, state), before);
                gone.insert(system, id.clone());
                after.push(id);
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
        (system, state): (&Name, &ObservedSystem),
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
