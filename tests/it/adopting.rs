//! Running site systems are described by manifests that leave a plan with nothing to do.

use std::fs;

use serde_json::json;

use super::{
    remote_agent,
    world::{World, walk},
};

#[test]
fn what_is_there_is_described_and_a_plan_has_nothing_to_do() {
    for example in ["contoso", "minimal"] {
        let world = World::converged(example);
        let out = world.path("adopted");
        let out = out.to_str().unwrap();
        world.run(&["import-state", "--embedded", "--out", out]).expect(0);
        let ended = world.run(&["plan", "--detailed-exitcode", out]).expect(0);
        assert!(ended.stdout.contains("No changes"), "{}", ended.stdout);
        // One text says the same.
        let printed = world.run(&["import-state", "--embedded"]).expect(0);
        let file = world.path("printed.yaml");
        fs::write(&file, printed.stdout).unwrap();
        world.run(&["plan", "--detailed-exitcode", file.to_str().unwrap()]).expect(0);
    }
}

#[test]
fn files_that_are_there_are_replaced_only_by_force() {
    let world = World::converged("minimal");
    let manifests = world.path("adopted");
    let out = manifests.to_str().unwrap();
    fs::create_dir(&manifests).unwrap();
    fs::write(manifests.join("ports.yaml"), "precious").unwrap();
    let ended = world.run(&["import-state", "--embedded", "--out", out]).expect(3);
    assert!(ended.stderr.contains("ports.yaml is there already"), "{}", ended.stderr);
    let mut files = Vec::new();
    walk(&manifests, &mut |path| files.push(fs::read_to_string(path).unwrap()));
    assert_eq!(files, ["precious"]);
    world.run(&["import-state", "--embedded", "--force", "--out", out]).expect(0);
    world.run(&["plan", "--detailed-exitcode", out]).expect(0);
}

#[test]
fn what_cannot_be_asked_is_refused_before_anything_is_made() {
    let world = World::of("minimal");
    let nowhere = world.path("nowhere");
    let there = nowhere.to_str().unwrap();
    let ended = world.run(&["--data", there, "import-state", "--embedded"]).expect(1);
    let told = format!("there is no site system to describe: {there} holds no hierarchy");
    assert!(ended.stderr.contains(&told), "{}", ended.stderr);
    assert!(!nowhere.exists(), "nothing is made");
    let ended = world.run(&["import-state"]).expect(2);
    assert!(ended.stderr.contains("write `--embedded`"), "{}", ended.stderr);
    for wrong in ["not-a-url", "ftp://10.0.0.5", "10.0.0.5:8550"] {
        let ended = world.run(&["import-state", wrong]).expect(2);
        let told = format!("`{wrong}` is not the admin address of an agent: write one such as");
        assert!(ended.stderr.contains(&told), "{}", ended.stderr);
    }
}

#[test]
fn agents_on_computers_of_their_own_are_described_too() {
    let (world, ip) = remote_agent::world();
    // The agent needs the token of the hierarchy.
    world.status();
    let running = remote_agent::agent(&world, &ip);
    world.with_manifests("up --once").expect(0);
    let url = format!("http://{ip}:{}", remote_agent::AGENT_PORT);
    let out = world.path("adopted");
    let out = out.to_str().unwrap();
    world.run(&["import-state", "--embedded", &url, "--out", out]).expect(0);
    let ended = world.run(&["plan", "--detailed-exitcode", out]).expect(0);
    assert!(ended.stdout.contains("No changes"), "{}", ended.stdout);
    let branch = fs::read_to_string(world.path("adopted/sites/one.yaml")).unwrap();
    assert!(branch.contains(&format!("agent:\n    url: {url}\n  placement: Remote\n")), "{branch}");

    // By itself it cannot be described: its site server was not asked.
    let ended = world.run(&["import-state", &url]).expect(1);
    assert!(ended.stdout.contains("kind: DistributionPoint"), "{}", ended.stdout);
    assert!(ended.stdout.contains("# NOTE: the site server of ONE was not asked"));
    assert!(ended.stderr.contains("cannot be described validly"), "{}", ended.stderr);

    // It does not answer: nothing is described, unless that is wanted.
    running.kill();
    let ended = world.run(&["import-state", "--embedded", &url]).expect(1);
    assert_eq!(ended.stdout, "");
    assert!(ended.stderr.contains(&format!("warning: {url}: failed to reach")), "{}", ended.stderr);
    let ended = world.run(&["import-state", "--embedded", "--partial", &url]).expect(0);
    assert!(ended.stdout.contains("name: server"), "{}", ended.stdout);
    assert!(!ended.stdout.contains("name: branch"), "{}", ended.stdout);
}

#[test]
fn a_change_with_an_agent_on_a_computer_of_its_own_is_undone() {
    let (world, ip) = remote_agent::world();
    world.status();
    let _running = remote_agent::agent(&world, &ip);
    let undo = world.path("undo.json");
    let undo = undo.to_str().unwrap();
    world.with_manifests(&format!("apply --undo {undo}")).expect(0);
    assert!(world.path("agent/site-system.json").exists());
    world.run(&["apply", "--prune", "--plan", undo]).expect(0);
    let left = fs::read_dir(world.path("agent")).unwrap().map(|entry| entry.unwrap().file_name());
    // Its authority is that of the agent: others may believe it.
    assert_eq!(left.collect::<Vec<_>>(), ["certificates"]);
    // Its agent is still there, and may be told again what it is.
    world.with_manifests("apply").expect(0);
    assert_eq!(world.plan()["actions"], json!([]));
}
