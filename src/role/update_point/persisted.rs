//! What an update point remembers of its settings, in a file of its own.

use std::{io, path::Path};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::UpdatePointError;
use crate::{
    model::{Name, UpdatePointSettings},
    store,
};

/// The file, in the point's directory.
pub(super) const FILE_NAME: &str = "update-point.json";

/// Longest file that is read, in bytes.
const LIMIT: u64 = 1 << 20;

/// What the file holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Persisted {
    /// The name of the point's document.
    pub(super) name: Name,
    /// Its effective settings.
    pub(super) settings: UpdatePointSettings,
    /// When they changed last; unknown if that was before it was remembered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) settings_since: Option<Timestamp>,
}

impl Persisted {
    /// What is remembered from now on, instead of what was `before`.
    pub(super) fn after(
        before: Option<&Self>,
        name: Name,
        settings: UpdatePointSettings,
        now: Timestamp,
    ) -> Self {
        let unchanged = before.filter(|it| it.name == name && it.settings == settings);
        let settings_since = unchanged.map_or(Some(now), |it| it.settings_since);
        Self { name, settings, settings_since }
    }

    /// Reads the file; `None` if it is not there.
    pub(super) fn read(directory: &Path) -> Result<Option<Self>, UpdatePointError> {
        let path = directory.join(FILE_NAME);
        match store::read_bounded(&path, LIMIT) {
            Ok(Some(bytes)) => serde_json::from_slice(&bytes)
                .map_err(|source| UpdatePointError::SettingsNotUnderstood { path, source }),
            Ok(None) => Ok(None),
            Err(source) => Err(UpdatePointError::SettingsFile { path, source }),
        }
    }

    /// Writes the file.
    pub(super) fn write(&self, directory: &Path) -> Result<(), UpdatePointError> {
        let path = directory.join(FILE_NAME);
        serde_json::to_vec_pretty(self)
            .map_err(io::Error::from)
            .and_then(|bytes| store::replace(&path, &bytes))
            .map_err(|source| UpdatePointError::SettingsFile { path, source })
    }

    /// Removes the file.
    pub(super) fn remove(directory: &Path) -> Result<(), UpdatePointError> {
        let path = directory.join(FILE_NAME);
        store::remove(&path).map_err(|source| UpdatePointError::SettingsFile { path, source })
    }
}
