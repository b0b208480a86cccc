//! `headwater simulate` through the front door: what it says of Contoso, and what it refuses.

use std::fs;

use super::{
    content_schemas::assert_valid,
    world::{World, root},
};

const SCENARIO: &str = "examples/what-if/patch-day.yaml";

fn scenario() -> String {
    root().join(SCENARIO).display().to_string()
}

/// A scenario of this world.
fn written(world: &World, text: &str) -> String {
    let path = world.path("scenario.yaml");
    fs::write(&path, text).unwrap();
    path.display().to_string()
}

#[test]
fn patch_day_of_the_example_is_told_in_text() {
    let world = World::of("contoso");
    let told = world.with_manifests(&format!("simulate --scenario {}", scenario())).expect(0);
    insta::assert_snapshot!(told.stdout);
}

#[test]
fn same_seed_same_bytes_and_the_json_is_as_its_schema_says() {
    let world = World::of("contoso");
    let arguments = format!("simulate --scenario {} --output json --seed 7", scenario());
    let [one, other] = [(); 2].map(|()| world.with_manifests(&arguments).expect(0));
    assert_eq!(one.stdout, other.stdout);
    let outcome = one.json();
    assert_valid("simulation.json", &outcome);
    // Two packages and twelve of the patch day, to four points.
    assert_eq!((&outcome["placements"], &outcome["done"]), (&56.into(), &56.into()));
    let days = world.with_manifests(&format!("{arguments} --days 1")).json();
    assert!(days["seconds"].as_f64().unwrap() <= 86_400.0);
}

#[test]
fn timeline_is_a_drawing_with_a_lane_for_each_site_and_line() {
    let world = World::of("contoso");
    let drawn = world.with_manifests(&format!("simulate --scenario {} --output svg", scenario()));
    let drawing = drawn.expect(0).stdout;
    let mut reader = quick_xml::Reader::from_str(&drawing);
    let mut names = Vec::new();
    loop {
        match reader.read_event().unwrap() {
            quick_xml::events::Event::Eof => break,
            quick_xml::events::Event::Text(text) => names.push((*text).to_owned()),
            _ => {}
        }
    }
    for name in ["CEN", "AMS", "LIS", "SEA", "AMS → LIS"] {
        assert!(names.iter().any(|it| it == name), "{name}: {names:?}");
    }
}

#[test]
fn change_is_set_beside_what_was_before() {
    let (before, after) = (World::of("contoso"), World::of("contoso"));
    // Lisbon may take from Amsterdam what is still coming there, and asks only the nearest point.
    after.edit("sites/lis.yaml", "cutThrough: false", "cutThrough: true");
    let dp2 = "pull:\n    sources:\n      - distributionPoint: ams-dp1";
    after.edit("sites/ams.yaml", dp2, &format!("pull:\n    cutThrough: true{}", &dp2[5..]));
    let slow =
        "defaults: {link: 10Mbit, network: 20Mbit}\ncontent: {CEN00001: 1GB, AMS00001: 1GB}\n";
    let scenario = written(&before, slow);
    let manifests = [&before, &after].map(|world| world.manifests().display().to_string());
    let [one, other] = manifests.each_ref().map(String::as_str);
    let compare =
        ["simulate", one, "--scenario", &scenario, "--compare", other, "--output", "json"];
    let compared = before.run(&compare).expect(0).json();
    assert_valid("comparison.json", &compared);
    let difference = &compared["difference"]["distributed"];
    let [before_it, after_it] = ["before", "after"].map(|it| difference[it].as_f64().unwrap());
    assert!(after_it < before_it, "{difference}");
    let told = before.run(&compare[..6]).expect(0).stdout;
    assert!(told.contains("until everything is distributed"), "{told}");
    assert!(told.contains("  saves "), "{told}");
    let same = before.run(&["simulate", one, "--compare", one]).expect(0).stdout;
    assert!(same.contains("makes no difference"), "{same}");
}

