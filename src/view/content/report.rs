//! All placements, put together. Package by package sets are compared: placements that are as wanted
//! are counted, not looked at one by one, so that millions of them cost nothing.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    classify::{Known, Wish},
    filter::ContentFilter,
    points::{Chosen, Point},
    row::{ContentState, Placement},
};
use crate::model::{
    Digest, FormatVersion, Hierarchy, Name, NumberSet, Observed, Package, PackageId, TransferNote,
};

/// The most placements that are listed; the others are counted.
const LISTED: usize = 10_000;

/// What a report is made of.
#[derive(Debug, Clone, Copy)]
pub struct ContentInputs<'a> {
    /// What the site systems report.
    pub observed: &'a Observed,
    /// What is wanted, if somebody named manifests: only then is something missing or not wanted.
    pub hierarchy: Option<&'a Hierarchy>,
    /// What is noted of the jobs of Package Transfer Manager.
    pub transfers: &'a [TransferNote],
    /// The time.
    pub now: Timestamp,
}

/// How packages stand at distribution points.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ContentReport {
    /// The version of this form: raised when a reader of the old one would misread it.
    #[schemars(extend("const" = ContentReport::FORMAT_VERSION.to_string()))]
    pub format_version: String,
    /// When the site systems were asked.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub observed_at: Timestamp,
    /// Whether manifests were named: only then is it known what is missing or not wanted.
    pub compared: bool,
    /// How many packages are looked at.
    pub packages: usize,
    /// How many distribution points are looked at.
    pub distribution_points: usize,
    /// How many placements there are in each state; states without any are left out.
    pub counts: BTreeMap<ContentState, usize>,
    /// The placements, by package and distribution point: without `--all` those that are neither
    /// available nor on demand.
    pub placements: Vec<Placement>,
    /// How many more placements would be listed, but for their number.
    pub not_listed: usize,
}

impl<'a> ContentInputs<'a> {
    /// The packages that are declared, held or on their way, with the names of their documents.
    pub(super) fn packages(&self) -> BTreeMap<&'a PackageId, Option<&'a Name>> {
        let held = self.observed.libraries.packages().map(|(id, _)| id);
        let points = self.observed.present();
        let points = points.filter_map(|(_, state)| state.distribution_point.as_ref());
        let pulled = points.flat_map(|point| point.pull_jobs.keys());
        let noted = self.transfers.iter().map(|note| &note.package);
        let there = held.chain(pulled).chain(noted).map(|id| (id, None));
        let mut packages: BTreeMap<_, _> = there.collect();
        let declared = self.hierarchy.iter().flat_map(|it| &it.packages);
        packages.extend(declared.map(|(name, package)| (&package.id, Some(name))));
        packages
    }
}

impl ContentReport {
    /// The version of the form.
    pub const FORMAT_VERSION: FormatVersion = FormatVersion { major: 1, minor: 0 };

    /// How the packages that a filter shows stand at the distribution points that it shows.
    pub fn of(inputs: ContentInputs<'_>, filter: &ContentFilter) -> Self {
        let points = inputs.points().into_values();
        let chosen = Chosen::of(points.filter(|point| filter.shows_point(point.name, point.site)));
        let packages = inputs.packages().into_iter();
        let packages: Vec<_> =
            packages.filter(|(id, name)| filter.shows_package(id, *name)).collect();
        let report = Self {
            format_version: Self::FORMAT_VERSION.to_string(),
            observed_at: inputs.now,
            compared: inputs.hierarchy.is_some(),
            packages: packages.len(),
            distribution_points: chosen.points.len(),
            counts: BTreeMap::new(),
            placements: Vec::new(),
            not_listed: 0,
        };
        let mut making = Making::new(inputs, &chosen, filter.all, report);
        for (id, name) in packages {
            making.package(id, name);
        }
        making.report
    }

    /// The same with those placements alone that are on their way.
    #[must_use]
    pub fn under_way(mut self) -> Self {
        self.placements.retain(|placement| placement.state.under_way());
        self
    }
}

/// A report that is being made.
struct Making<'a> {
    inputs: ContentInputs<'a>,
    chosen: &'a Chosen<'a>,
    all: bool,
    /// The places among the libraries of the hierarchy's distribution points, by their ranks.
    slots: Vec<Option<u32>>,
    /// The points that shall hold a package, as places: one set for each that the hierarchy shares,
    /// found by where that is.
    shared: BTreeMap<*const NumberSet, Arc<NumberSet>>,
    /// The distribution points that pull each package, or that a client has asked for it.
    coming: BTreeMap<&'a PackageId, BTreeSet<u32>>,
    /// The distribution points that fetch packages when a client first asks.
    on_demand: NumberSet,
    notes: BTreeMap<(&'a PackageId, &'a Name), &'a TransferNote>,
    report: ContentReport,
}

impl<'a> Making<'a> {
    fn new(
        inputs: ContentInputs<'a>,
        chosen: &'a Chosen<'a>,
        all: bool,
        report: ContentReport,
    ) -> Self {
        let by_name: BTreeMap<_, _> =
            chosen.points.iter().map(|point| (point.name, point.slot)).collect();
        let ranks = inputs.hierarchy.iter().flat_map(|it| it.distribution_points.keys());
        let slots = ranks.map(|name| by_name.get(name).copied().flatten()).collect();
        let mut coming: BTreeMap<_, BTreeSet<u32>> = BTreeMap::new();
        for (system, state) in inputs.observed.present() {
            let slot = inputs.observed.libraries.number(system);
            let Some(point) = &state.distribution_point else { continue };
            let asked = point.on_demand.iter().filter(|(_, it)| it.requested.is_some());
            for id in point.pull_jobs.keys().chain(asked.map(|(id, _)| id)) {
                coming.entry(id).or_default().extend(slot);
            }
        }
        let notes = inputs.transfers.iter().map(|note| ((&note.package, &note.point), note));
        let notes = notes.collect();
        let on_demand = chosen.points.iter().filter(|point| point.on_demand);
        let on_demand = on_demand.filter_map(|point| point.slot).collect();
        Self {
            inputs,
            chosen,
            all,
            slots,
            shared: BTreeMap::new(),
            coming,
            on_demand,
            notes,
            report,
        }
    }

