//! `kind: DistributionPoint` and `kind: DistributionPointGroup` (PDP-1..15).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Interval, Name, Priority, SiteMode};

/// A distribution point of a site: standard, or, with `pull`, a pull distribution point (PDP-1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DistributionPointSpec {
    /// The site it belongs to.
    pub site: Name,
    /// The site system that carries it; it must belong to the same site (TOP-3).
    pub site_system: Name,
    /// A computer of the site, or a cloud management gateway (PDP-8).
    #[serde(default)]
    pub r#type: DistributionPointType,
    /// The protocol that clients use; absent: HTTPS in native mode and of a cloud management gateway,
    /// HTTP in mixed mode.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protocol: Option<ContentProtocol>,
    /// The name of a `PortSettings`; absent: the default web site, 80 and 443.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ports: Option<Name>,
    /// Makes it a pull distribution point (PDP-2, PDP-4).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pull: Option<PullSpec>,
    /// Whether it waits for prestaged content; overrides `pull` (PDP-9).
    #[serde(default)]
    pub prestaged: bool,
    /// Whether packages are fetched when a client first asks for them (PDP-3).
    #[serde(default)]
    pub on_demand: bool,
    /// Network boot (PDP-3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pxe: Option<Pxe>,
    /// Multicast of operating system images (PDP-3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub multicast: Option<Multicast>,
    /// The hours in which content may be sent, by the clock and in the time zone of the site server
    /// that sends; closed outside of them. Absent: always open. Kept but not used by a pull
    /// distribution point (PDP-10).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub schedule: Vec<OpenHours>,
    /// How fast content is sent, on all connections together. Kept but not used by a pull
    /// distribution point (PDP-10).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_limit: Option<RateLimit>,
    /// When the content is hashed again (PDP-15).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_validation: Option<ContentValidation>,
    /// The account for sources in a remote forest (PDP-11).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network_access_account: Option<SecretHolder>,
    /// The certificate for HTTPS; absent: one that the hierarchy's own authority issues.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<Certificate>,
    /// Whether clients show certificates of their own; only over HTTPS.
    #[serde(default)]
    pub client_certificates: ClientCertificates,
}

impl DistributionPointSpec {
    /// The protocol that clients use in a site of this mode (PORT-2). A gateway stands on the Internet
    /// and has its own certificate, whatever the mode.
    pub fn protocol_in(&self, mode: SiteMode) -> ContentProtocol {
        let by_default = match (self.r#type, mode) {
            (DistributionPointType::CloudManagementGateway, _) | (_, SiteMode::Native) => {
                ContentProtocol::Https
            }
            (DistributionPointType::Standard, SiteMode::Mixed) => ContentProtocol::Http,
        };
        self.protocol.unwrap_or(by_default)
    }

    /// Whether pull is switched on (PDP-4), overridden or not.
    pub fn pull_enabled(&self) -> bool {
        self.pull.as_ref().is_some_and(|pull| pull.enabled)
    }

    /// Whether it takes its content by pulling: prestaged content overrides it (PDP-9).
    pub fn pulls(&self) -> bool {
        self.pull_enabled() && !self.prestaged
    }
}

/// What a distribution point is.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
pub enum DistributionPointType {
    /// A computer of the site.
    #[default]
    Standard,
    /// A cloud management gateway: may be a source, never pulls (PDP-8).
    CloudManagementGateway,
}

/// The protocol over which content is served.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "UPPERCASE")]
pub enum ContentProtocol {
    /// Plain HTTP.
    Http,
    /// HTTP over TLS.
    Https,
}

/// What makes a distribution point a pull distribution point (PDP-2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PullSpec {
    /// Whether it pulls; `false` returns it to a standard one and keeps the sources (PDP-4).
    #[serde(default = "enabled")]
    pub enabled: bool,
    /// The distribution points it takes content from, and from no others.
    pub sources: Vec<PullSource>,
    /// How it chooses among sources of one priority (PDP-7).
    #[serde(default)]
    pub selection: PullSelection,
    /// Whether it serves what it has verified of a package while the rest still comes, so that those
    /// that pull from it need not wait until it has everything. Its own sources come in no other
    /// order; clients see a package only when all of it is there.
    #[serde(default)]
    pub cut_through: bool,
}

/// How a pull distribution point chooses among sources of one priority (PDP-7). Lower numbers come
/// first either way.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
pub enum PullSelection {
    /// At random; what a source did counts for one transfer only.
    #[default]
    Random,
    /// By how fast the sources were and how often they failed in its transfers so far; those that do
    /// badly are still tried now and then.
    Adaptive,
}

fn enabled() -> bool {
    true
}

