//! What can be wrong with a file that vouches for itself.

use std::io;

/// Why such a file cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum SealedError {
    /// It begins with something else.
    #[error("it begins with something else")]
    NotOne,
    /// It is of another version of the format.
    #[error("it is of format {0}")]
    Version(u32),
    /// It ends too early.
    #[error("it is cut off")]
    Truncated,
    /// Something in it is not as it has to be.
    #[error("it is damaged: {0}")]
    Damaged(&'static str),
    /// It could not be read.
    #[error("failed to read it")]
    Read(#[source] io::Error),
    /// It could not be written.
    #[error("failed to write it")]
    Write(#[source] io::Error),
}

impl SealedError {
    /// What reading has come to.
    pub fn read(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::Truncated,
            _ => Self::Read(error),
        }
    }
}
