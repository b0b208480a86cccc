//! What can go wrong in a content library.

use std::{
    io,
    path::{Path, PathBuf},
};

use crate::{
    blocking::Interrupted,
    model::{Digest, PackageId},
    wire::file_list::FileListError,
};

/// An operation of the content library failed; nothing half done is left visible.
#[derive(Debug, thiserror::Error)]
pub enum LibraryError {
    /// The disk is full, or the quota used up.
    #[error("the disk of `{}` is full: free some space there and repeat", path.display())]
    DiskFull {
        /// The file that could not be written.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The disk has less room than is needed; nothing has been written.
    #[error(
        "the disk of `{}` has {free} bytes free, and {needed} are to come: free some space there, \
         or move the data to a larger disk, and repeat",
        path.display()
    )]
    NoRoom {
        /// The directory of the library.
        path: PathBuf,
        /// Bytes that are to come.
        needed: u64,
        /// Bytes that are free.
        free: u64,
    },
    /// The system refused something else.
    #[error("failed to {doing} `{}`", path.display())]
    Io {
        /// What was being done.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// Another process works with this library.
    #[error("the content library `{}` is used by another process: stop it first", .0.display())]
    InUse(PathBuf),
    /// A file that this program keeps for itself cannot be read.
    #[error("`{}` is damaged: remove it, and what it describes is transferred again", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// A list of files is not one.
    #[error(transparent)]
    FileList(#[from] FileListError),
    /// A package cannot become visible before every file is there.
    #[error("{missing} files of package {package} are not in the content library yet")]
    Incomplete {
        /// The package.
        package: PackageId,
        /// How many contents are missing.
        missing: usize,
    },
    /// The package is not in the library.
    #[error("package {0} is not in the content library")]
    NoPackage(PackageId),
    /// The file is not in the library, or not as it was.
    #[error("file {0} is not in the content library")]
    NoFile(Digest),
    /// A file of a package's source cannot be taken.
    #[error("`{}` cannot be part of a package: {why}", path.display())]
    Source {
        /// The file.
        path: PathBuf,
        /// Why, and what to do.
        why: String,
    },
    /// A directory does not hold what it held.
    #[error(
        "`{}` does not hold what version {version} of package {package} held ({wanted}): put that \
         back into it and apply again, or raise `sourceVersion` to distribute what it holds now",
        path.display()
    )]
    OtherContent {
        /// The directory.
        path: PathBuf,
        /// The package.
        package: PackageId,
        /// Its source version.
        version: u32,
        /// The digest of the list of files that it had.
        wanted: Digest,
    },
    /// A validation was not brought to its end.
    #[error(
        "the validation ended before it was complete, because nobody waited for it any more, or \
         because the settings of the role have changed: validate again"
    )]
    ValidationEnded,
    /// The program is ending.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
}

impl LibraryError {
    /// Names the file and the work in an error of the system.
    pub fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| {
            let path = path.to_owned();
            match source.kind() {
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                    Self::DiskFull { path, source }
                }
                _ => Self::Io { doing, path, source },
            }
        }
    }
}

/// Runs blocking work of a content library beside the asynchronous threads.
///
/// # Errors
///
/// What the work answers, or [`LibraryError::Interrupted`].
pub async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, LibraryError> + Send + 'static,
) -> Result<T, LibraryError> {
    crate::blocking::blocking(work).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_disk_is_called_full() {
        for kind in [io::ErrorKind::StorageFull, io::ErrorKind::QuotaExceeded] {
            let error = LibraryError::io("write", Path::new("/data/x"))(kind.into());
            assert!(matches!(error, LibraryError::DiskFull { .. }));
            assert!(error.to_string().starts_with("the disk of `/data/x` is full"));
        }
        let error = LibraryError::io("write", Path::new("x"))(io::ErrorKind::NotFound.into());
        assert!(matches!(error, LibraryError::Io { .. }));
    }
}
