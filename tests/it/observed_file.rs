//! A plan from a file needs no site systems, and is the same.

use std::fs;

use serde_json::Value;

use super::world::World;

#[test]
fn a_plan_from_a_file_is_the_plan_of_the_site_systems() {
    let world = World::converged("contoso");
    let file = world.path("observed.json");
    let file = file.to_str().unwrap();
    world.run(&["observe", "--out", file]).expect(0);
    world.edit("ports.yaml", "http: 8080\n  https: 8081", "http: 8090\n  https: 8091");
    let manifests = world.manifests();
    let manifests = manifests.to_str().unwrap();
    let live = world.with_manifests("plan --output json").expect(0);
    // Without site systems, and without anything else of theirs.
    let nowhere = world.path("nowhere");
    let there = nowhere.to_str().unwrap();
    let arguments = ["--data", there, "plan", "--observed", file, "--output", "json", manifests];
    let planned = world.run(&arguments).expect(0);
    assert_eq!(planned.stdout, live.stdout, "byte for byte");
    assert_eq!(world.run(&arguments).expect(0).stdout, live.stdout);
    assert!(!nowhere.exists(), "nothing is made");
    let arguments = ["plan", "--detailed-exitcode", "--observed", file, manifests];
    world.run(&arguments).expect(2);

    // What it gives is carried out like any other saved plan.
    let plan = world.path("plan.json");
    let plan = plan.to_str().unwrap();
    world.run(&["plan", "--observed", file, "--out", plan, manifests]).expect(0);
    world.run(&["apply", "--plan", plan]).expect(0);
    assert_eq!(world.plan()["actions"].as_array().unwrap().len(), 0);
}

#[test]
fn a_site_system_that_was_asked_elsewhere_is_unknown() {
    let world = World::converged("minimal");
    let file = world.path("observed.json");
    let file = file.to_str().unwrap();
    world.run(&["observe", "--out", file]).expect(0);
    let manifests = world.manifests();
    let manifests = manifests.to_str().unwrap();
    let arguments = ["plan", "--detailed-exitcode", "--observed", file, manifests];
    world.run(&arguments).expect(0);
    let remote = "  placement: Remote\n  agent:\n    url: http://127.0.0.7:8550\n";
    let text = fs::read_to_string(world.manifests().join("headwater.yaml")).unwrap();
    let system = text.split("\n---\n").find(|it| it.contains("kind: SiteSystem")).unwrap();
    let moved = format!("{}\n{remote}", system.trim_end());
    fs::write(world.manifests().join("headwater.yaml"), text.replace(system, &moved)).unwrap();
    let ended = world.run(&arguments).expect(1);
    let told = "it was asked where it was hosted, and its agent is at http://127.0.0.7:8550 now: \
                observe again";
    assert!(ended.stdout.contains(told), "{}", ended.stdout);
    assert!(ended.stdout.contains("Nothing can be done now"), "{}", ended.stdout);
}

#[test]
fn the_printed_state_is_the_written_one() {
    let world = World::converged("minimal");
    let file = world.path("observed.json");
    let ended = world.run(&["observe"]).expect(0);
    fs::write(&file, &ended.stdout).unwrap();
    let manifests = world.manifests();
    let manifests = manifests.to_str().unwrap();
    let arguments = ["plan", "--detailed-exitcode", "--observed", "-", manifests];
    world.run_on(&arguments, &ended.stdout).expect(0);
    let observed: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(observed["formatVersion"], "1.0");
}

#[test]
fn what_is_not_observed_state_is_refused() {
    let world = World::of("minimal");
    let file = world.path("observed.json");
    let manifests = world.manifests();
    let refused = |text: &str| {
        fs::write(&file, text).unwrap();
        let arguments = ["plan", "--observed", file.to_str().unwrap(), manifests.to_str().unwrap()];
        let ended = world.run(&arguments).expect(2);
        ended.stderr.replace(world.path("").to_str().unwrap(), "[world]/")
    };
    insta::assert_snapshot!(refused("{"), @r#"
    error: cannot use [world]/observed.json: it is not observed state as `headwater observe` writes it: EOF while parsing an object at line 1 column 1
    "#);
    insta::assert_snapshot!(refused("{\"formatVersion\": \"1.7\", \"more\": 1}"), @r#"
    error: cannot use [world]/observed.json: it has format version 1.7, and this version of Headwater reads up to 1.0: use the version that wrote it, or a newer one
    "#);
    let libraries = "{\"systems\": [\"b\", \"a\"], \"packages\": {}}";
    let observed = format!("{{\"siteSystems\": {{}}, \"libraries\": {libraries}}}");
    let at = "2026-12-01T00:00:00Z";
    let text = format!(
        "{{\"formatVersion\": \"1.0\", \"observedAt\": \"{at}\", \"observed\": {observed}}}"
    );
    insta::assert_snapshot!(refused(&text), @r#"
    error: cannot use [world]/observed.json: it is not observed state as `headwater observe` writes it: the site systems of the content libraries are not in the order of their names at line 1 column 148
    "#);
    fs::remove_file(&file).unwrap();
    let arguments = ["plan", "--observed", file.to_str().unwrap(), manifests.to_str().unwrap()];
    world.run(&arguments).expect(2);
}
