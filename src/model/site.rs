//! `kind: Site` (TOP-1, TOP-2).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Forest, Interval, ManagementPoint, Name, SiteCode, SiteVersion};

/// A site of the hierarchy: a node of the tree (TOP-1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SiteSpec {
    /// Three characters, unique in the hierarchy and immutable (TOP-2).
    pub site_code: SiteCode,
    /// What the site is in the tree (TOP-1).
    pub r#type: SiteType,
    /// The site above this one; absent for the top of the hierarchy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<Name>,
    /// Mixed or native mode (TOP-2): native mode requires SSL (SUP-6).
    pub mode: SiteMode,
    /// The product version, in quotes: `"2007 SP2"`, `"2403"`.
    pub version: SiteVersion,
    /// The site system that is the site server.
    pub site_server: Name,
    /// The Active Directory forest of the site's computers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forest: Option<Forest>,
    /// Whether the site issues its own certificates for HTTP site systems (PDP-11).
    #[serde(default)]
    pub enhanced_http: bool,
    /// Opens the management point on the site server: clients read the policy of the site there (SYNC-9,
    /// PORT-2). Absent: it stays closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub management_point: Option<ManagementPoint>,
    /// Properties of the client agents of the site (AGT-1).
    #[serde(default)]
    pub client_agent: ClientAgent,
    /// When the site's update point takes updates from its parent's (SYNC-5).
    #[serde(default)]
    pub synchronization: SynchronizationOrder,
    /// How the site distributes content.
    #[serde(default)]
    pub software_distribution: SoftwareDistribution,
    /// The catalog for old inventory-tool clients (SYNC-11).
    #[serde(default)]
    pub legacy_catalog: LegacyCatalog,
}

/// When the update point of a site takes updates from its parent's.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
pub enum SynchronizationOrder {
    /// Once its parent has synchronized and sent its request, as in the field.
    #[default]
    TierByTier,
    /// As soon as its parent has stored them, while that one still synchronizes. The request still comes
    /// at the end, and closes the synchronization.
    Pipelined,
}

/// What a site is in the tree (TOP-1).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
pub enum SiteType {
    /// The central site: the top.
    Central,
    /// A primary site, below the central site or another primary; alone, it may be the top.
    Primary,
    /// A secondary site: a leaf below a primary.
    Secondary,
}

/// The mode of a site (TOP-2).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
pub enum SiteMode {
    /// Clients use HTTP; no Internet clients (SUP-4).
    Mixed,
    /// Clients use HTTPS with certificates (SUP-6).
    Native,
}

impl SiteMode {
    /// The mode in the field's words, for messages.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Mixed => "mixed",
            Self::Native => "native",
        }
    }
}

/// Properties of the client agents of a site (AGT-1).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClientAgent {
    /// The software updates client agent.
    #[serde(default)]
    pub software_updates: SoftwareUpdatesAgent,
}

/// Properties of the software updates client agent (AGT-1, AGT-2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct SoftwareUpdatesAgent {
    /// Whether clients scan and install at all.
    pub enabled: bool,
    /// How often clients scan for compliance.
    pub scan_every: Interval,
    /// How often clients check that installed updates are still installed.
    pub reevaluate_every: Interval,
}

impl Default for SoftwareUpdatesAgent {
    fn default() -> Self {
        Self { enabled: true, scan_every: Interval::days(7), reevaluate_every: Interval::days(7) }
    }
}

/// How a site distributes content.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SoftwareDistribution {
    /// How Distribution Manager sends to standard distribution points (PDP-1).
    #[serde(default)]
    pub distribution_points: DistributionSettings,
    /// How Package Transfer Manager treats the pull distribution points of the site (PDP-5).
    #[serde(default)]
    pub pull_distribution_points: TransferSettings,
}

/// How Distribution Manager of a site sends its packages to standard distribution points (PDP-1). A
/// pull distribution point has nothing to do with that (PDP-10).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct DistributionSettings {
    /// How many packages are sent at the same time.
    pub maximum_packages: u32,
    /// To how many distribution points a package is sent at the same time.
    pub threads_per_package: u32,
    /// How often a package that could not be sent is tried again before that is given up.
    pub retries: u32,
    /// The time between two tries.
    pub retry_delay: Interval,
}

impl Default for DistributionSettings {
    fn default() -> Self {
        Self {
            maximum_packages: 3,
            threads_per_package: 5,
            retries: 100,
            retry_delay: Interval::minutes(30),
        }
    }
}

/// How Package Transfer Manager treats pull distribution points (PDP-5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct TransferSettings {
    /// How often a failed notification is repeated before the job is cancelled.
    pub retries: u32,
    /// The time between two notifications.
    pub retry_delay: Interval,
    /// How often the status is asked before the job is cancelled.
    pub status_polls: u32,
    /// The time between two questions.
    pub poll_delay: Interval,
    /// How many pull distribution points are notified to pull from one distribution point of the
    /// site at a time; the others wait for their turn.
    #[serde(skip_serializing_if = "is_usual_number")]
    #[schemars(extend("default" = PULLS_PER_SOURCE))]
    pub pulls_per_source: u32,
}

/// How many pull distribution points pull from one source at a time, unless the site says otherwise.
/// Each of them opens up to 16 connections, so that a source has 800 of them at most, in less memory
/// than it has for a thousand; and no line gets faster by more than fifty transfers on it.
const PULLS_PER_SOURCE: u32 = 50;

/// Agents of versions that do not know the setting are not told of it where it says nothing.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "this is how serde calls it")]
fn is_usual_number(pulls: &u32) -> bool {
    *pulls == PULLS_PER_SOURCE
}

impl Default for TransferSettings {
    fn default() -> Self {
        Self {
            retries: 30,
            retry_delay: Interval::minutes(20),
            status_polls: 72,
            poll_delay: Interval::minutes(60),
            pulls_per_source: PULLS_PER_SOURCE,
        }
    }
}

/// The catalog for old inventory-tool clients (SYNC-11).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct LegacyCatalog {
    /// Whether it is produced.
    pub enabled: bool,
    /// How often it is produced and distributed.
    pub every: Interval,
}

impl Default for LegacyCatalog {
    fn default() -> Self {
        Self { enabled: false, every: Interval::days(7) }
    }
}
