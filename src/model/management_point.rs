//! The management point of a site: where its clients read their policy (SYNC-9, PORT-2).

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Certificate, ContentProtocol, Digest, Listener, Name, Port, Ports, ServerCertificate, SiteMode,
};

/// The management point of a site, which its site server carries: where clients read the policy of the
/// site over HTTP, in native mode over HTTPS (PORT-2).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ManagementPoint {
    /// The name of a `PortSettings`; absent: the default web site, 80 and 443.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ports: Option<Name>,
    /// The certificate for HTTPS; absent: one that the hierarchy's own authority issues. Only in native
    /// mode.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<Certificate>,
}

/// The effective settings of a management point.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ManagementPointSettings {
    /// The protocol that clients use: HTTPS in native mode, HTTP in mixed mode (PORT-2).
    pub protocol: ContentProtocol,
    /// The ports of its web site, of which it listens on that of its protocol.
    pub ports: Ports,
    /// The certificate for HTTPS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<Certificate>,
}

impl ManagementPointSettings {
    /// The protocol of a site of this mode (PORT-2).
    pub const fn protocol_in(mode: SiteMode) -> ContentProtocol {
        match mode {
            SiteMode::Mixed => ContentProtocol::Http,
            SiteMode::Native => ContentProtocol::Https,
        }
    }

    /// The one port that it listens on.
    pub const fn port(&self) -> Port {
        match self.protocol {
            ContentProtocol::Http => self.ports.http,
            ContentProtocol::Https => self.ports.https,
        }
    }
}

/// What a site server reports of its management point.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ManagementPointState {
    /// Its port.
    pub listener: Listener,
    /// The certificate that it shows, over TLS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<ServerCertificate>,
    /// The policy that it serves; absent while none has been published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<ServedPolicy>,
}

impl ManagementPointState {
    /// Why its port is not open, if it is not.
    pub fn closed(&self) -> Option<&str> {
        match &self.listener {
            Listener::Closed(why) => Some(why),
            Listener::Open(_) => None,
        }
    }
}

/// Which policy a management point serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ServedPolicy {
    /// Its serial number: a later policy of the site has a higher one.
    pub serial: u64,
    /// The digest of the document, which is its `ETag` too.
    pub digest: Digest,
    /// When it was published; absent if that was before it was remembered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published_at: Option<Timestamp>,
}
