//! What is there can be described: a plan for the description has nothing to do.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use headwater::{
    adopt::{Adopted, Beside, adopt},
    check::check,
    manifest::{SourceText, load, write},
    model::{Declared, Hierarchy},
};
use proptest::prelude::*;

use super::{
    contoso::{contoso, declared, hierarchy, name, port_settings, valid},
    convergence::{changes, wanted_documents},
    generated::{self, pieces},
    properties::cases,
    world::{Choice, World, ids},
};

fn adopted(world: &World, documents: Option<&Declared>) -> Adopted {
    adopt(&world.observed(), Beside { remote: &BTreeMap::new(), documents })
}

/// What the documents mean that describe a world.
pub(super) fn described(world: &World) -> Hierarchy {
    Hierarchy::resolve(&adopted(world, None).declared).unwrap()
}

/// What is described names its files by absolute paths: they are in no checkout.
fn by_absolute_paths(mut hierarchy: Hierarchy) -> Hierarchy {
    for point in hierarchy.update_points.values_mut() {
        point.file_in_checkout = None;
    }
    for package in hierarchy.packages.values_mut() {
        package.written_path.clone_from(&package.source.path);
    }
    hierarchy
}

/// The same documents after they were written and read.
fn written_and_read(declared: &Declared) -> Declared {
    let files = write(declared, &BTreeMap::new());
    let texts = files.into_iter().map(|file| SourceText {
        name: file.path,
        directory: Arc::from(Path::new("/elsewhere")),
        text: file.text,
    });
    let loaded = load(texts.collect());
    assert_eq!(loaded.problems, []);
    loaded.declared
}

/// A world is described, and a plan for the description has nothing to do.
fn assert_described(world: &World, documents: &Declared) {
    let Adopted { declared, notes, .. } = adopted(world, Some(documents));
    assert_eq!(notes, []);
    assert!(valid(&declared), "{:?}", check(&declared));
    let hierarchy = Hierarchy::resolve(&declared).unwrap();
    let plan = world.plan(&hierarchy);
    assert_eq!(ids(&plan), [] as [&str; 0]);
    assert!(plan.complete || !plan.diagnostics.is_empty(), "{:#?}", plan.waiting);
    let read = written_and_read(&declared);
    assert_eq!(Hierarchy::resolve(&read).unwrap(), hierarchy);
}

#[test]
fn contoso_is_described_as_it_was_declared() {
    let hierarchy = contoso(|_| {});
    let world = World::of(&hierarchy);
    let again = Hierarchy::resolve(&adopted(&world, None).declared).unwrap();
    assert_eq!(again, by_absolute_paths(hierarchy));
    let files = write(&adopted(&world, None).declared, &BTreeMap::new());
    let text: Vec<String> =
        files.into_iter().map(|file| format!("## {}\n{}", file.path, file.text)).collect();
    insta::assert_snapshot!("contoso-adopted", text.join(""));
}

#[test]
fn what_no_plan_depends_on_is_described_too() {
    let hierarchy = contoso(|it| {
        let site = &mut it.sites.get_mut(&name("ams")).unwrap().spec;
        site.forest = Some("contoso.example".parse().unwrap());
        site.enhanced_http = true;
        site.software_distribution.pull_distribution_points.retries = 3;
        site.legacy_catalog.enabled = true;
        site.client_agent.software_updates.scan_every = "1d".parse().unwrap();
        let point = r#"{"ports": "management", "certificate": {"secretRef": {"name": "cen"}}}"#;
        let site = &mut it.sites.get_mut(&name("cen")).unwrap().spec;
        site.management_point = serde_json::from_str(point).unwrap();
        port_settings(it, "management", 8070);
        let system = &mut it.site_systems.get_mut(&name("sea-srv")).unwrap().spec;
        system.forest = Some("fabrikam.example".parse().unwrap());
        system.internet_access = true;
        system.software.client = Some("2403".parse().unwrap());
        port_settings(it, "update-services", 8560);
    });
    let world = World::of(&hierarchy);
    let again = Hierarchy::resolve(&adopted(&world, None).declared).unwrap();
    assert_eq!(again, by_absolute_paths(hierarchy));
}

#[test]
fn what_is_taken_over_from_documents_says_where_its_files_are() {
    let mut world = World::of(&contoso(|_| {}));
    world.unknown.insert(name("cen-wsus"));
    let documents = declared();
    let written = |declared: &Declared| {
        let source = declared.software_update_points[&name("cen-active")].spec.source.clone();
        source.and_then(|source| source.file).unwrap()
    };
    assert!(!written(&documents).starts_with('/'));
    let adopted = adopted(&world, Some(&documents));
    assert!(written(&adopted.declared).starts_with('/'), "{}", written(&adopted.declared));
}

#[test]
fn a_site_that_is_taken_over_brings_the_ports_of_its_management_point() {
    let mut world = World::of(&contoso(|_| {}));
    world.unknown.insert(name("ams-srv"));
    let mut documents = declared();
    let site = &mut documents.sites.get_mut(&name("ams")).unwrap().spec;
    site.management_point = serde_json::from_str(r#"{"ports": "management"}"#).unwrap();
    port_settings(&mut documents, "management", 8070);
    let declared = adopted(&world, Some(&documents)).declared;
    assert!(valid(&declared), "{:?}", check(&declared));
    let ports = declared.sites[&name("ams")].spec.management_point.clone().unwrap().ports.unwrap();
    assert_eq!(declared.port_settings[&ports].spec.ports().http.get(), 8070);
}

#[test]
fn a_point_for_the_internet_that_was_seen_is_not_taken_for_another_one() {
    let world = World::of(&contoso(|_| {}));
    let mut documents = declared();
    let point = documents.software_update_points.remove(&name("cen-internet")).unwrap();
    documents.software_update_points.insert(name("cen-outside"), point);
    let adopted = adopted(&world, Some(&documents));
    assert!(adopted.taken_over.is_empty(), "{:?}", adopted.taken_over);
    assert!(adopted.declared.software_update_points.contains_key(&name("cen-internet")));
}

#[test]
fn a_chain_of_sources_may_be_as_long_as_it_likes() {
    const LENGTH: u32 = 50_000;
    let mut world = World::of(&contoso(|_| {}));
    world.unknown.insert(name("ams-dp3"));
    let mut documents = declared();
    let point = documents.distribution_points[&name("ams-dp3")].clone();
    for number in 0..LENGTH {
        let mut point = point.clone();
        point.metadata.name = name(&format!("link-{number}"));
        let source = &mut point.spec.pull.as_mut().unwrap().sources[0].distribution_point;
        *source = name(&format!("link-{}", (number + 1) % LENGTH));
        documents.distribution_points.insert(point.metadata.name.clone(), point);
    }
    let taken_over = adopted(&world, Some(&documents)).taken_over;
    assert!(taken_over.len() > LENGTH as usize);
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn any_hierarchy_is_described(pieces in pieces(), order in any::<u64>()) {
        let documents = generated::declared(&pieces);
        let mut world = World::new();
        world.converge(&hierarchy(&documents), Choice::Any(order));
        assert_described(&world, &documents);
    }
}

proptest! {
    #[test]
    fn whatever_has_converged_is_described(changes in changes(), order in any::<u64>()) {
        let mut world = World::new();
        let documents = wanted_documents(&changes);
        world.converge(&hierarchy(&documents), Choice::Any(order));
        assert_described(&world, &documents);
    }
}
