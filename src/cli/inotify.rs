//! The queue of changes that Linux keeps for a process: inotify.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::{OsStr, OsString},
    io,
    mem::MaybeUninit,
    os::{fd::OwnedFd, unix::ffi::OsStrExt},
    path::Path,
};

use rustix::{
    fs::inotify::{self, CreateFlags, ReadFlags, Reader, WatchFlags},
    io::Errno,
};
use tokio::io::unix::AsyncFd;

use super::file_watch::Places;

/// What counts as a change of something in a directory. A file counts when it was written and closed,
/// not at each write: half of it would be read.
const CHANGES: WatchFlags = WatchFlags::CREATE
    .union(WatchFlags::DELETE)
    .union(WatchFlags::CLOSE_WRITE)
    .union(WatchFlags::MOVED_FROM)
    .union(WatchFlags::MOVED_TO)
    .union(WatchFlags::ATTRIB)
    .union(WatchFlags::DELETE_SELF)
    .union(WatchFlags::MOVE_SELF);

/// After these the directories are no longer those that are watched, or nobody knows what has changed.
const UPSETS: ReadFlags = ReadFlags::ISDIR
    .union(ReadFlags::DELETE_SELF)
    .union(ReadFlags::MOVE_SELF)
    .union(ReadFlags::IGNORED)
    .union(ReadFlags::UNMOUNT)
    .union(ReadFlags::QUEUE_OVERFLOW);

/// As many bytes of events are read at once: some of the longest, dozens of others.
const AT_ONCE: usize = 4 << 10;

/// Places that are watched.
#[derive(Debug)]
pub(super) struct Watched {
    queue: AsyncFd<OwnedFd>,
    counts: BTreeMap<i32, Counts>,
    /// The directories have to be looked up anew.
    upset: bool,
}

/// What of a directory counts.
#[derive(Debug)]
enum Counts {
    Everything,
    Names(BTreeSet<OsString>),
}

impl Watched {
    /// Watches places from now on.
    ///
    /// # Errors
    ///
    /// The system does not watch so much.
    pub(super) fn of(places: &Places) -> io::Result<Self> {
        let queue = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK).map_err(no_more)?;
        let mut counts = BTreeMap::new();
        for directory in &places.directories {
            if let Some(number) = add(&queue, directory)? {
                counts.insert(number, Counts::Everything);
            }
        }
        for path in &places.names {
            let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else { continue };
            let Some(number) = add(&queue, parent)? else { continue };
            let counts = counts.entry(number).or_insert_with(|| Counts::Names(BTreeSet::new()));
            if let Counts::Names(names) = counts {
                names.insert(name.to_owned());
            }
        }
        Ok(Self { queue: registered(queue)?, counts, upset: false })
    }

    /// Whether other directories may have to be watched than those that are.
    pub(super) const fn is_upset(&self) -> bool {
        self.upset
    }

    /// Waits until something has changed. It may be given up at any time.
    ///
    /// # Errors
    ///
    /// Nothing is seen any more.
    pub(super) async fn changed(&mut self) -> io::Result<()> {
        loop {
            let mut ready = self.queue.readable().await?;
            let mut buffer = [MaybeUninit::uninit(); AT_ONCE];
            let mut events = Reader::new(self.queue.get_ref(), &mut buffer);
            let mut changed = false;
            loop {
                let event = match events.next() {
                    Ok(event) => event,
                    Err(Errno::WOULDBLOCK) => break,
                    Err(Errno::INTR) => continue,
                    Err(error) => return Err(error.into()),
                };
                let name = event.file_name().map(|name| OsStr::from_bytes(name.to_bytes()));
                let counts = match self.counts.get(&event.wd()) {
                    Some(Counts::Names(names)) => name.is_none_or(|name| names.contains(name)),
                    Some(Counts::Everything) | None => true,
                };
                changed |= counts;
                self.upset |= counts && event.events().intersects(UPSETS);
            }
            ready.clear_ready();
            if changed {
                return Ok(());
            }
        }
    }
}

#[expect(
    deprecated,
    reason = "sound here, where nobody else can close what is owned; the other way is unsafe code"
)]
fn registered(queue: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    AsyncFd::new(queue)
}

/// Watches a directory, if there is one that may be looked into: who looks for manifests says what is
/// wrong with it.
fn add(queue: &OwnedFd, directory: &Path) -> io::Result<Option<i32>> {
    match inotify::add_watch(queue, directory, CHANGES | WatchFlags::ONLYDIR) {
        Ok(number) => Ok(Some(number)),
        Err(Errno::NOENT | Errno::NOTDIR | Errno::ACCESS | Errno::LOOP) => Ok(None),
        Err(error) => Err(no_more(error)),
    }
}

/// The system says of its limits that a disk is full, or that too many files are open.
fn no_more(error: Errno) -> io::Error {
    match error {
        Errno::NOSPC | Errno::MFILE => io::Error::other("it watches as many already as it may"),
        error => error.into(),
    }
}
