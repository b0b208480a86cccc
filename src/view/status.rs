//! The state of a hierarchy, for people and for programs.

use comfy_table::{Cell, CellAlignment};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::model::{
    CatalogVersion, DownstreamServer, FormatVersion, HeldBy, Known, Listener, ManifestsInForce,
    Name, Observed, ObservedSystem, SecuredListener, SiteCode, StatusMessage, UpdateContentState,
    UpdatePointRole, ValidationRecord,
};
use crate::plan::PlanToApprove;

use super::{
    LastRunSummary, NextTry, NotificationStatus, RunSummary,
    distribution_points::{DistributionPointStatus, distribution_points},
    downstream::downstream_servers,
    json_text::{json_schema, json_text},
    management_points::{ManagementPointStatus, management_points},
    plain::{add, plain},
    site_servers::{SiteServers, depth, site_servers},
    table::{lines, table},
    update_content::update_content,
};

/// The state of a hierarchy, as its site systems report it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StatusReport {
    /// The version of this form: raised when a reader of the old one would misread it.
    #[schemars(extend("const" = StatusReport::FORMAT_VERSION.to_string()))]
    pub format_version: String,
    /// The software update points.
    pub update_points: Vec<UpdatePointStatus>,
    /// The management points, where any are declared.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub management_points: Vec<ManagementPointStatus>,
    /// The distribution points.
    pub distribution_points: Vec<DistributionPointStatus>,
    /// The site systems.
    pub site_systems: Vec<SiteSystemStatus>,
    /// How the run ended that this is the end of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<RunSummary>,
    /// Which commit's manifests are in force, where they come out of git.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manifests: Option<ManifestsInForce>,
    /// The process that keeps the hierarchy, if one does that stays.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held_by: Option<HeldBy>,
    /// How it stands with those who are told what the controller does.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notifications: Vec<NotificationStatus>,
    /// What is remembered of the last run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_run: Option<LastRunSummary>,
    /// Actions that failed and are not tried again yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub next_tries: Vec<NextTry>,
    /// The plan that waits until somebody approves it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to_approve: Option<PlanToApprove>,
}

/// The state of a software update point.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UpdatePointStatus {
    /// Its site.
    pub site: SiteCode,
    /// Its name.
    pub name: Name,
    /// Active or Internet-based.
    pub role: UpdatePointRole,
    /// What its catalog holds, as one value.
    pub catalog_version: Option<CatalogVersion>,
    /// How many revisions its catalog holds.
    pub updates: u64,
    /// What the site database holds, as one value; only with the active point.
    pub site_database_version: Option<CatalogVersion>,
    /// Revisions that have changed or expired and wait for the schedule, because the last synchronization
    /// was started by hand (SYNC-3); only with the active point.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waiting: Option<u64>,
    /// When it was last synchronized.
    pub last_synchronization: Option<Timestamp>,
    /// Its HTTP port.
    pub listener: Listener,
    /// Its HTTPS port and the certificate that it shows, with SSL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub https: Option<SecuredListener>,
    /// The newest status message about it.
    pub status_message: Option<StatusMessage>,
    /// The servers that synchronize from it, or from one of these, as they have told.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub downstream_servers: Vec<DownstreamServer>,
    /// The files of updates that it has, where it has any or shall have some.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<UpdateContentState>,
}

/// The state of a site system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SiteSystemStatus {
    /// Its name.
    pub name: Name,
    /// Its site; absent if it does not answer.
    pub site: Option<SiteCode>,
    /// Its address as declared.
    pub address: Option<String>,
    /// The IP address on which its roles listen.
    pub listens_on: Option<String>,
    /// Why it does not answer.
    pub unknown: Option<String>,
    /// On a site server: what the last content validation of its packages has found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validated: Option<ValidationRecord>,
}

impl StatusReport {
    /// The version of the form.
    pub const FORMAT_VERSION: FormatVersion = FormatVersion { major: 1, minor: 0 };

