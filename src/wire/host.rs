//! The host's admin protocol: the process that runs the embedded site systems tells which there
//! are, makes new ones and removes old ones.
//!
//! `GET /v1/site-systems` answers a list of [`HostedSystem`]s, `PUT /v1/site-systems/NAME` takes a
//! [`HostRequest`] and answers one, `DELETE /v1/site-systems/NAME` removes it with all its data.

use serde::{Deserialize, Serialize};

use crate::model::{Address, Name};

/// An embedded site system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HostedSystem {
    /// Its name.
    pub name: Name,
    /// Its address as declared.
    pub address: Address,
    /// The loopback address that stands in for it.
    pub ip: std::net::IpAddr,
    /// The address of its agent's admin port.
    pub url: String,
}

/// Asks for an embedded site system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HostRequest {
    /// Its address as declared.
    pub address: Address,
}
