//! Why a patch did not work.

use std::io;

use crate::content::LibraryError;

/// A patch could not be applied. The file can still be transferred as a whole.
#[derive(Debug, thiserror::Error)]
pub(in crate::content) enum PatchError {
    /// It is no patch, or none of these two files.
    #[error("the patch is not one for this file: {0}")]
    Wrong(&'static str),
    /// The old file cannot be read.
    #[error("failed to read the file that the patch begins with")]
    Old(#[source] io::Error),
    /// The new file cannot be written.
    #[error(transparent)]
    Library(#[from] LibraryError),
}
