//! What goes wrong on a disk that is full or failing.

use std::{collections::BTreeSet, ffi::c_int};

use super::{Failing, watch::Change};
use crate::{chance::Generator, system::FileKey};

/// What goes wrong now.
#[derive(Debug, Default)]
pub(super) struct Faults {
    pub(super) full: Option<Full>,
    failing: Option<(Failing, Generator)>,
}

/// A disk without room.
#[derive(Debug)]
pub(super) struct Full {
    chance: Generator,
    /// Files that were written to since: each may get a part of its first write.
    tried: BTreeSet<FileKey>,
}

impl Full {
    pub(super) fn new(seed: u64) -> Self {
        Self { chance: Generator::new(seed), tried: BTreeSet::new() }
    }

    /// How much of `length` bytes is still taken.
    fn takes(&mut self, file: FileKey, length: usize) -> usize {
        if !self.tried.insert(file) || !self.chance.one_in(2) {
            return 0;
        }
        let length = u64::try_from(length).unwrap_or(0);
        usize::try_from(self.chance.below(length.max(1))).unwrap_or(0)
    }
}

impl Faults {
    pub(super) fn set_failing(&mut self, failing: Option<Failing>) {
        self.failing = failing.map(|it| (it, Generator::new(it.seed)));
    }

    /// How much of a change is made, or with which error the call fails.
    pub(super) fn decide(
        &mut self,
        change: Change,
        file: FileKey,
        size: u64,
    ) -> Result<usize, c_int> {
        if self.fails(|failing| failing.writes) {
            return Err(libc::EIO);
        }
        match (change, &mut self.full) {
            (Change::Write { length, .. }, Some(full)) if length > 0 => {
                match full.takes(file, length) {
                    0 => Err(libc::ENOSPC),
                    some => Ok(some),
                }
            }
            (Change::Truncate(length), Some(_)) if length > size => Err(libc::ENOSPC),
            (Change::Write { length, .. }, _) => Ok(length),
            _ => Ok(0),
        }
    }

    pub(super) fn read_fails(&mut self) -> bool {
        self.fails(|failing| failing.reads)
    }

    fn fails(&mut self, concerned: impl FnOnce(&Failing) -> bool) -> bool {
        match &mut self.failing {
            Some((failing, chance)) if concerned(failing) => chance.one_in(failing.one_in),
            _ => false,
        }
    }
}
