//! What comes of a simulation. Times are seconds of virtual time since its beginning, unless said
//! otherwise.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::Policy;
use crate::model::{ActionKind, Name, PackageId, SiteCode};

/// What comes of a simulation.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    /// By which rules content travelled.
    pub policy: Policy,
    /// The seed: the same seed, the same outcome.
    pub seed: u64,
    /// When it begins, by a true clock.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub begins_at: Timestamp,
    /// How long was looked at: until nothing more happened, or to the end.
    pub seconds: f64,
    /// After how long every site had synchronized; absent if one never did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub synchronized_after: Option<f64>,
    /// After how long every distribution point had every package that it was to get; absent if one
    /// lacks one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub distributed_after: Option<f64>,
    /// How many packages were to come to how many distribution points, all in all.
    pub placements: usize,
    /// How many of them came.
    pub done: usize,
    /// The sites, by code.
    pub sites: Vec<SiteOutcome>,
    /// The packages, by ID.
    pub packages: Vec<PackageOutcome>,
    /// The distribution points, by name.
    pub distribution_points: Vec<PointOutcome>,
    /// The directions of lines through which anything went.
    pub links: Vec<LinkOutcome>,
    /// The machines that sent anything, by name.
    pub sources: Vec<SourceOutcome>,
    /// What the last package to arrive waited for, from its release on.
    pub critical_path: Vec<PathStep>,
    /// All that was waited for.
    pub waits: Vec<WaitOutcome>,
    /// What waited for maintenance windows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub window_waits: Vec<WindowWait>,
    /// How many status messages of each number there were.
    pub status_messages: BTreeMap<u16, u64>,
    /// Jobs that their manager gave up (PDP-5).
    pub cancelled: u64,
    /// How often a pull distribution point left a source for another one (PDP-7).
    pub sources_left: u64,
    /// What never comes, and why.
    pub unfinished: Vec<Unfinished>,
}

/// A site.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SiteOutcome {
    /// Its code.
    pub site: SiteCode,
    /// The code of the site above it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<SiteCode>,
    /// Its synchronization, where it has a software update point.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub synchronization: Option<SyncOutcome>,
    /// How many placements its distribution points were to get, and how many they got.
    pub placements: usize,
    /// How many of them came.
    pub done: usize,
    /// When the first byte of a package came, if one did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_from: Option<f64>,
    /// When the last package arrived, if all did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_until: Option<f64>,
    /// What came into it, and when: its network.
    pub incoming: Curve,
}

/// How much happened when: in equal spans from the beginning on.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Curve {
    /// Seconds of a span.
    pub span: f64,
    /// The bytes of each.
    pub bytes: Vec<u64>,
}

/// The synchronization of a site.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SyncOutcome {
    /// When it first began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub began: Option<f64>,
    /// When it was first complete.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub complete: Option<f64>,
    /// How often it was complete.
    pub runs: u32,
    /// How often it failed (6703).
    pub failed: u32,
}

/// A package.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PackageOutcome {
    /// Its ID.
    pub package: PackageId,
    /// The name of its document.
    pub name: Name,
    /// Its size.
    pub bytes: u64,
    /// When it was released.
    pub released: f64,
    /// To how many distribution points it was to come.
    pub wanted: usize,
    /// To how many it came.
    pub done: usize,
    /// How long it took from its release until they had it.
    #[serde(flatten)]
    pub took: Spread,
}

/// A distribution point.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PointOutcome {
    /// The distribution point.
    pub name: Name,
    /// Its site.
    pub site: SiteCode,
    /// How many packages it was to get.
    pub wanted: usize,
    /// How many it got.
    pub done: usize,
    /// How long the packages that it got took from their release until it had them.
    #[serde(flatten)]
    pub took: Spread,
}

/// How long placements took from the release of their package on, in seconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Spread {
    /// No longer than this, for half of them.
    pub half: f64,
    /// For 95 of a hundred.
    pub most: f64,
    /// For the slowest of them.
    pub last: f64,
}

impl Spread {
    /// Of spans in milliseconds, which are put in order.
    pub(super) fn of(took: &mut [u32]) -> Self {
        took.sort_unstable();
        let at = |hundredths: usize| {
            let place = (took.len() * hundredths).div_ceil(100).saturating_sub(1);
            took.get(place).map_or(0.0, |it| f64::from(*it) / 1e3)
        };
        Self { half: at(50), most: at(95), last: at(100) }
    }
}

/// A direction of a line, as its counters would have it: whole frames, with headers beside content.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LinkOutcome {
    /// From this site.
    pub from: SiteCode,
    /// To this one.
    pub to: SiteCode,
    /// Bytes a second that can go through.
    pub capacity: u64,
    /// Bytes that went through.
    pub bytes: u64,
    /// How many of them were content.
    pub content: u64,
    /// The most bytes a second that went through.
    pub peak: u64,
    /// When how much did.
    pub curve: Curve,
}

/// A machine that sends: content alone, without the headers of frames.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SourceOutcome {
    /// The name of its site system.
    pub site_system: String,
    /// Bytes that it sent.
    pub bytes: u64,
    /// The most bytes a second.
    pub peak: u64,
    /// The most transfers at a time.
    pub transfers: usize,
}

/// A step on the way of the last package to arrive.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PathStep {
    /// When it began.
    pub from: f64,
    /// When it ended.
    pub to: f64,
    /// The package.
    pub package: PackageId,
    /// The machine or distribution point.
    pub at: String,
    /// What happened.
    pub what: StepKind,
}

/// What happened on the way of a package.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum StepKind {
    /// Its source was taken into the content library of its site.
    Taken,
    /// It was not its turn yet: other work of the plan came first.
    Planned,
    /// It was waited for.
    Waited(Waited),
    /// It came from there; the text says what kept it from coming faster.
    Came {
        /// The distribution point or site server.
        source: String,
        /// What it came no faster than.
        limit: String,
    },
}

/// What was waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Waited {
    /// The turn of a pull at its sources.
    Turn,
    /// Until a source has the content (PDP-5).
    SourceContent,
    /// Until a distribution point takes its notification (PDP-5).
    Notification,
    /// Half an hour, because no source had the content (PDP-7).
    Sources,
    /// Open hours.
    Hours,
    /// Until it is sent again after a failure.
    Retry,
    /// A place among what is sent.
    Place,
    /// A machine that does not answer.
    Answer,
    /// A maintenance window in which it may begin.
    Window,
}

/// Waiting of a kind.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WaitOutcome {
    /// What was waited for.
    pub what: Waited,
    /// By how many transfers.
    pub transfers: u64,
    /// Seconds, all together.
    pub total: f64,
    /// Seconds of the one that waited longest.
    pub longest: f64,
    /// Which distribution point that was.
    pub at: Name,
    /// And for which package.
    pub package: PackageId,
}

/// Actions of a kind that waited until a site could be changed.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WindowWait {
    /// The site.
    pub site: SiteCode,
    /// What could not begin; `Synchronize` and `ImportUpdates` also where a schedule or the parent site
    /// asked for it.
    pub kind: ActionKind,
    /// How many of them.
    pub actions: usize,
    /// Since when the first of them waited.
    pub from: f64,
    /// The window that opens next; absent: none that ever opens allows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window: Option<Name>,
    /// When it opens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opens_at: Option<Timestamp>,
}

/// Something that never comes.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Unfinished {
    /// A package, or a site that does not synchronize.
    pub what: String,
    /// At how many distribution points.
    pub count: usize,
    /// The first of them.
    pub at: Vec<String>,
    /// Why.
    pub why: String,
    /// Whether somebody chose that.
    pub chosen: bool,
}
