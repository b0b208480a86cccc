//! What is said of files of updates that an agent writes or takes in (SYNC-7).

use serde::{Deserialize, Serialize};

use super::updates_file::PublicKey;
use crate::model::{CatalogVersion, Digest};

/// The form of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ExportForm {
    /// The cabinet of `wsusutil export`: metadata only, at most 2 GB.
    Cabinet,
    /// The cabinet that clients are scanned against, [`offline_catalog`](super::offline_catalog):
    /// the updates that are in force, at most 2 GB.
    OfflineCatalog,
    /// Our own, [`updates_file`](super::updates_file): of any size, and it can be signed.
    Headwater,
}

/// What of a server goes into an export beside its catalog: our own form alone has room for it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExportedParts {
    /// The files of updates that are there.
    #[serde(default)]
    pub content: bool,
    /// Target groups, approvals, declined updates and accepted licence terms.
    #[serde(default)]
    pub approvals: bool,
}

impl ExportedParts {
    /// Whether it is the catalog alone.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A signature that a file of updates has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SignatureSeen {
    /// The key that it was made with, or says that it was.
    pub key: PublicKey,
    /// Whether it was verified, which was asked for with the key.
    pub verified: bool,
}

/// An export that an agent has written: it can be asked for, once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExportedUpdates {
    /// The digest of the file, under which it is asked for.
    pub digest: Digest,
    /// Its size.
    pub bytes: u64,
    /// The revisions in it.
    pub revisions: u64,
    /// The files of updates in it.
    #[serde(default)]
    pub files: u64,
    /// The approvals in it.
    #[serde(default)]
    pub approvals: u64,
}

/// A file that an agent was sent before, and is to import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReceivedUpdates {
    /// The digest of the file.
    pub digest: Digest,
    /// What it is called where it comes from: for messages.
    pub name: String,
    /// The key that it has to be signed with; absent: whatever it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verify_key: Option<PublicKey>,
    /// Whether it is imported where updates come from another server.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub force: bool,
    /// Whether the approvals that are in it take the place of those that are there.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub approvals: bool,
}

/// What an import has brought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ImportedUpdates {
    /// The digest of the file.
    pub digest: Digest,
    /// The revisions in it.
    pub revisions: u64,
    /// How many of them were new.
    pub new_revisions: u64,
    /// What the catalog holds now.
    pub catalog_version: Option<CatalogVersion>,
    /// Its signature, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<SignatureSeen>,
    /// The files of updates in it, which are at the update point now.
    #[serde(default)]
    pub files: u64,
    /// The approvals in it, and whether they were taken.
    #[serde(default)]
    pub approvals: u64,
    /// Whether they are those of the update point now.
    #[serde(default)]
    pub approvals_taken: bool,
}
