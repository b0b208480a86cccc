//! Site systems that shall not be there: after their roles, deeper sites first, and in a site its
//! server last.

use std::collections::BTreeMap;

use crate::{
    model::{Kind, Known, Name, Observed, ObservedSystem, ResourceId, SiteCode},
    plan::{ActionId, ActionKind, planner::Planner},
};

use super::{roles::KEPT, there::There};

/// What has become of the site systems of a site.
#[derive(Default)]
struct Going {
    /// Their removals so far.
    removed: Vec<ActionId>,
    /// One that has to stay, and whether somebody chose that.
    staying: Option<(Name, bool)>,
}

impl<'a> Planner<'a> {
    /// Roles that shall not be there; then site systems.
    pub(in crate::plan) fn removals(&mut self) {
        let observed: &'a Observed = self.observed;
        let there = There::of(observed);
        self.remove_distribution_points(&there);
        self.remove_update_points(&there);
        self.remove_systems(&there);
    }

    fn remove_systems(&mut self, there: &There<'a>) {
        let declared = &self.hierarchy.site_systems;
        let unknown = self.unknown();
        let mut unwanted: Vec<_> =
            there.systems.iter().filter(|(name, _)| !declared.contains_key(*name)).collect();
        unwanted.sort_by_key(|(name, state)| {
            let depth = std::cmp::Reverse(there.depth(&state.settings.site));
            (depth, state.settings.site_server.is_some(), *name)
        });
        let mut going: BTreeMap<&SiteCode, Going> = BTreeMap::new();
        // One that is declared for another site is not brought there: it stays where it is.
        for (name, state) in &there.systems {
            let site = &state.settings.site;
            if declared.get(*name).is_some_and(|declared| declared.settings.site != *site) {
                let chosen = self.held(Kind::SiteSystem, name).unwrap_or(false);
                let of_site = going.entry(site).or_default();
                of_site.staying.get_or_insert_with(|| ((*name).clone(), chosen));
            }
        }
        for &&(system, state) in &unwanted {
            let site = &state.settings.site;
            let resource = ResourceId::new(Kind::SiteSystem, system);
            let kept = || (KEPT.to_owned(), true);
            let mut why = state.settings.keep.then(kept).or_else(|| self.held_role(state));
            let mut after = self.before_system_goes(system, state);
            if state.settings.site_server.is_some() {
                let reason = |(name, chosen): &(Name, bool)| {
                    (format!("`{name}` needs it as long as it is there"), *chosen)
                };
                if let Some(unknown) = &unknown {
                    why = why.or_else(|| Some(reason(&(unknown.clone(), false))));
                }
                let below = there.below.get(site).into_iter().flatten();
                for code in below.clone().map(|(code, _)| *code).chain([site]) {
                    let Some(others) = going.get(code) else { continue };
                    after.extend(others.removed.iter().cloned());
                    why = why.or_else(|| others.staying.as_ref().map(reason));
                }
                // The sites below have another parent first, and the site another server.
                for (_, server) in below {
                    after.extend(self.created(server));
                    let held = self.held(Kind::SiteSystem, server);
                    why = why.or_else(|| held.map(|chosen| reason(&((*server).clone(), chosen))));
                }
                if self.hierarchy.sites.contains_key(site) {
                    after.extend(self.planned_where(|it| it.site == *site && !it.kind.removes()));
                }
            }
            let of_site = going.entry(site).or_default();
            if let Some((on, chosen)) = why {
                of_site.staying.get_or_insert_with(|| (system.clone(), chosen));
                self.hold(resource, on, chosen);
            } else {
                let removal = ActionKind::RemoveSiteSystem;
                of_site.removed.push(self.remove(removal, resource, (system, state), after));
            }
        }
    }

    /// A site system that cannot be asked to which site it belongs, or which is above its own. All
    /// of them that are not declared wait here; the others do already.
    fn unknown(&mut self) -> Option<Name> {
        let mut unknown = None;
        for (name, known) in &self.observed.site_systems {
            let Known::Unknown(why) = known else { continue };
            match self.hierarchy.site_systems.get(name) {
                Some(declared) if declared.settings.site_server.is_none() => continue,
                Some(_) => {}
                None => {
                    let on =
                        format!("no document declares it any more, but it cannot be asked: {why}");
                    self.hold(ResourceId::new(Kind::SiteSystem, name), on, false);
                }
            }
            unknown.get_or_insert_with(|| name.clone());
        }
        unknown
    }

    /// Why a role of a site system has to stay, and whether somebody chose that.
    fn held_role(&self, state: &ObservedSystem) -> Option<(String, bool)> {
        let update_point = state.update_point.as_ref().map(|it| &it.name);
        let distribution_point = state.distribution_point.as_ref().map(|it| &it.name);
        [(Kind::SoftwareUpdatePoint, update_point), (Kind::DistributionPoint, distribution_point)]
            .into_iter()
            .find_map(|(kind, name)| {
                let chosen = self.held(kind, name?)?;
                Some((format!("its {} `{}` has to go first", kind.words(), name?), chosen))
            })
    }

    /// The roles of a site system go first.
    fn before_system_goes(&self, system: &Name, state: &ObservedSystem) -> Vec<ActionId> {
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
}
