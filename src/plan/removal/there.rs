//! Who is there, and who of them needs whom.

use std::collections::BTreeMap;

use crate::model::{Name, Observed, ObservedPoint, ObservedSystem, SiteCode, UpdatePointState};

/// The site systems that answered, and who of them needs whom.
pub(super) struct There<'a> {
    pub(super) systems: Vec<(&'a Name, &'a ObservedSystem)>,
    /// The distribution points that pull from one.
    pulling: BTreeMap<&'a Name, Vec<(&'a Name, &'a ObservedPoint)>>,
    /// The update points that synchronize with one.
    downstream: BTreeMap<&'a Name, Vec<(&'a Name, &'a UpdatePointState)>>,
    parents: BTreeMap<&'a SiteCode, &'a SiteCode>,
    /// The sites below one, with their site servers.
    pub(super) below: BTreeMap<&'a SiteCode, Vec<(&'a SiteCode, &'a Name)>>,
}

impl<'a> There<'a> {
    pub(super) fn of(observed: &'a Observed) -> Self {
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
                for source in point.settings.pulls_from() {
                    there
                        .pulling
                        .entry(&source.distribution_point)
                        .or_default()
                        .push((*name, point));
                }
            }
            if let Some(point) = &state.update_point
                && let Some(upstream) = &point.settings.source.update_point
            {
                there.downstream.entry(upstream).or_default().push((*name, point));
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

    /// The distribution points that pull from one of this name, with their site systems.
    pub(super) fn pulling(&self, from: &Name) -> &[(&'a Name, &'a ObservedPoint)] {
        self.pulling.get(from).map(Vec::as_slice).unwrap_or_default()
    }

    /// The update points that synchronize with one of this name, with their site systems.
    pub(super) fn downstream(&self, of: &Name) -> &[(&'a Name, &'a UpdatePointState)] {
        self.downstream.get(of).map(Vec::as_slice).unwrap_or_default()
    }

    /// How far below the top a site is, as far as that is known.
    pub(super) fn depth(&self, site: &SiteCode) -> usize {
        let above = std::iter::successors(self.parents.get(site), |it| self.parents.get(**it));
        // A circle of parents is possible only while a change is half done.
        above.take(self.parents.len()).count()
    }
}
