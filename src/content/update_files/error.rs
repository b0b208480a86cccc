//! Why a file of an update is not taken.

use crate::{
    blocking::Interrupted,
    content::LibraryError,
    model::Digest,
    wire::update_content::{ContentName, Sha1},
};

/// A file of an update was not taken; nothing of it is served.
#[derive(Debug, thiserror::Error)]
pub enum UpdateFileError {
    /// The disk is full, or refuses.
    #[error(transparent)]
    Disk(LibraryError),
    /// It has another SHA-1.
    #[error("file {name} is not what its update says: its SHA-1 is {found}")]
    Sha1 {
        /// The file.
        name: ContentName,
        /// What its bytes have.
        found: Sha1,
    },
    /// It has another SHA-256.
    #[error("file {name} is not what its update says: its SHA-256 is {found}, not {wanted}")]
    Sha256 {
        /// The file.
        name: ContentName,
        /// What its bytes have.
        found: Digest,
        /// What its document says.
        wanted: Digest,
    },
    /// It is longer.
    #[error("file {name} is not what its update says: it has more than {size} bytes")]
    TooLong {
        /// The file.
        name: ContentName,
        /// How many it should have.
        size: u64,
    },
    /// It ends early. What is there of a download is kept, and it goes on from there.
    #[error("file {name} ends after {written} of {size} bytes")]
    Short {
        /// The file.
        name: ContentName,
        /// How many there are.
        written: u64,
        /// How many it should have.
        size: u64,
    },
    /// It is being downloaded already.
    #[error("file {0} is coming already")]
    Coming(ContentName),
    /// It could not be read where it was taken from.
    #[error("failed to read file {name} where it was to be taken from")]
    Source {
        /// The file.
        name: ContentName,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The program is ending.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
}

impl From<LibraryError> for UpdateFileError {
    fn from(error: LibraryError) -> Self {
        match error {
            LibraryError::Interrupted(error) => Self::Interrupted(error),
            error => Self::Disk(error),
        }
    }
}

impl UpdateFileError {
    /// Whether what came was wrong, however whole it was: where it came from has another file.
    pub fn is_wrong(&self) -> bool {
        matches!(self, Self::Sha1 { .. } | Self::Sha256 { .. } | Self::TooLong { .. })
    }

    /// Whether this disk is what is wrong.
    pub fn is_about_the_disk(&self) -> bool {
        matches!(self, Self::Disk(_))
    }
}
