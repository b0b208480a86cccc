//! Files of updates: which of them an update point shall have, and what it has.

use std::collections::BTreeSet;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Article, Digest, schedule::RFC_3339};

/// The files of updates that a software update point stores.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdateContentSpec {
    /// Of which updates it stores the files.
    #[serde(default)]
    pub store: ContentStore,
    /// Only of these updates; absent: of all that `store` says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updates: Option<UpdateSelection>,
}

/// Of which updates an update point stores the files.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
pub enum ContentStore {
    /// Of none: it has the catalog alone, and who needs a file takes it from where the publisher
    /// offers it.
    #[default]
    None,
    /// Of those that are approved for installation, and what downstream servers ask for.
    Approved,
    /// Of those that `updates` selects, and what downstream servers ask for.
    Selected,
}

/// Updates by what they are: those that all that is listed fits.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdateSelection {
    /// Classifications, as titles or GUIDs; absent: all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("examples" = [["Security Updates"]]))]
    pub classifications: Vec<String>,
    /// Products, as titles or GUIDs; absent: all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("examples" = [["Windows Server 2022"]]))]
    pub products: Vec<String>,
    /// Knowledge Base articles, such as `KB5031364`; absent: all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("examples" = [["KB5031364"]]))]
    pub kb: Vec<Article>,
    /// Created at this time or later, such as `2026-12-01T00:00:00Z`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        with = "Option<String>",
        extend("format" = "date-time", "pattern" = RFC_3339),
        example = "2026-12-01T00:00:00Z"
    )]
    pub since: Option<Timestamp>,
}

/// The files of updates at an update point, in numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UpdateContentState {
    /// How many files are there.
    pub held: u64,
    /// How many bytes they have together.
    pub held_bytes: u64,
    /// How many files are wanted and not there.
    #[serde(default)]
    pub missing: u64,
    /// How many bytes they have together.
    #[serde(default)]
    pub missing_bytes: u64,
    /// How many of them are coming now.
    #[serde(default)]
    pub coming: u64,
    /// How many of the missing ones have failed so far.
    #[serde(default)]
    pub failed: u64,
    /// Some of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failures: Vec<FailedUpdateFile>,
    /// Why none can be fetched now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hindrance: Option<String>,
}

impl UpdateSelection {
    /// The same with its lists in one order, and without repetitions: their order means nothing.
    #[must_use]
    pub fn in_order(&self) -> Self {
        let Self { classifications, products, kb, since } = self;
        Self {
            classifications: in_order(classifications),
            products: in_order(products),
            kb: in_order(kb),
            since: *since,
        }
    }
}

/// Lists whose order means nothing are compared in one order, and without repetitions.
pub(super) fn in_order<T: Clone + Ord>(list: &[T]) -> Vec<T> {
    list.iter().cloned().collect::<BTreeSet<_>>().into_iter().collect()
}

/// The files of the updates of a package at the update point of its site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PackageFilesState {
    /// The digest of the list of them: another one, and they are others.
    pub digest: Digest,
    /// How many there are.
    pub files: u64,
    /// How many bytes they have together.
    pub bytes: u64,
    /// How many of them are not here.
    #[serde(default, skip_serializing_if = "super::pull_job::is_zero")]
    pub missing: u64,
    /// Whether the catalog has changed since they were looked for.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub outdated: bool,
    /// Why they cannot be looked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hindrance: Option<String>,
}

/// A file of an update that could not be fetched so far.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FailedUpdateFile {
    /// How servers name it.
    pub name: String,
    /// Its size in bytes.
    pub size: u64,
    /// What has gone wrong last.
    pub reason: String,
    /// How often it was tried.
    pub tries: u32,
    /// When it is tried again.
    pub again_at: Timestamp,
}
