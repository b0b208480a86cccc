//! One update, whole.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::list::{kind, one_line, titled};
use crate::{
    model::{FormatVersion, Name},
    view::{
        content::size,
        json_text::{json_schema, json_text},
        plain::{add, plain},
    },
    wire::updates::{NamedUpdate, UpdateDetails},
};

/// An update of the catalog of an update point.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ShownUpdate {
    /// The version of this form: raised when a reader of the old one would misread it.
    #[schemars(extend("const" = ShownUpdate::FORMAT_VERSION.to_string()))]
    pub format_version: String,
    /// The software update point.
    pub update_point: Name,
    /// The update.
    pub update: UpdateDetails,
}

impl ShownUpdate {
    /// The version of the form.
    pub const FORMAT_VERSION: FormatVersion = FormatVersion { major: 1, minor: 0 };

    /// This update of a point.
    pub fn of(update_point: Name, update: UpdateDetails) -> Self {
        Self { format_version: Self::FORMAT_VERSION.to_string(), update_point, update }
    }
}

/// The update for people.
pub fn update_text(shown: &ShownUpdate) -> String {
    let details = &shown.update;
    let update = &details.update;
    let mut text = format!("{}\n\n", plain(&titled(update)));
    let mut line = |name: &str, value: &str| {
        if !value.is_empty() {
            add(&mut text, format_args!("{name:<16}{}\n", plain(value)));
        }
    };
    for localized in &update.localized_titles {
        line(&format!("Title ({})", localized.language), &one_line(&localized.title));
    }
    line("ID", &update.identity.to_string());
    line("Kind", &kind(update));
    line("Classification", update.classification.as_deref().unwrap_or_default());
    line("Products", &update.products.join(", "));
    line("Created", &update.created_at.map(|at| at.to_string()).unwrap_or_default());
    line("Severity", update.severity.as_deref().unwrap_or_default());
    line("Articles", &update.articles.join(", "));
    let languages: Vec<_> = details.titles.iter().map(|it| it.language.as_str()).collect();
    line("Languages", &languages.join(", "));
    line(
        "Document",
        &format!("{}, sha256:{}", size(details.document_bytes), details.document_sha256.to_hex()),
    );
    groups(&mut text, "Prerequisites, one of each line", &details.prerequisites);
    groups(&mut text, "Consists of", &details.bundles);
    named(&mut text, "Part of", &details.bundled_by);
    named(&mut text, "Supersedes", &details.supersedes);
    named(&mut text, "Superseded by", &details.superseded_by);
    if !details.files.is_empty() {
        text += "\nFiles\n";
    }
    for file in &details.files {
        add(&mut text, format_args!("  {}  {}\n", plain(&file.name), size(file.size)));
        add(&mut text, format_args!("    sha1:{}\n", file.sha1));
        if let Some(sha256) = &file.sha256 {
            add(&mut text, format_args!("    sha256:{sha256}\n"));
        }
        if let Some(url) = &file.publisher_url {
            add(&mut text, format_args!("    {}\n", plain(url)));
        }
    }
    text
}

fn groups(text: &mut String, heading: &str, groups: &[Vec<NamedUpdate>]) {
    if !groups.is_empty() {
        add(text, format_args!("\n{heading}\n"));
    }
    for group in groups {
        let names: Vec<_> = group.iter().map(name).collect();
        add(text, format_args!("  {}\n", names.join(" or ")));
    }
}

fn named(text: &mut String, heading: &str, updates: &[NamedUpdate]) {
    if !updates.is_empty() {
        add(text, format_args!("\n{heading}\n"));
    }
    for update in updates {
        add(text, format_args!("  {}\n", name(update)));
    }
}

fn name(update: &NamedUpdate) -> String {
    let title = update.title.as_deref().unwrap_or("not in this catalog");
    format!("{} ({})", update.update_id, plain(&one_line(title)))
}

/// The update for programs.
pub fn update_json(shown: &ShownUpdate) -> String {
    json_text(shown)
}

/// The schema of [`update_json`]. It does not forbid further fields.
pub fn update_schema() -> Value {
    json_schema::<ShownUpdate>("Headwater update")
}
