//! What is to be delivered to one receiver: in order, not too much of it, and with longer and longer
//! pauses while the receiver is down.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Message, MessageContent};
use crate::model::CommitId;

/// As many messages wait for a receiver that is down; of more, the oldest are lost.
pub const LONGEST_QUEUE: usize = 16;

/// How long a message is worth delivering: what is older is found by looking.
const OLDEST: SignedDuration = SignedDuration::from_hours(24);

/// How long after the first try that failed; twice as long after each further one.
const FIRST: SignedDuration = SignedDuration::from_secs(5);

/// The longest pause between two tries.
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_mins(15);

/// What is to be delivered to one receiver, and how that went so far.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Outbox {
    /// What waits, the oldest first.
    #[serde(default, skip_serializing_if = "VecDeque::is_empty")]
    waiting: VecDeque<Message>,
    /// How often the first of them could not be delivered.
    #[serde(default)]
    tries: u32,
    /// When it is tried again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    not_before: Option<Timestamp>,
    /// Why the last try failed, unless a later one did not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    trouble: Option<Trouble>,
    /// When something was last delivered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    delivered_at: Option<Timestamp>,
    /// How many messages were never delivered.
    #[serde(default)]
    lost: u64,
    /// Whether the first of them is on its way. Not remembered: after a restart it is not.
    #[serde(skip)]
    under_way: bool,
}

/// Why something could not be delivered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Trouble {
    /// When it was tried.
    pub at: Timestamp,
    /// Why not.
    pub why: String,
}

impl Outbox {
    /// Adds a message. An older status of the same commit need not be delivered any more.
    pub(super) fn push(&mut self, message: Message) {
        let first = usize::from(self.under_way);
        if let Some(commit) = commit(&message) {
            let mut number = 0;
            self.waiting.retain(|older| {
                number += 1;
                number <= first || self::commit(older) != Some(commit)
            });
        }
        if self.waiting.len() >= LONGEST_QUEUE {
            self.waiting.remove(first);
            self.lost += 1;
        }
        self.waiting.push_back(message);
    }

    /// What is to be sent now, if anything is. It is under way then, until it is said how that ended.
    pub(super) fn send(&mut self, now: Timestamp) -> Option<Message> {
        if self.under_way || self.not_before.is_some_and(|at| at > now) {
            return None;
        }
        let waiting = self.waiting.len();
        self.waiting.retain(|message| now.duration_since(message.at) <= OLDEST);
        self.lost += u64::try_from(waiting - self.waiting.len()).unwrap_or(u64::MAX);
        if self.waiting.len() < waiting {
            self.tries = 0;
        }
        let message = self.waiting.front()?.clone();
        self.under_way = true;
        Some(message)
    }

    /// What was under way has arrived.
    pub(super) fn delivered(&mut self, now: Timestamp) {
        if !std::mem::take(&mut self.under_way) {
            return;
        }
        self.at_once();
        self.waiting.pop_front();
        self.delivered_at = Some(now);
        self.trouble = None;
    }

    /// What was under way is refused for good: another try would be too.
    pub(super) fn refused(&mut self, why: String, now: Timestamp) {
        if !std::mem::take(&mut self.under_way) {
            return;
        }
        self.at_once();
        self.waiting.pop_front();
        self.lost += 1;
        self.trouble = Some(Trouble { at: now, why });
    }

    /// What was under way has not arrived, and is tried again. `dice` is a random number from 0 to 1,
    /// which keeps many from coming back at once.
    pub(super) fn failed(&mut self, why: String, dice: f64, now: Timestamp) {
        self.under_way = false;
        let doubled = FIRST.checked_mul(1 << self.tries.min(16)).unwrap_or(LONGEST_PAUSE);
        let longest = doubled.min(LONGEST_PAUSE);
        let pause = longest.as_secs_f64() * (0.5 + dice.clamp(0.0, 1.0) / 2.0);
        let pause = SignedDuration::try_from_secs_f64(pause).unwrap_or(longest);
        self.tries = self.tries.saturating_add(1);
        self.not_before = now.checked_add(pause).ok();
        self.trouble = Some(Trouble { at: now, why });
    }

    /// Another way to the receiver is known: it is tried at once.
    pub(super) fn at_once(&mut self) {
        self.tries = 0;
        self.not_before = None;
    }

    /// When something is to be sent, if nothing is under way.
    pub(super) fn due(&self) -> Option<Timestamp> {
        let first = self.waiting.front().filter(|_| !self.under_way)?;
        Some(self.not_before.unwrap_or(first.at))
    }

    /// How many messages wait.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Why the last try failed, unless a later one did not.
    pub const fn trouble(&self) -> Option<&Trouble> {
        self.trouble.as_ref()
    }

    /// When something was last delivered.
    pub const fn delivered_at(&self) -> Option<Timestamp> {
        self.delivered_at
    }

    /// How many messages were never delivered.
    pub const fn lost(&self) -> u64 {
        self.lost
    }
}

fn commit(message: &Message) -> Option<&CommitId> {
    match &message.content {
        MessageContent::CommitStatus(update) => Some(&update.commit),
        MessageContent::Events { .. } => None,
    }
}
