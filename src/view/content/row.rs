//! One placement: a package on a distribution point.

use std::fmt;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use crate::model::{Name, PackageId, SiteCode};

/// How a package stands at a distribution point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ContentState {
    /// Every file is there, in the wanted version.
    Available,
    /// It is being pulled.
    Downloading,
    /// No source had it: the point tries again after 30 minutes (PDP-7).
    WaitingForSource,
    /// Package Transfer Manager looks for a source, or notifies the point, at a later time (PDP-5).
    WaitingForTime,
    /// Files of it are missing or damaged.
    Damaged,
    /// Another version of it is there.
    Outdated,
    /// Nothing of it is there, and it will be fetched when a client first asks for it (PDP-3).
    OnDemand,
    /// Nothing of it is there, and nothing is on its way.
    Missing,
    /// Its transfer stopped.
    Stopped,
    /// It is there, and shall not be.
    NotWanted,
    /// The distribution point cannot be asked.
    Unknown,
}

impl ContentState {
    /// All states, in the order in which they are counted.
    pub const ALL: [Self; 11] = [
        Self::Available,
        Self::OnDemand,
        Self::Downloading,
        Self::WaitingForSource,
        Self::WaitingForTime,
        Self::Damaged,
        Self::Outdated,
        Self::Missing,
        Self::Stopped,
        Self::NotWanted,
        Self::Unknown,
    ];

    /// The words for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Available => "available",
            Self::Downloading => "downloading",
            Self::WaitingForSource => "waiting for a source",
            Self::WaitingForTime => "waiting for its time",
            Self::Damaged => "damaged",
            Self::Outdated => "outdated",
            Self::OnDemand => "on demand",
            Self::Missing => "missing",
            Self::Stopped => "stopped",
            Self::NotWanted => "not wanted",
            Self::Unknown => "unknown",
        }
    }

    /// Whether it is on its way.
    pub const fn under_way(self) -> bool {
        matches!(self, Self::Downloading | Self::WaitingForSource | Self::WaitingForTime)
    }
}

impl fmt::Display for ContentState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A package on a distribution point.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Placement {
    /// The package.
    pub package: PackageId,
    /// The source version that is wanted, on its way or there: the first of these that is known.
    pub version: u32,
    /// The distribution point.
    pub distribution_point: Name,
    /// Its site.
    pub site: SiteCode,
    /// How the package stands there.
    pub state: ContentState,
    /// Bytes that are there or have come, verified or not; absent where that is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes_done: Option<u64>,
    /// Bytes in all; absent where that is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes_total: Option<u64>,
    /// Bytes a second, over the last ten seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate: Option<u64>,
    /// In how many seconds it will have come, if it goes on like that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds_left: Option<u64>,
    /// The source from which it comes now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<Name>,
    /// When something is tried again.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub next_try: Option<Timestamp>,
    /// Since when it has stood so, as far as that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub since: Option<Timestamp>,
    /// How many times a source was tried, or a notification failed, or a poll was made: whichever it
    /// waits for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempts: Option<u32>,
    /// Why it is not available, or what went wrong last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}
