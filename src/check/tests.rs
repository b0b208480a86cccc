//! What holds for all rules, and for hierarchies of any size.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::*;
use crate::model::{Declared, DocumentId, Metadata, Name, Resource};

#[test]
fn rules_are_in_the_order_of_their_ids_and_say_everything() {
    let by_number = |rule: &&Rule| match rule.id.split_once('-') {
        Some((area, number)) => (area, number.parse::<u8>().unwrap()),
        None => (rule.id, 0),
    };
    assert!(RULES.is_sorted_by_key(by_number));
    for rule in RULES {
        for text in [rule.id, rule.summary, rule.why, rule.wrong, rule.right] {
            assert!(!text.is_empty(), "{}", rule.id);
        }
    }
}

#[test]
fn nothing_declared_is_nothing_wrong() {
    assert_eq!(check(&Declared::default()), []);
}

#[test]
fn a_rule_is_found_in_any_case() {
    assert_eq!(rule("pdp-11").map(|rule| rule.id), Some("PDP-11"));
    assert_eq!(rule("PDP-12"), None);
}

/// Adds a document. Its number is not the place in a file: nobody shows it.
fn add<Spec: DeserializeOwned>(
    resources: &mut BTreeMap<Name, Resource<Spec>>,
    name: &str,
    spec: Value,
) {
    let metadata: Metadata = serde_json::from_value(json!({"name": name})).unwrap();
    let document = DocumentId(u32::try_from(resources.len()).unwrap());
    let directory: Arc<Path> = Path::new("/manifests").into();
    let spec = serde_json::from_value(spec).unwrap();
    resources.insert(metadata.name.clone(), Resource { document, directory, metadata, spec });
}

/// A primary site with secondary sites below it, each with its server.
fn sites(declared: &mut Declared, secondary_sites: usize) {
    for number in 0..=secondary_sites {
        let (name, code) = (format!("site-{number:03}"), format!("{number:03}"));
        let (r#type, parent) = match number {
            0 => ("Primary", Value::Null),
            _ => ("Secondary", json!("site-000")),
        };
        let spec = json!({
            "siteCode": code, "type": r#type, "parent": parent, "mode": "Mixed",
            "version": "2403", "siteServer": name,
        });
        add(&mut declared.sites, &name, spec);
        let address = format!("{name}.example");
        add(&mut declared.site_systems, &name, json!({"site": name, "address": address}));
    }
}

/// Distribution points of a site, which pull if they have a source.
fn points(declared: &mut Declared, site: &str, names: &str, number: usize, source: Option<&str>) {
    for number in 0..number {
        let name = format!("{names}-{number:04}");
        let address = format!("{name}.example");
        add(&mut declared.site_systems, &name, json!({"site": site, "address": address}));
        let pull = source.map(|source| json!({"sources": [{"distributionPoint": source}]}));
        let spec = json!({"site": site, "siteSystem": name, "pull": pull});
        add(&mut declared.distribution_points, &name, spec);
    }
}

/// A group of all distribution points, and packages for it.
fn for_all(declared: &mut Declared, packages: usize) {
    let members: Vec<String> =
        declared.distribution_points.keys().map(ToString::to_string).collect();
    add(&mut declared.distribution_point_groups, "all", json!({"members": members}));
    for number in 0..packages {
        let spec = json!({
            "packageId": format!("000{number:05}"), "source": {"path": "content"},
            "distributeTo": {"groups": ["all"]},
        });
        add(&mut declared.packages, &format!("package-{number:05}"), spec);
    }
}

fn told(declared: &Declared) -> Vec<String> {
    let problems = check(declared);
    problems.iter().map(|it| format!("{}: {}", it.rule, it.message)).collect()
}

#[test]
fn what_is_within_the_documented_limits_is_not_told() {
    let mut declared = Declared::default();
    sites(&mut declared, 250);
    points(&mut declared, "site-000", "standard", 250, None);
    points(&mut declared, "site-000", "pull", 2_000, Some("standard-0000"));
    for site in 1..=11 {
        points(&mut declared, &format!("site-{site:03}"), &format!("far-{site}"), 250, None);
    }
    for_all(&mut declared, 10_000);
    assert_eq!(declared.distribution_points.len(), 5_000);
    assert_eq!(told(&declared), [""; 0]);
}

#[test]
fn every_documented_limit_is_told_when_it_is_passed() {
    let mut declared = Declared::default();
    sites(&mut declared, 251);
    points(&mut declared, "site-000", "standard", 251, None);
    points(&mut declared, "site-000", "pull", 2_001, Some("standard-0000"));
    for site in 1..=11 {
        points(&mut declared, &format!("site-{site:03}"), &format!("far-{site}"), 250, None);
    }
    add(&mut declared.distribution_point_groups, "one", json!({"members": ["standard-0000"]}));
    for number in 0..10_001 {
        let spec = json!({
            "packageId": format!("000{number:05}"), "source": {"path": "content"},
            "distributeTo": {"groups": ["one"]},
        });
        add(&mut declared.packages, &format!("package-{number:05}"), spec);
    }
    assert_eq!(
        told(&declared),
        [
            "TOP-4: site `site-000` has 251 secondary sites below it; the documented limit is 250",
            "TOP-4: site `site-000` has 251 standard distribution points; the documented limit is \
             250",
            "TOP-4: site `site-000` has 2001 pull distribution points; the documented limit is 2000",
            "TOP-4: site `site-000` has 5002 distribution points together with its secondary \
             sites; the documented limit is 5000",
            "TOP-4: distribution point `standard-0000` is given 10001 packages; the documented \
             limit is 10000",
        ]
    );
}

