//! Where everything lies in the directory of a content library.

use std::{
    fs::{self, File, TryLockError},
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use uuid::Uuid;

use super::LibraryError;
use crate::model::{Digest, PackageId};

/// How often and how long to look whether another holder of the library lets go: a distribution
/// point that was just closed may have a transfer that ends within moments.
const LOCK_TRIES: u32 = 100;
const LOCK_PAUSE: Duration = Duration::from_millis(20);

/// The directory of a content library, locked against other processes.
///
/// ```text
/// packs/<number>.pack           files of at most 64 KiB, one behind the other; the one with the highest
///                               number is appended to, and hashed when the library opens
/// packs/<number>.index          what is in a full pack, which is durable then
/// files/<two digits>/<digest>   larger files, verified and durable; small ones of earlier versions
/// unsettled                     left by an earlier version: its small files are hashed again when the
///                               library opens
/// packages/<ID>.json            a package that is visible
/// pending/<ID>.json             the list of files of a package that is on its way
/// patches/<digest>/<digest>-<digest>
///                               what makes a file (the first) of another one: what it is the patch of,
///                               and the digest of its own bytes
/// retired/<digest>              files that no package needs any more, kept for a day
/// retired/<some name>.list      the digests of such files in packs, one a line
/// quarantine/<digest>           damaged files that the last validation has put aside
/// partial/<digest>              what has been downloaded of a file; kept over restarts
/// incoming/                     files being pushed or taken in; at the start those that are whole
///                               and needed are kept, and it is emptied
/// lock
/// ```
#[derive(Debug)]
pub(super) struct Layout {
    root: PathBuf,
    _lock: File,
}

impl Layout {
    pub(super) fn open(root: &Path) -> Result<Self, LibraryError> {
        for directory in [
            "files",
            "packs",
            "packages",
            "pending",
            "partial",
            "incoming",
            "retired",
            "quarantine",
            "patches",
        ] {
            let path = root.join(directory);
            fs::create_dir_all(&path).map_err(LibraryError::io("create", &path))?;
        }
        let path = root.join("lock");
        let lock = File::create(&path).map_err(LibraryError::io("open", &path))?;
        for left in (0..LOCK_TRIES).rev() {
            match lock.try_lock() {
                Ok(()) => return Ok(Self { root: root.to_owned(), _lock: lock }),
                Err(TryLockError::WouldBlock) if left > 0 => thread::sleep(LOCK_PAUSE),
                Err(TryLockError::WouldBlock) => break,
                Err(TryLockError::Error(error)) => {
                    return Err(LibraryError::io("lock", &path)(error));
                }
            }
        }
        Err(LibraryError::InUse(root.to_owned()))
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn packs(&self) -> PathBuf {
        self.root.join("packs")
    }

    pub(super) fn files(&self) -> PathBuf {
        self.root.join("files")
    }

    /// 256 directories: large ones make new names slow on ext4.
    pub(super) fn file(&self, digest: &Digest) -> PathBuf {
        let hex = digest.to_hex();
        // 64 ASCII digits always begin with two of them.
        let shard = hex.get(..2).unwrap_or(&hex);
        let mut path = self.files();
        path.push(shard);
        path.push(&hex);
        path
    }

    pub(super) fn packages(&self) -> PathBuf {
        self.root.join("packages")
    }

    pub(super) fn package(&self, package: &PackageId) -> PathBuf {
        self.packages().join(format!("{package}.json"))
    }

    pub(super) fn all_pending(&self) -> PathBuf {
        self.root.join("pending")
    }

    pub(super) fn pending(&self, package: &PackageId) -> PathBuf {
        self.all_pending().join(format!("{package}.json"))
    }

    pub(super) fn partials(&self) -> PathBuf {
        self.root.join("partial")
    }

    pub(super) fn partial(&self, digest: &Digest) -> PathBuf {
        self.partials().join(digest.to_hex())
    }

    pub(super) fn all_retired(&self) -> PathBuf {
        self.root.join("retired")
    }

    pub(super) fn retired(&self, digest: &Digest) -> PathBuf {
        self.all_retired().join(digest.to_hex())
    }

    /// A list of packed files.
    pub(super) fn retired_list(&self, name: &Uuid) -> PathBuf {
        self.all_retired().join(format!("{}.list", name.simple()))
    }

    pub(super) fn quarantine(&self) -> PathBuf {
        self.root.join("quarantine")
    }

    pub(super) fn quarantined(&self, digest: &Digest) -> PathBuf {
        self.quarantine().join(digest.to_hex())
    }

    pub(super) fn all_patches(&self) -> PathBuf {
        self.root.join("patches")
    }

    /// Where the patches are that make a file.
    pub(super) fn patches(&self, digest: &Digest) -> PathBuf {
        self.all_patches().join(digest.to_hex())
    }

    pub(super) fn unsettled(&self) -> PathBuf {
        self.root.join("unsettled")
    }

    pub(super) fn incoming(&self) -> PathBuf {
        self.root.join("incoming")
    }
}
