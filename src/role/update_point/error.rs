//! What a software update point cannot do, and why.

use std::{io, path::PathBuf};

use super::{ExportFailed, ImportError, PublishError, SynchronizationError, TitleError};
use crate::{
    blocking::Interrupted, content::UpdateFileError, net::ClientError, role::WebPortError,
    store::StoreError,
};

/// Why a software update point did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum UpdatePointError {
    /// It has no settings.
    #[error("this site system is no software update point: configure one first")]
    NotConfigured,
    /// One of its ports could not be opened.
    #[error(transparent)]
    Port(#[from] WebPortError),
    /// The HTTP client could not be made.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// Its catalog could not be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Its settings could not be read or written.
    #[error("settings file {}", .path.display())]
    SettingsFile {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// Its settings were written by another program.
    #[error("settings file {} is not understood: move it away, then configure again", .path.display())]
    SettingsNotUnderstood {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// An import failed.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// There is no export.
    #[error(transparent)]
    Export(#[from] ExportFailed),
    /// Files on their way in or out cannot be kept.
    #[error("failed to keep a file of updates in {}", .path.display())]
    Exchange {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A synchronization failed.
    #[error(transparent)]
    Synchronization(#[from] SynchronizationError),
    /// Its files of updates cannot be used.
    #[error(transparent)]
    UpdateFile(#[from] UpdateFileError),
    /// An update of a local publisher was not published.
    #[error(transparent)]
    Publish(#[from] PublishError),
    /// A title that was asked for.
    #[error(transparent)]
    Title(#[from] TitleError),
    /// The program is ending.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
}
