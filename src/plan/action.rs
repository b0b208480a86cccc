//! What a plan is made of, and the plan as a value.

use std::{fmt, sync::Arc};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::model::{ActionKind, Digest, FormatVersion, Name, ResourceId, SiteCode, Written};

/// The version of the plan's JSON form: raised when a reader of the old form would misread it.
pub const FORMAT_VERSION: FormatVersion = FormatVersion { major: 1, minor: 0 };

/// The identity of an action: what it does to what, and where that is not unique, for which site
/// and in which wave. The same inputs give the same identities.
// A copy shares the text: what brings a package comes after all that sets up its distribution points,
// and so does what brings each other package.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, JsonSchema)]
#[schemars(with = "String")]
pub struct ActionId(Arc<str>);

impl ActionId {
    /// The text itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What the action does; `None` if another version knows a kind that this one does not.
    pub fn kind(&self) -> Option<ActionKind> {
        let (kind, _) = self.0.split_once(':')?;
        ActionKind::ALL.into_iter().find(|it| it.to_string() == kind)
    }
}

impl From<String> for ActionId {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl Serialize for ActionId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for ActionId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::from)
    }
}

impl fmt::Display for ActionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Something that has to be done, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Action {
    /// Its identity within the plan.
    pub id: ActionId,
    /// What is done.
    pub kind: ActionKind,
    /// To what.
    pub resource: ResourceId,
    /// The site it belongs to.
    pub site: SiteCode,
    /// The requirement that asks for it: an ID of the domain.
    #[schemars(regex(pattern = "^[A-Z]+-[0-9]+$"))]
    pub requirement: String,
    /// Why it has to be done.
    pub reason: String,
    /// The actions that must be done before.
    pub after: Vec<ActionId>,
    /// Where it is done: distribution points for content (none: the site server's own library),
    /// otherwise the site system.
    pub targets: Vec<Name>,
    /// What changes, field by field.
    pub diff: Vec<FieldChange>,
    /// Whether the synchronization brings only new updates into the site database, because it was
    /// requested by hand: what has changed or expired waits for the scheduled one (SYNC-3).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub only_new: bool,
    /// Whether the schedule of an update point asks for it, or it brings further what was synchronized so:
    /// nothing that somebody has changed (SYNC-2).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub scheduled: bool,
}

impl Action {
    /// Whether it changes a site system, update services or a local update that are there, by an action
    /// that makes them otherwise.
    pub fn alters(&self) -> bool {
        match self.kind {
            // Where it is not there, nobody could be asked what it is.
            ActionKind::CreateSiteSystem | ActionKind::PublishLocalUpdate => {
                self.diff.iter().any(|it| it.found.is_some())
            }
            ActionKind::InstallUpdateServices => self.diff.iter().any(|it| !it.before.is_null()),
            _ => false,
        }
    }
}

/// A field that changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FieldChange {
    /// The way to the field.
    pub path: String,
    /// What it is; `null` where there is nothing.
    pub before: Value,
    /// What it shall be; `null` where there shall be nothing.
    pub after: Value,
    /// Where the manifests say so. Several places, where the value is made of several: an address of
    /// host and port. None where no document says anything, because there is none any more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub written: Vec<Written>,
    /// Where it was read what it is. Absent where nothing is there that could have been asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<Found>,
}

impl FieldChange {
    /// A change of which no more is known.
    pub fn new(path: impl Into<String>, before: Value, after: Value) -> Self {
        Self { path: path.into(), before, after, written: Vec::new(), found: None }
    }
}

/// Where the value of a field was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Found {
    /// The site system whose agent said so.
    pub site_system: Name,
    /// The address of that agent, where the manifests name one; otherwise the one on which its roles
    /// listen.
    pub at: String,
    /// Since when it is so, at the latest, as far as the agent knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub since: Option<Timestamp>,
}

/// Something that would be done but for something else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Waiting {
    /// What waits.
    pub resource: ResourceId,
    /// What it waits for.
    pub on: String,
    /// Whether somebody chose that: suspended, or prestaged.
    pub chosen: bool,
    /// When it goes on by itself, at the earliest: the next maintenance window opens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub until: Option<Timestamp>,
}

/// Something worth knowing about a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PlanDiagnostic {
    /// The requirement it is about.
    #[schemars(regex(pattern = "^[A-Z]+-[0-9]+$"))]
    pub rule: String,
    /// What there is to know, and what to do.
    pub message: String,
    /// The resource it is about.
    pub resource: ResourceId,
}

/// How many actions of each sort a plan has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// Site systems, software and roles that are made.
    pub create: usize,
    /// Settings and policies that change.
    pub change: usize,
    /// What is taken away.
    pub remove: usize,
    /// Synchronizations and imports.
    pub synchronize: usize,
    /// Content that is sent, pulled or validated.
    pub distribute: usize,
}

/// What has to be done so that the hierarchy becomes as wanted, in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// The version of this form: raised when a reader of the old one would misread it.
    #[schemars(extend("const" = FORMAT_VERSION.to_string()))]
    pub format_version: String,
    /// The digest of the manifests.
    pub manifest_digest: Digest,
    /// The digest of the facts among what was observed.
    pub observed_digest: Digest,
    /// Whether the hierarchy is as wanted once the actions are done: nothing unknown is in the way.
    pub complete: bool,
    /// How many actions of each sort.
    pub summary: Summary,
    /// What is done, in an order that can be followed one by one.
    pub actions: Vec<Action>,
    /// What waits, and for what.
    pub waiting: Vec<Waiting>,
    /// What else there is to know.
    pub diagnostics: Vec<PlanDiagnostic>,
}

impl Summary {
    /// Counts actions. What is done to something that is there changes it. Those that only look
    /// ([`ActionKind::VerifyPorts`]) are not counted.
    pub fn of(actions: &[Action]) -> Self {
        let mut summary = Self::default();
        for action in actions {
            match action.kind {
                _ if action.alters() => summary.change += 1,
                ActionKind::CreateSiteSystem
                | ActionKind::InstallUpdateServices
                | ActionKind::InstallAdministrationConsole
                | ActionKind::AddSoftwareUpdatePoint
                | ActionKind::AddDistributionPoint
                | ActionKind::PublishLocalUpdate => summary.create += 1,
                ActionKind::ConfigureSsl
                | ActionKind::ConfigureSoftwareUpdatePoint
                | ActionKind::PublishClientPolicy
                | ActionKind::ConfigureDistributionPoint
                | ActionKind::EnablePull
                | ActionKind::DisablePull => summary.change += 1,
                ActionKind::SynchronizeCategories
                | ActionKind::Synchronize
                | ActionKind::ImportUpdates => summary.synchronize += 1,
                ActionKind::DistributeContent
                | ActionKind::UpdateContent
                | ActionKind::ValidateContent => summary.distribute += 1,
                // A look changes nothing: it is listed, but not counted.
                ActionKind::VerifyPorts => {}
                ActionKind::ExpireLocalUpdate
                | ActionKind::RemoveContent
                | ActionKind::RemoveDistributionPoint
                | ActionKind::RemoveSoftwareUpdatePoint
                | ActionKind::UninstallUpdateServices
                | ActionKind::RemoveSiteSystem => summary.remove += 1,
            }
        }
        summary
    }
}
