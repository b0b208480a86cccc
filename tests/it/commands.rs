//! How commands end: exit codes, JSON, and what is refused.

use std::{collections::BTreeSet, fs};

use serde_json::Value;

use super::world::World;

fn kinds(plan: &Value) -> BTreeSet<String> {
    let actions = plan["actions"].as_array().unwrap();
    actions.iter().map(|it| it["id"].as_str().unwrap().to_owned()).collect()
}

/// Everything below a directory, without what changes by looking.
fn names(world: &World) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    super::world::walk(&world.data().join("site-systems"), &mut |path| {
        let name = path.to_str().unwrap().to_owned();
        if !name.ends_with("-wal") && !name.ends_with("-shm") {
            names.insert(name);
        }
    });
    names
}

#[test]
fn what_is_not_declared_any_more_is_removed_only_when_confirmed() {
    let world = World::converged("minimal");
    world.remove_document("headwater.yaml", "DistributionPoint", "content");
    world.remove_document("headwater.yaml", "Package", "welcome");
    let plan = world.plan();
    assert!(kinds(&plan).contains("RemoveDistributionPoint:DistributionPoint/content@server"));
    assert!(kinds(&plan).iter().all(|it| it.starts_with("Remove")), "{plan}");
    let before = names(&world);
    let refused = world.with_manifests("apply").expect(3);
    assert!(refused.stderr.contains("confirm with --prune"), "{}", refused.stderr);
    assert_eq!(refused.stdout, "");
    assert_eq!(names(&world), before);
    assert_eq!(kinds(&world.plan()), kinds(&plan));
    // What keeps a hierarchy up goes on with the rest, and says what stays.
    let left = world.with_manifests("up --once").expect(1);
    let stays = "left     RemoveDistributionPoint:DistributionPoint/content@server";
    assert!(left.stdout.contains(stays), "{}", left.stdout);
    assert_eq!(names(&world), before);
    assert_eq!(kinds(&world.plan()), kinds(&plan));
    world.with_manifests("apply --prune").expect(0);
    assert!(!world.site_system("server").join("distribution-point").exists());
    assert_eq!(kinds(&world.plan()), BTreeSet::new());
    // The rest is as it was.
    assert_eq!(world.status()["updatePoints"][0]["updates"], 4125);
}

#[test]
fn a_whole_site_is_removed_when_confirmed() {
    let world = World::converged("contoso");
    fs::remove_file(world.manifests().join("sites/lis.yaml")).unwrap();
    let packages = world.manifests().join("packages.yaml");
    let text = fs::read_to_string(&packages).unwrap();
    fs::write(packages, text.replace("    distributionPoints:\n      - lis-dp\n", "")).unwrap();
    let plan = world.plan();
    let wanted = [
        "RemoveDistributionPoint:DistributionPoint/lis-dp@lis-dp",
        "RemoveSiteSystem:SiteSystem/lis-dp",
        "RemoveSiteSystem:SiteSystem/lis-srv",
        "RemoveSoftwareUpdatePoint:SoftwareUpdatePoint/lis-active@lis-srv",
        "UninstallUpdateServices:SiteSystem/lis-srv",
    ];
    assert_eq!(kinds(&plan), wanted.map(str::to_owned).into(), "{plan}");
    world.with_manifests("apply").expect(3);
    world.with_manifests("apply --prune").expect(0);
    assert!(!world.site_system("lis-srv").exists() && !world.site_system("lis-dp").exists());
    assert_eq!(kinds(&world.plan()), BTreeSet::new());
    // The point above it remembers for a while that it has synchronized.
    let status = world.status();
    for kind in ["updatePoints", "distributionPoints", "siteSystems"] {
        let named = status[kind].as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap());
        assert!(named.clone().count() > 0, "{kind}");
        assert_eq!(named.filter(|name| name.starts_with("lis-")).count(), 0, "{kind}");
    }
}

