//! What is shown of synchronizations, for programs.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::{
    engine::SyncManager,
    model::{FormatVersion, PointSynchronization, StatusMessage, StatusMessageId},
    view::json_text::{json_schema, json_text},
};

/// The synchronizations of all points that answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SynchronizationReport {
    /// The version of this form: raised when a reader of the old one would misread it.
    #[schemars(extend("const" = SynchronizationReport::FORMAT_VERSION.to_string()))]
    pub format_version: String,
    /// The points, by site and name.
    pub update_points: Vec<SynchronizationStatus>,
}

/// The synchronizations of a software update point.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SynchronizationStatus {
    /// What the point tells.
    #[serde(flatten)]
    pub point: PointSynchronization,
    /// What its sync manager is doing.
    pub phase: SynchronizationPhase,
    /// Revisions a second and those that are missing: so many seconds are left.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds_left: Option<u64>,
    /// When its sync manager tries again after a failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub retry_at: Option<Timestamp>,
    /// The newest status message about it, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// What a sync manager is doing (SYNC-4..8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum SynchronizationPhase {
    /// Nothing.
    Idle,
    /// The update services synchronize with their upstream server.
    UpdateServices,
    /// Changed metadata enters the site database.
    SiteDatabase,
    /// The Internet-based point synchronizes with the active one.
    InternetBased,
    /// It waits until it tries again.
    Failed,
}

impl SynchronizationReport {
    /// The version of the form.
    pub const FORMAT_VERSION: FormatVersion = FormatVersion { major: 1, minor: 0 };

    /// These points.
    pub fn of(mut update_points: Vec<SynchronizationStatus>) -> Self {
        update_points.sort_by(|one, other| {
            (&one.point.site, &one.point.name).cmp(&(&other.point.site, &other.point.name))
        });
        Self { format_version: Self::FORMAT_VERSION.to_string(), update_points }
    }

    /// Whether any synchronization goes on.
    pub fn is_under_way(&self) -> bool {
        self.update_points.iter().any(|it| it.point.progress.is_some())
    }
}

impl SynchronizationStatus {
    /// What a point tells, with the newest status message of its site about it.
    pub fn of(point: PointSynchronization, message: Option<&StatusMessage>) -> Self {
        let id = message.map(|it| it.id);
        let phase = match (&point.progress, id) {
            (_, Some(StatusMessageId::SynchronizingInternetBased)) => {
                SynchronizationPhase::InternetBased
            }
            (Some(_), _) => SynchronizationPhase::UpdateServices,
            (None, Some(StatusMessageId::SynchronizingSiteDatabase)) => {
                SynchronizationPhase::SiteDatabase
            }
            (None, Some(StatusMessageId::SynchronizationFailed)) => SynchronizationPhase::Failed,
            (None, _) => SynchronizationPhase::Idle,
        };
        let seconds_left = point
            .progress
            .as_ref()
            .and_then(|it| it.total.saturating_sub(it.done).checked_div(it.rate));
        let failed = message.filter(|_| phase == SynchronizationPhase::Failed);
        let retry_at = failed.and_then(|it| it.at.checked_add(SyncManager::RETRY_AFTER).ok());
        let message = message.map(|it| format!("{} {}", it.id, it.text));
        Self { point, phase, seconds_left, retry_at, message }
    }
}

/// The report for programs.
pub fn synchronization_json(report: &SynchronizationReport) -> String {
    json_text(report)
}

/// The report for programs that follow it: one line.
pub fn synchronization_line_json(report: &SynchronizationReport) -> String {
    // Names, numbers and texts: writing them cannot fail, and nothing would be shown if it did.
    serde_json::to_string(report).unwrap_or_default() + "\n"
}

/// The schema of [`synchronization_json`]. It does not forbid further fields.
pub fn synchronization_schema() -> Value {
    json_schema::<SynchronizationReport>("Headwater synchronizations")
}
