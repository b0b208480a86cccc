//! Where files lie while they are carried: below their digests, and no longer than they are needed.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use uuid::Uuid;

use super::super::UpdatePointError;
use crate::{model::Digest, store};

/// Which way a file goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::role) enum Way {
    /// Out of the catalog.
    Exported,
    /// Into it.
    Received,
}

impl Way {
    const fn prefix(self) -> &'static str {
        match self {
            Self::Exported => "exported-",
            Self::Received => "received-",
        }
    }
}

/// A directory of the update point. Of each way there is at most one file, apart from those that are
/// being written or read.
#[derive(Debug, Clone)]
pub(in crate::role) struct Shelf(PathBuf);

impl Shelf {
    /// The shelf of the point that keeps its things there.
    pub(in crate::role) fn new(point: &Path) -> Self {
        Self(point.join("exchange"))
    }

    /// What the disk said, with where that was.
    pub(in crate::role) fn failed(&self, source: io::Error) -> UpdatePointError {
        UpdatePointError::Exchange { path: self.0.clone(), source }
    }

    /// Removes all: nobody who was there before this process comes back for anything.
    pub(in crate::role) fn clear(&self) -> io::Result<()> {
        store::remove_directory(&self.0)
    }

    /// Begins a file, which goes away unless it is put on the shelf.
    pub(in crate::role) fn begin(&self) -> io::Result<(File, Temporary)> {
        fs::create_dir_all(&self.0)?;
        let path = self.0.join(format!("{}.new", Uuid::new_v4()));
        let file = File::options().read(true).write(true).create_new(true).open(&path)?;
        Ok((file, Temporary(path)))
    }

    /// Puts a file there, in place of the one before it.
    pub(in crate::role) fn put(
        &self,
        file: &Temporary,
        way: Way,
        digest: Digest,
    ) -> io::Result<()> {
        let place = self.place(way, digest);
        for entry in fs::read_dir(&self.0)? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if name.starts_with(way.prefix()) && path != place {
                fs::remove_file(&path)?;
            }
        }
        fs::rename(&file.0, place)
    }

    /// Takes a file down: it is read once. `None` if it is not there.
    pub(in crate::role) fn take(&self, way: Way, digest: Digest) -> io::Result<Option<File>> {
        let place = self.place(way, digest);
        match File::open(&place) {
            Ok(file) => {
                fs::remove_file(&place)?;
                Ok(Some(file))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn place(&self, way: Way, digest: Digest) -> PathBuf {
        self.0.join(format!("{}{}", way.prefix(), digest.to_hex()))
    }
}

/// A file that is removed when this is dropped.
#[derive(Debug)]
pub(in crate::role) struct Temporary(PathBuf);

impl Temporary {
    /// Opens it again.
    pub(in crate::role) fn open(&self) -> io::Result<File> {
        File::open(&self.0)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // On the shelf it has another name.
        let _ = fs::remove_file(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use super::*;

    #[test]
    fn a_file_is_taken_once_and_the_next_one_takes_its_place() {
        let directory = tempfile::tempdir().unwrap();
        let shelf = Shelf::new(directory.path());
        for text in [b"one", b"two"] {
            let (mut file, temporary) = shelf.begin().unwrap();
            file.write_all(text).unwrap();
            shelf.put(&temporary, Way::Exported, Digest::of(text)).unwrap();
            drop(shelf.begin().unwrap());
        }
        let (one, two) = (Digest::of(b"one"), Digest::of(b"two"));
        assert!(shelf.take(Way::Exported, one).unwrap().is_none());
        assert!(shelf.take(Way::Received, two).unwrap().is_none());
        let mut text = String::new();
        let mut file = shelf.take(Way::Exported, two).unwrap().unwrap();
        file.read_to_string(&mut text).unwrap();
        assert_eq!(text, "two");
        assert!(shelf.take(Way::Exported, two).unwrap().is_none());
        assert_eq!(fs::read_dir(directory.path().join("exchange")).unwrap().count(), 0);
        shelf.clear().unwrap();
        shelf.clear().unwrap();
    }
}
