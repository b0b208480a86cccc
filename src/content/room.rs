//! Whether the disk has room for what is to come.

use std::{collections::BTreeMap, fs, os::unix::fs::MetadataExt, path::Path};

use super::{Library, LibraryError};
use crate::model::Digest;

/// The unit in which a file tells how much of the disk it has.
const BLOCK: u64 = 512;

impl Library {
    /// Checks that the disk has room for these files, less what they have of it already. Others may
    /// fill it meanwhile, which the writing then tells; this is for what cannot fit from the start.
    /// What no package needs any more makes room for it.
    ///
    /// # Errors
    ///
    /// It has not, or cannot be asked.
    pub fn check_room(&self, missing: &BTreeMap<Digest, u64>) -> Result<(), LibraryError> {
        self.with_room(|| self.has_room(missing))
    }

    fn has_room(&self, missing: &BTreeMap<Digest, u64>) -> Result<(), LibraryError> {
        let needed = missing.iter().fold(0, |sum: u64, (digest, size)| {
            let there = fs::metadata(self.layout().partial(digest));
            let there = there.map_or(0, |found| found.blocks().saturating_mul(BLOCK));
            sum.saturating_add(size.saturating_sub(there))
        });
        check(self.layout().root(), needed)
    }
}

/// Checks that the disk of a directory has room for so many bytes.
pub(super) fn check(directory: &Path, needed: u64) -> Result<(), LibraryError> {
    let disk = rustix::fs::statvfs(directory)
        .map_err(std::io::Error::from)
        .map_err(LibraryError::io("ask for the free space of", directory))?;
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    if needed <= free {
        return Ok(());
    }
    Err(LibraryError::NoRoom { path: directory.to_owned(), needed, free })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_fit_is_refused_before_it_comes() {
        let home = tempfile::tempdir().unwrap();
        let library = Library::open(home.path()).unwrap();
        let digest = Digest::of(b"large");
        assert!(library.check_room(&[(digest, 1)].into()).is_ok());
        let refused = library.check_room(&[(digest, 1 << 62)].into()).unwrap_err();
        let LibraryError::NoRoom { needed, free, .. } = refused else { panic!("{refused}") };
        assert!(needed == 1 << 62 && free < needed);
        // What has been downloaded has its room.
        fs::write(library.layout().partial(&digest), vec![1; 1 << 20]).unwrap();
        let refused = library.check_room(&[(digest, 1 << 62)].into()).unwrap_err();
        assert!(matches!(refused, LibraryError::NoRoom { needed, .. } if needed < 1 << 62));
    }
}
