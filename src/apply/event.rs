//! What happens while a plan is carried out, and how it ended.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::{plan::ActionId, wire::agent::Progress};

/// What happens to what is there but not wanted any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removals {
    /// It is removed: somebody has confirmed that.
    Confirmed,
    /// A plan that removes something is refused whole.
    Refused,
    /// It stays, and the rest of the plan is carried out: a loop must not stand still over it.
    LeftOut,
}

/// Something that happened while a plan was carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ApplyEvent {
    /// A plan with so many actions begins.
    Begun {
        /// How many.
        actions: usize,
    },
    /// An action began.
    Started(ActionId),
    /// An action goes on.
    Progress(ActionId, Progress),
    /// An action waits for something; the text says for what.
    Waiting(ActionId, String),
    /// An action ended.
    Finished(ActionId, Outcome),
}

/// How an action ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It is done; the text says what came of it.
    Done(String),
    /// It failed; the text says why.
    Failed(String),
    /// It was not begun, because this one before it was not done.
    Skipped(ActionId),
    /// It removes something, and nobody has confirmed that.
    Unconfirmed,
    /// It goes on by itself at this time at the earliest; the text says what it waits for.
    Waiting {
        /// When it goes on.
        until: Timestamp,
        /// What it waits for.
        why: String,
    },
    /// It has failed before, and is not tried again before this time.
    TriedAgain {
        /// When it is tried again.
        until: Timestamp,
        /// How often it has failed.
        failed: u32,
        /// Why it failed last.
        why: String,
    },
}

impl Outcome {
    /// The word for it in the journal and in messages.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Done(_) => "done",
            Self::Failed(_) => "failed",
            Self::Skipped(_) => "skipped",
            Self::Unconfirmed => "left",
            Self::Waiting { .. } | Self::TriedAgain { .. } => "waiting",
        }
    }

    /// What there is to say about it.
    pub fn detail(&self) -> String {
        match self {
            Self::Done(text) | Self::Failed(text) => text.clone(),
            Self::Skipped(before) => format!("{before} was not done"),
            Self::Unconfirmed => "to be removed, once that is confirmed with --prune".to_owned(),
            Self::Waiting { until, why } => format!("{why}; goes on at {until}"),
            Self::TriedAgain { until, failed: 1, why } => {
                format!("it failed: {why}; tried again at {until}")
            }
            Self::TriedAgain { until, failed, why } => {
                format!("it failed {failed} times, last: {why}; tried again at {until}")
            }
        }
    }
}

/// How a plan was carried out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ApplyReport {
    /// How each action ended.
    pub outcomes: BTreeMap<ActionId, Outcome>,
    /// When each ended, as it stands in the journal.
    pub ended_at: BTreeMap<ActionId, Timestamp>,
}

impl ApplyReport {
    /// Whether every action was done.
    pub fn all_done(&self) -> bool {
        self.outcomes.values().all(|outcome| matches!(outcome, Outcome::Done(_)))
    }

    /// How many actions were done.
    pub fn done(&self) -> usize {
        self.outcomes.values().filter(|outcome| matches!(outcome, Outcome::Done(_))).count()
    }
}
