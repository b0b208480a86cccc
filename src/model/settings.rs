//! What roles are told and report back: the settings of a resource with every reference followed
//! and every default filled in. A plan compares these, never the documents.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    Address, Certificate, ClientCertificates, ClientConnections, ContentProtocol, ContentStore,
    ContentValidation, DistributionPointType, DistributionSettings, Forest, LegacyCatalog,
    ManagementPointSettings, Multicast, Name, OpenHours, PackageId, Ports, Priority, PullSelection,
    Pxe, RateLimit, Schedule, Selection, SiteCode, SiteMode, SiteType, SiteVersion, Software,
    SoftwareUpdatesAgent, SourceType, TransferSettings, UpdateContentSpec, UpdatePointRole,
    UpdateSelection,
};

/// What a site system is told of itself (TOP-3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SiteSystemSettings {
    /// The site it belongs to.
    pub site: SiteCode,
    /// Its address as declared.
    pub address: Address,
    /// What is installed on it, apart from what Headwater installs (SUP-5).
    pub software: Software,
    /// Its Active Directory forest: its own, or else the site's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forest: Option<Forest>,
    /// Whether it reaches the Internet (PDP-8).
    #[serde(default, skip_serializing_if = "is_default")]
    pub internet_access: bool,
    /// Present on the site server of a site.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub site_server: Option<SiteServerSettings>,
    /// Whether it stays when its document is gone: `headwater.dev/prune: disabled`. It is told, so
    /// that this is still known then.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub keep: bool,
}

/// What a site server is told of its site (TOP-1, TOP-2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SiteServerSettings {
    /// The name of the site's document.
    pub name: Name,
    /// What the site is in the tree.
    pub r#type: SiteType,
    /// The code of the site above it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<SiteCode>,
    /// Mixed or native mode.
    pub mode: SiteMode,
    /// The product version.
    pub version: SiteVersion,
    /// The Active Directory forest of the site's computers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forest: Option<Forest>,
    /// Whether the site issues its own certificates for HTTP site systems (PDP-11).
    #[serde(default, skip_serializing_if = "is_default")]
    pub enhanced_http: bool,
    /// How Distribution Manager sends to standard distribution points (PDP-1).
    #[serde(default, skip_serializing_if = "is_default")]
    pub distribution: DistributionSettings,
    /// How Package Transfer Manager treats its pull distribution points (PDP-5).
    #[serde(default, skip_serializing_if = "is_default")]
    pub transfers: TransferSettings,
    /// The catalog for old inventory-tool clients (SYNC-11).
    #[serde(default, skip_serializing_if = "is_default")]
    pub legacy_catalog: LegacyCatalog,
    /// The management point, where it is declared (PORT-2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub management_point: Option<ManagementPointSettings>,
}

impl UpdatePointSettings {
    /// Whether it stores files of updates at all.
    pub fn stores_files(&self) -> bool {
        self.content.store != ContentStore::None || !self.packages.is_empty()
    }
}

/// What is as it is by default is not kept: so what earlier versions kept reads as the same.
pub(super) fn is_default<Value: Default + PartialEq>(value: &Value) -> bool {
    *value == Value::default()
}

/// The effective settings of a software update point (SUP-4, SUP-7, SUP-8).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdatePointSettings {
    /// The site it serves.
    pub site: SiteCode,
    /// Active or Internet-based.
    pub role: UpdatePointRole,
    /// The ports it listens on.
    pub ports: Ports,
    /// Whether the five virtual roots require a secured channel (SUP-6).
    pub ssl: bool,
    /// The certificate for SSL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<Certificate>,
    /// Whether clients and downstream servers show certificates of their own.
    #[serde(default, skip_serializing_if = "is_default")]
    pub client_certificates: ClientCertificates,
    /// The downstream servers that may synchronize from it, by name or GUID, in order; absent: all. It
    /// is one of them itself, so that a list is never empty, and so are the points below it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub downstream_servers: Option<Vec<String>>,
    /// Which clients it accepts.
    pub client_connections: ClientConnections,
    /// Where it synchronizes from.
    pub source: UpstreamSettings,
    /// Whether it takes over the approvals of its upstream point: the active point of a secondary
    /// site.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub replica: bool,
    /// When it synchronizes by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schedule: Option<Schedule>,
    /// Classifications, as titles or GUIDs, in order.
    pub classifications: Vec<String>,
    /// Products, as titles or GUIDs, in order.
    pub products: Vec<String>,
    /// Whether what is not listed is deselected.
    pub selection: Selection,
    /// Languages of update files and of titles, in order.
    pub languages: Vec<String>,
    /// Local publishers, in order.
    pub publishers: Vec<String>,
    /// The files of updates that it stores.
    #[serde(default, skip_serializing_if = "is_default")]
    pub content: UpdateContentSpec,
    /// Updates whose files are the content of packages of its site: it stores these too.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub packages: BTreeMap<PackageId, UpdateSelection>,
    /// Whether it stays when its document is gone: `headwater.dev/prune: disabled`. It is told, so
    /// that this is still known then.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub keep: bool,
}

