//! The file that says which commit is in force (`controller.json`): what the controller goes by after
//! a restart, and what `headwater status` tells.

use std::{io, path::PathBuf};

use crate::{model::ManifestsInForce, role::host::DataDirectory, store};

/// The file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum InForceError {
    /// It cannot be read or written.
    #[error("failed to {doing} {path}")]
    File {
        /// What was to be done.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// It holds something else.
    #[error(
        "{path} does not say which commit is in force: remove it, and the controller begins with the \
         newest commit"
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        #[source]
        source: serde_json::Error,
    },
}

/// The file that says which commit is in force.
#[derive(Debug, Clone)]
pub struct InForceFile(PathBuf);

/// Longer than any that is written: three texts, each of them bounded.
const LONGEST: u64 = 1 << 20;

impl InForceFile {
    /// The one of a data directory.
    pub fn of(data: &DataDirectory) -> Self {
        Self(data.controller())
    }

    /// What it says; none if no manifests come out of git.
    ///
    /// # Errors
    ///
    /// It cannot be read, or holds something else.
    pub fn read(&self) -> Result<Option<ManifestsInForce>, InForceError> {
        let read = store::read_bounded(&self.0, LONGEST);
        let Some(bytes) = read.map_err(|source| self.failed("read", source))? else {
            return Ok(None);
        };
        let path = &self.0;
        serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|source| InForceError::Damaged { path: path.clone(), source })
    }

    /// Replaces what it says.
    ///
    /// # Errors
    ///
    /// It cannot be written; it says what it said before then.
    pub fn write(&self, manifests: &ManifestsInForce) -> Result<(), InForceError> {
        serde_json::to_vec(manifests)
            .map_err(io::Error::from)
            .and_then(|bytes| store::replace(&self.0, &bytes))
            .map_err(|source| self.failed("write", source))
    }

    /// Removes it: manifests come from somewhere else now.
    ///
    /// # Errors
    ///
    /// What the system said.
    pub fn remove(&self) -> Result<(), InForceError> {
        store::remove(&self.0).map_err(|source| self.failed("remove", source))
    }

    fn failed(&self, doing: &'static str, source: io::Error) -> InForceError {
        InForceError::File { doing, path: self.0.clone(), source }
    }
}
