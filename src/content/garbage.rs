//! What leaves the library: packages, files that none needs any more, and what a crash left behind.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Path, PathBuf},
};

use super::{
    Library, LibraryError, durable,
    index::Index,
    ingest::{Hashed, hash_file},
    packs::PACKED,
    staging::Staged,
};
use crate::{
    clock,
    error_text::with_causes,
    model::{Digest, PackageId},
};

impl Library {
    /// Removes a package, also one on its way, and puts the files aside that no other package needs.
    ///
    /// # Errors
    ///
    /// The disk refuses.
    pub fn remove(&self, package: &PackageId) -> Result<(), LibraryError> {
        let mut index = self.index();
        durable::remove(&self.layout().package(package))?;
        let unneeded = index.remove_package(package);
        self.damage().forget(package);
        self.retire(&unneeded)?;
        self.abandon_in(&mut index, package)?;
        drop(index);
        self.compact();
        Ok(())
    }

    /// Makes packs smaller of which most is not needed any more. Nothing depends on that: what goes
    /// wrong is tried again the next time.
    pub(super) fn compact(&self) {
        let aside = |digest: &Digest, bytes: &[u8]| self.keep_damaged(digest, bytes);
        if let Err(error) = self.packs().compact(&aside) {
            tracing::warn!(error = with_causes(&error), "a pack was not made smaller");
        }
    }

    /// Forgets that a package was on its way; what is visible of it stays.
    ///
    /// # Errors
    ///
    /// The disk refuses.
    pub fn abandon(&self, package: &PackageId) -> Result<(), LibraryError> {
        self.abandon_in(&mut self.index(), package)
    }

    fn abandon_in(&self, index: &mut Index, package: &PackageId) -> Result<(), LibraryError> {
        durable::remove(&self.layout().pending(package))?;
        let unneeded = index.remove_pending(package);
        self.delete(&unneeded)
    }

    /// Deletes files that nothing needs; the index must be held, so that nobody begins to need them.
    pub(super) fn delete(&self, unneeded: &[Digest]) -> Result<(), LibraryError> {
        let alone = self.packs().forget(unneeded);
        alone.iter().try_for_each(|digest| remove(&self.layout().file(digest)))?;
        self.delete_partials(unneeded)
    }

    /// Deletes what was downloaded of files that nothing needs.
    pub(super) fn delete_partials(&self, unneeded: &[Digest]) -> Result<(), LibraryError> {
        if unneeded.is_empty() {
            return Ok(());
        }
        let unneeded: BTreeSet<_> = unneeded.iter().collect();
        for path in children(&self.layout().partials())? {
            if named(&path).is_some_and(|digest| unneeded.contains(&digest)) {
                remove(&path)?;
            }
        }
        for path in children(&self.layout().all_patches())? {
            if let Some(digest) = named(&path).filter(|digest| unneeded.contains(digest)) {
                self.remove_patches(&digest)?;
            }
        }
        Ok(())
    }

    /// Removes what a crash left behind: everything temporary, and files that no package needs. A
    /// file that was whole, and of which only the power knows whether it is durable, is verified
    /// once more and kept: nobody has to send it again.
    pub(super) fn sweep(&self) -> Result<(), LibraryError> {
        let lacking = self.lacking();
        for path in children(&self.layout().incoming())? {
            let size = fs::symlink_metadata(&path).map_or(0, |found| found.len());
            // Most of what is there was cut off: only what has a size that is looked for is read.
            let looked_for = lacking.values().any(|it| *it == size);
            let whole = if looked_for { Some(hash_file(&path)?) } else { None };
            match whole.filter(|it| lacking.get(&it.digest) == Some(&it.size)) {
                Some(Hashed { digest, size, .. }) => {
                    self.stage(Staged { path, digest, size, _claim: None })?;
                }
                None => fs::remove_file(&path).map_err(LibraryError::io("remove", &path))?,
            }
        }
        self.settle()?;
        self.sweep_files()?;
        self.expire(clock::now())
    }

