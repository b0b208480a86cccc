//! Since when things are as a site system reports them. It is told to people and compared with
//! nothing: two site systems that differ only in this are alike.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::PackageId;

/// Since when a site system is as it is: each time at the latest, and absent where nobody knows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Since {
    /// When what it was told of itself changed last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settings: Option<Timestamp>,
    /// When update services of their version were installed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub update_services: Option<Timestamp>,
    /// When the clients of its site were given another policy, or told to scan, last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_policy: Option<Timestamp>,
    /// When the port of its management point was opened, or found not to open. Forgotten when the agent
    /// ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub management_point: Option<Timestamp>,
    /// Its software update point.
    #[serde(skip_serializing_if = "RoleSince::is_empty")]
    pub update_point: RoleSince,
    /// Its distribution point.
    #[serde(skip_serializing_if = "RoleSince::is_empty")]
    pub distribution_point: RoleSince,
    /// Packages of the distribution point's content library that lack files, or have others of
    /// another size.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub damaged: BTreeMap<PackageId, Timestamp>,
    /// The same in the site server's own content library.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub damaged_at_site_server: BTreeMap<PackageId, Timestamp>,
    /// When the site server took in what it holds of its packages. Distribution points do not say:
    /// there are thousands of them, with thousands of packages.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub taken_by_site_server: BTreeMap<PackageId, Timestamp>,
}

/// Since when a role is as it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RoleSince {
    /// When its settings changed last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settings: Option<Timestamp>,
    /// When its port was opened, or found not to open. Forgotten when the agent ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listener: Option<Timestamp>,
}

impl Since {
    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl RoleSince {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
