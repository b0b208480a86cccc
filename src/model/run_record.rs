//! What the journal remembers of a run: when it was, what set it in motion, how it ended.

use std::{collections::BTreeMap, fmt, num::NonZeroU32, str::FromStr};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::{CommitId, Digest};

/// The number of a run in the journal: 1 or more, larger for later runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct RunId(NonZeroU32);

/// A text that is no number of a run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no run: `headwater history` shows their numbers")]
pub struct NoRun(String);

/// What set a run in motion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RunCause {
    /// The command.
    pub command: RunCommand,
    /// Who.
    pub trigger: Trigger,
    /// Whether what is not declared any more was to be removed (`--prune`).
    pub prune: bool,
    /// The commit that the manifests came from, where they came out of git.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit: Option<CommitId>,
}

/// Who set the work in motion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Trigger {
    /// Somebody who looks on: what failed before is tried again at once.
    Person,
    /// The loop that keeps reconciling: what failed is tried again when its time has come (SYNC-8).
    Loop,
}

/// The commands that do something which the journal tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema)]
#[schemars(with = "String", extend("enum" = RunCommand::ALL.map(RunCommand::as_str)))]
pub enum RunCommand {
    /// `headwater apply`.
    Apply,
    /// `headwater up`.
    Up,
    /// `headwater controller`.
    Controller,
    /// `headwater operator`.
    Operator,
    /// `headwater sync`.
    Synchronize,
    /// `headwater content validate`.
    ValidateContent,
}

/// How a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum RunState {
    /// It goes on.
    UnderWay,
    /// It has ended, and everything was as wanted then.
    Converged,
    /// It has ended, and something was left.
    Left,
    /// Its process ended before it did.
    CutOff,
    /// It has not ended, and nobody knows whether it goes on: it is one of those that several may do at
    /// a time.
    Open,
}

/// A run, as the journal remembers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunRecord {
    /// Its number.
    pub id: RunId,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended, the last time if it was repeated.
    pub finished_at: Option<Timestamp>,
    /// How it stands.
    pub state: RunState,
    /// What set it in motion; nobody knows of runs that an earlier version wrote down.
    pub cause: Option<RunCause>,
    /// How often it came again to the same end without doing anything.
    pub repeated: u32,
    /// The manifests that it was for; none if it had none.
    pub manifests: Option<Digest>,
    /// The text of the plan, if it is kept.
    pub plan: Option<Digest>,
    /// Its actions, counted.
    pub actions: ActionCounts,
    /// How many actions of which kind were done.
    pub done: BTreeMap<String, u32>,
}

/// How many actions of a run ended how.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ActionCounts {
    /// How many the plan had.
    pub planned: u32,
    /// Done.
    pub done: u32,
    /// Failed.
    pub failed: u32,
    /// Not begun, because one before was not done.
    pub skipped: u32,
    /// Not done, because nobody has confirmed that something is removed.
    pub left: u32,
    /// Waiting.
    pub waiting: u32,
    /// Begun, and not ended: under way, or cut off.
    pub open: u32,
}

/// An action of a run, as the journal remembers it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ActionRecord {
    /// Which one.
    pub id: String,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended; none while it is under way, or if it was cut off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Timestamp>,
    /// How it ended: `done`, `failed`, `skipped`, `left` or `waiting`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// What it said.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
}

impl RunId {
    /// The number, if it is one of a run.
    pub const fn new(number: u32) -> Option<Self> {
        match NonZeroU32::new(number) {
            Some(number) => Some(Self(number)),
            None => None,
        }
    }

    /// The number.
    pub const fn number(self) -> u32 {
        self.0.get()
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for RunId {
    type Err = NoRun;

    fn from_str(text: &str) -> Result<Self, NoRun> {
        let digits = text.bytes().all(|it| it.is_ascii_digit());
        let number = text.parse().ok().filter(|_| digits).and_then(Self::new);
        number.ok_or_else(|| NoRun(text.chars().take(64).collect()))
    }
}

impl RunCause {
    /// Somebody has typed a command that has nothing to do with manifests.
    pub const fn person(command: RunCommand) -> Self {
        Self { command, trigger: Trigger::Person, prune: false, commit: None }
    }
}

impl RunCommand {
    const ALL: [Self; 6] = [
        Self::Apply,
        Self::Up,
        Self::Controller,
        Self::Operator,
        Self::Synchronize,
        Self::ValidateContent,
    ];

    /// As it is typed behind `headwater`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Apply => "apply",
            Self::Up => "up",
            Self::Controller => "controller",
            Self::Operator => "operator",
            Self::Synchronize => "sync",
            Self::ValidateContent => "content validate",
        }
    }

    /// The command that is typed so.
    pub fn of(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == text)
    }
}

impl fmt::Display for RunCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for RunCommand {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_number_is_a_run() {
        assert_eq!("17".parse::<RunId>().unwrap().number(), 17);
        for text in ["", "0", "-1", "+1", "1.0", "4294967296", "run", "0x1", "١"] {
            assert!(text.parse::<RunId>().is_err(), "{text}");
        }
    }

    #[test]
    fn commands_are_known_by_what_is_typed() {
        for command in RunCommand::ALL {
            assert_eq!(RunCommand::of(command.as_str()), Some(command));
        }
        assert_eq!(RunCommand::of("plan"), None);
    }
}
