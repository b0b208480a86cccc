//! What can go wrong with a file of prestaged content.

use std::io;

use super::super::LibraryError;
use crate::{
    blocking::Interrupted,
    model::{Digest, PackageId},
    wire::{
        file_list::{FileList, FileListError},
        sealed::SealedError,
    },
};

/// Prestaged content could not be written or taken in; no package has become visible by it.
#[derive(Debug, thiserror::Error)]
pub enum PrestagedError {
    /// It begins with something else.
    #[error("it is no file of prestaged content: export one with `headwater content export`")]
    NotOne,
    /// It is of a later version of the format.
    #[error(
        "it is prestaged content of format {0}, which this version of Headwater does not know: \
         export it again with this version, or use a newer one here"
    )]
    Format(u32),
    /// It ends too early.
    #[error("it is cut off: export it again, or copy it again and compare the sizes")]
    Truncated,
    /// Something in it is not as it has to be.
    #[error("it is damaged: {0}; export it again, or copy it again and compare the sizes")]
    Damaged(String),
    /// A list of files in it is not one.
    #[error("it is damaged: a list of files in it cannot be read")]
    FileList(#[from] FileListError),
    /// More lists than anybody takes.
    #[error(
        "the lists of files of these packages have more than {max} bytes together: export them in \
         several files",
        max = FileList::MAX_BYTES
    )]
    TooMuch,
    /// A package that is to be exported is not there whole.
    #[error("package {0} is not whole in this content library: choose another one, or repair it")]
    NotWhole(PackageId),
    /// A file of the library has other bytes than it should.
    #[error(
        "file {0} of this content library is damaged: validate the content, apply, and export again"
    )]
    WrongFile(Digest),
    /// It could not be read.
    #[error("failed to read prestaged content")]
    Read(#[source] io::Error),
    /// It could not be written.
    #[error("failed to write prestaged content")]
    Write(#[source] io::Error),
    /// The content library.
    #[error(transparent)]
    Library(#[from] LibraryError),
    /// The program is ending.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
}

impl From<SealedError> for PrestagedError {
    fn from(error: SealedError) -> Self {
        match error {
            SealedError::NotOne => Self::NotOne,
            SealedError::Version(version) => Self::Format(version),
            SealedError::Truncated => Self::Truncated,
            SealedError::Damaged(what) => Self::Damaged(what.to_owned()),
            SealedError::Read(error) => Self::Read(error),
            SealedError::Write(error) => Self::Write(error),
        }
    }
}
