//! What is noted of jobs of Package Transfer Manager and Distribution Manager, so that people see what
//! they wait for (PDP-1, PDP-5).

use std::{fmt, str::FromStr};

use jiff::Timestamp;

use super::{Digest, Name, PackageId, SiteCode};

/// A transfer job that has not finished, as its manager noted it last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransferNote {
    /// The package.
    pub package: PackageId,
    /// Its source version.
    pub version: u32,
    /// The digest of its list of files.
    pub digest: Digest,
    /// The distribution point.
    pub point: Name,
    /// The site of the point: its site server keeps the status messages.
    pub site: SiteCode,
    /// How far it is.
    pub phase: TransferPhase,
    /// Notifications that failed, or polls that were made: whichever the phase is about.
    pub tries: u32,
    /// Since when it is in this phase.
    pub since: Timestamp,
    /// When it goes on; absent if it does not by itself.
    pub due: Option<Timestamp>,
    /// What it waits for, or why it was given up.
    pub why: String,
}

/// How far a transfer job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransferPhase {
    /// It looks for a source that has the content, every 20 minutes.
    Looking,
    /// It notifies the pull distribution point, again and again if that fails.
    Notifying,
    /// The point pulls, and is asked for its status.
    Pulling,
    /// It was given up; the point may still finish (PDP-6).
    Cancelled,
    /// Distribution Manager could not send it to a standard distribution point.
    Sending,
}

impl TransferPhase {
    const ALL: [Self; 5] =
        [Self::Looking, Self::Notifying, Self::Pulling, Self::Cancelled, Self::Sending];

    /// Its name, as it is kept.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Looking => "looking",
            Self::Notifying => "notifying",
            Self::Pulling => "pulling",
            Self::Cancelled => "cancelled",
            Self::Sending => "sending",
        }
    }
}

impl fmt::Display for TransferPhase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A word that is no phase of a transfer job.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no phase of a transfer job")]
pub struct UnknownPhase(String);

impl FromStr for TransferPhase {
    type Err = UnknownPhase;

    fn from_str(text: &str) -> Result<Self, UnknownPhase> {
        let found = Self::ALL.into_iter().find(|phase| phase.as_str() == text);
        found.ok_or_else(|| UnknownPhase(text.to_owned()))
    }
}
