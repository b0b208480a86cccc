//! What an agent remembers of itself across restarts.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
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
    /// When the settings changed last; unknown if that was before it was remembered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) settings_since: Option<Timestamp>,
    /// The same of the update services.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) update_services_since: Option<Timestamp>,
}

impl Identity {
    /// What a site system is before anything is installed on it.
    pub(super) fn new(settings: SiteSystemSettings, now: Timestamp) -> Self {
        Self {
            settings,
            administration_console: false,
            update_services: None,
            settings_since: Some(now),
            update_services_since: None,
        }
    }

    /// The same site system, told this of itself.
    pub(super) fn told(&self, settings: SiteSystemSettings, now: Timestamp) -> Self {
        let since = if settings == self.settings { self.settings_since } else { Some(now) };
        Self { settings, settings_since: since, ..self.clone() }
    }

    /// The same site system, with update services of this version, or without.
    pub(super) fn with_update_services(
        &self,
        version: Option<WsusVersion>,
        now: Timestamp,
    ) -> Self {
        let unchanged = version == self.update_services;
        let since = if unchanged { self.update_services_since } else { version.map(|_| now) };
        Self { update_services: version, update_services_since: since, ..self.clone() }
    }

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

    pub(super) fn remove(directory: &Path) -> Result<(), IdentityError> {
        let path = file(directory);
        store::remove(&path).map_err(|source| IdentityError::File { path, source })
    }
}

fn file(directory: &Path) -> PathBuf {
    directory.join("site-system.json")
}
