//! `kind: SiteSystem` (TOP-3).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Address, Forest, KubernetesSpec, Name, SiteVersion, WsusVersion};

/// A computer that carries roles of its site (TOP-3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SiteSystemSpec {
    /// The site whose roles it carries.
    pub site: Name,
    /// Its DNS name or IP address, without scheme or port.
    pub address: Address,
    /// Its Active Directory forest; absent: the site's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forest: Option<Forest>,
    /// Whether it reaches the Internet (PDP-8).
    #[serde(default)]
    pub internet_access: bool,
    /// What is installed on it.
    #[serde(default)]
    pub software: Software,
    /// How its agent is reached; absent: the driver decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<AgentEndpoint>,
    /// Where its agent runs; absent: the driver's own way (`headwater up`: embedded).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub placement: Option<Placement>,
    /// What it is given where it runs as a pod; absent: the defaults.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kubernetes: Option<KubernetesSpec>,
}

/// What is installed on a site system.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Software {
    /// The version of WSUS (SUP-2), in quotes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wsus: Option<WsusVersion>,
    /// Whether the WSUS administration console is installed (SUP-3).
    #[serde(default)]
    pub wsus_administration_console: bool,
    /// The version of the client, if it is installed (PDP-11), in quotes: that of a site.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<SiteVersion>,
}

/// How an agent is reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AgentEndpoint {
    /// The address of its admin port, such as `https://10.0.0.5:8550`; `http://` only on a loopback address.
    #[schemars(example = "https://10.0.0.5:8550")]
    pub url: String,
}

/// Where the agent of a site system runs.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
pub enum Placement {
    /// As a task of the `headwater` process, on a loopback address of its own.
    Embedded,
    /// As a process of its own on a computer, started there with `headwater agent`.
    Remote,
    /// As a pod, started by the operator.
    Kubernetes,
}