    /// What the site systems report, put together: by site and name.
    pub fn of(observed: &Observed) -> Self {
        let mut report = Self {
            format_version: Self::FORMAT_VERSION.to_string(),
            update_points: Vec::new(),
            management_points: Vec::new(),
            distribution_points: Vec::new(),
            site_systems: Vec::new(),
            run: None,
            manifests: None,
            held_by: None,
            notifications: Vec::new(),
            last_run: None,
            next_tries: Vec::new(),
            to_approve: None,
        };
        let servers = site_servers(observed);
        for (name, known) in &observed.site_systems {
            match known {
                Known::Present(state) => report.add(name, state, &servers),
                Known::Absent => {}
                Known::Unknown(why) => report.site_systems.push(SiteSystemStatus {
                    name: name.clone(),
                    site: None,
                    address: None,
                    listens_on: None,
                    unknown: Some(why.clone()),
                    validated: None,
                }),
            }
        }
        let order =
            |site: &SiteCode, name: &Name| (depth(&servers, site), site.clone(), name.clone());
        report.update_points.sort_by_cached_key(|point| order(&point.site, &point.name));
        report.management_points.sort_by_cached_key(|point| order(&point.site, &point.site_system));
        report.distribution_points.sort_by_cached_key(|point| order(&point.site, &point.name));
        report
    }

    fn add(&mut self, name: &Name, state: &ObservedSystem, servers: &SiteServers<'_>) {
        let site = &state.settings.site;
        self.site_systems.push(SiteSystemStatus {
            name: name.clone(),
            site: Some(site.clone()),
            address: Some(state.settings.address.to_string()),
            listens_on: Some(state.listens_on.clone()),
            unknown: None,
            validated: state.site_server.as_ref().and_then(|server| server.validated),
        });
        self.management_points.extend(ManagementPointStatus::of(name, state));
        let server = servers.get(site).and_then(|server| server.site_server.as_ref());
        self.distribution_points.extend(DistributionPointStatus::of(state));
        if let Some(point) = &state.update_point {
            let active = point.settings.role == UpdatePointRole::Active;
            let mut messages = server.iter().flat_map(|server| &server.status_messages);
            self.update_points.push(UpdatePointStatus {
                site: site.clone(),
                name: point.name.clone(),
                role: point.settings.role,
                catalog_version: point.catalog_version,
                updates: point.revisions,
                site_database_version: server
                    .filter(|_| active)
                    .and_then(|server| server.catalog_version),
                waiting: server
                    .filter(|_| active)
                    .map(|server| server.waiting)
                    .filter(|waiting| *waiting > 0),
                last_synchronization: point
                    .last_synchronization
                    .as_ref()
                    .map(|record| record.finished_at),
                listener: point.listener.clone(),
                https: point.https.clone(),
                status_message: messages
                    .rfind(|message| message.subject == point.name.as_str())
                    .cloned(),
                downstream_servers: point.downstream_servers.clone(),
                content: point.content.clone(),
            });
        }
    }
}

