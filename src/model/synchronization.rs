//! What is known of synchronizations: those that have ended, the one that goes on, and what was set aside.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Name, SiteCode, UpdateIdentity};

/// A synchronization or import that has ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SynchronizationRun {
    /// When it began.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub began_at: Timestamp,
    /// When it ended.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub finished_at: Timestamp,
    /// Where the metadata came from: an address or a file.
    pub from: String,
    /// What came of it.
    pub counts: SynchronizationCounts,
    /// Why it failed; absent if it did not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
}

/// How many revisions a synchronization has brought.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SynchronizationCounts {
    /// Updates that were not there.
    pub new: u64,
    /// Further revisions of updates that were.
    pub changed: u64,
    /// Revisions that say that an update has expired; they are among the others.
    pub expired: u64,
    /// Revisions that could not be read or had.
    pub set_aside: u64,
}

impl SynchronizationCounts {
    /// Adds what another synchronization has brought.
    pub const fn add(&mut self, other: Self) {
        let Self { new, changed, expired, set_aside } = other;
        self.new = self.new.saturating_add(new);
        self.changed = self.changed.saturating_add(changed);
        self.expired = self.expired.saturating_add(expired);
        self.set_aside = self.set_aside.saturating_add(set_aside);
    }

    /// How many revisions were stored.
    pub const fn stored(&self) -> u64 {
        self.new.saturating_add(self.changed)
    }
}

/// A revision that the upstream server lists and that could not be read or had. The next synchronization
/// asks for it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SetAsideUpdate {
    /// Which one.
    #[serde(flatten)]
    pub identity: UpdateIdentity,
    /// Why.
    pub reason: String,
    /// Since when.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub at: Timestamp,
}

/// How far a synchronization is that goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SynchronizationProgress {
    /// When it began.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub began_at: Timestamp,
    /// Where the metadata comes from: an address or a file.
    pub from: String,
    /// Revisions that have come.
    pub done: u64,
    /// Revisions that are known to be missing, with those that have come.
    pub total: u64,
    /// Revisions a second, on the whole.
    pub rate: u64,
    /// Until when the upstream server wants to be left alone, and why it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waits: Option<SynchronizationWait>,
}

/// What a synchronization waits for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SynchronizationWait {
    /// Until when.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub until: Timestamp,
    /// Why.
    pub why: String,
}

/// What an update point tells of its synchronizations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PointSynchronization {
    /// The point.
    pub name: Name,
    /// Its site.
    pub site: SiteCode,
    /// The one that goes on; absent if none does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<SynchronizationProgress>,
    /// The last ones, the newest first.
    pub runs: Vec<SynchronizationRun>,
    /// Revisions that are set aside: the first hundred.
    pub set_aside: Vec<SetAsideUpdate>,
}
