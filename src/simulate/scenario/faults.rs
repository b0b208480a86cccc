//! What goes wrong. Times are spans since the beginning.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    model::{Interval, Name, PackageId, SiteCode},
    simulate::{Bandwidth, ByteSize, Skew},
};

/// What goes wrong, and what happens beside it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Faults {
    /// Lines that are cut.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub link_cuts: Vec<LinkCut>,
    /// Site systems that are down.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub site_systems_down: Vec<SiteSystemDown>,
    /// Sources that lack content that they are thought to have.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lacks_content: Vec<LacksContent>,
    /// Disks that are slow for a while.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub slow_disks: Vec<SlowDisk>,
    /// Clocks that are wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub clock_skews: Vec<ClockSkew>,
    /// Synchronizations with a server outside of the hierarchy that fail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upstream_fails: Option<UpstreamFails>,
    /// Many packages that are released at a time.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub patch_days: Vec<PatchDay>,
}

/// A line that is cut.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LinkCut {
    /// The codes of the two sites.
    pub between: [SiteCode; 2],
    /// From when on.
    pub from: Interval,
    /// Until when; absent: for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Interval>,
}

/// A site system that is down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SiteSystemDown {
    /// Its name.
    pub site_system: Name,
    /// From when on.
    pub from: Interval,
    /// Until when; absent: for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Interval>,
}

/// A distribution point that answers that it does not have a package, whatever the site knows of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LacksContent {
    /// The distribution point.
    pub distribution_point: Name,
    /// The package; absent: all packages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub package: Option<PackageId>,
    /// From when on; absent: from the beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Interval>,
    /// Until when; absent: for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Interval>,
}

/// A disk that is slow for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SlowDisk {
    /// The site system.
    pub site_system: Name,
    /// How fast it writes and reads meanwhile.
    pub disk: Bandwidth,
    /// From when on.
    pub from: Interval,
    /// Until when; absent: for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Interval>,
}

/// A clock that is wrong. It matters where something is meant by the clock: the hours of a
/// distribution point are those of the site server that sends, a schedule is by the clock of the top
/// site's server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClockSkew {
    /// The site system.
    pub site_system: Name,
    /// By how much it is ahead, or behind with `-`.
    pub by: Skew,
}

/// The first synchronizations with a server outside of the hierarchy fail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpstreamFails {
    /// How many.
    pub times: u32,
}

/// Many packages that are released at a time, made up, to all distribution points to which any
/// package goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PatchDay {
    /// When.
    pub at: Interval,
    /// How many packages.
    #[schemars(range(min = 1, max = 1000))]
    pub packages: u32,
    /// How large each of them is; absent: `defaults.package`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<ByteSize>,
}
