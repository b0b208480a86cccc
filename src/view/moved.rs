//! What has moved since a plan was made, for people and for programs.

use serde::Serialize;
use serde_json::Value;

use crate::{
    check::Place,
    manifest::{Loaded, Location},
    model::{
        Declared, DocumentId, FieldPath, Kind, Name, PackageId, ResourceId, hide_secrets_in,
        without_secrets,
    },
    plan::{Moved, MovedPlace},
};

use super::{
    counted,
    json_text::json_text,
    plain::{add, plain},
};

/// A value that is longer is cut.
const LONGEST_VALUE: usize = 200;
/// Of more site systems that moved alike, only so many are named.
const MOST_NAMES: usize = 5;

/// What has moved, one thing a line. `manifests` are those that were read last.
pub fn moved_text(moved: &[Moved], manifests: Option<&Loaded>) -> String {
    let mut text = String::new();
    for it in moved {
        add(&mut text, format_args!("moved: {}\n", line(it, manifests)));
    }
    text
}

/// What differs between manifests, one thing a line behind a word, at most so many.
pub(super) fn differences_text(differences: &[Moved], word: &str, most: usize) -> String {
    let mut text = String::new();
    for it in differences.iter().take(most) {
        add(&mut text, format_args!("{word}: {}\n", line(it, None)));
    }
    let more = differences.len().saturating_sub(most);
    if more > 0 {
        add(&mut text, format_args!("{word}: {more} more\n"));
    }
    text
}

fn line(moved: &Moved, manifests: Option<&Loaded>) -> String {
    let Moved { place, before, after } = moved;
    let change = || format!("{} -> {}", value(before), value(after));
    match place {
        MovedPlace::Manifest { resource, path } if path.segments().is_empty() => {
            let at = location(resource, path, manifests);
            let what = if after.is_null() { "is not declared any more" } else { "is declared now" };
            format!("{resource} {what}{}", shown(at.as_ref()))
        }
        MovedPlace::Manifest { resource, path } => {
            let at = location(resource, path, manifests);
            format!("{resource} {}: {}{}", plain(&path.to_string()), change(), shown(at.as_ref()))
        }
        MovedPlace::SiteSystem { name, path } if path.segments().is_empty() => {
            format!("site system `{name}`: {}", change())
        }
        MovedPlace::SiteSystem { name, path } => {
            format!("site system `{name}`, {}: {}", plain(&path.to_string()), change())
        }
        MovedPlace::Ports { role, path } => {
            format!("the ports of {role}, {}: {}", plain(&path.to_string()), change())
        }
        MovedPlace::Libraries { package, site_systems } => format!(
            "package {package} on {}: {} -> {}",
            names(site_systems),
            content(before),
            content(after)
        ),
    }
}

fn location(
    resource: &ResourceId,
    path: &FieldPath,
    manifests: Option<&Loaded>,
) -> Option<Location> {
    let manifests = manifests?;
    let document = document(&manifests.declared, resource)?;
    manifests.source_map.locate(&Place::value(document, path.clone()))
}

fn shown(location: Option<&Location>) -> String {
    location.map(|at| format!(" ({}:{})", plain(&at.file), at.line)).unwrap_or_default()
}

/// The document that declares a resource.
fn document(declared: &Declared, ResourceId { kind, name }: &ResourceId) -> Option<DocumentId> {
    match kind {
        Kind::Site => declared.sites.get(name).map(|it| it.document),
        Kind::SiteSystem => declared.site_systems.get(name).map(|it| it.document),
        Kind::PortSettings => declared.port_settings.get(name).map(|it| it.document),
        Kind::SoftwareUpdatePoint => {
            declared.software_update_points.get(name).map(|it| it.document)
        }
        Kind::DistributionPoint => declared.distribution_points.get(name).map(|it| it.document),
        Kind::DistributionPointGroup => {
            declared.distribution_point_groups.get(name).map(|it| it.document)
        }
        Kind::Package => declared.packages.get(name).map(|it| it.document),
        Kind::LocalUpdate => declared.local_updates.get(name).map(|it| it.document),
        Kind::Notification => declared.notifications.get(name).map(|it| it.document),
        Kind::MaintenanceWindow => declared.maintenance_windows.get(name).map(|it| it.document),
    }
}

/// A value on one line, without what URLs hide.
fn value(value: &Value) -> String {
    let text = match value {
        Value::Null => return "nothing".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let text = without_secrets(&text);
    let mut shown: String = text.chars().take(LONGEST_VALUE).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    plain(&shown).into_owned()
}

/// What a content library holds of a package, or may fetch.
fn content(held: &Value) -> String {
    let Some(version) = held["version"].as_u64() else { return "nothing".to_owned() };
    let digest: String = held["digest"].as_str().unwrap_or_default().chars().take(15).collect();
    if held["onDemand"] == true {
        return format!("version {version} ({digest}) on demand");
    }
    match held["damaged"].as_u64() {
        None | Some(0) => format!("version {version} ({digest})"),
        Some(files) => {
            let files = usize::try_from(files).unwrap_or(usize::MAX);
            format!("version {version} ({digest}), {} damaged", counted(files, "file"))
        }
    }
}

fn names(names: &[Name]) -> String {
    let shown: Vec<String> = names.iter().take(MOST_NAMES).map(|it| format!("`{it}`")).collect();
    let more = names.len() - shown.len();
    let shown = shown.join(", ");
    if more == 0 { shown } else { format!("{shown} and {more} more") }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Refusal<'a> {
    /// `stale`.
    refused: &'static str,
    moved: Vec<MovedValue<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct MovedValue<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    resource: Option<&'a ResourceId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    site_system: Option<&'a Name>,
    #[serde(skip_serializing_if = "Option::is_none")]
    package: Option<&'a PackageId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    site_systems: Option<&'a [Name]>,
    /// Empty for the whole of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<&'a FieldPath>,
    before: Value,
    after: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
}

/// That a saved plan was refused because something has moved, as JSON.
pub fn moved_json(moved: &[Moved], manifests: Option<&Loaded>) -> String {
    let moved = moved.iter().map(|it| moved_value(it, manifests)).collect();
    json_text(&Refusal { refused: "stale", moved })
}

fn moved_value<'a>(moved: &'a Moved, manifests: Option<&Loaded>) -> MovedValue<'a> {
    let mut value = MovedValue {
        resource: None,
        site_system: None,
        package: None,
        site_systems: None,
        path: None,
        before: secretless(&moved.before),
        after: secretless(&moved.after),
        file: None,
        line: None,
    };
    match &moved.place {
        MovedPlace::Manifest { resource, path } => {
            let at = location(resource, path, manifests);
            value.file = at.as_ref().map(|at| at.file.to_string());
            value.line = at.map(|at| at.line);
            (value.resource, value.path) = (Some(resource), Some(path));
        }
        MovedPlace::SiteSystem { name, path } => {
            (value.site_system, value.path) = (Some(name), Some(path));
        }
        MovedPlace::Ports { role, path } => {
            (value.resource, value.path) = (Some(role), Some(path));
        }
        MovedPlace::Libraries { package, site_systems } => {
            value.package = Some(package);
            value.site_systems = Some(site_systems);
        }
    }
    value
}

fn secretless(value: &Value) -> Value {
    let mut value = value.clone();
    hide_secrets_in(&mut value);
    value
}
