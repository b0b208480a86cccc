//! What a check of a catalog has found.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::{
    model::{FormatVersion, Name},
    view::{
        json_text::{json_schema, json_text},
        plain::{add, counted, plain},
    },
    wire::updates::CatalogFindings,
};

/// How many updates are named in a text; JSON has all of them.
const NAMED: usize = 100;

/// The check of a catalog.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CheckedCatalog {
    /// The version of this form: raised when a reader of the old one would misread it.
    #[schemars(extend("const" = CheckedCatalog::FORMAT_VERSION.to_string()))]
    pub format_version: String,
    /// The software update point.
    pub update_point: Name,
    /// What was found.
    pub findings: CatalogFindings,
}

impl CheckedCatalog {
    /// The version of the form.
    pub const FORMAT_VERSION: FormatVersion = FormatVersion { major: 1, minor: 0 };

    /// What was found at a point.
    pub fn of(update_point: Name, findings: CatalogFindings) -> Self {
        Self { format_version: Self::FORMAT_VERSION.to_string(), update_point, findings }
    }
}

/// The findings for people.
pub fn catalog_check_text(checked: &CheckedCatalog) -> String {
    let CheckedCatalog { update_point, findings, .. } = checked;
    let mut text = String::new();
    for finding in &findings.file {
        add(&mut text, format_args!("the file: {}\n", plain(finding)));
    }
    for identity in findings.damaged.iter().take(NAMED) {
        let state = if findings.repaired.contains(identity) {
            "damaged, and fetched again"
        } else {
            "damaged, never served"
        };
        add(&mut text, format_args!("{identity}: {state}\n"));
    }
    let more = findings.damaged.len().saturating_sub(NAMED);
    if more > 0 {
        add(&mut text, format_args!("{} more\n", counted(more, "update")));
    }
    if let Some(why) = &findings.why_not {
        add(&mut text, format_args!("not repaired: {}\n", plain(why)));
    }
    let documents = usize::try_from(findings.documents).unwrap_or(usize::MAX);
    let documents = counted(documents, "document");
    let found = match (findings.file.is_empty(), findings.damaged.len()) {
        (true, 0) => "all as they should be".to_owned(),
        (true, damaged) => format!("{damaged} damaged"),
        (false, _) => "the file is damaged".to_owned(),
    };
    add(&mut text, format_args!("`{update_point}`: {documents} checked, {found}.\n"));
    if !findings.file.is_empty() {
        text += "Stop the site system, move `catalog.db` away, and what it held is synchronized again.\n";
    } else if !findings.is_whole() && findings.why_not.is_none() {
        text += "Fetch them again with --repair.\n";
    }
    text
}

/// The findings for programs.
pub fn catalog_check_json(checked: &CheckedCatalog) -> String {
    json_text(checked)
}

/// The schema of [`catalog_check_json`]. It does not forbid further fields.
pub fn catalog_check_schema() -> Value {
    json_schema::<CheckedCatalog>("Headwater catalog check")
}
