//! Updates as a table.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::{
    model::{FormatVersion, Name},
    view::{
        json_text::{json_schema, json_text},
        plain::{add, counted, plain},
        table::{lines, table},
    },
    wire::{
        update_document::CategoryType,
        updates::{FoundUpdate, TitleIn},
    },
};

/// What was found in the catalog of an update point, the one that was stored last first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ListedUpdates {
    /// The version of this form: raised when a reader of the old one would misread it.
    #[schemars(extend("const" = ListedUpdates::FORMAT_VERSION.to_string()))]
    pub format_version: String,
    /// The software update point.
    pub update_point: Name,
    /// The updates.
    pub updates: Vec<FoundUpdate>,
    /// Whether there may be more.
    pub more: bool,
}

impl ListedUpdates {
    /// The version of the form.
    pub const FORMAT_VERSION: FormatVersion = FormatVersion { major: 1, minor: 0 };

    /// These updates of a point.
    pub fn of(update_point: Name, updates: Vec<FoundUpdate>, more: bool) -> Self {
        Self { format_version: Self::FORMAT_VERSION.to_string(), update_point, updates, more }
    }
}

/// The updates for people: a line each.
pub fn updates_text(listed: &ListedUpdates) -> String {
    let ListedUpdates { update_point, updates, more, .. } = listed;
    if updates.is_empty() {
        return format!("No update of `{update_point}` is like that.\n");
    }
    let mut rows = table(&["CREATED", "KIND", "ARTICLES", "TITLE", "ID"], &[]);
    for update in updates {
        let created =
            update.created_at.map_or_else(String::new, |at| at.strftime("%F").to_string());
        let kind = update.classification.clone().unwrap_or_else(|| kind(update));
        let articles = update.articles.join(" ");
        let title = titled(update);
        let cells = [created, kind, articles, title, update.identity.to_string()];
        rows.add_row(cells.iter().map(|text| plain(text).into_owned()));
        for TitleIn { language, title } in &update.localized_titles {
            let title = format!("{language}: {}", one_line(title));
            rows.add_row(["", "", "", plain(&title).as_ref(), ""]);
        }
    }
    let mut text = lines(&rows);
    let count = counted(updates.len(), "update");
    let rest = if *more { "; there may be more: --limit, or narrow it down" } else { "" };
    add(&mut text, format_args!("{count}{rest}.\n"));
    text
}

/// What an update is, where it has no classification.
pub(super) fn kind(update: &FoundUpdate) -> String {
    let category = update.category_type.map(CategoryType::as_str);
    category.unwrap_or_else(|| update.update_type.as_str()).to_owned()
}

/// A title, which may have line ends.
pub(super) fn one_line(title: &str) -> String {
    title.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Its title in one line, and whether anybody should still want it.
pub(super) fn titled(update: &FoundUpdate) -> String {
    let mut title = one_line(&update.title);
    if update.expired {
        title += " (expired)";
    }
    if update.superseded {
        title += " (superseded)";
    }
    title
}

/// The updates for programs.
pub fn updates_json(listed: &ListedUpdates) -> String {
    json_text(listed)
}

/// The schema of [`updates_json`].
///
/// It does not forbid further fields: those that a later version adds do not raise `formatVersion`,
/// and a reader may pass over them.
pub fn updates_schema() -> Value {
    json_schema::<ListedUpdates>("Headwater updates")
}
