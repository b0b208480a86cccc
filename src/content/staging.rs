//! From verified to durable: many files are synced at once and then take their places.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use super::{Claim, LibraryError, durable, layout::Layout};
use crate::model::Digest;

/// More files than this are settled at once even if more are to come: they are lost to a failure
/// of power together.
const MAX_FILES: usize = 2_048;
const MAX_BYTES: u64 = 256 << 20;

/// Up to so many files, syncing each costs less than syncing the file system.
const FEW: usize = 8;

/// A file whose digest was verified and that waits to be made durable.
#[derive(Debug)]
pub(super) struct Staged {
    pub(super) path: PathBuf,
    pub(super) digest: Digest,
    pub(super) size: u64,
    /// Kept until the file is in its place.
    pub(super) _claim: Option<Claim>,
}

#[derive(Debug, Default)]
struct Waiting {
    files: Vec<Staged>,
    bytes: u64,
}

#[derive(Debug)]
pub(super) struct Staging {
    waiting: Mutex<Waiting>,
    /// Held while files are settled: who finds nothing waiting waits for those on their way.
    settling: Mutex<()>,
    /// Whether files may have names that are not durable.
    moved: Mutex<bool>,
}

impl Default for Staging {
    fn default() -> Self {
        let (waiting, settling) = (Mutex::default(), Mutex::default());
        // What another process has left behind when it ended is not known.
        Self { waiting, settling, moved: Mutex::new(true) }
    }
}

impl Staging {
    /// Adds a file; answers whether so many wait that they should be settled now.
    pub(super) fn add(&self, staged: Staged) -> bool {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.bytes = waiting.bytes.saturating_add(staged.size);
        waiting.files.push(staged);
        waiting.files.len() >= MAX_FILES || waiting.bytes >= MAX_BYTES
    }

    /// Makes every file that waits durable and moves it to its place.
    pub(super) fn settle(&self, layout: &Layout) -> Result<(), LibraryError> {
        let _settling = self.settling.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting =
            std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        if waiting.files.is_empty() {
            return Ok(());
        }
        let settled = settle(layout, &waiting.files);
        // Behind the moves, of which some may have been made: a sync before them does not count.
        self.moved();
        if settled.is_err() {
            // Downloads stay to be taken up again; copies would only fill the disk.
            let incoming = layout.incoming();
            for staged in waiting.files.iter().filter(|staged| staged.path.starts_with(&incoming)) {
                let _ = fs::remove_file(&staged.path);
            }
        }
        settled
    }

    /// Files have got names.
    pub(super) fn moved(&self) {
        *self.moved.lock().unwrap_or_else(PoisonError::into_inner) = true;
    }

    /// Makes the names of files durable.
    pub(super) fn settle_names(&self, layout: &Layout) -> Result<(), LibraryError> {
        // Held meanwhile: who finds nothing to do may count on it.
        let mut moved = self.moved.lock().unwrap_or_else(PoisonError::into_inner);
        if *moved {
            let root = layout.root();
            durable::sync_below(root, &[]).map_err(LibraryError::io("sync", root))?;
            *moved = false;
        }
        Ok(())
    }
}

fn settle(layout: &Layout, batch: &[Staged]) -> Result<(), LibraryError> {
    sync(layout, batch).map_err(LibraryError::io("sync", layout.root()))?;
    let mut shards = BTreeSet::new();
    for staged in batch {
        let place = layout.file(&staged.digest);
        if let Some(shard) = place.parent()
            && shards.insert(shard.to_owned())
        {
            fs::create_dir_all(shard).map_err(LibraryError::io("create", shard))?;
        }
        fs::rename(&staged.path, &place).map_err(LibraryError::io("move into", &place))?;
    }
    Ok(())
}

fn sync(layout: &Layout, batch: &[Staged]) -> io::Result<()> {
    if batch.len() <= FEW {
        return batch.iter().try_for_each(|staged| File::open(&staged.path)?.sync_data());
    }
    let paths: Vec<&Path> = batch.iter().map(|staged| staged.path.as_path()).collect();
    durable::sync_below(layout.root(), &paths)
}
