//! `kind: Notification`: who is told what of what the controller does and finds.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Address, CodeRepository, Interval, MailAddress, Name, Port, SecretFile, WebUrl};

/// Somebody who is told what `headwater controller` does and finds. It changes nothing on site systems,
/// and no plan depends on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NotificationSpec {
    /// Where it is told.
    pub to: Destination,
    /// What is told; absent: all but `ManifestsInForce`, `Converged` and `Waiting`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("examples" = [["ManifestsRefused", "Failed"]]))]
    pub on: Vec<EventKind>,
    /// Only of these sites, by the names of their documents; absent: of all. What belongs to no site is
    /// told all the same.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("examples" = [["ams", "lis"]]))]
    pub sites: Vec<Name>,
    /// Only what is at least as grave.
    #[serde(default)]
    pub min_severity: EventSeverity,
    /// How long something has to last before it is told, and to be over before its end is told: so what
    /// heals by itself is not heard of.
    #[serde(default = "one_minute")]
    pub after: Interval,
    /// What lasts is told once, and again only after this time.
    #[serde(default = "one_day")]
    pub repeat_every: Interval,
}

fn one_minute() -> Interval {
    Interval::minutes(1)
}

fn one_day() -> Interval {
    Interval::days(1)
}

impl NotificationSpec {
    /// The kinds of event that are told.
    pub fn kinds(&self) -> BTreeSet<EventKind> {
        if self.on.is_empty() {
            return EventKind::ALL.into_iter().filter(|kind| kind.is_told_by_default()).collect();
        }
        self.on.iter().copied().collect()
    }
}

/// Where something is told: exactly one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("oneOf" = [
    {"required": ["webhook"], "properties": {"webhook": {"type": "object"}}},
    {"required": ["slack"], "properties": {"slack": {"type": "object"}}},
    {"required": ["email"], "properties": {"email": {"type": "object"}}},
    {"required": ["commitStatus"], "properties": {"commitStatus": {"type": "object"}}},
]))]
pub struct Destination {
    /// A URL to which events are posted as JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook: Option<Webhook>,
    /// A channel of Slack, or of what takes the same messages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slack: Option<Slack>,
    /// People, by electronic mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Email>,
    /// The status of each commit, where the repository is hosted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit_status: Option<CommitStatus>,
}

/// A URL to which events are posted as JSON.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("oneOf" = [
    {"required": ["url"], "properties": {"url": {"type": "string"}}},
    {"required": ["urlFile"], "properties": {"urlFile": {"type": "string"}}},
]))]
pub struct Webhook {
    /// The URL, if nothing in it is secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<WebUrl>,
    /// The file that holds the URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url_file: Option<SecretFile>,
    /// The file that holds the key of the signature in `X-Headwater-Signature`: HMAC-SHA256 of the body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_file: Option<SecretFile>,
}

/// A channel of Slack, or of what takes the same messages, such as Mattermost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Slack {
    /// The file that holds the URL of the incoming webhook.
    pub url_file: SecretFile,
}

/// People, by electronic mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Email {
    /// The mail server.
    pub server: Address,
    /// Its port; absent: 587 with `StartTls`, 465 with `Tls`, 25 with `None`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = 587)]
    pub port: Option<Port>,
    /// How the connection is secured.
    #[serde(default)]
    pub tls: MailSecurity,
    /// Who it comes from.
    pub from: MailAddress,
    /// Who gets it.
    pub to: Vec<MailAddress>,
    /// The file that holds the name with which the controller logs in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_file: Option<SecretFile>,
    /// The file that holds the password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_file: Option<SecretFile>,
}

impl Email {
    /// The port, written or not.
    pub const fn port(&self) -> u16 {
        match (self.port, self.tls) {
            (Some(port), _) => port.get(),
            (None, MailSecurity::StartTls) => 587,
            (None, MailSecurity::Tls) => 465,
            (None, MailSecurity::None) => 25,
        }
    }
}

/// How a connection to a mail server is secured.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
pub enum MailSecurity {
    /// It begins in the clear and goes on over TLS, or not at all.
    #[default]
    StartTls,
    /// Over TLS from the beginning.
    Tls,
    /// Not at all.
    None,
}

