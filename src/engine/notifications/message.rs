//! What is told.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::{CommitId, EventKind, EventSeverity, SiteCode};

/// A message to one receiver.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    /// The same when it is delivered again, because nobody knows whether it has arrived.
    pub id: String,
    /// When it was decided.
    pub at: Timestamp,
    /// The commit in force, where manifests come out of git.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<CommitId>,
    /// What it says.
    pub content: MessageContent,
}

/// What a message says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum MessageContent {
    /// What has happened.
    Events {
        /// The gravest first.
        events: Vec<Told>,
        /// How many more there are.
        more: usize,
    },
    /// The status of a commit.
    CommitStatus(CommitUpdate),
}

/// An event as it is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Told {
    /// What it is.
    pub event: EventKind,
    /// Whether it begins, lasts or is over.
    pub state: ToldState,
    /// How grave it is.
    pub severity: EventSeverity,
    /// The site that it belongs to, if it belongs to one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<SiteCode>,
    /// What it is about.
    pub subject: String,
    /// What there is to say of it.
    pub text: String,
    /// Since when it is so, or when it has happened.
    pub since: Timestamp,
}

/// Whether something begins, lasts or is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ToldState {
    /// It holds, which is news.
    Begun,
    /// It still holds.
    Lasting,
    /// It has happened: it does not last.
    Happened,
    /// It is over.
    Ended,
}

/// The status of a commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CommitUpdate {
    /// Which commit.
    pub commit: CommitId,
    /// Its status.
    pub state: CommitState,
    /// What there is to say of it.
    pub text: String,
}

/// How it stands with a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum CommitState {
    /// It is being brought about.
    Pending,
    /// The hierarchy is as it says.
    Success,
    /// It is refused, or something has failed.
    Failure,
}

impl Message {
    /// The gravest of what it says that is not over.
    pub fn severity(&self) -> EventSeverity {
        let MessageContent::Events { events, .. } = &self.content else {
            return EventSeverity::Info;
        };
        let holding = events.iter().filter(|told| told.state != ToldState::Ended);
        holding.map(|told| told.severity).max().unwrap_or_default()
    }
}
