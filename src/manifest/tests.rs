//! What reading promises beyond the broken manifests of `tests/manifests`.

use std::{path::PathBuf, sync::Arc};

use super::*;
use crate::{
    check::{Place, PlaceKind},
    model::{FieldPath, Kind},
};

const SITE: &str = "apiVersion: headwater.dev/v1alpha1\nkind: Site\nmetadata: {name: one}\n\
                    spec: {siteCode: ONE, type: Primary, mode: Mixed, version: \"2403\", \
                    siteServer: server}\n";
const SYSTEM: &str = "apiVersion: headwater.dev/v1alpha1\nkind: SiteSystem\n\
                      metadata: {name: server}\nspec: {site: one, address: server.example}\n";

fn source(name: &str, text: &str) -> SourceText {
    let directory = PathBuf::from(format!("/{name}")).into();
    SourceText { name: name.to_owned(), directory, text: text.to_owned() }
}

fn messages(loaded: &Loaded) -> Vec<String> {
    loaded
        .problems
        .iter()
        .map(|problem| {
            let at = loaded.source_map.locate(&problem.place).unwrap();
            format!("{}:{}:{} {}: {}", at.file, at.line, at.column, problem.rule, problem.message)
        })
        .collect()
}

#[test]
fn the_digest_does_not_depend_on_files_or_order() {
    let one = load(vec![source("a", &format!("{SITE}---\n{SYSTEM}"))]);
    let two = load(vec![source("b", &format!("# comment\n{SYSTEM}")), source("c", SITE)]);
    assert_eq!(one.digest, two.digest);
    assert_eq!(one.declared.len(), 2);
    let other = load(vec![source("a", &format!("{SITE}---\n{SYSTEM}").replace("2403", "2503"))]);
    assert_ne!(one.digest, other.digest);
}

#[test]
fn every_way_to_write_a_document_is_read() {
    let json = r#"{"apiVersion": "headwater.dev/v1alpha1", "kind": "SiteSystem",
        "metadata": {"name": "server"}, "spec": {"site": "one", "address": "server.example"}}"#;
    let usual = load(vec![source("a", SYSTEM)]);
    for text in [
        json.to_owned(),
        format!("\u{feff}{SYSTEM}"),
        SYSTEM.replace('\n', "\r\n"),
        format!("%YAML 1.2\n---\n{SYSTEM}...\n"),
        SYSTEM.replace("kind: SiteSystem", "\"kind\": SiteSystem # quoted"),
    ] {
        let loaded = load(vec![source("a", &text)]);
        assert_eq!(messages(&loaded), [""; 0], "{text}");
        assert_eq!(loaded.digest, usual.digest, "{text}");
    }
}

#[test]
fn the_directory_is_that_of_the_text() {
    let loaded = load(vec![source("a", SITE), source("b", SYSTEM)]);
    let site = loaded.declared.sites.values().next().unwrap();
    let system = loaded.declared.site_systems.values().next().unwrap();
    assert_eq!(site.directory, Arc::from(PathBuf::from("/a")));
    assert_eq!(system.directory, Arc::from(PathBuf::from("/b")));
    assert!(site.document < system.document);
}

#[test]
fn columns_count_characters_and_bytes_count_from_the_file() {
    let text = format!("{SITE}---\n{}", SYSTEM.replace("{site", "{ääh: 1, site"));
    let loaded = load(vec![source("a", &text)]);
    assert_eq!(messages(&loaded), ["a:9:8 SCHEMA: unknown key `ääh`"]);
    let place = Place::key(loaded.problems[0].place.document, FieldPath::new("spec.address"));
    let at = loaded.source_map.locate(&place).unwrap();
    assert_eq!((&text[at.bytes.clone()], at.column), ("address", 27));
    assert_eq!(loaded.source_map.line_text(&at), text.lines().nth(8).unwrap());
}

#[test]
fn a_place_of_another_document_has_no_location() {
    let loaded = load(vec![source("a", SITE)]);
    let document = crate::model::DocumentId(7);
    let place = Place { document, path: FieldPath::default(), on: PlaceKind::Value };
    assert_eq!(loaded.source_map.locate(&place), None);
}

#[test]
fn too_much_is_refused_in_words() {
    let names = "- a\n".repeat(300_000);
    let group = format!(
        "apiVersion: headwater.dev/v1alpha1\nkind: DistributionPointGroup\n\
         metadata:\n  name: group\nspec:\n  members:\n{names}"
    );
    let loaded = load(vec![source("a", &group)]);
    let larger = "the document is larger than 1 MiB, the most that a cluster would take";
    assert_eq!(messages(&loaded), [format!("a:1:1 SYNTAX: {larger}")]);
    let kind = Kind::DistributionPointGroup;
    assert!(loaded.unread.may_be(kind, &"group".parse().unwrap()));
    assert!(!loaded.unread.may_be(kind, &"other".parse().unwrap()));

    let loaded = load(vec![source("a", &" ".repeat((64 << 20) + 1)), source("b", SITE)]);
    assert_eq!(messages(&loaded), ["a:1:1 SYNTAX: the file is larger than 64 MiB"]);
    assert_eq!(loaded.declared.len(), 1);
}

#[test]
fn a_document_with_many_mistakes_tells_a_thousand() {
    let keys: Vec<String> = (0..5_000).map(|number| format!("key{number}: 1")).collect();
    let text = SYSTEM.replace("address: server.example", &keys.join(", "));
    let loaded = load(vec![source("a", &text)]);
    assert_eq!(loaded.problems.len(), 1_000);
}

#[test]
fn deep_nesting_is_refused_before_the_types_see_it() {
    for nested in ["[".repeat(60_000), "- ".repeat(600_000 / 2)] {
        let loaded = load(vec![source("a", &format!("kind: Site\nspec:\n  {nested}"))]);
        let told = messages(&loaded);
        assert_eq!(told.len(), 1);
        assert!(told[0].starts_with("a:3:") && told[0].contains("SYNTAX"), "{}", told[0]);
    }
}

#[test]
fn every_checked_text_has_a_pattern_in_the_schema() {
    let combined = combined_schema();
    for name in
        ["Name", "SiteCode", "PackageId", "Address", "Forest", "Interval", "SiteVersion", "Article"]
    {
        assert!(combined["$defs"][name]["pattern"].is_string(), "{name}");
    }
    assert_eq!(combined["allOf"].as_array().unwrap().len(), Kind::ALL.len());
}

#[test]
fn no_message_counts_lines_from_the_beginning_of_its_document() {
    let key = "k".repeat(1_100);
    let text =
        format!("{}---\n{}", "\n".repeat(50), SITE.replace("siteCode", &format!("\"{key}\"")));
    let loaded = load(vec![source("a", &text)]);
    assert!(!loaded.problems.is_empty());
    for problem in &loaded.problems {
        assert!(!problem.message.contains(" at line "), "{}", problem.message);
    }
}
