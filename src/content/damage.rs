//! Since when packages of a library are damaged. It is kept in memory only: after a start, the disk
//! tells what it knows.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    os::unix::fs::MetadataExt,
    path::Path,
    sync::{Mutex, MutexGuard, PoisonError},
};

use jiff::Timestamp;

use super::{layout::Layout, packs::PACKED};
use crate::{
    clock,
    model::{Digest, PackageId},
};

/// When damage was noticed, by package. A package that is whole again is forgotten.
#[derive(Debug, Default)]
pub(super) struct Damage(Mutex<BTreeMap<PackageId, Timestamp>>);

impl Damage {
    /// A package was looked at, and lacks these files.
    pub(super) fn looked(
        &self,
        package: &PackageId,
        missing: &BTreeMap<Digest, u64>,
        layout: &Layout,
    ) {
        if missing.is_empty() {
            self.noticed().remove(package);
            return;
        }
        if self.noticed().contains_key(package) {
            return;
        }
        let since = since(missing, layout);
        self.noticed().insert(package.clone(), since);
    }

    /// The packages that were damaged when they were looked at last, and since when at the latest.
    pub(super) fn since(&self) -> BTreeMap<PackageId, Timestamp> {
        self.noticed().clone()
    }

    /// A package is not there any more.
    pub(super) fn forget(&self, package: &PackageId) {
        self.noticed().remove(package);
    }

    fn noticed(&self) -> MutexGuard<'_, BTreeMap<PackageId, Timestamp>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// When the first of some files was damaged, at the latest: one of another size was written then, a
/// packed one was put aside, and a directory that lacks one has not changed since. What the disk says is
/// never later than now.
fn since(missing: &BTreeMap<Digest, u64>, layout: &Layout) -> Timestamp {
    let mut directories = BTreeSet::new();
    let mut since = clock::now();
    for (digest, size) in missing {
        let path = layout.file(digest);
        let aside = || changed(&layout.quarantined(digest));
        let changed = changed(&path).or_else(aside).or_else(|| {
            if *size <= PACKED {
                return None;
            }
            // Each of them is asked once.
            let directory = path.parent()?.to_owned();
            directories.insert(directory.clone()).then(|| changed(&directory)).flatten()
        });
        since = changed.map_or(since, |changed| since.min(changed));
    }
    since
}

/// When a file or directory was changed last. Not when its content was, which who changes it may
/// choose.
fn changed(path: &Path) -> Option<Timestamp> {
    let facts = fs::metadata(path).ok()?;
    // To the millisecond, as every time that is kept.
    let milliseconds =
        facts.ctime().checked_mul(1_000)?.checked_add(facts.ctime_nsec() / 1_000_000)?;
    Timestamp::from_millisecond(milliseconds).ok()
}