/// A source distribution point (PDP-7).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PullSource {
    /// The name of the source distribution point.
    pub distribution_point: Name,
    /// Lowest first; chosen at random among equals.
    #[serde(default = "first")]
    pub priority: u32,
}

fn first() -> u32 {
    1
}

/// Network boot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Pxe {
    /// Whether the point answers boot requests.
    #[serde(default)]
    pub enabled: bool,
    /// Whether computers that the site does not know are served.
    #[serde(default)]
    pub unknown_computers: bool,
    /// How long it waits before it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_delay: Option<Interval>,
}

/// Multicast of operating system images.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Multicast {
    /// Whether the point multicasts.
    #[serde(default)]
    pub enabled: bool,
    /// How many clients a session may have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = 100)]
    pub max_clients: Option<u32>,
    /// The range of multicast addresses, such as `239.0.0.1-239.0.0.254`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = "239.0.0.1-239.0.0.254")]
    pub addresses: Option<String>,
    /// The range of UDP ports, such as `64001-65000`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = "64001-65000")]
    pub ports: Option<String>,
}

/// A span of hours in which content of some priority may be sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OpenHours {
    /// The days it applies to; none: every day.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub days: Vec<Weekday>,
    /// The first hour, 0 to 23.
    #[schemars(range(max = 23), example = 8)]
    pub from: u8,
    /// The hour at which it ends, 1 to 24.
    #[schemars(range(min = 1, max = 24), example = 18)]
    pub to: u8,
    /// The lowest priority of packages that may be sent.
    #[serde(default = "lowest")]
    pub minimum_priority: Priority,
}

fn lowest() -> Priority {
    Priority::Low
}

/// A day of the week.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[expect(missing_docs, reason = "the days of the week need no explanation")]
pub enum Weekday {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

/// How fast content is sent: either by the hour or in pulses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("oneOf" = [
    {"required": ["perHour"], "properties": {"perHour": {"minItems": 1}}},
    {"required": ["pulse"], "properties": {"pulse": {"type": "object"}}},
]))]
pub struct RateLimit {
    /// Limits for spans of hours, by the clock of the site server; unlimited outside of them. Of
    /// several spans with the same hour the lowest rate holds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub per_hour: Vec<HourlyRate>,
    /// Blocks of a fixed size with a pause between them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pulse: Option<Pulse>,
}

/// A rate for a span of hours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HourlyRate {
    /// The first hour, 0 to 23.
    #[schemars(range(max = 23), example = 8)]
    pub from: u8,
    /// The hour at which it ends, 1 to 24.
    #[schemars(range(min = 1, max = 24), example = 18)]
    pub to: u8,
    /// Kilobytes (1,000 bytes) a second.
    #[schemars(example = 2_000)]
    pub kilobytes_per_second: u32,
}

/// Blocks of a fixed size with a pause between them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Pulse {
    /// The size of a block in kilobytes (1,000 bytes).
    #[schemars(example = 256)]
    pub block_kilobytes: u32,
    /// The pause between two blocks.
    pub delay: Interval,
}

/// When the content of a distribution point is hashed again (PDP-15).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ContentValidation {
    /// How often.
    pub every: Interval,
    /// How much it may get in the way of serving.
    #[serde(default = "lowest")]
    pub priority: Priority,
}

/// Holds the name of a secret, never the secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SecretHolder {
    /// Where the secret is kept.
    pub secret_ref: SecretReference,
}

/// The name of a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SecretReference {
    /// The name under which it is kept.
    pub name: Name,
}

/// The certificate of a distribution point, a software update point or a management point: either `selfSigned` or `secretRef`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("oneOf" = [
    {"required": ["selfSigned"], "properties": {"selfSigned": {"const": true}}},
    {"required": ["secretRef"], "properties": {"secretRef": {"type": "object"}}},
]))]
pub struct Certificate {
    /// Made without anybody else: issued by the authority that the hierarchy keeps in its data directory.
    #[serde(default)]
    pub self_signed: bool,
    /// Where certificate and key are kept: `secrets/NAME/tls.crt` and `tls.key` in the data directory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_ref: Option<SecretReference>,
}

/// Whether clients of a distribution point (PDP-12) or a software update point show certificates of their
/// own. Those count that
/// lead to the hierarchy's authority or to a root in `certificates/trusted.pem`.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
pub enum ClientCertificates {
    /// Nobody is asked for one.
    #[default]
    Ignore,
    /// Who shows none is served; who shows one that does not count is refused (HTTP 403).
    Accept,
    /// Who shows none that counts is refused (HTTP 403).
    Require,
}

/// A named set of distribution points, as the target of packages (PDP-3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DistributionPointGroupSpec {
    /// The distribution points of the group.
    #[schemars(extend("examples" = [["ams-dp1", "ams-dp2"]]))]
    pub members: Vec<Name>,
}
