//! Packages on their way into a library.

use std::{path::Path, sync::Arc};

use super::{Library, LibraryError, durable};
use crate::{
    model::{Digest, PackageId},
    wire::file_list::FileList,
};

/// A package of so few bytes is sooner brought anew than the disk has the list of its files for good.
const SOON_AGAIN: u64 = 1 << 20;

impl Library {
    /// Whether a file is one of a package that is on its way here.
    pub fn is_awaited(&self, digest: &Digest) -> bool {
        let pending = self.all_pending();
        pending.iter().flat_map(|list| list.files()).any(|file| file.digest == *digest)
    }

    /// The lists of all packages that are on their way here.
    pub(super) fn all_pending(&self) -> Vec<Arc<FileList>> {
        self.index().pending.values().cloned().collect()
    }

    /// Puts a package on its way: its files are kept from now on, even before it is visible.
    /// Another list of the same package is forgotten; a list that is already on its way stays.
    ///
    /// # Errors
    ///
    /// The list cannot be written.
    pub fn begin(&self, list: Arc<FileList>) -> Result<(), LibraryError> {
        self.begin_as(list, |path, list| {
            // What is lost with the power is brought anew: where that is little, nobody waits for the disk.
            let write =
                if list.bytes() <= SOON_AGAIN { durable::write_soon } else { durable::write };
            write(path, &list.encode()?)
        })
    }

    /// The same for a package that is there whole and becomes visible next: nobody has to remember it.
    pub(super) fn begin_whole(&self, list: Arc<FileList>) -> Result<(), LibraryError> {
        self.begin_as(list, |_, _| Ok(()))
    }

    fn begin_as(
        &self,
        list: Arc<FileList>,
        remember: impl FnOnce(&Path, &FileList) -> Result<(), LibraryError>,
    ) -> Result<(), LibraryError> {
        let mut index = self.index();
        if index.pending.get(list.package()).is_some_and(|it| it.digest() == list.digest()) {
            return Ok(());
        }
        self.take_back(&list)?;
        remember(&self.layout().pending(list.package()), &list)?;
        let unneeded = index.put_pending(list);
        self.delete(&unneeded)
    }

    /// The list of files of a package that is on its way.
    pub fn pending(&self, package: &PackageId) -> Option<Arc<FileList>> {
        self.index().pending.get(package).cloned()
    }
}
