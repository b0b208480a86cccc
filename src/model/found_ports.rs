//! What answers on the ports of the roles, found by connecting to them (PORT-5): facts that stay the
//! same as long as what answers does, so that two looks at the same thing are equal.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

use super::{Name, Port};

/// What was found on the ports of the roles.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FoundPorts {
    /// By name of the software update point. One that was not looked at does not appear, and in
    /// observed state neither does one that is as it shall be.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub update_points: BTreeMap<Name, PortFacts>,
    /// By name of the distribution point, likewise.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub distribution_points: BTreeMap<Name, PortFacts>,
}

impl FoundPorts {
    /// Whether nothing was looked at.
    pub fn is_empty(&self) -> bool {
        self.update_points.is_empty() && self.distribution_points.is_empty()
    }
}

/// What was found on the ports of one role.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PortFacts {
    /// Its HTTP port, where one is wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http: Option<PortFinding>,
    /// Its HTTPS port, where one is wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub https: Option<PortFinding>,
    /// On an update point: the virtual roots of its web site, by name (SUP-6).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub virtual_roots: BTreeMap<String, RootFinding>,
    /// On an update point: what was wrong with its answer to the first question of the server-server
    /// protocol; absent if it answered as an update point does, or was not asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_update_point: Option<String>,
    /// On a distribution point: what was wrong with its answer to who it is; absent if it answered as
    /// this point does, or was not asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_distribution_point: Option<String>,
}

/// What was found on one port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PortFinding {
    /// The port.
    pub port: Port,
    /// What answers there.
    pub answer: PortAnswer,
}

/// What answers on a port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum PortAnswer {
    /// Nothing; the text says why.
    Closed(String),
    /// HTTP in the clear.
    Plain,
    /// TLS.
    Tls(Box<TlsFacts>),
    /// It is open, but whatever listens says nothing.
    Silent,
    /// It is open, and what answers speaks neither HTTP nor TLS.
    Unintelligible,
}

/// How a port speaks TLS.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TlsFacts {
    /// The version that was agreed on, such as `TLS 1.3`; absent if none was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Why the handshake was not completed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<String>,
    /// Whether a client certificate is asked for, as a native-mode site does.
    #[serde(default)]
    pub asks_for_client_certificate: bool,
    /// The certificate that was shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<CertificateFacts>,
}

/// A certificate, and how far it is what clients need.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CertificateFacts {
    /// The DNS names and IP addresses that it is valid for.
    pub names: Vec<String>,
    /// Whether the declared address is one of them.
    pub matches: bool,
    /// Who issued it.
    pub issuer: String,
    /// When it ends.
    pub not_after: jiff::Timestamp,
    /// Where in its life it is.
    pub validity: Validity,
    /// Why its chain does not lead to a trusted root; absent if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub untrusted: Option<String>,
}

/// Where in its life a certificate is: a state instead of the days left, which are others tomorrow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Validity {
    /// It is valid only later.
    NotYetValid,
    /// It is valid.
    Valid,
    /// It is valid for less than 30 days.
    ExpiresSoon,
    /// It has ended.
    Expired,
}

/// How a virtual root answers (SUP-6).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RootFinding {
    /// To a request in the clear.
    pub plain: RootAnswer,
    /// To a request over TLS; absent where no HTTPS port was looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secured: Option<RootAnswer>,
}

/// What a virtual root answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RootAnswer {
    /// It serves: any answer but the ones below. A web service that is asked without a question
    /// answers an error, which is not the channel's fault.
    Serves,
    /// It demands a secured channel.
    DemandsSecuredChannel,
    /// It refuses (HTTP 403) and does not say that the channel is why.
    Forbidden,
    /// It is not there.
    Absent,
    /// It did not answer; the text says why.
    Fails(String),
}

impl fmt::Display for RootAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Serves => f.write_str("served"),
            Self::DemandsSecuredChannel => f.write_str("secured channel required"),
            Self::Forbidden => f.write_str("refused (HTTP 403)"),
            Self::Absent => f.write_str("not there"),
            Self::Fails(why) => write!(f, "no answer: {why}"),
        }
    }
}
