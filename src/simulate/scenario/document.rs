//! The document: `kind: Scenario`.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Faults;
use crate::{
    model::{Interval, Name, PackageId, SiteCode, Weekday},
    simulate::{Bandwidth, ByteSize, Latency},
};

/// What a simulation assumes of the world around a hierarchy. Everything may be left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Scenario {
    /// `headwater.dev/v1alpha1`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("const" = crate::model::API_VERSION))]
    pub api_version: Option<String>,
    /// `Scenario`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("const" = "Scenario"))]
    pub kind: Option<String>,
    /// When the simulation begins, by a true clock. Absent: when the state was observed, or else
    /// Monday, 5 January 2026, midnight UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub start_at: Option<Timestamp>,
    /// How many days are simulated at most; the command line comes before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 3650))]
    pub days: Option<u32>,
    /// What is assumed where nothing else is said.
    #[serde(default)]
    pub defaults: Defaults,
    /// The lines between sites. Two sites, one above the other, of which nothing is said here have a
    /// line like `defaults.link`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<Link>,
    /// Networks within sites, by site code.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub sites: BTreeMap<SiteCode, SiteNetwork>,
    /// Machines that are not like the others of their site, by the name of the site system.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub machines: BTreeMap<Name, Machine>,
    /// How large packages are. Without it: as they were observed, or as their source directory is,
    /// or else `defaults.package`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub content: BTreeMap<PackageId, ByteSize>,
    /// How long after the beginning packages are released; those that are not named, at once.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub releases: BTreeMap<PackageId, Interval>,
    /// How large catalogs of updates are.
    #[serde(default)]
    pub catalogs: Catalogs,
    /// What goes wrong, and what happens beside it.
    #[serde(default)]
    pub faults: Faults,
}

/// What is assumed where nothing else is said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Defaults {
    /// How fast a line between two sites is, in each direction: whole frames, of whose 1,514 bytes
    /// 1,448 are content.
    pub link: Bandwidth,
    /// How long it takes from one end of such a line to the other.
    pub latency: Latency,
    /// How fast the network card of a machine is, in each direction: whole frames as well.
    pub network: Bandwidth,
    /// How fast a machine writes what comes, and reads what it sends: bytes a second.
    pub disk: Bandwidth,
    /// How large a package is.
    pub package: ByteSize,
    /// How fast the upstream servers outside of the hierarchy send.
    pub internet: Bandwidth,
}

impl Default for Defaults {
    /// A line of a branch office, a server of the last ten years, a package of middling size.
    fn default() -> Self {
        Self {
            link: Bandwidth::megabits(100),
            latency: Latency::milliseconds(20),
            network: Bandwidth::megabits(1_000),
            disk: Bandwidth::megabytes(400),
            package: ByteSize::of(500_000_000),
            internet: Bandwidth::megabits(200),
        }
    }
}

/// A line between two sites.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Link {
    /// The codes of the two sites.
    pub between: [SiteCode; 2],
    /// How fast it is, in each direction; absent: `defaults.link`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bandwidth: Option<Bandwidth>,
    /// How long it takes from one end to the other; absent: `defaults.latency`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency: Option<Latency>,
    /// The hours in which it is there; absent: always.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub open: Vec<LineHours>,
    /// The time zone of these hours, such as `Europe/Lisbon`; absent: UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = "Europe/Lisbon")]
    pub time_zone: Option<String>,
}

/// Hours in which a line is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LineHours {
    /// The days; none: every day.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub days: Vec<Weekday>,
    /// The first hour, 0 to 23.
    #[schemars(range(max = 23), example = 20)]
    pub from: u8,
    /// The hour at which they end, 1 to 24.
    #[schemars(range(min = 1, max = 24), example = 24)]
    pub to: u8,
}

/// The network within a site.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SiteNetwork {
    /// How fast the network cards of its machines are; absent: `defaults.network`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<Bandwidth>,
    /// The time zone of its site server, by which hours of distribution points are meant, such as
    /// `Europe/Lisbon`; absent: UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = "Europe/Lisbon")]
    pub time_zone: Option<String>,
}

/// What is assumed of a machine.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Machine {
    /// How fast its network card is; absent: as its site says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<Bandwidth>,
    /// How fast it writes what comes, and reads what it sends; absent: `defaults.disk`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disk: Option<Bandwidth>,
}

/// How large catalogs of updates are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Catalogs {
    /// What a point takes that has synchronized with nobody yet.
    pub first: ByteSize,
    /// What is new at each further synchronization of the top.
    pub change: ByteSize,
}

impl Default for Catalogs {
    /// Some 20,000 updates as they travel, and what a Patch Tuesday brings.
    fn default() -> Self {
        Self { first: ByteSize::of(50_000_000), change: ByteSize::of(2_000_000) }
    }
}
