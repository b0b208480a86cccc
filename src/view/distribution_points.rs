//! The distribution points, and what they hold and are doing, as a table.

use std::collections::BTreeMap;

use comfy_table::{Cell, CellAlignment};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    plain::{counted, plain},
    status::second,
    table::{lines, table},
};
use crate::model::{
    Listener, Name, ObservedSystem, PackageId, PullJobState, SiteCode, ValidationRecord,
};

/// The state of a distribution point.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DistributionPointStatus {
    /// Its site.
    pub site: SiteCode,
    /// Its name.
    pub name: Name,
    /// Whether it pulls.
    pub pulls: bool,
    /// How many packages it holds whole.
    pub packages: usize,
    /// How many it holds in part.
    pub damaged: usize,
    /// How many files its packages have.
    pub files: u64,
    /// How many bytes its packages have.
    pub bytes: u64,
    /// Where its content came from.
    pub sources: Vec<String>,
    /// Its port.
    pub listener: Listener,
    /// What its transfers are doing.
    pub transfers: Vec<String>,
    /// What the last content validation has found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validated: Option<ValidationRecord>,
    /// The packages on demand that a client has asked for and that are not there yet, and when
    /// (PDP-3).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub requested: BTreeMap<PackageId, Timestamp>,
    /// How many different clients asked for each package (PDP-13).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub unique_clients: BTreeMap<PackageId, u64>,
}

impl DistributionPointStatus {
    /// That of a site system, if it is one.
    pub(super) fn of(state: &ObservedSystem) -> Option<Self> {
        let point = state.distribution_point.as_ref()?;
        Some(Self {
            site: state.settings.site.clone(),
            name: point.name.clone(),
            pulls: point.settings.pulls(),
            packages: point.packages.whole,
            damaged: point.packages.damaged,
            files: point.packages.files,
            bytes: point.packages.bytes,
            sources: point.packages.sources.clone(),
            listener: point.listener.clone(),
            transfers: point
                .pull_jobs
                .iter()
                .map(|(id, job)| format!("{id}: {}", job_text(&job.state)))
                .collect(),
            validated: point.validated,
            requested: point
                .on_demand
                .iter()
                .filter_map(|(id, it)| Some((id.clone(), it.requested?)))
                .collect(),
            unique_clients: point.unique_clients.clone(),
        })
    }
}

/// The table; none if there is no distribution point.
pub(super) fn distribution_points(points: &[DistributionPointStatus]) -> Option<String> {
    let header = ["SITE", "DISTRIBUTION POINT", "PACKAGES", "FILES", "BYTES", "SOURCE", "STATUS"];
    let mut table = table(&header, &[2, 3, 4]);
    for point in points {
        table.add_row([
            Cell::new(&point.site),
            Cell::new(&point.name),
            Cell::new(point.packages).set_alignment(CellAlignment::Right),
            Cell::new(point.files).set_alignment(CellAlignment::Right),
            Cell::new(point.bytes).set_alignment(CellAlignment::Right),
            Cell::new(match point.sources.as_slice() {
                [] => "-".to_owned(),
                sources => plain(&sources.join(", ")).into_owned(),
            }),
            Cell::new(distribution_status(point)),
        ]);
    }
    (!points.is_empty()).then(|| lines(&table))
}

fn job_text(state: &PullJobState) -> String {
    match state {
        PullJobState::Downloading(source) => format!("downloading from {source}"),
        PullJobState::WaitingForSource { until, .. } => {
            format!("no source has it, tries again at {until}")
        }
        PullJobState::Stopped(why) => format!("stopped: {why}"),
    }
}

fn distribution_status(point: &DistributionPointStatus) -> String {
    if let Listener::Closed(why) = &point.listener {
        return format!("port closed: {}", plain(why));
    }
    let mut parts: Vec<_> = point.transfers.iter().map(|it| plain(it).into_owned()).collect();
    if !point.requested.is_empty() {
        let packages = counted(point.requested.len(), "package");
        parts.push(format!("{packages} asked for by clients, on demand"));
    }
    if point.damaged > 0 {
        parts.push(format!("{} damaged", counted(point.damaged, "package")));
    }
    if parts.is_empty() {
        parts.push("content available".to_owned());
    }
    if let Some(validated) = point.validated {
        parts.push(format!("validated {}", second(validated.finished_at)));
    }
    parts.join("; ")
}
