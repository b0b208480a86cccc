//! What makes a saved plan stale, and what does not.

use headwater::{
    model::{Declared, Facts, Hierarchy, Name, Observed, SourceType, SynchronizationSource},
    plan::{
        ActionKind, Basis, Moved, MovedPlace, SavedPlan, moved_documents, moved_facts,
        planned_documents,
    },
};
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{
    contoso::{contoso, declared, hierarchy, name, names, suspend},
    world::{World, of_kind},
};

fn moved(change: impl FnOnce(&mut Declared)) -> Vec<String> {
    let before = planned_documents(&declared());
    let mut after = declared();
    change(&mut after);
    moved_documents(&before, &planned_documents(&after)).iter().map(line).collect()
}

fn line(Moved { place, before, after }: &Moved) -> String {
    let place = match place {
        MovedPlace::Manifest { resource, path } => format!("{resource} {path}"),
        MovedPlace::Ports { role, path } => format!("ports of {role} {path}"),
        MovedPlace::SiteSystem { name, path } => format!("{name} {path}"),
        MovedPlace::Libraries { package, site_systems } => format!("{package} {site_systems:?}"),
    };
    format!("{place}: {before} -> {after}")
}

#[test]
fn documents_move_field_by_field() {
    assert_eq!(moved(|_| ()), [] as [&str; 0]);
    let found = moved(|it| {
        let point = &mut it.distribution_points.get_mut(&name("lis-dp")).unwrap().spec;
        point.pull.as_mut().unwrap().sources[1].priority = 3;
        suspend(it.sites.get_mut(&name("sea")));
        it.packages.get_mut(&name("update-catalog")).unwrap().spec.distribute_to.groups =
            names(&["amsterdam", "amsterdam"]);
        let directory = std::path::Path::new("/elsewhere").into();
        it.packages.get_mut(&name("printer-definitions")).unwrap().directory = directory;
        // Nothing in it is relative.
        let directory = std::path::Path::new("/elsewhere").into();
        it.sites.get_mut(&name("cen")).unwrap().directory = directory;
    });
    insta::assert_snapshot!(found.join("\n"), @r#"
    Site/sea metadata.annotations: null -> {"headwater.dev/suspend":"true"}
    DistributionPoint/lis-dp spec.pull.sources[1].priority: 1 -> 3
    Package/printer-definitions directory: "/contoso" -> "/elsewhere"
    Package/update-catalog spec.distributeTo.groups: ["amsterdam"] -> ["amsterdam","amsterdam"]
    "#);
}

#[test]
fn facts_move_by_site_system_and_set_by_set() {
    let world = World::of(&contoso(|_| ()));
    let mut later = world.clone();
    later.unknown.insert(name("sea-wsus"));
    later.systems.remove(&name("cen-inet"));
    for point in ["ams-dp2", "ams-dp3"] {
        let point = later.systems.get_mut(&name(point)).unwrap();
        let point = point.distribution_point.as_mut().unwrap();
        point.packages.remove(&"CEN00001".parse().unwrap());
        point.packages.get_mut(&"AMS00001".parse().unwrap()).unwrap().damaged = 2;
    }
    let server = later.site_server(&name("lis-srv"));
    server.client_policy.as_mut().unwrap().url = "http://elsewhere:8530".to_owned();
    let (before, after) = (world.observed(), later.observed());
    let found: Vec<String> =
        moved_facts(&Facts::of(&before), &Facts::of(&after)).iter().map(line).collect();
    insta::with_settings!({filters => vec![("sha256:[0-9a-f]+", "sha256:[digest]")]}, {
        insta::assert_snapshot!(found.join("\n"), @r#"
        cen-inet : "there" -> null
        lis-srv siteServer.clientPolicy.url: "http://lis-srv.contoso.example:8530" -> "http://elsewhere:8530"
        sea-wsus : "there" -> "cannot be asked"
        AMS00001 [ams-dp2, ams-dp3]: {"damaged":0,"digest":"sha256:[digest]","version":1} -> {"damaged":2,"digest":"sha256:[digest]","version":1}
        CEN00001 [ams-dp2, ams-dp3]: {"damaged":0,"digest":"sha256:[digest]","version":1} -> null
        "#);
    });
}

#[test]
fn time_alone_does_not_make_a_plan_stale() {
    let hierarchy = contoso(|it| {
        let point = &mut it.software_update_points.get_mut(&name("cen-active")).unwrap().spec;
        point.source = Some(SynchronizationSource {
            r#type: SourceType::UpstreamServer,
            url: Some("http://wsus.fabrikam.example:8530".to_owned()),
            file: None,
        });
        point.schedule = serde_json::from_value(json!({"every": "1h"})).unwrap();
    });
    let mut world = World::of(&hierarchy);
    let before = world.observed();
    assert_eq!(world.plan(&hierarchy).actions, []);
    world.now += SignedDuration::from_hours(2);
    let due = world.plan(&hierarchy);
    assert!(!of_kind(&due, ActionKind::Synchronize).is_empty());
    assert_eq!(moved_facts(&Facts::of(&before), &Facts::of(&world.observed())), []);
}

/// A plan of Contoso with what it was made of.
fn saved<'a>(world: &World, hierarchy: &Hierarchy, observed: &'a Observed) -> SavedPlan<'a> {
    SavedPlan {
        plan: world.plan(hierarchy),
        basis: Basis {
            planned_at: world.now,
            paths: vec!["/contoso".to_owned()],
            documents: planned_documents(&declared()),
            remote: std::iter::once((name("sea-dp"), "http://sea:8550".to_owned())).collect(),
            facts: Facts::of(observed),
        },
    }
}