/// Where a software update point synchronizes from, as it is told (SYNC-1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpstreamSettings {
    /// The kind of source.
    pub r#type: SourceType,
    /// The upstream point, where it is one of this hierarchy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub update_point: Option<Name>,
    /// The upstream server's address: scheme, host as declared, port.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The exported file, as an absolute path on the site system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
}

impl UpstreamSettings {
    /// Whether updates come from another server, not from a file or by hand.
    pub const fn is_another_server(&self) -> bool {
        !matches!(self.r#type, SourceType::Import | SourceType::None)
    }
}

/// The effective settings of a distribution point.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DistributionPointSettings {
    /// The site it belongs to.
    pub site: SiteCode,
    /// A computer of the site, or a cloud management gateway.
    pub r#type: DistributionPointType,
    /// The protocol that clients use.
    pub protocol: ContentProtocol,
    /// The ports it listens on.
    pub ports: Ports,
    /// Where it pulls from; absent on a standard distribution point.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pull: Option<PullSettings>,
    /// Whether it waits for prestaged content (PDP-9).
    pub prestaged: bool,
    /// Whether packages are fetched when first asked for.
    pub on_demand: bool,
    /// Network boot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pxe: Option<Pxe>,
    /// Multicast.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub multicast: Option<Multicast>,
    /// Open hours.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub schedule: Vec<OpenHours>,
    /// How fast content is sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_limit: Option<RateLimit>,
    /// When content is hashed again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_validation: Option<ContentValidation>,
    /// The name of the secret with the network access account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network_access_account: Option<Name>,
    /// The certificate for HTTPS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<Certificate>,
    /// Whether clients show certificates of their own.
    #[serde(default, skip_serializing_if = "is_default")]
    pub client_certificates: ClientCertificates,
    /// Whether it stays when its document is gone: `headwater.dev/prune: disabled`. It is told, so
    /// that this is still known then.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub keep: bool,
}

impl DistributionPointSettings {
    /// Whether it takes its content by pulling: pull is switched on (PDP-4) and prestaged content
    /// does not override it (PDP-9).
    pub fn pulls(&self) -> bool {
        !self.prestaged && self.pull.as_ref().is_some_and(|pull| pull.enabled)
    }

    /// Whether it fetches packages when a client first asks for them (PDP-3): prestaged content
    /// overrides that too (PDP-9).
    pub fn fetches_on_demand(&self) -> bool {
        self.on_demand && !self.prestaged
    }

    /// Whether those that pull from it may begin while it still pulls itself.
    pub fn cuts_through(&self) -> bool {
        self.pulls() && self.pull.as_ref().is_some_and(|pull| pull.cut_through)
    }

    /// The sources that it takes its content from; none if it does not pull, whatever is named.
    pub fn pulls_from(&self) -> impl Iterator<Item = &PullSourceSettings> {
        let pull = self.pull.iter().filter(|_| self.pulls());
        pull.flat_map(|pull| &pull.sources)
    }

    /// When and how fast a package of this priority may be sent to it; `None`: always, as fast as it
    /// goes. What a pull distribution point is told of that is not used (PDP-10).
    pub fn pacing(&self, priority: Priority) -> Option<Pacing> {
        let limited = !self.schedule.is_empty() || self.rate_limit.is_some();
        (limited && !self.pulls()).then(|| Pacing {
            priority,
            schedule: self.schedule.clone(),
            rate_limit: self.rate_limit.clone(),
        })
    }
}

/// When and how fast a package may be sent to a standard distribution point: what a site server is
/// told with the package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Pacing {
    /// The priority of the package.
    pub priority: Priority,
    /// The open hours of the point; none: always open.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub schedule: Vec<OpenHours>,
    /// How fast content is sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_limit: Option<RateLimit>,
}

/// How a pull distribution point pulls (PDP-2, PDP-4).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PullSettings {
    /// Whether it pulls.
    pub enabled: bool,
    /// Its sources, by priority and then by name.
    pub sources: Vec<PullSourceSettings>,
    /// How it chooses among sources of one priority.
    #[serde(default, skip_serializing_if = "is_default")]
    pub selection: PullSelection,
    /// Whether it serves what it has verified of a package while the rest still comes.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cut_through: bool,
}

/// A source of a pull distribution point, as it is told (PDP-7).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PullSourceSettings {
    /// Lowest first; chosen at random among equals.
    pub priority: u32,
    /// The source distribution point.
    pub distribution_point: Name,
    /// Its address: scheme, host as declared, port.
    pub url: String,
}

/// The site-wide policy that tells clients where their WSUS server is, and to scan (SYNC-9).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClientPolicy {
    /// The software update point for clients on the intranet.
    pub update_point: Name,
    /// Its address: scheme, host as declared, port.
    pub url: String,
    /// The address for clients on the Internet, where they are accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub internet_url: Option<String>,
    /// Properties of the software updates client agent (AGT-1).
    pub agent: SoftwareUpdatesAgent,
}
