//! What the status of a custom resource says.

use std::fmt;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::{CatalogVersion, Digest};

/// The status of a custom resource of a kind that manifests have.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ResourceStatus {
    /// The generation of the object that all this is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// How it stands with it, one of each type.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["type"]))]
    pub conditions: Vec<Condition>,
    /// Of a site or a software update point: the version of its catalog.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub catalog_version: Option<CatalogVersion>,
    /// The first digits of the same, for tables: other digits are another catalog.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub catalog: Option<String>,
    /// Of a site or a software update point: how many revisions its catalog lacks that its parent site or
    /// upstream server has. 0: it has them all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lag: Option<u64>,
    /// Of a software update point: its last successful synchronization or import.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_synchronization: Option<Synchronized>,
    /// The value of the annotation `headwater.dev/sync-requested-at` that was dealt with last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handled_sync_request: Option<String>,
    /// Of a software update point or a distribution point: where what it has comes from, for tables. Of a
    /// file the name, and of many sources the first two.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Of a distribution point or a group, its packages; of a package, the distribution points that shall
    /// have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<PackageCounts>,
    /// The same in words, such as `12/14`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<String>,
    /// When something that failed is tried again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_retry: Option<Timestamp>,
    /// What was done to it, the newest first: five at most.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reconciliations: Vec<Reconciliation>,
}

/// How it stands with an object in one respect, as `metav1.Condition` has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Condition {
    /// The respect.
    #[serde(rename = "type")]
    pub condition_type: ConditionType,
    /// Whether it is so.
    pub status: ConditionStatus,
    /// The generation of the object that this is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// When the status changed last.
    pub last_transition_time: Timestamp,
    /// Why, in one word.
    #[schemars(
        length(min = 1, max = 1_024),
        regex(pattern = "^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$")
    )]
    pub reason: String,
    /// Why, for people.
    #[schemars(length(max = 32_768))]
    pub message: String,
}

/// The respects in which objects are looked at. The first three are those that tools read from every
/// object (kstatus).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
pub enum ConditionType {
    /// It is as the object says.
    Ready,
    /// Something is being done about it, or will be by itself.
    Reconciling,
    /// Nothing will be done about it by itself: somebody has to act.
    Stalled,
    /// Of a site or a software update point: its catalog is that of its upstream server (SYNC-1).
    Synchronized,
    /// Of a distribution point, a group or a package: all content is where it shall be (PDP-1).
    ContentDistributed,
    /// It was changed by somebody else since it was last as wanted.
    Drifted,
    /// `headwater.dev/suspend: "true"`: nothing is done to it.
    Suspended,
}

/// Whether a condition holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ConditionStatus {
    /// It does.
    True,
    /// It does not.
    False,
    /// Nobody could see.
    Unknown,
}

/// A successful synchronization or import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Synchronized {
    /// When it was complete.
    pub finished_at: Timestamp,
    /// Where the metadata came from: an address or a file.
    pub from: String,
    /// How many revisions were new.
    pub new_revisions: u64,
}

/// How many of what shall be somewhere is there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PackageCounts {
    /// How many shall be there.
    pub wanted: u64,
    /// How many of these are there, whole, in the wanted version.
    pub present: u64,
    /// How many of these are on their way.
    pub coming: u64,
    /// How many of these could not be brought there.
    pub failed: u64,
}

/// Something that was done to a resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Reconciliation {
    /// When it had ended.
    pub at: Timestamp,
    /// What was done: kinds of action.
    pub actions: Vec<String>,
    /// How it ended: `Done` or `Failed`.
    pub outcome: String,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// The status of a `Plan`: what has to be done in a namespace, as of the last look.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PlanStatus {
    /// The digest of the resources that the plan is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manifest_digest: Option<Digest>,
    /// What to write into the annotation `headwater.dev/approve` to have what waits for approval done;
    /// absent while nothing does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest_to_approve: Option<Digest>,
    /// The first digits of the same, for tables and for `kubectl headwater approve`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approve: Option<String>,
    /// How it stands with all of it: `Ready` is that nothing has to be done.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["type"]))]
    pub conditions: Vec<Condition>,
    /// How many actions there are.
    pub actions_total: u64,
    /// The actions, in their order: the first hundred.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<PlannedAction>,
    /// What cannot be planned yet: the first hundred.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waiting: Vec<WaitingAction>,
}

/// An action of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PlannedAction {
    /// Its identity, the same in every plan.
    pub id: String,
    /// What is done.
    pub kind: String,
    /// To what: `Kind/name`.
    pub resource: String,
    /// Why.
    pub reason: String,
    /// Whether it waits until somebody approves it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub to_approve: bool,
}

/// Something that cannot be planned yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WaitingAction {
    /// What waits: `Kind/name`.
    pub resource: String,
    /// What it waits for.
    pub reason: String,
}

impl fmt::Display for ConditionType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}