#[test]
fn maintenance_windows_open_in_virtual_time() {
    let world = World::of("contoso");
    let window = "---\napiVersion: headwater.dev/v1alpha1\nkind: MaintenanceWindow\nmetadata:\n  name: nights\n\
                  spec:\n  sites: [lis]\n  schedule: \"0 22 * * *\"\n  duration: 4h\n";
    world.append("sites/lis.yaml", window);
    let scenario = written(&world, "startAt: 2026-01-05T12:00:00Z\n");
    let simulate = format!("simulate --scenario {scenario}");
    let outcome = world.with_manifests(&format!("{simulate} --output json")).expect(0).json();
    assert_valid("simulation.json", &outcome);
    let waits = outcome["windowWaits"].as_array().unwrap();
    assert!(!waits.is_empty());
    for wait in waits {
        assert_eq!((&wait["site"], &wait["window"]), (&"LIS".into(), &"nights".into()), "{wait}");
        assert_eq!(wait["opensAt"], "2026-01-05T22:00:00Z");
    }
    assert!(outcome["distributedAfter"].as_f64() > Some(36_000.0), "{outcome}");
    let told = world.with_manifests(&simulate).expect(0).stdout;
    assert!(told.contains("until `nights` opens at 2026-01-05T22:00:00Z"), "{told}");
    // Where rules are compared, hours are beside the point.
    let rows = world.with_manifests(&format!("{simulate} --policies")).expect(0).stdout;
    assert!(!rows.contains("10h"), "{rows}");
}

#[test]
fn rules_stand_side_by_side() {
    let world = World::of("contoso");
    let arguments = format!("simulate --policies --scenario {}", scenario());
    let rows = world.with_manifests(&arguments).expect(0).stdout;
    let first: Vec<&str> =
        rows.lines().map(|row| row.split("  ").next().unwrap_or_default()).collect();
    assert_eq!(
        first[..5],
        [
            "RULES",
            "everything from one source",
            "the field's rules",
            "as the manifests say",
            "with cut-through everywhere"
        ]
    );
}

#[test]
fn what_is_there_already_does_not_come_again() {
    let world = World::converged("contoso");
    let observed = world.path("observed.json");
    let seen = world.with_manifests("observe").expect(0).stdout;
    fs::write(&observed, seen).unwrap();
    let observed = observed.display();
    let told = world.with_manifests(&format!("simulate --observed {observed}")).expect(0);
    assert!(told.stdout.contains("No package has to go anywhere."), "{}", told.stdout);
    let embedded = world.with_manifests("simulate --embedded").expect(0);
    assert!(embedded.stdout.contains("No package has to go anywhere."), "{}", embedded.stdout);
}

#[test]
fn what_never_arrives_is_said_and_ends_with_1() {
    let world = World::of("contoso");
    let scenario = written(&world, "faults: {linkCuts: [{between: [AMS, LIS], from: 0s}]}\n");
    let ended = world.with_manifests(&format!("simulate --scenario {scenario}")).expect(1);
    assert!(ended.stdout.contains("What never comes"), "{}", ended.stdout);
    assert!(ended.stdout.contains("`lis-dp`"), "{}", ended.stdout);
    assert!(ended.stdout.contains("the line AMS–LIS is cut"), "{}", ended.stdout);
}

#[test]
fn scenario_that_is_none_or_of_another_hierarchy_is_refused_with_the_place() {
    let world = World::of("contoso");
    let refused = |text: &str| {
        let scenario = written(&world, text);
        world.with_manifests(&format!("simulate --scenario {scenario}")).expect(2).stderr
    };
    let misspelled = refused("links:\n  - between: [AMS, LIS]\n    bandwith: 20Mbit\n");
    assert!(misspelled.contains("line 3") && misspelled.contains("bandwith"), "{misspelled}");
    let unknown = refused("links: [{between: [AMS, LISS]}]\n");
    assert!(unknown.contains("valid site code"), "{unknown}");
    let unknown = refused("machines: {ams-dp9: {}}\n");
    assert!(unknown.contains("did you mean `ams-dp"), "{unknown}");
    let drawn = world.with_manifests("simulate --policies --output svg").expect(2).stderr;
    assert!(drawn.contains("leave `--policies`"), "{drawn}");
    let missing = world.with_manifests("simulate --scenario nowhere.yaml").expect(2).stderr;
    assert!(missing.contains("nowhere.yaml"), "{missing}");
}
