//! What stands in the records as JSON.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::UpdatesFileError;
use crate::{
    model::{Digest, Name},
    wire::server_sync::LanguageData,
};

/// Who wrote a file, and what is in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdatesHead {
    /// The software update point.
    pub update_point: Name,
    /// The server that it is to others.
    pub server_id: Uuid,
    /// When.
    pub created: Timestamp,
    /// The version of Headwater.
    pub program: String,
    /// How many revisions are in it.
    pub revisions: u64,
}

/// Where a publisher offers a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FileAddress {
    /// SHA-1 of the file, in hexadecimal digits.
    pub sha1: String,
    /// The publisher's address.
    pub url: String,
}

/// A language, as it is written.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Language {
    id: i32,
    short_name: String,
    long_name: String,
    enabled: bool,
}

impl From<&LanguageData> for Language {
    fn from(it: &LanguageData) -> Self {
        let LanguageData { id, short_name, long_name, enabled } = it.clone();
        Self { id, short_name, long_name, enabled }
    }
}

impl From<Language> for LanguageData {
    fn from(it: Language) -> Self {
        let Language { id, short_name, long_name, enabled } = it;
        Self { id, short_name, long_name, enabled }
    }
}

/// The manifest.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Manifest {
    /// Says that this, signed, is nothing else.
    pub(super) kind: ManifestKind,
    pub(super) records: Vec<Listed>,
}

/// What the manifest is the manifest of.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum ManifestKind {
    HeadwaterUpdates,
}

/// A record, as the manifest lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Listed {
    pub(super) kind: char,
    pub(super) bytes: u64,
    pub(super) digest: Digest,
}

/// Reads a value; what is said of a wrong one must not depend on what is in it.
pub(super) fn from_json<'a, T: Deserialize<'a>>(
    what: &str,
    bytes: &'a [u8],
) -> Result<T, UpdatesFileError> {
    serde_json::from_slice(bytes)
        .map_err(|error| UpdatesFileError::Damaged(format!("its {what} cannot be read: {error}")))
}

/// Writes a value.
pub(super) fn to_json(value: &impl Serialize) -> Result<Vec<u8>, UpdatesFileError> {
    serde_json::to_vec(value).map_err(|error| UpdatesFileError::Write(error.into()))
}
