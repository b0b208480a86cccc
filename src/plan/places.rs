//! The declared distribution points as content sees them: who pulls from whom, what can be done to
//! them, and by which numbers sets speak of them.

use std::collections::BTreeMap;

use crate::model::{DistributionPoint, Hierarchy, Kind, Name, NumberSet, ObservedPoint, PackageId};

use super::{ActionId, distribution_points::SETTING_UP, order::each_after, planner::Planner};

/// The declared distribution points, sources first.
pub(super) struct Places<'a> {
    pub(super) all: Vec<Place<'a>>,
    /// The slots of the distribution points in the order of their names.
    pub(super) slots: Vec<Option<u32>>,
    /// The number in `all` of what has a slot; `None` for a library that is not declared.
    at: Vec<Option<usize>>,
    /// The slots of those that are there and to which something can be done.
    pub(super) open: NumberSet,
    /// The slots of those that are not there, and for which nothing can be planned.
    pub(super) out_of_reach: NumberSet,
    /// The slots of those that shall fetch packages when a client first asks (PDP-3), and to which
    /// something can be done.
    pub(super) on_demand: NumberSet,
    /// By package the slots of those among them that a client has asked for it, or that pull it
    /// already.
    pub(super) asked: BTreeMap<&'a PackageId, NumberSet>,
}

/// A declared distribution point, and all that a package needs to know of it.
pub(super) struct Place<'a> {
    pub(super) name: &'a Name,
    pub(super) point: &'a DistributionPoint,
    /// What it reports, if it is there under its name.
    pub(super) state: Option<&'a ObservedPoint>,
    /// The number by which sets speak of it: that of its content library, if it is there; a number
    /// beyond all libraries otherwise.
    pub(super) slot: u32,
    /// The numbers in `Places::all` of its sources, if it pulls.
    pub(super) sources: Vec<usize>,
    /// How far it is from what the site servers send to: 0 does not pull, 1 pulls from 0, and so
    /// on.
    pub(super) depth: usize,
    /// What sets it up in this plan.
    pub(super) setting_up: Vec<ActionId>,
    /// If nothing can be planned for it: whether somebody chose that.
    pub(super) held: Option<bool>,
}

impl<'a> Places<'a> {
    /// The places of all distribution points, `names`, which are in the order of their sources and
    /// are set up already.
    pub(super) fn of(planner: &Planner<'a>, names: Vec<(&'a Name, &'a DistributionPoint)>) -> Self {
        let libraries = &planner.observed.libraries;
        let number: BTreeMap<&Name, usize> =
            names.iter().enumerate().map(|(number, (name, _))| (*name, number)).collect();
        let mut all: Vec<Place<'a>> = Vec::with_capacity(names.len());
        let mut at = vec![None; libraries.systems().len()];
        for (place, (name, point)) in names.into_iter().enumerate() {
            let state = state(planner, name, point);
            let library = state.and_then(|_| libraries.number(&point.site_system));
            let slot = library.or_else(|| u32::try_from(at.len()).ok()).unwrap_or(u32::MAX);
            match library {
                Some(library) => at[library as usize] = Some(place),
                None => at.push(Some(place)),
            }
            // In a circle, which PDP-2 refuses, there is no order: nobody waits for a later one.
            let sources: Vec<usize> = (point.settings.pulls_from())
                .filter_map(|source| number.get(&source.distribution_point).copied())
                .filter(|source| *source < place)
                .collect();
            let farthest = sources.iter().map(|source| all[*source].depth).max();
            all.push(Place {
                name,
                point,
                state,
                slot,
                depth: farthest.map_or(0, |farthest| farthest + 1),
                sources,
                setting_up: planner.planned_any(&SETTING_UP, Kind::DistributionPoint, name),
                held: planner.held(Kind::DistributionPoint, name),
            });
        }
        let mut slots = vec![None; planner.hierarchy.distribution_points.len()];
        for (slot, name) in slots.iter_mut().zip(planner.hierarchy.distribution_points.keys()) {
            *slot = number.get(name).map(|place| all[*place].slot);
        }
        let those = |holds: fn(&Place<'_>) -> bool| {
            all.iter().filter(|place| holds(place)).map(|place| place.slot).collect()
        };
        let on_demand =
            |place: &Place<'_>| place.point.settings.fetches_on_demand() && place.held.is_none();
        let mut asked: BTreeMap<&PackageId, NumberSet> = BTreeMap::new();
        for place in all.iter().filter(|place| on_demand(place)) {
            let Some(state) = place.state else { continue };
            let requested = state.on_demand.iter().filter(|(_, it)| it.requested.is_some());
            for id in requested.map(|(id, _)| id).chain(state.pull_jobs.keys()) {
                asked.entry(id).or_default().insert(place.slot);
            }
        }
        Self {
            on_demand: those(on_demand),
            asked,
            open: those(|place| place.state.is_some() && place.held.is_none()),
            out_of_reach: those(|place| place.state.is_none() && place.held.is_some()),
            all,
            slots,
            at,
        }
    }

    /// The number in `all` of what has a slot.
    pub(super) fn at(&self, slot: u32) -> Option<usize> {
        self.at.get(slot as usize).copied().flatten()
    }
}

fn state<'a>(
    planner: &Planner<'a>,
    name: &Name,
    point: &DistributionPoint,
) -> Option<&'a ObservedPoint> {
    let state = planner.system(&point.site_system)?.distribution_point.as_ref()?;
    (state.name == *name).then_some(state)
}

/// All distribution points, each after the sources it pulls from; otherwise by depth of the site
/// and name. Cycles cannot be resolved and are refused by PDP-2; should one get here, its members
/// come last.
pub(super) fn sources_first(hierarchy: &Hierarchy) -> Vec<(&Name, &DistributionPoint)> {
    let mut points: Vec<_> = hierarchy.distribution_points.iter().collect();
    points.sort_by_key(|(name, point)| {
        let site = hierarchy.sites.get(&point.settings.site);
        (site.map_or(0, |site| site.depth), *name)
    });
    let number: BTreeMap<&Name, usize> =
        points.iter().enumerate().map(|(number, (name, _))| (*name, number)).collect();
    let needs: Vec<Vec<usize>> = points
        .iter()
        .map(|(_, point)| {
            let sources = point.settings.pulls_from();
            sources.filter_map(|source| number.get(&source.distribution_point).copied()).collect()
        })
        .collect();
    each_after(&needs).into_iter().map(|number| points[number]).collect()
}
