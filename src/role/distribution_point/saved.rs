//! What a distribution point remembers of itself.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::DistributionPointError;
use crate::{
    content::{LibraryError, read_json, write_json},
    model::{ContentProtocol, DistributionPointSettings, DistributionPointType, Name},
};

/// The name and the settings, as they are kept over restarts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Saved {
    pub(super) name: Name,
    pub(super) settings: DistributionPointSettings,
    /// When they changed last; unknown if that was before it was remembered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) settings_since: Option<Timestamp>,
}

impl Saved {
    /// What is kept from now on.
    pub(super) fn new(name: Name, settings: DistributionPointSettings, now: Timestamp) -> Self {
        Self { name, settings, settings_since: Some(now) }
    }

    /// The same, known since when it was known `before`, if that is the same.
    pub(super) fn after(mut self, before: &Self) -> Self {
        if self.name == before.name && self.settings == before.settings {
            self.settings_since = before.settings_since;
        }
        self
    }

    pub(super) fn path(directory: &Path) -> PathBuf {
        directory.join("distribution-point.json")
    }

    pub(super) fn read(directory: &Path) -> Result<Option<Self>, LibraryError> {
        read_json(&Self::path(directory))
    }

    pub(super) fn write(&self, directory: &Path) -> Result<(), LibraryError> {
        write_json(&Self::path(directory), self)
    }

    /// Refuses settings that this version would only pretend to carry out, and those that a gateway
    /// never has.
    pub(super) fn check(&self) -> Result<(), DistributionPointError> {
        let settings = &self.settings;
        if let Some(what) = settings.unsupported() {
            return Err(what.into());
        }
        if settings.r#type != DistributionPointType::CloudManagementGateway {
            return Ok(());
        }
        for (told, why) in [
            (settings.pulls(), "never pulls: remove `pull`"),
            (settings.prestaged, "takes no content by hand: remove `prestaged`"),
            (
                settings.protocol == ContentProtocol::Http,
                "serves over HTTPS only: remove `protocol`, or write `protocol: HTTPS`",
            ),
        ] {
            if told {
                return Err(DistributionPointError::Gateway(why));
            }
        }
        Ok(())
    }
}