#[test]
fn a_gateway_is_no_standard_distribution_point() {
    let mut declared = Declared::default();
    sites(&mut declared, 0);
    points(&mut declared, "site-000", "standard", 250, None);
    let spec = json!({
        "site": "site-000", "siteSystem": "standard-0000", "type": "CloudManagementGateway",
    });
    add(&mut declared.distribution_points, "gateway", spec);
    let told = told(&declared);
    assert!(told.iter().all(|it| !it.starts_with("TOP-4")), "{told:?}");
}

#[test]
fn the_first_package_too_many_is_shown() {
    let mut declared = Declared::default();
    sites(&mut declared, 0);
    points(&mut declared, "site-000", "standard", 1, None);
    for_all(&mut declared, 10_001);
    let problems = check(&declared);
    assert_eq!(problems.len(), 1);
    let extra = &declared.packages.values().last().unwrap().document;
    assert_eq!(problems[0].related[0].0.document, *extra);
}

/// Every point has many sources, and lacks a package that no other one lacks: the ways of all of
/// them would be a walk over a hundred thousand sources for each.
#[test]
fn ways_are_looked_for_within_a_bound() {
    let mut declared = Declared::default();
    sites(&mut declared, 0);
    points(&mut declared, "site-000", "dp", 1, None);
    for number in 1..1_000 {
        let name = format!("dp-{number:04}");
        let address = format!("{name}.example");
        add(&mut declared.site_systems, &name, json!({"site": "site-000", "address": address}));
        let sources = (number.max(41) - 41..number).rev().map(|it| format!("dp-{it:04}"));
        let sources: Vec<_> = sources.map(|it| json!({"distributionPoint": it})).collect();
        let spec = json!({"site": "site-000", "siteSystem": name, "pull": {"sources": sources}});
        add(&mut declared.distribution_points, &name, spec);
        let spec = json!({
            "packageId": format!("000{number:05}"), "source": {"path": "content"},
            "distributeTo": {"distributionPoints": [name]},
        });
        add(&mut declared.packages, &format!("package-{number:05}"), spec);
    }
    let told = told(&declared);
    assert_eq!(told.len(), 999);
    // The shortest way, not the first one.
    assert!(told[1].ends_with("(`dp-0002 <- dp-0000`)"), "{}", told[1]);
    assert!(told[998].ends_with("(`dp-0999 <- dp-0998`)"), "{}", told[998]);
}

/// The source of two thousand points is not given what they are given: all of them are told,
/// without a walk over each pair of point and package.
#[test]
fn a_source_that_is_given_nothing_is_told_at_every_point_that_pulls_from_it() {
    let mut declared = Declared::default();
    sites(&mut declared, 0);
    points(&mut declared, "site-000", "pull", 2_000, Some("standard-0000"));
    for_all(&mut declared, 10_000);
    points(&mut declared, "site-000", "standard", 1, None);
    let told = told(&declared);
    assert_eq!(told.len(), 2_000);
    assert_eq!(
        told[0],
        "PDP-5: package `package-00000` and 9999 more never reach `pull-0000`: none of its sources \
         is given them (`pull-0000 <- standard-0000`)"
    );
}

/// A long line of points, none of which is given what the last one is given.
#[test]
fn a_long_way_is_shown_as_far_as_anyone_reads() {
    let mut declared = Declared::default();
    sites(&mut declared, 0);
    points(&mut declared, "site-000", "dp", 1, None);
    for number in 1..30 {
        let (name, source) = (format!("dp-{number:04}"), format!("dp-{:04}", number - 1));
        let address = format!("{name}.example");
        add(&mut declared.site_systems, &name, json!({"site": "site-000", "address": address}));
        let pull = json!({"sources": [{"distributionPoint": source}]});
        let spec = json!({"site": "site-000", "siteSystem": name, "pull": pull});
        add(&mut declared.distribution_points, &name, spec);
    }
    let to = json!({"distributionPoints": ["dp-0029"]});
    let spec = json!({"packageId": "00000000", "source": {"path": "a"}, "distributeTo": to});
    add(&mut declared.packages, "package", spec);
    let problems = check(&declared);
    assert_eq!(problems.len(), 1);
    assert!(problems[0].message.ends_with("dp-0023 <- dp-0022 <- …`)"), "{}", problems[0].message);
}
