//! Run Synchronization, through the front door: a top-level point below an upstream server that is the
//! point of another hierarchy.

use std::fs;

use serde_json::json;

use super::{content_schemas::assert_valid, world::World};

/// What the site server was told of synchronizations since `from`.
fn texts(world: &World, from: usize) -> Vec<String> {
    let messages = world.run(&["status", "--messages", "--output", "json"]).expect(0).json();
    assert_valid("messages.json", &messages);
    let texts = messages["messages"].as_array().unwrap().iter();
    texts.map(|it| it["text"].as_str().unwrap().to_owned()).skip(from).collect()
}

#[test]
fn by_hand_new_updates_come_and_with_full_everything_does() {
    let upstream = World::converged("minimal");
    let manifests = upstream.manifests();
    let mut running = upstream.start(&["up", "--every", "1h", manifests.to_str().unwrap()], "warn");
    assert!(running.until(|line| line.starts_with("Nothing to do")), "{:?}", running.said);

    let world = World::of("minimal");
    let address = upstream.listener("updates");
    world.edit("headwater.yaml", "type: Import", "type: UpstreamServer");
    let path = world.manifests().join("headwater.yaml");
    let text = fs::read_to_string(&path).unwrap();
    let file = text.lines().find(|line| line.trim().starts_with("file: ")).unwrap();
    fs::write(&path, text.replace(file, &format!("    url: http://{address}"))).unwrap();
    world.with_manifests("up --once").expect(0);
    assert_eq!(world.status()["updatePoints"][0]["updates"], 4125);

    for (arguments, text) in [
        (&["sync", "ONE"][..], "what has changed or expired waits for the schedule"),
        (&["sync", "ONE", "--full"], "changed metadata enters the site database"),
    ] {
        let before = texts(&world, 0).len();
        let ended = world.run(arguments).expect(0);
        assert!(ended.stdout.contains("Everything is synchronized."), "{}", ended.stdout);
        let said = texts(&world, before);
        assert!(said.iter().any(|it| it.contains(text)), "{said:?}");
    }
    let told = world.run(&["status", "--sync", "--output", "json"]).expect(0).json();
    assert_valid("synchronization.json", &told);
    let point = &told["updatePoints"][0];
    assert_eq!((&point["phase"], point["runs"].as_array().unwrap().len()), (&"idle".into(), 3));
    let counts: Vec<_> =
        point["runs"].as_array().unwrap().iter().map(|run| &run["counts"]).collect();
    assert_eq!(*counts[2], json!({"new": 4087, "changed": 38, "expired": 6, "setAside": 0}));
    assert_eq!(*counts[0], json!({"new": 0, "changed": 0, "expired": 0, "setAside": 0}));
    let text = world.run(&["status", "--sync", "--follow"]).expect(0).stdout;
    assert!(text.starts_with("ONE updates: nothing to do"), "{text}");
    // Nothing else has changed.
    assert_eq!(world.plan()["actions"].as_array().unwrap().len(), 0);

    running.kill_now();
    let failed = world.run(&["sync", "ONE"]).expect(1);
    assert!(failed.stdout.contains("Not everything is synchronized"), "{}", failed.stdout);
    assert!(failed.stdout.contains("did not answer"), "{}", failed.stdout);
    let told = world.run(&["status", "--sync", "--output", "json"]).expect(0).json();
    let point = &told["updatePoints"][0];
    assert_eq!(point["phase"], "failed");
    assert!(point["retryAt"].is_string(), "{point}");
    assert!(point["runs"][0]["failed"].as_str().unwrap().contains("did not answer"), "{point}");
}

#[test]
fn sites_that_are_not_synchronized_by_hand_say_why() {
    let world = World::converged("contoso");
    let refused = |site: &str| world.run(&["sync", site]).expect(1).stderr;
    assert!(refused("LIS").contains("run `headwater sync CEN`"), "{}", refused("LIS"));
    assert!(refused("CEN").contains("takes an export file in"), "{}", refused("CEN"));
    assert!(refused("XYZ").contains("there is no site XYZ"), "{}", refused("XYZ"));
}
