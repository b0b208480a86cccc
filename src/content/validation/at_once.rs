//! Validation at once: as fast as processors and disk allow, several files side by side, with the paths of
//! what is damaged.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::ControlFlow,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use super::{
    super::{
        Library, LibraryError,
        ingest::{block_for, on_all_processors},
    },
    hashing::Hashed,
};
use crate::{
    model::{DamagedFile, Digest, FileDamage, PackageId, ValidationFindings},
    wire::file_list::FileList,
};

impl Library {
    /// Hashes the files of these packages again, or with none of all packages: the largest first, as many
    /// at a time as there are processors. What is damaged is put aside.
    ///
    /// `hashed` is told how many bytes were hashed of how many, for each block of each file; it may wait
    /// there, or end the run, which answers `None` then.
    ///
    /// # Errors
    ///
    /// A package is not in the library, or the disk refuses more than a file.
    pub fn validate_at_once(
        &self,
        packages: &BTreeSet<PackageId>,
        hashed: &(dyn Fn(u64, u64) -> ControlFlow<()> + Sync),
    ) -> Result<Option<ValidationFindings>, LibraryError> {
        let lists = self.lists(packages)?;
        if packages.is_empty() {
            self.clear_quarantine()?;
        }
        self.packs().look();
        let contents: BTreeMap<Digest, u64> = lists.iter().flat_map(|it| it.contents()).collect();
        let mut files: Vec<(Digest, u64)> = contents.into_iter().collect();
        // Large files at the end would leave all processors but one with nothing to do.
        files.sort_by_key(|(_, size)| std::cmp::Reverse(*size));
        let total =
            files.iter().map(|(_, size)| size).fold(0, |sum: u64, it| sum.saturating_add(*it));
        let done = AtomicU64::new(0);
        let ended = on_all_processors(&files, |(digest, size)| {
            self.validate_one(digest, *size, &|read| {
                let before = done.fetch_add(read, Ordering::Relaxed);
                hashed(before.saturating_add(read).min(total), total)
            })
        })?;
        let mut findings = ValidationFindings::default();
        let mut found = BTreeMap::new();
        for ((digest, size), ended) in files.into_iter().zip(ended) {
            match ended {
                Ended::Right => findings.hashed(size),
                Ended::Found(damage) => {
                    if damage == FileDamage::Damaged {
                        findings.hashed(size);
                    }
                    found.insert(digest, damage);
                }
                Ended::Early => return Ok(None),
            }
        }
        for (damage, count) in [
            (FileDamage::Damaged, &mut findings.damaged),
            (FileDamage::Missing, &mut findings.missing),
        ] {
            *count = found.values().filter(|it| **it == damage).count() as u64;
        }
        for file in damaged_files(&lists, &found) {
            findings.name(file);
        }
        Ok(Some(findings))
    }

    /// The lists of files of packages that are visible.
    fn lists(&self, packages: &BTreeSet<PackageId>) -> Result<Vec<Arc<FileList>>, LibraryError> {
        let index = self.index();
        if packages.is_empty() {
            return Ok(index.packages.values().map(|record| Arc::clone(&record.list)).collect());
        }
        let list = |package: &PackageId| {
            let record = index.packages.get(package);
            let none = || LibraryError::NoPackage(package.clone());
            Ok(Arc::clone(&record.ok_or_else(none)?.list))
        };
        packages.iter().map(list).collect()
    }

    fn validate_one(
        &self,
        digest: &Digest,
        size: u64,
        read: &dyn Fn(u64) -> ControlFlow<()>,
    ) -> Result<Ended, LibraryError> {
        if !self.has(digest, size) {
            // As much as it has is not looked at: the end is reached all the same.
            let ended = read(size).is_break();
            return Ok(if ended { Ended::Early } else { Ended::Found(FileDamage::Missing) });
        }
        let block = &mut vec![0; block_for(size)];
        Ok(match self.hash(digest, size, block, &mut |bytes| read(bytes)) {
            Hashed::Ended => Ended::Early,
            Hashed::Damaged if self.put_aside(digest)? => Ended::Found(FileDamage::Damaged),
            Hashed::Right | Hashed::Damaged => Ended::Right,
            // It was repaired, replaced or removed meanwhile: whoever did that has verified it.
            Hashed::Gone if self.has(digest, size) => Ended::Right,
            Hashed::Gone => Ended::Found(FileDamage::Missing),
        })
    }
}

/// How the validation of one file ended.
enum Ended {
    Right,
    Found(FileDamage),
    Early,
}

/// What these contents are in the packages that have them.
fn damaged_files(
    lists: &[Arc<FileList>],
    found: &BTreeMap<Digest, FileDamage>,
) -> impl Iterator<Item = DamagedFile> {
    lists.iter().flat_map(|list| list.files().iter().map(move |file| (list, file))).filter_map(
        |(list, file)| {
            Some(DamagedFile {
                package: list.package().clone(),
                path: file.path.to_string(),
                bytes: file.size,
                damage: *found.get(&file.digest)?,
            })
        },
    )
}
