//! `kind: Package`: content, and where it goes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Name, PackageId, UpdateSelection};

/// A package: content of a site, and the distribution points that hold it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PackageSpec {
    /// Eight characters, the code of the owning site first: `CEN00001`.
    pub package_id: PackageId,
    /// What people call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = "Update catalog as a file")]
    pub display_name: Option<String>,
    /// Raised when the content of the source has changed and shall be distributed again.
    #[serde(default = "first_version")]
    pub source_version: u32,
    /// Where the content comes from: one of `path`, `url`, `updates`, `legacyCatalog`.
    pub source: PackageSource,
    /// The distribution points that shall hold it.
    #[serde(default)]
    pub distribute_to: DistributeTo,
    /// Which packages go first when there is a choice.
    #[serde(default)]
    pub priority: Priority,
}

fn first_version() -> u32 {
    1
}

/// Where the content of a package comes from: one of the four.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("oneOf" = [
    {"required": ["path"], "properties": {"path": {"type": "string"}}},
    {"required": ["url"], "properties": {"url": {"type": "string"}}},
    {"required": ["updates"], "properties": {"updates": {"type": "object"}}},
    {"required": ["legacyCatalog"], "properties": {"legacyCatalog": {"const": true}}},
]))]
pub struct PackageSource {
    /// A directory on the site server, relative to the manifest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = "../wsus-export")]
    pub path: Option<String>,
    /// An address from which the content is downloaded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = "https://downloads.contoso.example/tools.zip")]
    pub url: Option<String>,
    /// Updates whose files are the content: the active software update point of the site fetches them,
    /// and they are taken in anew whenever they are others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updates: Option<UpdateSelection>,
    /// The offline catalog of the site, for old inventory-tool clients (SYNC-11): produced as often as
    /// `legacyCatalog` of the site says.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub legacy_catalog: bool,
}

impl PackageSource {
    /// A directory.
    pub fn directory(path: impl Into<String>) -> Self {
        Self { path: Some(path.into()), ..Self::default() }
    }
}

/// The distribution points that shall hold a package.
#[derive(
    Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DistributeTo {
    /// Distribution points by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("examples" = [["ams-dp1", "lis-dp"]]))]
    pub distribution_points: Vec<Name>,
    /// Distribution point groups by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("examples" = [["amsterdam"]]))]
    pub groups: Vec<Name>,
}

/// Which of several things goes first.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
pub enum Priority {
    /// Last.
    Low,
    /// In between.
    #[default]
    Medium,
    /// First.
    High,
}
