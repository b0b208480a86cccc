//! `kind: SoftwareUpdatePoint` (SUP-1..9).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Certificate, ClientCertificates, Name, Schedule, UpdateContentSpec};

/// A software update point of a site (SUP-1, SUP-4).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SoftwareUpdatePointSpec {
    /// The site it serves.
    pub site: Name,
    /// The site system that carries it; it must belong to the same site (TOP-3).
    pub site_system: Name,
    /// The active point of the site, or its Internet-based one (SUP-4).
    pub role: UpdatePointRole,
    /// The name of a `PortSettings`; absent: the custom web site, 8530 and 8531 (SUP-7).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ports: Option<Name>,
    /// Whether the point uses SSL; absent: an Internet-based point does as the active one of its site,
    /// and that does in native mode, but not in mixed mode (SUP-6).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ssl: Option<bool>,
    /// The certificate for SSL; absent: one that the hierarchy's own authority issues.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<Certificate>,
    /// Whether clients and downstream servers show certificates of their own; only with SSL.
    #[serde(default)]
    pub client_certificates: ClientCertificates,
    /// The downstream servers from outside of this hierarchy that may synchronize from this point, by
    /// the name that they give or by their GUID; absent: every server may. The points of this hierarchy
    /// that are below it may in any case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = [["wsus.fabrikam.example", "6c2f6d9c-6d3e-4d4b-9d0a-6a8a3d1f7b51"]]))]
    pub downstream_servers: Option<Vec<String>>,
    /// Which clients it accepts (SUP-4).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_connections: Option<ClientConnections>,
    /// Where update metadata comes from (SYNC-1); absent: Microsoft Update at the top, the parent
    /// site's active point below it, the site's active point for an Internet-based one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<SynchronizationSource>,
    /// When the top-level point synchronizes by itself (SYNC-2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<Schedule>,
    /// Classifications to synchronize, as titles or GUIDs (SUP-8: top-level point only).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("examples" = [["Critical Updates", "Security Updates"]]))]
    pub classifications: Vec<String>,
    /// Products to synchronize, as titles or GUIDs (SUP-8: top-level point only).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("examples" = [["Windows 11", "Windows Server 2022"]]))]
    pub products: Vec<String>,
    /// Whether what is not listed is deselected.
    #[serde(default)]
    pub selection: Selection,
    /// Languages of update files, and of titles that are searched and shown beside those in English, such
    /// as `en` (SUP-8: each site's own). An Internet-based point that lists none has those of the
    /// active point of its site (SUP-6).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("examples" = [["en", "de"]]))]
    pub languages: Vec<String>,
    /// Local publishers whose updates are accepted (SYNC-10, SUP-8: top-level point only).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("examples" = [["Fabrikam"]]))]
    pub publishers: Vec<String>,
    /// The files of updates that it stores and serves; absent: none, as it has the catalog alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<UpdateContentSpec>,
}

/// What a software update point is to its site (SUP-4).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
pub enum UpdatePointRole {
    /// The active software update point: at most one a site.
    Active,
    /// The active Internet-based software update point: at most one a native-mode site.
    InternetBased,
}

/// Which clients a software update point accepts (SUP-4).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
pub enum ClientConnections {
    /// Clients on the intranet only.
    Intranet,
    /// Clients on the Internet only.
    Internet,
    /// Both.
    IntranetAndInternet,
}

/// Where a software update point gets update metadata from (SYNC-1, SYNC-7).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("allOf" = [
    {
        "if": {"properties": {"type": {"const": "UpstreamServer"}}},
        "then": {"required": ["url"], "properties": {"url": {"type": "string"}}},
        "else": {"properties": {"url": {"type": "null"}}},
    },
    {
        "if": {"properties": {"type": {"const": "Import"}}},
        "then": {"required": ["file"], "properties": {"file": {"type": "string"}}},
        "else": {"properties": {"file": {"type": "null"}}},
    },
]))]
pub struct SynchronizationSource {
    /// The kind of source.
    pub r#type: SourceType,
    /// The address of the upstream server, such as `http://wsus.fabrikam.example:8530`: with
    /// `type: UpstreamServer`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        example = "http://wsus.fabrikam.example:8530",
        regex(pattern = r"^https?://[^/\s]+/?$")
    )]
    pub url: Option<String>,
    /// The exported file, relative to the manifest: with `type: Import`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = "wsus-export/export.cab", regex(pattern = r"\S"))]
    pub file: Option<String>,
}

/// The kind of source of a software update point.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
pub enum SourceType {
    /// Microsoft Update: the top-level point only (SYNC-1).
    MicrosoftUpdate,
    /// Another WSUS server, by its address: the top-level point only (SYNC-1).
    UpstreamServer,
    /// The active point of the parent site (SYNC-1).
    ParentSite,
    /// The active point of the same site (SYNC-6): an Internet-based point only.
    ActiveUpdatePoint,
    /// A file made by `wsusutil export`, carried by hand (SYNC-7).
    Import,
    /// Nothing: the point is filled in some other way.
    None,
}

/// Whether products and classifications that are not listed are deselected.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
pub enum Selection {
    /// Exactly what is listed.
    #[default]
    Exact,
    /// What is listed, and what was already selected.
    AtLeast,
}
