//! The distribution points that are declared or there.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::report::ContentInputs;
use crate::model::{
    DistributionPointSettings, Known, Name, NumberSet, ObservedPoint, PackageId, PullJob, Since,
    SiteCode,
};

/// A distribution point.
pub(super) struct Point<'a> {
    pub(super) name: &'a Name,
    pub(super) site: &'a SiteCode,
    pub(super) pulls: bool,
    pub(super) prestaged: bool,
    /// Whether it fetches packages when a client first asks.
    pub(super) on_demand: bool,
    pub(super) seen: Seen<'a>,
    /// Its place among the content libraries.
    pub(super) slot: Option<u32>,
}

/// What is known of a distribution point.
pub(super) enum Seen<'a> {
    Present(&'a ObservedPoint, &'a Since),
    Absent,
    Unknown(&'a str),
}

impl<'a> Point<'a> {
    fn new(
        name: &'a Name,
        site: &'a SiteCode,
        settings: &DistributionPointSettings,
        seen: Seen<'a>,
        slot: Option<u32>,
    ) -> Self {
        let (pulls, prestaged) = (settings.pulls(), settings.prestaged);
        let on_demand = settings.fetches_on_demand();
        Self { name, site, pulls, prestaged, on_demand, seen, slot }
    }

    /// When a client first asked for a package that is on demand.
    pub(super) fn requested(&self, package: &PackageId) -> Option<Timestamp> {
        match self.seen {
            Seen::Present(state, _) => state.on_demand.get(package)?.requested,
            Seen::Absent | Seen::Unknown(_) => None,
        }
    }

    pub(super) fn job(&self, package: &PackageId) -> Option<&'a PullJob> {
        match self.seen {
            Seen::Present(state, _) => state.pull_jobs.get(package),
            Seen::Absent | Seen::Unknown(_) => None,
        }
    }
}

impl<'a> ContentInputs<'a> {
    /// By name: those of the manifests, and those that are there besides.
    pub(super) fn points(&self) -> BTreeMap<&'a Name, Point<'a>> {
        let mut points = BTreeMap::new();
        for (name, point) in self.hierarchy.iter().flat_map(|it| &it.distribution_points) {
            let seen = match self.observed.site_systems.get(&point.site_system) {
                Some(Known::Present(system)) => match &system.distribution_point {
                    Some(state) if state.name == *name => Seen::Present(state, &system.since),
                    _ => Seen::Absent,
                },
                Some(Known::Unknown(why)) => Seen::Unknown(why),
                Some(Known::Absent) | None => Seen::Absent,
            };
            let there = matches!(seen, Seen::Present(..));
            let slot = self.observed.libraries.number(&point.site_system).filter(|_| there);
            let settings = &point.settings;
            points.insert(name, Point::new(name, &settings.site, settings, seen, slot));
        }
        for (system, state) in self.observed.present() {
            let Some(point) = &state.distribution_point else { continue };
            let settings = &point.settings;
            points.entry(&point.name).or_insert_with(|| {
                let seen = Seen::Present(point, &state.since);
                let slot = self.observed.libraries.number(system);
                Point::new(&point.name, &state.settings.site, settings, seen, slot)
            });
        }
        points
    }

    /// All sites that are declared or there.
    pub(super) fn sites(&self) -> BTreeSet<&'a SiteCode> {
        let declared = self.hierarchy.iter().flat_map(|it| it.sites.keys());
        declared.chain(self.observed.present().map(|(_, state)| &state.settings.site)).collect()
    }
}

/// The distribution points that are shown, found by their places among the content libraries.
pub(super) struct Chosen<'a> {
    pub(super) points: Vec<Point<'a>>,
    by_slot: BTreeMap<u32, usize>,
    pub(super) slots: NumberSet,
    /// Those without a place: nobody knows what they hold.
    pub(super) without: Vec<usize>,
}

impl<'a> Chosen<'a> {
    pub(super) fn of(points: impl Iterator<Item = Point<'a>>) -> Self {
        let points: Vec<Point<'a>> = points.collect();
        let mut by_slot = BTreeMap::new();
        let mut without = Vec::new();
        for (index, point) in points.iter().enumerate() {
            match point.slot {
                Some(slot) => drop(by_slot.insert(slot, index)),
                None => without.push(index),
            }
        }
        let slots = by_slot.keys().copied().collect();
        Self { points, by_slot, slots, without }
    }

    pub(super) fn at(&self, slot: u32) -> Option<&Point<'a>> {
        self.points.get(*self.by_slot.get(&slot)?)
    }
}
