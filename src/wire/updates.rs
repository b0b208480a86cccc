//! Asking an update point what its catalog holds: `POST /v1/update-point/updates` takes an
//! [`UpdatesQuery`] and answers [`FoundUpdates`]; `GET /v1/update-point/updates/ID` answers the
//! [`UpdateDetails`] of the newest revision of an update, or, with `?revision=N`, of that one.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::update_document::{CategoryType, UpdateType};
use crate::model::{Digest, UpdateIdentity};

/// Longest title that is remembered apart from its document, in characters: tables show less, and
/// a page of a thousand must stay small.
pub const MAX_TITLE_CHARACTERS: usize = 500;

/// Most updates of one answer.
pub const MAX_FOUND: usize = 1_000;

/// Which updates are asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdatesQuery {
    /// Words of titles, articles or bulletins, all of which have to be there; one that ends with `*` is the
    /// beginning of a word.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub words: Vec<String>,
    /// Of these types; none: of all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub types: Vec<UpdateType>,
    /// Of any of these products, by title or identifier; none: of all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub products: Vec<String>,
    /// Of any of these classifications, by title or identifier; none: of all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub classifications: Vec<String>,
    /// Created at this time or later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_since: Option<Timestamp>,
    /// Only those that no other update supersedes.
    #[serde(default)]
    pub without_superseded: bool,
    /// Only those that have not expired.
    #[serde(default)]
    pub without_expired: bool,
    /// Where the last answer ended: its [`FoundUpdates::last`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<i64>,
    /// So many at most, and never more than [`MAX_FOUND`].
    pub limit: usize,
}

/// What was found, the one that was stored last first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FoundUpdates {
    /// The updates.
    pub updates: Vec<FoundUpdate>,
    /// Where to go on; absent where nothing was looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<i64>,
    /// Whether there may be more.
    pub more: bool,
}

/// A revision of an update, as lists show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FoundUpdate {
    /// The identity.
    #[serde(flatten)]
    pub identity: UpdateIdentity,
    /// The type.
    pub update_type: UpdateType,
    /// The category type of a category.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category_type: Option<CategoryType>,
    /// The title: English where there is one.
    pub title: String,
    /// Titles in the languages that the update point is set to, where they are others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub localized_titles: Vec<TitleIn>,
    /// When the publisher created it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub created_at: Option<Timestamp>,
    /// How severe what it mends is: Critical, Important, Moderate, Low.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<String>,
    /// Knowledge Base articles as `KB1234567`, and security bulletins.
    pub articles: Vec<String>,
    /// Titles of its products.
    pub products: Vec<String>,
    /// The title of its classification.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub classification: Option<String>,
    /// Whether the publisher has withdrawn it.
    pub expired: bool,
    /// Whether another update supersedes it.
    pub superseded: bool,
}

/// A revision of an update, whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UpdateDetails {
    /// What lists show of it.
    #[serde(flatten)]
    pub update: FoundUpdate,
    /// Titles in all languages.
    pub titles: Vec<TitleIn>,
    /// What has to be installed or true before: all groups, one of each.
    pub prerequisites: Vec<Vec<NamedUpdate>>,
    /// The updates that it supersedes.
    pub supersedes: Vec<NamedUpdate>,
    /// The updates that supersede it.
    pub superseded_by: Vec<NamedUpdate>,
    /// The updates that it consists of: of each group, one is installed.
    pub bundles: Vec<Vec<NamedUpdate>>,
    /// The updates that consist of it.
    pub bundled_by: Vec<NamedUpdate>,
    /// Its files.
    pub files: Vec<FileOfUpdate>,
    /// The SHA-256 of its document.
    pub document_sha256: Digest,
    /// Bytes of its document.
    pub document_bytes: u64,
}

/// A title in one language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TitleIn {
    /// The language, such as `en` or `pt-br`.
    pub language: String,
    /// The title.
    pub title: String,
}

/// An update that another one names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NamedUpdate {
    /// The identifier.
    pub update_id: Uuid,
    /// Its title; absent where the catalog does not hold it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
}

/// A file of an update.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FileOfUpdate {
    /// The name, as the document writes it.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// SHA-1, hexadecimal: the key of the file on the wire.
    pub sha1: String,
    /// SHA-256, hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// Where the publisher offers it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub publisher_url: Option<String>,
}

/// What a check of a catalog has found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CatalogFindings {
    /// How many documents were checked.
    pub documents: u64,
    /// What is wrong with the file as such, in SQLite's words; none: nothing.
    pub file: Vec<String>,
    /// Updates whose documents are damaged or missing.
    pub damaged: Vec<UpdateIdentity>,
    /// Those of them whose documents came again from the upstream server.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub repaired: Vec<UpdateIdentity>,
    /// Why the others did not, if anything was repaired.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why_not: Option<String>,
}

impl CatalogFindings {
    /// Whether everything is as it should be, or is again.
    pub fn is_whole(&self) -> bool {
        self.file.is_empty() && self.repaired.len() == self.damaged.len()
    }
}
