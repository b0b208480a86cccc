//! A strip between cards, and the lines in it.

use super::super::{channel::Tracks, scene::pixels};

/// Lines run this far apart.
const GAP: i32 = 10;

/// A strip with lines in it.
#[derive(Debug, Clone, Default)]
pub(super) struct Strip {
    nets: Vec<usize>,
    tracks: Vec<usize>,
    count: usize,
    /// Whether lines lie on each other in it.
    pub(super) overlapping: bool,
    /// How much is free before the first line, and after the last one.
    before: i32,
    after: i32,
}

impl Strip {
    pub(super) fn new(nets: Vec<usize>, tracks: Tracks, before: i32, after: i32) -> Self {
        let Tracks { of, count, overlaps } = tracks;
        Self { nets, tracks: of, count, overlapping: !overlaps.is_empty(), before, after }
    }

    pub(super) fn thickness(&self) -> i32 {
        self.before + (pixels(self.count) - 1).max(0) * GAP + self.after
    }

    /// How far into the strip each net runs.
    pub(super) fn lines(&self) -> impl Iterator<Item = (usize, i32)> + '_ {
        let places = self.tracks.iter().map(|track| self.before + pixels(*track) * GAP);
        self.nets.iter().copied().zip(places)
    }
}
