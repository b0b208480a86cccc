//! The status messages of sites (SYNC-8, PDP-14).

use comfy_table::{Cell, CellAlignment};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::{
    ContentFilter,
    json_text::{json_schema, json_text},
    plain::plain,
    table::{lines, table},
};
use crate::model::{FormatVersion, Observed, StatusMessage};

/// The newest status messages that the site servers report, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MessagesReport {
    /// The version of this form: raised when a reader of the old one would misread it.
    #[schemars(extend("const" = MessagesReport::FORMAT_VERSION.to_string()))]
    pub format_version: String,
    /// The messages.
    pub messages: Vec<StatusMessage>,
}

impl MessagesReport {
    /// The version of the form.
    pub const FORMAT_VERSION: FormatVersion = FormatVersion { major: 1, minor: 0 };

    /// The messages that a filter shows: of its sites, about its distribution points, about packages
    /// that it names by their IDs.
    pub fn of(observed: &Observed, filter: &ContentFilter) -> Self {
        let servers = observed.present().filter_map(|(_, state)| state.site_server.as_ref());
        let all = servers.flat_map(|server| &server.status_messages);
        let mut messages: Vec<StatusMessage> =
            all.filter(|message| shows(filter, message)).cloned().collect();
        messages.sort_by_key(|message| message.at);
        Self { format_version: Self::FORMAT_VERSION.to_string(), messages }
    }
}

fn shows(filter: &ContentFilter, message: &StatusMessage) -> bool {
    let mut words = message.text.split(|letter: char| !letter.is_ascii_alphanumeric());
    (filter.sites.is_empty() || filter.sites.contains(&message.site))
        && (filter.points.is_empty()
            || filter.points.iter().any(|point| message.subject == point.as_str()))
        && (filter.packages.is_empty()
            || words.any(|word| filter.packages.iter().any(|package| package.is_id(word))))
}

/// Status messages as a table.
pub fn messages_text(report: &MessagesReport) -> String {
    if report.messages.is_empty() {
        return "There are no status messages.\n".to_owned();
    }
    let mut table = table(&["TIME", "SITE", "MESSAGE", "ABOUT", "TEXT"], &[2]);
    for message in &report.messages {
        table.add_row([
            Cell::new(message.at.strftime("%Y-%m-%d %H:%M:%SZ")),
            Cell::new(&message.site),
            Cell::new(message.id).set_alignment(CellAlignment::Right),
            Cell::new(plain(&message.subject)),
            Cell::new(plain(&message.text)),
        ]);
    }
    lines(&table)
}

/// Status messages as JSON.
pub fn messages_json(report: &MessagesReport) -> String {
    json_text(report)
}

/// The schema of [`messages_json`]. It does not forbid further fields.
pub fn messages_schema() -> Value {
    json_schema::<MessagesReport>("Headwater status messages")
}
