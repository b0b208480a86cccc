//! Documents to YAML: keys in the order of the kinds, and only what is not so by default.

use std::{collections::BTreeMap, fmt::Write as _};

use serde::Serialize;
use serde_json::Value as Json;
use serde_yaml::Value as Yaml;

use super::{
    quoting::{escaped, is_invisible, to_yaml},
    schema::kind_schema,
};
use crate::model::{API_VERSION, Declared, Kind, Metadata, Name, Resource, ResourceId};

/// A file of manifests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManifestFile {
    /// Its path, relative, with `/` between its parts.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// Documents as files: one for each site with its site systems and roles, one for port settings,
/// one for what is distributed, one for updates of local publishers, one for notifications and one for
/// maintenance windows. Comments stand before the documents they are about.
pub fn write(
    declared: &Declared,
    comments: &BTreeMap<ResourceId, Vec<String>>,
) -> Vec<ManifestFile> {
    let mut of_site: BTreeMap<&Name, Text<'_>> = BTreeMap::new();
    let text = || Text { comments, text: String::new() };
    for (name, site) in &declared.sites {
        of_site.entry(name).or_insert_with(text).add(Kind::Site, site);
    }
    for system in declared.site_systems.values() {
        of_site.entry(&system.spec.site).or_insert_with(text).add(Kind::SiteSystem, system);
    }
    for point in declared.software_update_points.values() {
        let file = of_site.entry(&point.spec.site).or_insert_with(text);
        file.add(Kind::SoftwareUpdatePoint, point);
    }
    for point in declared.distribution_points.values() {
        let file = of_site.entry(&point.spec.site).or_insert_with(text);
        file.add(Kind::DistributionPoint, point);
    }
    let mut ports = text();
    ports.add_all(Kind::PortSettings, &declared.port_settings);
    let mut packages = text();
    packages.add_all(Kind::DistributionPointGroup, &declared.distribution_point_groups);
    packages.add_all(Kind::Package, &declared.packages);
    let mut updates = text();
    updates.add_all(Kind::LocalUpdate, &declared.local_updates);
    let mut controller = text();
    controller.add_all(Kind::Notification, &declared.notifications);
    let mut windows = text();
    windows.add_all(Kind::MaintenanceWindow, &declared.maintenance_windows);
    let sites = of_site.into_iter().map(|(site, text)| (format!("sites/{site}.yaml"), text));
    let others = [
        ("ports.yaml".to_owned(), ports),
        ("packages.yaml".to_owned(), packages),
        ("updates.yaml".to_owned(), updates),
        ("controller.yaml".to_owned(), controller),
        ("windows.yaml".to_owned(), windows),
    ];
    sites
        .chain(others)
        .filter(|(_, file)| !file.text.is_empty())
        .map(|(path, file)| ManifestFile { path, text: file.text })
        .collect()
}

/// Lines of a comment: whatever stands in them, they stay comments.
pub fn comment(lines: &str) -> String {
    let mut text = String::new();
    for line in lines.lines() {
        // Some of these end a line in the eyes of some parsers.
        let breaks =
            |letter: char| letter.is_control() || matches!(letter, '\u{2028}' | '\u{2029}');
        let line = line.replace(breaks, " ");
        let shown = |letter: char| {
            if is_invisible(letter) { escaped(letter) } else { letter.to_string() }
        };
        let line: String = line.trim_end().chars().map(shown).collect();
        // Writing to a String cannot fail.
        let _ = if line.is_empty() { writeln!(text, "#") } else { writeln!(text, "# {line}") };
    }
    text
}

struct Text<'a> {
    comments: &'a BTreeMap<ResourceId, Vec<String>>,
    text: String,
}

impl Text<'_> {
    fn add_all<Spec: Serialize>(&mut self, kind: Kind, all: &BTreeMap<Name, Resource<Spec>>) {
        for resource in all.values() {
            self.add(kind, resource);
        }
    }

    fn add<Spec: Serialize>(&mut self, kind: Kind, resource: &Resource<Spec>) {
        if !self.text.is_empty() {
            self.text += "---\n";
        }
        let id = ResourceId::new(kind, &resource.metadata.name);
        for line in self.comments.get(&id).into_iter().flatten() {
            self.text += &comment(line);
        }
        self.text += &document(kind, resource);
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Written<'a> {
    api_version: &'static str,
    kind: Kind,
    metadata: &'a Metadata,
    spec: Yaml,
}

/// A document as YAML.
fn document<Spec: Serialize>(kind: Kind, resource: &Resource<Spec>) -> String {
    let mut spec = serde_yaml::to_value(&resource.spec).unwrap_or_default();
    let schema = kind_schema(kind);
    leave_defaults_out(&mut spec, &schema["properties"]["spec"], schema);
    let metadata = &resource.metadata;
    let written = Written { api_version: API_VERSION, kind, metadata, spec };
    // Texts, numbers and maps with text keys: nothing of it can fail.
    to_yaml(serde_yaml::to_value(&written).unwrap_or_default())
}

/// Calls itself no deeper than the types are.
fn leave_defaults_out(value: &mut Yaml, schema: &Json, root: &Json) {
    let schema = followed(schema, root);
    match value {
        Yaml::Mapping(fields) => {
            let required = schema["required"].as_array();
            fields.retain(|key, value| {
                let Some(key) = key.as_str() else { return true };
                let property = &schema["properties"][key];
                let required = required.is_some_and(|all| all.iter().any(|it| it == key));
                let default = property.get("default").filter(|_| !required);
                let is_default = default.is_some_and(|default| {
                    serde_json::to_value(&*value).is_ok_and(|it| it == *default)
                });
                if !is_default {
                    leave_defaults_out(value, property, root);
                }
                !is_default
            });
        }
        Yaml::Sequence(items) => {
            for item in items {
                leave_defaults_out(item, &schema["items"], root);
            }
        }
        _ => {}
    }
}

/// A schema with its references followed, and of an optional one that of the value.
fn followed<'a>(mut schema: &'a Json, root: &'a Json) -> &'a Json {
    loop {
        if let Some(name) = schema["$ref"].as_str().and_then(|it| it.strip_prefix("#/$defs/")) {
            schema = &root["$defs"][name];
        } else if let Some(choices) = schema["anyOf"].as_array()
            && let Some(choice) = choices.iter().find(|choice| choice["type"] != "null")
        {
            schema = choice;
        } else {
            return schema;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_stands_in_a_comment_it_stays_one() {
        let hostile = "first\n---\nkind: Site\r\nb: \u{85}c: \u{2028}d: \u{7}";
        let text = comment(hostile);
        assert_eq!(text, "# first\n# ---\n# kind: Site\n# b:  c:  d:\n");
        assert!(text.lines().all(|line| line.starts_with('#')));
        assert_eq!(comment("one\n\ntwo"), "# one\n#\n# two\n");
        assert_eq!(comment("a\u{202e}b"), "# a\\u202Eb\n");
    }
}
