//! Packages and distribution points, as places in lists.

use super::job::Record;
use crate::{
    engine::source_selection::{SourceHealth, SourceSelection},
    model::{
        DistributionPointSettings, Name, PackageId, Priority, PullSourceSettings, TransferSettings,
    },
    simulate::{at::At, network::NOBODY, outcome::Spread},
};

/// A distribution point.
#[derive(Debug)]
pub(super) struct PointPlace {
    pub(super) name: Name,
    pub(super) machine: u32,
    pub(super) site: u32,
    pub(super) pulls: bool,
    pub(super) cuts_through: bool,
    pub(super) sources: Vec<PullSourceSettings>,
    /// The places of its sources, in the same order.
    pub(super) source_places: Vec<u32>,
    pub(super) depth: usize,
    pub(super) transfers: TransferSettings,
    pub(super) settings: DistributionPointSettings,
    /// What it remembers of its sources, where it chooses by that.
    pub(super) health: Option<SourceHealth>,
    /// Transfers that have not finished.
    pub(super) unfinished: usize,
    /// Choices of ended transfers, which can be begun anew.
    pub(super) spare: Vec<SourceSelection>,
    /// How long each package took from its release until it was here, in milliseconds.
    pub(super) took: Vec<u32>,
    /// How many packages it shall have.
    pub(super) wanted: usize,
    pub(super) last: At,
}

/// A set of distribution points, by their places.
#[derive(Debug, Clone, Default)]
pub(super) struct Places(Vec<u64>);

impl Places {
    pub(super) fn of(count: usize) -> Self {
        Self(vec![0; count.div_ceil(64)])
    }

    pub(super) fn has(&self, place: u32) -> bool {
        let word = self.0.get(place as usize / 64).copied().unwrap_or_default();
        word >> (place % 64) & 1 == 1
    }

    pub(super) fn add(&mut self, place: u32) {
        if let Some(word) = self.0.get_mut(place as usize / 64) {
            *word |= 1 << (place % 64);
        }
    }
}

/// A package.
#[derive(Debug)]
pub(super) struct PackagePlace {
    pub(super) name: Name,
    pub(super) id: PackageId,
    pub(super) bytes: f64,
    pub(super) priority: Priority,
    /// The machine of the site server that has it, and that site.
    pub(super) server: u32,
    pub(super) site: u32,
    pub(super) released: At,
    pub(super) holders: Places,
    pub(super) wanted: usize,
    pub(super) done: usize,
    /// While it is on its way: the job of each distribution point, what is remembered of those that
    /// have ended, and for each distribution point the jobs that go on when something becomes of it.
    /// Empty before and after that.
    pub(super) jobs: Vec<u32>,
    pub(super) records: Vec<(u32, Record)>,
    pub(super) watchers: Vec<Vec<u32>>,
    pub(super) last: At,
    pub(super) spread: Spread,
    /// When its source was in the content library of its site.
    pub(super) taken: At,
}

/// The lists of a package that has arrived, kept for their memory.
#[derive(Debug, Default)]
pub(super) struct Lists {
    pub(super) jobs: Vec<u32>,
    pub(super) records: Vec<(u32, Record)>,
    pub(super) watchers: Vec<Vec<u32>>,
}

impl PackagePlace {
    /// The job that brings it to a distribution point.
    pub(super) fn job(&self, point: u32) -> u32 {
        self.jobs.get(point as usize).copied().unwrap_or(NOBODY)
    }
}
