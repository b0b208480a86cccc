//! All disks that are watched, and what happens to a call that changes one.

use std::{
    cell::Cell,
    collections::BTreeMap,
    ffi::c_int,
    fmt,
    path::PathBuf,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};

use super::{Counts, Disk, faults::Faults, unsynced::Unsynced};
use crate::system::{self, FileKey};

/// One disk.
pub(super) struct Watched {
    pub(super) root: PathBuf,
    /// Files of which something is not on the disk.
    pub(super) files: BTreeMap<FileKey, Unsynced>,
    pub(super) faults: Faults,
    pub(super) awaited: Option<(u64, Callback)>,
    pub(super) counts: Counts,
}

pub(super) type Callback = Box<dyn FnOnce(&Disk) + Send>;

/// What a call is about to do to an open file.
#[derive(Debug, Clone, Copy)]
pub(super) enum Change {
    /// Write so many bytes, there, or at the end.
    Write { at: Option<u64>, length: usize },
    /// Make it so long.
    Truncate(u64),
    /// Put it on the disk.
    Sync,
}

/// The disks by number.
pub(super) struct Registry {
    disks: Mutex<BTreeMap<u64, Watched>>,
    /// How many there are: while there are none, nothing is looked up.
    count: AtomicUsize,
    next: AtomicU64,
}

static REGISTRY: Registry = Registry {
    disks: Mutex::new(BTreeMap::new()),
    count: AtomicUsize::new(0),
    next: AtomicU64::new(1),
};

thread_local! {
    /// Whether this thread works on the registry: what it reads and writes for that is not watched.
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

pub(super) fn registry() -> &'static Registry {
    &REGISTRY
}

/// Holds the disks; calls that this thread makes meanwhile go straight to the system.
struct Inside<'a>(MutexGuard<'a, BTreeMap<u64, Watched>>);

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        INSIDE.set(false);
    }
}

impl Registry {
    pub(super) fn add(&self, root: PathBuf) -> u64 {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let disk = Watched {
            root,
            files: BTreeMap::new(),
            faults: Faults::default(),
            awaited: None,
            counts: Counts::default(),
        };
        self.enter().0.insert(number, disk);
        self.count.fetch_add(1, Ordering::Release);
        number
    }

    pub(super) fn remove(&self, number: u64) {
        self.count.fetch_sub(1, Ordering::Release);
        let removed = self.enter().0.remove(&number);
        // What is captured by a callback is dropped without the lock.
        drop(removed);
    }

    pub(super) fn with<T>(&self, number: u64, work: impl FnOnce(&mut Watched) -> T) -> Option<T> {
        self.enter().0.get_mut(&number).map(work)
    }

    /// Whether a call of this thread is to be looked at at all.
    pub(super) fn watches(&self) -> bool {
        self.count.load(Ordering::Acquire) > 0 && !INSIDE.get()
    }

