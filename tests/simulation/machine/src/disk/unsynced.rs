//! What of one file is not on the disk yet, and what is there in its place.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::c_int,
};

use crate::{chance::Generator, system};

/// What a disk writes whole or not at all.
pub(super) const SECTOR: u64 = 512;

/// A file that was written to since it was last synced.
#[derive(Debug)]
pub(super) struct Unsynced {
    /// How long it is on the disk.
    durable: u64,
    /// Sectors that were written, those that the file grew by among them.
    written: BTreeSet<u64>,
    /// What they have on the disk; what is missing there is zeros.
    before: BTreeMap<u64, Vec<u8>>,
}

/// What became of a file when the power went.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) size: u64,
    /// Sectors that were not written, with what they have instead.
    pub(super) lost: BTreeMap<u64, Vec<u8>>,
}

impl Unsynced {
    /// A file that is on the disk as it is.
    pub(super) fn new(size: u64) -> Self {
        Self { durable: size, written: BTreeSet::new(), before: BTreeMap::new() }
    }

    /// `length` bytes are about to be written at `at`.
    pub(super) fn write(&mut self, fd: c_int, at: u64, length: usize) {
        let length = u64::try_from(length).unwrap_or(0);
        if length > 0 {
            self.keep(fd, at / SECTOR, (at + length).div_ceil(SECTOR));
        }
    }

    /// The file, which is `size` bytes long, is about to be made `length` long.
    pub(super) fn truncate(&mut self, fd: c_int, size: u64, length: u64) {
        // What it grows by is zeros, whether the disk hears of it or not.
        if length < size {
            self.keep(fd, length / SECTOR, size.div_ceil(SECTOR));
        }
    }

    fn keep(&mut self, fd: c_int, first: u64, end: u64) {
        let known = end.min(self.durable.div_ceil(SECTOR));
        for sector in first..known {
            if self.written.insert(sector) {
                let length = (self.durable - sector * SECTOR).min(SECTOR);
                let mut bytes = vec![0; usize::try_from(length).unwrap_or(0)];
                // What cannot be read stays zeros: it is lost whatever happens.
                let _ = system::read_at_anyway(fd, &mut bytes, sector * SECTOR);
                self.before.insert(sector, bytes);
            }
        }
        self.written.extend(first.max(known)..end);
    }

    /// What is left of it, now that it is `size` bytes long.
    pub(super) fn after_power_cut(&self, size: u64, chance: &mut Generator) -> Outcome {
        let between = |chance: &mut Generator| {
            let grown = size.saturating_sub(self.durable);
            self.durable + chance.below(grown + 1)
        };
        let left = match chance.below(3) {
            0 => self.durable,
            1 if size > self.durable => between(chance),
            _ => size,
        };
        // Of some files all is lost, of some nothing, of most a part.
        let lost_of_four = chance.below(5);
        let mut lost = BTreeMap::new();
        for sector in &self.written {
            let is_lost = chance.below(4) < lost_of_four;
            // Where the disk has not heard that the file was cut, it has not lost what was cut off.
            let was_cut =
                left > size && (sector + 1) * SECTOR > size && *sector * SECTOR < self.durable;
            if is_lost || was_cut {
                lost.insert(*sector, self.before.get(sector).cloned().unwrap_or_default());
            }
        }
        Outcome { size: left, lost }
    }
}