/// The status of each commit, where the repository is hosted: pending when it comes in force, success
/// when the hierarchy is as it says, failure when it is refused or something fails.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CommitStatus {
    /// Who hosts it.
    pub provider: CommitStatusProvider,
    /// The base of its API; absent: that of `github.com` or `gitlab.com`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<WebUrl>,
    /// The repository.
    pub repository: CodeRepository,
    /// The file that holds a token which may set the status of commits.
    pub token_file: SecretFile,
    /// By which name the status is told from others of the same commit.
    #[serde(default = "headwater")]
    #[schemars(example = "headwater/production")]
    pub context: String,
}

fn headwater() -> String {
    "headwater".to_owned()
}

/// Who hosts a repository.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
pub enum CommitStatusProvider {
    /// GitHub.
    GitHub,
    /// GitLab.
    GitLab,
    /// Gitea, or Forgejo.
    Gitea,
}

/// How grave an event is.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
)]
pub enum EventSeverity {
    /// Good to know.
    #[default]
    Info,
    /// Not as it should be, and nothing is lost yet.
    Warning,
    /// Somebody has to do something.
    Error,
}

impl EventSeverity {
    /// The word as manifests and messages write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Info => "Info",
            Self::Warning => "Warning",
            Self::Error => "Error",
        }
    }
}

/// What is told. All but `ManifestsInForce` and `Converged` last: their end is told too.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
pub enum EventKind {
    /// Another commit, or other manifests of a directory, are in force.
    ManifestsInForce,
    /// Manifests are refused whole: not valid, or not signed by a signer. The last good ones stay in force.
    ManifestsRefused,
    /// Where manifests come from cannot be read: nobody knows whether there are others.
    SourceUnreachable,
    /// The hierarchy has become as the manifests say.
    Converged,
    /// An action has failed and is still to be done, or a pass could not be made at all.
    Failed,
    /// Something is not as the manifests say, although these have not changed: with `--mode observe`
    /// as long as it is so, otherwise when it was mended.
    Drift,
    /// Something waits for something else, or for somebody.
    Waiting,
    /// A site system does not answer.
    SiteSystemUnreachable,
}

impl EventKind {
    /// All kinds.
    pub const ALL: [Self; 8] = [
        Self::ManifestsInForce,
        Self::ManifestsRefused,
        Self::SourceUnreachable,
        Self::Converged,
        Self::Failed,
        Self::Drift,
        Self::Waiting,
        Self::SiteSystemUnreachable,
    ];

    /// The kind as manifests and messages write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ManifestsInForce => "ManifestsInForce",
            Self::ManifestsRefused => "ManifestsRefused",
            Self::SourceUnreachable => "SourceUnreachable",
            Self::Converged => "Converged",
            Self::Failed => "Failed",
            Self::Drift => "Drift",
            Self::Waiting => "Waiting",
            Self::SiteSystemUnreachable => "SiteSystemUnreachable",
        }
    }

    /// How grave it is.
    pub const fn severity(self) -> EventSeverity {
        match self {
            Self::ManifestsInForce | Self::Converged | Self::Waiting => EventSeverity::Info,
            Self::SourceUnreachable | Self::Drift => EventSeverity::Warning,
            Self::ManifestsRefused | Self::Failed | Self::SiteSystemUnreachable => {
                EventSeverity::Error
            }
        }
    }

    /// Whether it is told where a manifest does not say what is.
    pub const fn is_told_by_default(self) -> bool {
        !matches!(self, Self::ManifestsInForce | Self::Converged | Self::Waiting)
    }

    /// Whether it is the outcome of a look that may heal by itself, so that it is told only when it has
    /// lasted. That manifests are refused stays so until somebody mends them.
    pub const fn may_heal(self) -> bool {
        !matches!(self, Self::ManifestsRefused)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_list_what_calls_for_somebody_is_told() {
        let spec: NotificationSpec =
            serde_json::from_str(r#"{"to": {"slack": {"urlFile": "a"}}}"#).unwrap();
        let told: Vec<_> = spec.kinds().into_iter().map(EventKind::as_str).collect();
        let grave = ["ManifestsRefused", "SourceUnreachable", "Failed", "Drift"];
        assert_eq!(told, [&grave[..], &["SiteSystemUnreachable"]].concat());
        assert!(spec.kinds().iter().all(|kind| kind.severity() > EventSeverity::Info));
        for kind in EventKind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        }
    }
}