    fn enter(&self) -> Inside<'_> {
        let disks = self.disks.lock().unwrap_or_else(PoisonError::into_inner);
        INSIDE.set(true);
        Inside(disks)
    }

    /// The disk that an open file is on, if it is one, with the file's state.
    fn find(&self, fd: c_int) -> Option<(u64, libc::stat)> {
        let status = system::status(fd)?;
        if !system::is_file(&status) && !system::is_directory(&status) {
            return None;
        }
        let inside = self.enter();
        let key = system::key(&status);
        let known = inside.0.iter().find(|(_, disk)| disk.files.contains_key(&key));
        if let Some((number, _)) = known {
            return Some((*number, status));
        }
        let path = system::path(fd)?;
        let below = inside.0.iter().filter(|(_, disk)| path.starts_with(&disk.root));
        let (number, _) = below.max_by_key(|(_, disk)| disk.root.as_os_str().len())?;
        Some((*number, status))
    }

    /// Makes the change of an open file by `perform`, which gets how many bytes it may write, and
    /// answers what the call does.
    pub(super) fn change(
        &self,
        fd: c_int,
        change: Change,
        perform: impl FnOnce(usize) -> isize,
    ) -> isize {
        let length = if let Change::Write { length, .. } = change { length } else { 0 };
        let found = if self.watches() { self.find(fd) } else { None };
        let Some((number, before)) = found else { return perform(length) };
        if let Some(callback) = self.arrive(number) {
            Disk::lend(number, callback);
        }
        let mut inside = self.enter();
        let Some(disk) = inside.0.get_mut(&number) else { return perform(length) };
        // A directory has no content of its own here.
        let is_file = system::is_file(&before);
        // The callback may have written to it.
        let before = if is_file { system::status(fd).unwrap_or(before) } else { before };
        let allowed = match disk.faults.decide(change, system::key(&before), system::size(&before))
        {
            Ok(allowed) => allowed,
            Err(error) => return system::fail(error),
        };
        if is_file && before.st_nlink > 0 {
            disk.note(fd, &before, change, allowed);
        }
        let done = perform(allowed);
        // What the system said must not be lost while locks are given back.
        let error = system::errno();
        disk.count(change, done);
        if done >= 0 && matches!(change, Change::Sync) {
            disk.files.remove(&system::key(&before));
        }
        drop(inside);
        if done < 0 { system::fail(error) } else { done }
    }

    /// Opens a file by `perform` that loses its content by being opened. `fd` is the file as it is.
    pub(super) fn open_empty(&self, fd: c_int, perform: impl FnOnce() -> isize) -> isize {
        self.change(fd, Change::Truncate(0), |_| perform())
    }

    /// Takes a name away by `perform`, or gives it to another file. `fd` is the file that has it.
    pub(super) fn rename(&self, fd: c_int, perform: impl FnOnce() -> isize) -> isize {
        let Some((number, before)) = self.find(fd) else { return perform() };
        if let Some(callback) = self.arrive(number) {
            Disk::lend(number, callback);
        }
        let mut inside = self.enter();
        let Some(disk) = inside.0.get_mut(&number) else { return perform() };
        let done = perform();
        let error = system::errno();
        disk.counts.names += 1;
        // Its inode may be given to another file from now on.
        if done >= 0 && before.st_nlink > 0 && system::status(fd).is_some_and(|it| it.st_nlink == 0)
        {
            disk.files.remove(&system::key(&before));
        }
        drop(inside);
        if done < 0 { system::fail(error) } else { done }
    }

    /// Syncs a file, by `perform` where it is on no disk that is watched.
    pub(super) fn sync(&self, fd: c_int, perform: impl FnOnce() -> isize) -> isize {
        if !self.watches() || !self.has(fd) {
            return perform();
        }
        self.change(fd, Change::Sync, |_| 0)
    }

    /// The same for everything of the disk that the file is on.
    pub(super) fn sync_all(&self, fd: c_int, perform: impl FnOnce() -> isize) -> isize {
        let found = if self.watches() { self.find(fd) } else { None };
        let Some((number, _)) = found else { return perform() };
        let done = self.sync(fd, perform);
        if done == 0 {
            self.with(number, |disk| disk.files.clear());
        }
        done
    }

    /// Whether a call that reads this file fails.
    pub(super) fn read_fails(&self, fd: c_int) -> bool {
        let Some((number, _)) = self.find(fd) else { return false };
        self.with(number, |disk| disk.faults.read_fails()).unwrap_or(false)
    }

    /// Whether the file is on a disk that is watched.
    pub(super) fn has(&self, fd: c_int) -> bool {
        self.find(fd).is_some()
    }

    /// One more change is about to be made: what is to be called before it.
    fn arrive(&self, number: u64) -> Option<Callback> {
        self.with(number, |disk| match disk.awaited.take() {
            Some((1, callback)) => Some(callback),
            Some((left, callback)) => {
                disk.awaited = Some((left - 1, callback));
                None
            }
            None => None,
        })
        .flatten()
    }
}

impl Watched {
    /// Keeps what the change is about to overwrite.
    fn note(&mut self, fd: c_int, before: &libc::stat, change: Change, allowed: usize) {
        let size = system::size(before);
        let file = match change {
            Change::Sync => return,
            _ => self.files.entry(system::key(before)).or_insert_with(|| Unsynced::new(size)),
        };
        match change {
            Change::Write { at, .. } => file.write(fd, at.unwrap_or(size), allowed),
            Change::Truncate(length) => file.truncate(fd, size, length),
            Change::Sync => {}
        }
    }

    fn count(&mut self, change: Change, done: isize) {
        match change {
            Change::Write { .. } => {
                self.counts.writes += 1;
                self.counts.bytes += u64::try_from(done).unwrap_or(0);
            }
            Change::Truncate(_) => self.counts.truncations += 1,
            Change::Sync => self.counts.syncs += 1,
        }
    }
}

impl fmt::Debug for Watched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Watched").field(&self.root).finish()
    }
}