#[test]
fn a_saved_plan_that_contradicts_itself_is_refused_whatever_its_digest() {
    let (world, hierarchy) = (World::new(), hierarchy(&declared()));
    let observed = world.observed();
    let mut saved = saved(&world, &hierarchy, &observed);
    let last = saved.plan.actions.last().unwrap().id.clone();
    saved.plan.actions[0].after.push(last);
    let refused = SavedPlan::read(saved.to_json().as_bytes()).unwrap_err().to_string();
    assert!(refused.ends_with("which is not before it"), "{refused}");
}

#[test]
fn a_saved_plan_reads_back_and_every_bit_of_it_counts() {
    let hierarchy = hierarchy(&declared());
    let world = World::new();
    let observed = world.observed();
    let saved = saved(&world, &hierarchy, &observed);
    let text = saved.to_json();
    let read = SavedPlan::read(text.as_bytes()).unwrap();
    assert_eq!(read, saved);
    assert_eq!(read.to_json(), text);
    let documents = headwater::plan::declared(&read.basis.documents).unwrap();
    assert_eq!(Hierarchy::resolve(&documents).unwrap(), hierarchy);
    // Whatever is changed, it is noticed.
    let value: Value = serde_json::from_str(&text).unwrap();
    for pointer in [
        "/complete",
        "/actions/0/reason",
        "/actions/3/after",
        "/manifestDigest",
        "/basis/plannedAt",
        "/basis/documents/0/spec/mode",
        "/basis/remote/sea-dp",
        "/basis/facts/siteSystems",
    ] {
        let mut edited = value.clone();
        let place = edited.pointer_mut(pointer).unwrap();
        *place = match place.clone() {
            Value::Bool(it) => json!(!it),
            Value::Array(_) => json!([]),
            Value::Object(_) => json!({ "cen-srv": null }),
            Value::String(it) if it.starts_with("sha256:") => json!(it.replace(['1', '2'], "3")),
            Value::String(it) if it == "Mixed" || it == "Native" => json!(other_mode(&it)),
            Value::String(it) => json!(it.replacen(['0', '5', 'x'], "4", 1)),
            other => other,
        };
        let read = SavedPlan::read(edited.to_string().as_bytes());
        assert!(read.is_err(), "{pointer}");
    }
}

fn other_mode(mode: &str) -> &'static str {
    if mode == "Mixed" { "Native" } else { "Mixed" }
}

#[test]
fn what_addresses_hide_is_found() {
    let mut documents = declared();
    let package = &mut documents.packages.get_mut(&name("update-catalog")).unwrap().spec;
    package.source.path = None;
    package.source.url = Some("https://files.contoso.example/catalog?token=sesame".to_owned());
    let world = World::new();
    let observed = world.observed();
    let saved = SavedPlan {
        plan: world.plan(&hierarchy(&declared())),
        basis: Basis {
            planned_at: world.now,
            paths: Vec::new(),
            documents: planned_documents(&documents),
            remote: std::collections::BTreeMap::<Name, String>::new(),
            facts: Facts::of(&observed),
        },
    };
    let found: Vec<String> =
        saved.secrets().iter().map(|(resource, path)| format!("{resource} {path}")).collect();
    assert_eq!(found, ["Package/update-catalog spec.source.url"]);
}
