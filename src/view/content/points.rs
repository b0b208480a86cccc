//! The distribution points that are declared or there.

use std::collections::{BTreeMap, BTreeSet};

use super::report::ContentInputs;
use crate::model::{Known, Name, NumberSet, ObservedPoint, PackageId, PullJob, Since, SiteCode};

/// A distribution point.
pub(super) struct Point<'a> {
    pub(super) name: &'a Name,
    pub(super) site: &'a SiteCode,
    pub(super) pulls: bool,
    pub(super) prestaged: bool,
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
            let (pulls, prestaged) = (settings.pulls(), settings.prestaged);
            points.insert(name, Point { name, site: &settings.site, pulls, prestaged, seen, slot });
        }
        for (system, state) in self.observed.present() {
            let Some(point) = &state.distribution_point else { continue };
            let settings = &point.settings;
            points.entry(&point.name).or_insert_with(|| Point {
                name: &point.name,
                site: &state.settings.site,
                pulls: settings.pulls(),
                prestaged: settings.prestaged,
                seen: Seen::Present(point, &state.since),
                slot: self.observed.libraries.number(system),
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