    fn package(&mut self, id: &'a PackageId, name: Option<&'a Name>) {
        let hierarchy = self.inputs.hierarchy;
        let package = hierarchy.zip(name).and_then(|(it, name)| it.packages.get(name));
        let own = package.and_then(|package| self.at_site_server(package));
        let (digest, size) = own.map_or((None, None), |(digest, size)| (Some(digest), Some(size)));
        let wanted = package.map(|package| self.wanted(package));
        let content = match package {
            Some(package) => Wish::Content { version: package.version, digest },
            None if hierarchy.is_some() => Wish::Nothing,
            None => Wish::NotTold,
        };
        let wish_at = |slot: u32| match &wanted {
            Some(wanted) if !wanted.contains(slot) => Wish::Nothing,
            _ => content,
        };
        // What is looked at one by one; the rest is available, or on demand.
        let coming: NumberSet = self.coming.get(id).into_iter().flatten().copied().collect();
        let mut one_by_one = coming.clone();
        if let Some(wanted) = &wanted {
            one_by_one.add(wanted);
        }
        let (mut available, mut on_demand) = (NumberSet::default(), NumberSet::default());
        for held in self.inputs.observed.libraries.contents(id) {
            one_by_one.add(&held.damaged.keys().copied().collect());
            if content.is_met_by(&held.facts) {
                available.add(&held.whole);
                on_demand.add(&held.on_demand);
            }
            one_by_one.add(&held.whole);
            one_by_one.add(&held.on_demand);
        }
        on_demand = &on_demand & &self.on_demand;
        for (state, mut slots) in
            [(ContentState::Available, available), (ContentState::OnDemand, on_demand)]
        {
            if let Some(wanted) = &wanted {
                slots = &slots & &**wanted;
            }
            slots.take(&coming);
            slots = &slots & &self.chosen.slots;
            if self.all {
                // All are looked at, in the order of the distribution points.
                slots = NumberSet::default();
            }
            self.count(state, slots.len());
            one_by_one.take(&slots);
        }
        let mut rows: Vec<Placement> = Vec::new();
        for slot in one_by_one.iter() {
            let Some(point) = self.chosen.at(slot) else { continue };
            rows.extend(self.placement(id, wish_at(slot), size, point));
        }
        for index in &self.chosen.without {
            let Some(point) = self.chosen.points.get(*index) else { continue };
            if package.is_some_and(|package| package.distribute_to.contains(point.name)) {
                rows.extend(self.placement(id, content, size, point));
            }
        }
        if hierarchy.is_none() {
            self.noted_only(id, &one_by_one, &mut rows);
        }
        rows.sort_by(|a, b| a.distribution_point.cmp(&b.distribution_point));
        for row in rows {
            self.list(row);
        }
    }

    /// Without manifests, what Package Transfer Manager wants is all that is known to be missing.
    fn noted_only(&self, id: &'a PackageId, seen: &NumberSet, rows: &mut Vec<Placement>) {
        for point in &self.chosen.points {
            let unseen = point.slot.is_none_or(|slot| !seen.contains(slot));
            if unseen && self.notes.contains_key(&(id, point.name)) {
                rows.extend(self.placement(id, Wish::NotTold, None, point));
            }
        }
    }

    fn placement(
        &self,
        id: &'a PackageId,
        wish: Wish,
        size: Option<u64>,
        point: &Point<'_>,
    ) -> Option<Placement> {
        let libraries = &self.inputs.observed.libraries;
        let contents = libraries.contents(id);
        let held = point.slot.and_then(|slot| {
            contents.iter().find_map(|content| Some((content.facts, content.lacks(slot)?)))
        });
        let note = self.notes.get(&(id, point.name)).copied();
        let on_demand = point
            .slot
            .and_then(|slot| contents.iter().find(|content| content.on_demand.contains(slot)));
        let on_demand = on_demand.map(|content| content.facts);
        Known { package: id, wish, held, on_demand, note, size }.at(point)
    }

    /// The digest and the size of a package's content at its site server, if that is the wanted
    /// version.
    fn at_site_server(&self, package: &Package) -> Option<(Digest, u64)> {
        let server = self.inputs.observed.site_server(&package.site)?;
        let own = server.packages.get(&package.id)?;
        (own.version == package.version).then_some((own.digest, own.bytes))
    }

    fn wanted(&mut self, package: &Package) -> Arc<NumberSet> {
        let numbers = package.distribute_to.numbers();
        let slots = &self.slots;
        let shared = self.shared.entry(Arc::as_ptr(numbers));
        shared.or_insert_with(|| Arc::new(numbers.translate(slots))).clone()
    }

    fn count(&mut self, state: ContentState, number: usize) {
        if number > 0 {
            *self.report.counts.entry(state).or_default() += number;
        }
    }

    fn list(&mut self, row: Placement) {
        self.count(row.state, 1);
        if matches!(row.state, ContentState::Available | ContentState::OnDemand) && !self.all {
            return;
        }
        if self.report.placements.len() < LISTED {
            self.report.placements.push(row);
        } else {
            self.report.not_listed += 1;
        }
    }
}