/// The state of a hierarchy as tables.
pub fn status_text(report: &StatusReport) -> String {
    if report.site_systems.is_empty() {
        return "There are no site systems yet: `headwater up PATH` makes them.\n".to_owned();
    }
    let mut text = String::new();
    if !report.update_points.is_empty() {
        let header =
            ["SITE", "UPDATE POINT", "CATALOG", "UPDATES", "LAST SYNCHRONIZATION", "STATUS"];
        let mut table = table(&header, &[3]);
        for point in &report.update_points {
            table.add_row([
                Cell::new(&point.site),
                Cell::new(&point.name),
                Cell::new(point.catalog_version.map_or("-".to_owned(), |it| it.short())),
                Cell::new(point.updates).set_alignment(CellAlignment::Right),
                Cell::new(point.last_synchronization.map_or("never".to_owned(), second)),
                Cell::new(point_status(point)),
            ]);
        }
        add(&mut text, format_args!("{}\n", lines(&table)));
    }
    let beside = [
        update_content(&report.update_points),
        downstream_servers(&report.update_points),
        management_points(&report.management_points),
        distribution_points(&report.distribution_points),
    ];
    for table in beside.into_iter().flatten() {
        add(&mut text, format_args!("{table}\n"));
    }
    let mut table = table(&["SITE", "SITE SYSTEM", "ADDRESS", "LISTENS ON"], &[]);
    for system in &report.site_systems {
        let text = |value: &Option<String>| value.as_deref().map_or("-".into(), plain).into_owned();
        table.add_row([
            system.site.as_ref().map_or("-".to_owned(), ToString::to_string),
            system.name.to_string(),
            text(&system.address),
            match &system.unknown {
                Some(why) => format!("does not answer: {}", plain(why)),
                None => text(&system.listens_on),
            },
        ]);
    }
    text += &lines(&table);
    text
}

/// The state of a hierarchy as JSON.
pub fn status_json(report: &StatusReport) -> String {
    json_text(report)
}

/// The schema of [`status_json`]. It does not forbid further fields.
pub fn status_schema() -> Value {
    json_schema::<StatusReport>("Headwater status")
}

fn point_status(point: &UpdatePointStatus) -> String {
    let https = point.https.as_ref().map(|https| &https.listener);
    for (port, listener) in [("port", Some(&point.listener)), ("HTTPS port", https)] {
        if let Some(Listener::Closed(why)) = listener {
            return format!("{port} closed: {}", plain(why));
        }
    }
    let text = match &point.status_message {
        Some(message) => format!("{} {}", message.id, plain(&message.text)),
        None => "-".to_owned(),
    };
    match point.waiting {
        Some(1) => format!("{text}; 1 changed update waits for the schedule"),
        Some(waiting) => format!("{text}; {waiting} changed updates wait for the schedule"),
        None => text,
    }
}

/// A time, to the second.
pub(super) fn second(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn changes_that_wait_for_the_schedule_are_told() {
        let mut point = UpdatePointStatus::active("ONE", "updates");
        assert_eq!(point_status(&point), "-");
        point.waiting = Some(1);
        assert_eq!(point_status(&point), "-; 1 changed update waits for the schedule");
        point.waiting = Some(38);
        assert_eq!(point_status(&point), "-; 38 changed updates wait for the schedule");
        point.listener = Listener::Closed("it is taken".to_owned());
        assert_eq!(point_status(&point), "port closed: it is taken");
    }

    #[test]
    fn what_an_agent_says_cannot_play_with_the_terminal() {
        let hostile = || "\u{1b}[2J\u{202e}".to_owned();
        let report = StatusReport {
            format_version: StatusReport::FORMAT_VERSION.to_string(),
            update_points: Vec::new(),
            management_points: Vec::new(),
            distribution_points: vec![DistributionPointStatus {
                site: "ONE".parse().unwrap(),
                name: "here".parse().unwrap(),
                pulls: false,
                packages: 1,
                damaged: 0,
                files: 1,
                bytes: 1,
                sources: vec![hostile()],
                listener: Listener::Open(hostile()),
                transfers: vec![hostile()],
                validated: None,
                requested: BTreeMap::new(),
                unique_clients: BTreeMap::new(),
            }],
            site_systems: vec![SiteSystemStatus {
                name: "server".parse().unwrap(),
                site: None,
                address: Some(hostile()),
                listens_on: Some(hostile()),
                unknown: None,
                validated: None,
            }],
            run: None,
            manifests: None,
            held_by: None,
            notifications: Vec::new(),
            last_run: None,
            next_tries: Vec::new(),
            to_approve: None,
        };
        let text = status_text(&report);
        assert_eq!(text.matches("\\u{1b}[2J\\u{202e}").count(), 4, "{text}");
        assert!(!text.contains(['\u{1b}', '\u{202e}']));
    }
}
