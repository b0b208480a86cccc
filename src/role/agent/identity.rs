//! What an agent remembers of itself across restarts.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::{
    model::{SiteSystemSettings, WsusVersion},
    store,
};

/// What an agent was told of itself could not be read or kept.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// The file cannot be read or written.
    #[error("failed to keep what the site system knows of itself in {path}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The file makes no sense.
    #[error("{path} does not hold a site system: {text}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        text: String,
    },
}

/// The longest file: what is written is a few hundred bytes.
const LONGEST: u64 = 1 << 20;

/// What an agent was told of itself, and what was installed through it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Identity {
    pub(super) settings: SiteSystemSettings,
    pub(super) administration_console: bool,
    pub(super) update_services: Option<WsusVersion>,
}

impl Identity {
    pub(super) fn read(directory: &Path) -> Result<Option<Self>, IdentityError> {
        let path = file(directory);
        match store::read_bounded(&path, LONGEST) {
            Ok(Some(bytes)) => serde_json::from_slice(&bytes)
                .map(Some)
                .map_err(|error| IdentityError::Unreadable { path, text: error.to_string() }),
            Ok(None) => Ok(None),
            Err(source) => Err(IdentityError::File { path, source }),
        }
    }

    pub(super) fn write(&self, directory: &Path) -> Result<(), IdentityError> {
        let path = file(directory);
        let bytes = serde_json::to_vec_pretty(self).map_err(|error| IdentityError::Unreadable {
            path: path.clone(),
            text: error.to_string(),
        })?;
        store::replace(&path, &bytes).map_err(|source| IdentityError::File { path, source })
    }
}

fn file(directory: &Path) -> PathBuf {
    directory.join("site-system.json")
}
