//! What leaves the library: packages, and files that no package needs any more.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::{Library, LibraryError, durable, index::Index};
use crate::model::{Digest, PackageId};

impl Library {
    /// Removes a package, also one on its way, and the files that no other package needs.
    ///
    /// # Errors
    ///
    /// The disk refuses.
    pub fn remove(&self, package: &PackageId) -> Result<(), LibraryError> {
        let mut index = self.index();
        durable::remove(&self.layout().package(package))?;
        let unneeded = index.remove_package(package);
        self.delete(&unneeded)?;
        self.abandon_in(&mut index, package)
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
        let layout = self.layout();
        for path in unneeded.iter().flat_map(|it| [layout.file(it), layout.partial(it)]) {
            match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(LibraryError::io("remove", &path)(error));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Removes what a crash left behind: everything temporary, and files that no package needs.
    pub(super) fn sweep(&self) -> Result<(), LibraryError> {
        for path in children(&self.layout().incoming())? {
            fs::remove_file(&path).map_err(LibraryError::io("remove", &path))?;
        }
        self.sweep_files()
    }

    /// Removes files and partial downloads that no package needs. No directory may be being taken
    /// in meanwhile: nothing needs its files yet.
    pub(super) fn sweep_files(&self) -> Result<(), LibraryError> {
        let index = self.index();
        let unneeded = |path: &PathBuf| {
            let name = path.file_name().and_then(|name| name.to_str());
            // What has another name was not put there by this library: it is not ours to remove.
            let digest = name.and_then(|name| Digest::from_hex(name).ok());
            digest.filter(|digest| index.size(digest).is_none())
        };
        let mut found = children(&self.layout().partials())?;
        for shard in children(&self.layout().files())?.into_iter().filter(|path| path.is_dir()) {
            found.extend(children(&shard)?);
        }
        let unneeded: Vec<Digest> = found.iter().filter_map(unneeded).collect();
        self.delete(&unneeded)
    }
}

/// What is in a directory.
pub(super) fn children(directory: &Path) -> Result<Vec<PathBuf>, LibraryError> {
    fs::read_dir(directory)
        .and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect())
        .map_err(LibraryError::io("read", directory))
}