#[test]
fn exit_codes_are_those_of_the_help() {
    let world = World::converged("minimal");
    for (command, code) in [
        ("plan", 0),
        ("plan --detailed-exitcode", 0),
        ("apply", 0),
        ("up --once", 0),
        ("status", 0),
    ] {
        world.with_manifests(command).expect(code);
    }
    // Something to do.
    world.edit("headwater.yaml", "http: 8080", "http: 8090");
    for (command, code) in [("plan", 0), ("plan --detailed-exitcode", 2), ("apply", 0)] {
        world.with_manifests(command).expect(code);
    }
    // Something that is wrong.
    world.edit("headwater.yaml", "http: 8090", "https: 17\n  http: 8090");
    for command in ["validate", "plan", "plan --detailed-exitcode", "apply", "up --once", "up"] {
        world.with_manifests(command).expect(1);
    }
    // Something that is not there, and something that is not a command.
    fs::remove_dir_all(world.manifests()).unwrap();
    for (command, code) in [
        ("validate", 2),
        ("plan", 2),
        ("plan --detailed-exitcode", 1),
        ("apply", 2),
        ("up --once", 2),
        ("status", 2),
        ("plant", 2),
        ("plan --no-such-option", 2),
    ] {
        let ended = world.with_manifests(command).expect(code);
        assert_eq!(ended.stdout, "", "{command}");
        assert_ne!(ended.stderr, "", "{command}");
    }
    let agent = ["agent", "--name", "a", "--token-file", "/no/such/token"];
    world.run(&agent).expect(2);
    let token = world.data().join("admin-token");
    let listen = ["--listen", "192.0.2.1:8550"];
    let agent = [&agent[..4], &[token.to_str().unwrap()], &listen].concat();
    world.run(&agent).expect(2);
}

#[test]
fn json_is_json_for_every_command() {
    let world = World::converged("minimal");
    let objects = [
        ("validate --output json", "summary"),
        ("plan --output json", "actions"),
        ("apply --output json", "converged"),
        ("up --once --output json", "updatePoints"),
        ("status --output json", "siteSystems"),
    ];
    for (command, field) in objects {
        let ended = world.with_manifests(command).expect(0);
        assert!(ended.json().get(field).is_some(), "{command}: {}", ended.stdout);
    }
    // What could not be done is told in JSON too.
    world.edit("headwater.yaml", "content/welcome", "content/none");
    world.edit("headwater.yaml", "packageId: ONE00001", "packageId: ONE00001\n  sourceVersion: 2");
    let ended = world.with_manifests("apply --output json").expect(1);
    let left = &ended.json()["left"];
    assert_eq!(left[0]["action"], "UpdateContent:Package/welcome@ONE", "{left}");
    assert_eq!(left[0]["outcome"], "failed");
    assert!(left[0]["detail"].as_str().unwrap().contains("content/none"), "{left}");
    assert_eq!(left[1]["outcome"], "skipped", "{left}");
}

#[test]
fn only_one_keeps_it_up_and_others_go_through_it() {
    let world = World::converged("minimal");
    let manifests = world.manifests();
    let arguments = ["up", "--every", "1h", manifests.to_str().unwrap()];
    let mut up = world.start(&arguments, "warn");
    assert!(up.until(|line| line.starts_with("Nothing to do")));
    let second = world.run(&arguments).expect(1);
    assert!(second.stderr.contains("is up already"), "{}", second.stderr);
    assert_eq!(kinds(&world.plan()), BTreeSet::new());
    world.with_manifests("apply").expect(0);
    let (code, said) = up.terminate();
    assert_eq!(code, 0, "{said:?}");
    // A killed one leaves nothing in the way.
    let mut up = world.start(&arguments, "warn");
    assert!(up.until(|line| line.starts_with("Nothing to do")));
    up.kill();
    assert_eq!(kinds(&world.plan()), BTreeSet::new());
}
