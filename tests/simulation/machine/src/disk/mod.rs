//! The disk of one simulated computer: a directory, of which it is known what would be lost if the
//! power went now.

mod calls;
mod faults;
mod image;
mod unsynced;
mod watch;

use std::{fs, io, mem::ManuallyDrop, path::Path};

use faults::Full;
use watch::{Callback, Watched, registry};

/// What a crash takes with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// Nothing: the process was killed, and the system goes on to write what it was given.
    Nothing,
    /// The power went: of what was written since a file was last synced, each sector is kept or
    /// lost by chance, and so is what the file grew or shrank by.
    Unsynced,
}

/// What was done on a disk since it is watched.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Calls that write.
    pub writes: u64,
    /// Bytes that were written.
    pub bytes: u64,
    /// Calls that set the length of a file, those that open it empty among them.
    pub truncations: u64,
    /// Files and directories that were synced.
    pub syncs: u64,
    /// Names that were removed, or given to another file.
    pub names: u64,
}

/// Which calls fail with an error of the device (EIO).
#[derive(Debug, Clone, Copy)]
pub struct Failing {
    /// One in so many, by chance; 1 is every one.
    pub one_in: u64,
    /// Where chance begins.
    pub seed: u64,
    /// Calls that read are among them.
    pub reads: bool,
    /// Calls that write, set a length or sync are among them.
    pub writes: bool,
}

/// A directory that is watched as the disk of one computer, until this is dropped.
///
/// Files are known by device and inode, so it does not matter by which name or on which thread they
/// are written. What was there before is on the disk.
#[derive(Debug)]
pub struct Disk {
    number: u64,
}

impl Disk {
    /// Watches what is below `root`, which has to be there. Of a disk within another one, the inner
    /// one counts.
    ///
    /// # Errors
    ///
    /// There is no such directory.
    pub fn new(root: &Path) -> io::Result<Self> {
        let root = fs::canonicalize(root)?;
        Ok(Self { number: registry().add(root) })
    }

    /// Copies the disk to `to`, which is made, as it is found after a crash at this moment. The
    /// same state and the same seed give the same copy. SQLite's `-shm` files are left out: nobody
    /// believes them after a crash.
    ///
    /// To read a file that SQLite has open gives up the locks that this process has on it, as
    /// against other processes; within the process they hold.
    ///
    /// # Errors
    ///
    /// What the system said; a part of the copy may be there then.
    pub fn crash_image(&self, to: &Path, seed: u64, loss: Loss) -> io::Result<()> {
        self.with(|disk| image::take(disk, to, seed, loss)).unwrap_or(Ok(()))
    }

    /// All that is below `directory` is on the disk now: somebody has called `syncfs`, perhaps by a
    /// system call that is not seen here.
    ///
    /// # Errors
    ///
    /// The directory cannot be read.
    pub fn synced_below(&self, directory: &Path) -> io::Result<()> {
        let directory = fs::canonicalize(directory)?;
        self.with(|disk| image::forget_below(disk, &directory)).unwrap_or(Ok(()))
    }

    /// From now on the disk is full: what is written answers ENOSPC, though the first write of a
    /// file may, by chance, be cut short instead. Syncing goes on, and so does making a file
    /// shorter.
    pub fn fill(&self, seed: u64) {
        self.with(|disk| disk.faults.full = Some(Full::new(seed)));
    }

    /// There is room again.
    pub fn make_room(&self) {
        self.with(|disk| disk.faults.full = None);
    }

    /// From now on calls fail as `failing` says; with `None` they do not any more.
    pub fn fail(&self, failing: Option<Failing>) {
        self.with(|disk| disk.faults.set_failing(failing));
    }

    /// Calls `callback` once, just before the `number`th change from now (1 is the next): a write,
    /// a length that is set, a sync, or a name that is removed or given to another file. It runs on
    /// the thread that makes the change, is given this disk, to take a crash image perhaps, and
    /// must not panic. One that waits already is forgotten.
    pub fn at_write(&self, number: u64, callback: impl FnOnce(&Self) + Send + 'static) {
        let awaited = (number.max(1), Box::new(callback) as Callback);
        let before = self.with(|disk| disk.awaited.replace(awaited));
        // Whatever it holds is given back without the lock.
        drop(before);
    }

    /// Nothing is awaited any more; whether something was.
    pub fn forget_callback(&self) -> bool {
        let before = self.with(|disk| disk.awaited.take()).flatten();
        before.is_some()
    }

    /// What was done so far.
    pub fn counts(&self) -> Counts {
        self.with(|disk| disk.counts).unwrap_or_default()
    }

    /// Calls back with a disk that goes on to be watched.
    fn lend(number: u64, callback: Callback) {
        callback(&ManuallyDrop::new(Self { number }));
    }

    fn with<T>(&self, work: impl FnOnce(&mut Watched) -> T) -> Option<T> {
        registry().with(self.number, work)
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        registry().remove(self.number);
    }
}