    /// What packages on their way still need.
    fn lacking(&self) -> BTreeMap<Digest, u64> {
        let pending = self.all_pending();
        pending.iter().flat_map(|list| self.missing(list)).collect()
    }

    /// Removes files and partial downloads that no package needs. No directory may be being taken
    /// in meanwhile: nothing needs its files yet.
    pub(super) fn sweep_files(&self) -> Result<(), LibraryError> {
        let index = self.index();
        let needed = |digest: &Digest| index.size(digest).is_some();
        self.packs().forget_unneeded(needed);
        let mut found = children(&self.layout().partials())?;
        found.extend(self.in_files()?);
        // What has another name was not put there by this library: it is not ours to remove.
        let unneeded = |path: &PathBuf| named(path).filter(|digest| !needed(digest));
        for path in found.iter().filter(|path| unneeded(path).is_some()) {
            remove(path)?;
        }
        let patches = children(&self.layout().all_patches())?;
        patches.iter().filter_map(unneeded).try_for_each(|new| self.remove_patches(&new))
    }

    /// Finds small files that earlier versions did not pack: they are read where they are.
    pub(super) fn find_unpacked(&self) -> Result<(), LibraryError> {
        let index = self.index();
        let small = |digest: &Digest| index.size(digest).is_some_and(|size| size <= PACKED);
        let found = self.in_files()?;
        self.packs().are_unpacked(found.iter().filter_map(|path| named(path)).filter(small));
        Ok(())
    }

    /// Everything in `files/`.
    pub(super) fn in_files(&self) -> Result<Vec<PathBuf>, LibraryError> {
        let mut found = Vec::new();
        for shard in children(&self.layout().files())?.into_iter().filter(|path| path.is_dir()) {
            found.extend(children(&shard)?);
        }
        Ok(found)
    }
}

/// The digest after which a file is named.
pub(super) fn named(path: &Path) -> Option<Digest> {
    Digest::from_hex(path.file_name()?.to_str()?).ok()
}

/// Removes a file; one that is not there is as good.
pub(super) fn remove(path: &Path) -> Result<(), LibraryError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(LibraryError::io("remove", path)(error))
        }
        _ => Ok(()),
    }
}

/// What is in a directory.
pub(super) fn children(directory: &Path) -> Result<Vec<PathBuf>, LibraryError> {
    fs::read_dir(directory)
        .and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect())
        .map_err(LibraryError::io("read", directory))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::wire::file_list::{FileEntry, FileList};

    #[test]
    fn what_was_sent_whole_is_not_sent_again_after_a_crash() {
        let directory = tempfile::tempdir().unwrap();
        let contents: [&[u8]; 3] = [b"one", b"two", b"another length"];
        let files = contents.iter().enumerate().map(|(number, content)| FileEntry {
            path: format!("{number}").parse().unwrap(),
            size: content.len() as u64,
            digest: Digest::of(content),
            pieces: None,
        });
        let list = FileList::new("CEN00001".parse().unwrap(), 1, files.collect()).unwrap();
        {
            let library = Library::open(directory.path()).unwrap();
            library.begin(Arc::new(list.clone())).unwrap();
        }
        let incoming = directory.path().join("incoming");
        // Whole, of a size that is looked for but damaged, cut off.
        for (name, bytes) in [("a", b"one".as_slice()), ("b", b"twx"), ("c", b"another")] {
            fs::write(incoming.join(name), bytes).unwrap();
        }
        let library = Library::open(directory.path()).unwrap();
        let lacking: Vec<_> = library.missing(&list).into_values().collect();
        assert_eq!((lacking.len(), library.has(&Digest::of(b"one"), 3)), (2, true));
        assert_eq!(children(&incoming).unwrap(), Vec::<PathBuf>::new());
    }
}
