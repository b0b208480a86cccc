//! The clock and the disk below a simulated program.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Mutex,
    time::Duration,
};

use simulated_machine::{Disk, Loss, clock};
use tokio::time::Instant;

use super::{
    chance::Chance,
    computer::{Machine, Step},
    events::Events,
    network::Crash,
};

/// When simulations begin: 5 January 2026, 06:00, in seconds since 1970.
const BEGINNING: u64 = 1_767_592_800;

/// How long computers have been on by then.
const UP: Duration = Duration::from_hours(1);

/// Of one computer.
pub(crate) struct Below {
    name: &'static str,
    begun: Instant,
    state: Mutex<State>,
}

struct State {
    chance: Chance,
    /// Where the lives of the computer have their data, one after the other.
    root: PathBuf,
    lives: u32,
    disk: Option<Disk>,
    /// What a crash has left.
    left: Option<PathBuf>,
}

impl Below {
    pub(crate) fn new(name: &'static str, root: PathBuf, chance: Chance) -> Self {
        let state = State { chance, root, lives: 0, disk: None, left: None };
        Self { name, begun: Instant::now(), state: Mutex::new(state) }
    }

    /// Where the next life has its data: what the last one has left, or nothing.
    pub(crate) fn next_life(&self, last: &Path) -> PathBuf {
        let mut state = self.state.lock().unwrap();
        state.disk = None;
        let left = state.left.take();
        if left.is_some() {
            fs::remove_dir_all(last).unwrap();
        }
        let directory = left.unwrap_or_else(|| last.to_owned());
        fs::create_dir_all(&directory).unwrap();
        state.disk = Some(Disk::new(&directory).unwrap());
        directory
    }

    /// Does something with the disk, if a program runs there.
    pub(crate) fn with_disk(&self, work: impl FnOnce(&Disk)) {
        if let Some(disk) = &self.state.lock().unwrap().disk {
            work(disk);
        }
    }
}

impl Machine for std::sync::Arc<Below> {
    fn enter(&self, step: Step) {
        Events::on(self.name);
        let nanos = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        let elapsed = self.begun.elapsed();
        let now = nanos(Duration::from_secs(BEGINNING) + elapsed);
        clock::set(now.saturating_add_signed(step.clock_offset * 1_000_000), nanos(UP + elapsed));
    }

    fn leave(&self) {
        Events::on("-");
        clock::clear();
    }

    fn synced_below(&self, directory: &Path) {
        self.with_disk(|disk| disk.synced_below(directory).unwrap());
    }

    fn crash(&self, how: Crash) {
        let mut state = self.state.lock().unwrap();
        state.lives += 1;
        let to = state.root.join(format!("{}.{}", self.name, state.lives));
        let seed = state.chance.any();
        let loss = if how == Crash::Power { Loss::Unsynced } else { Loss::Nothing };
        let Some(disk) = &state.disk else { return };
        disk.crash_image(&to, seed, loss).unwrap();
        state.left = Some(to);
    }
}

/// A computer without a disk, whose clock is right.
pub(crate) struct Still;

impl Machine for Still {
    fn enter(&self, _step: Step) {}

    fn leave(&self) {}

    fn synced_below(&self, _directory: &Path) {}

    fn crash(&self, _how: Crash) {}
}
