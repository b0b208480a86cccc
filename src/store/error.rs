//! What can go wrong with a database file: always with the file's name, and with what to do.

use std::{
    io,
    path::{Path, PathBuf},
};

use rusqlite::{ErrorCode, ffi};

use crate::model::UpdateIdentity;

/// A database file could not be used.
#[derive(Debug, thiserror::Error)]
#[error("database {}", .path.display())]
pub struct StoreError {
    /// The file.
    pub path: PathBuf,
    /// What is the matter with it.
    #[source]
    pub problem: StoreProblem,
}

/// What is the matter with a database file.
#[derive(Debug, thiserror::Error)]
pub enum StoreProblem {
    /// Its directory cannot be made, or the file cannot be created.
    #[error("cannot be created")]
    Create(#[source] io::Error),
    /// There is no room for what was to be written; nothing of it was.
    #[error("the disk is full: free some space, then run again")]
    DiskFull,
    /// Another process holds it.
    #[error("is in use by another process: stop that one first")]
    Busy,
    /// It may not be written.
    #[error("may not be written by this user: check its permissions and those of its directory")]
    ReadOnly,
    /// Its schema is of the future.
    #[error(
        "has schema version {found}, but this program knows versions up to {known}: run the newer \
         program that wrote it"
    )]
    Newer {
        /// Version in the file.
        found: i64,
        /// Newest version known.
        known: i64,
    },
    /// It is a database of some other kind.
    #[error("is not {0}: move it away")]
    NotOurs(&'static str),
    /// It was damaged outside of this program.
    #[error("is damaged: move it away, and what it held is synchronized again")]
    Damaged(#[source] rusqlite::Error),
    /// A document is not what was stored.
    #[error("the document of update {0} is damaged: move the file away, and synchronize again")]
    DamagedDocument(UpdateIdentity),
    /// A value that this program cannot have written.
    #[error("{0} is not understood: move the file away, and what it held is synchronized again")]
    Value(&'static str),
    /// A revision that is not there.
    #[error("holds no update {0}")]
    NotFound(UpdateIdentity),
    /// Anything else.
    #[error("could not be read or written")]
    Sqlite(#[source] rusqlite::Error),
}

impl StoreError {
    pub(super) fn new(path: &Path, problem: impl Into<StoreProblem>) -> Self {
        Self { path: path.to_owned(), problem: problem.into() }
    }
}

impl From<rusqlite::Error> for StoreProblem {
    fn from(error: rusqlite::Error) -> Self {
        let Some(code) = error.sqlite_error() else { return Self::Sqlite(error) };
        match code.code {
            ErrorCode::DiskFull => Self::DiskFull,
            // The shared memory beside the file could not grow: the disk is full here, too.
            _ if code.extended_code == ffi::SQLITE_IOERR_SHMSIZE => Self::DiskFull,
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Self::Busy,
            ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen => {
                Self::ReadOnly
            }
            ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => Self::Damaged(error),
            _ => Self::Sqlite(error),
        }
    }
}
