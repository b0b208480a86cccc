//! `--require-approval` and `headwater approve`: nothing is done that nobody has approved, and what
//! fails is tried again later each time.

use std::{fs, process::Command};

use serde_json::{Value, json};

use super::{gitops::repository::Repository, running::Running, world::World};

fn controller(world: &World, source: &str, more: &[&str]) -> Running {
    let arguments = ["controller", "--source", source, "--every", "1s"];
    world.start(&[&arguments[..], more].concat(), "warn")
}

fn of_manifests(world: &World, more: &[&str]) -> Running {
    controller(world, world.manifests().to_str().unwrap(), more)
}

/// Reads on until a plan waits; the digest by which it is approved.
#[track_caller]
fn waits(running: &mut Running) -> String {
    let mut digest = String::new();
    let found = running.until(|line| {
        let Some(line) = line.strip_prefix("waits    approval of ") else { return false };
        line.rsplit(' ').next().unwrap().clone_into(&mut digest);
        true
    });
    assert!(found, "{:?}", running.said);
    digest
}

#[track_caller]
fn until(running: &mut Running, end: &str) {
    assert!(running.until(|line| line.ends_with(end)), "{end}: {:?}", running.said);
}

const DONE: &str = "done. The hierarchy is as the manifests say.";

fn port(world: &World) -> String {
    world.listener("content").rsplit_once(':').unwrap().1.to_owned()
}

/// What waits, as `headwater approve` lists it.
fn waiting(world: &World) -> Value {
    world.run(&["approve", "--output", "json"]).expect(0).json()["waiting"].clone()
}

#[test]
fn a_plan_waits_until_its_digest_is_approved_and_counts_once() {
    let world = World::converged("minimal");
    world.edit("headwater.yaml", "http: 8080", "http: 8090");
    let mut running = of_manifests(&world, &["--require-approval"]);
    let first = waits(&mut running);
    assert_eq!(port(&world), "8080");
    let listed = waiting(&world);
    assert_eq!(listed[0]["digest"], first.as_str());
    assert_eq!(listed[0]["actions"][0], "ConfigureDistributionPoint:DistributionPoint/content");
    assert_eq!(world.status()["toApprove"]["digest"], first.as_str());
    let text = world.run(&["status"]).expect(0).stdout;
    assert!(text.contains(&format!("headwater approve {first}")), "{text}");
    // What whoever writes the manifests can say beforehand.
    let said = world.with_manifests("plan --digest --output json").expect(0).json();
    assert_eq!(said["all"], first.as_str());

    // An approval of something else is none, nor is a word.
    let other = format!("sha256:{}", "0".repeat(64));
    let ended = world.run(&["approve", &other]).expect(0);
    assert!(ended.stdout.contains("No plan waits for it now"), "{}", ended.stdout);
    for (word, expected) in
        [("yes", "is not a digest"), ("12345678", "no plan waits whose digest begins with")]
    {
        let ended = world.run(&["approve", word]).expect(2);
        assert!(ended.stderr.contains(expected), "{}", ended.stderr);
    }
    assert_eq!(port(&world), "8080");

    // Over a restart it waits on, since the same time.
    running.kill();
    let mut running = of_manifests(&world, &["--require-approval"]);
    assert_eq!(waits(&mut running), first);
    assert_eq!(waiting(&world)[0]["since"], listed[0]["since"]);

    let begin = &first["sha256:".len()..][..12];
    let ended = world.run(&["approve", begin]).expect(0);
    assert_eq!(ended.stdout, format!("Approved: {first}. The controller goes on.\n"));
    until(&mut running, DONE);
    assert_eq!(port(&world), "8090");
    assert_eq!(world.run(&["approve"]).expect(0).stdout, "Nothing waits for approval.\n");
    assert_eq!(world.status()["toApprove"], Value::Null);

    // Back, and there again: the same change, which somebody has to approve again.
    world.edit("headwater.yaml", "http: 8090", "http: 8080");
    let back = waits(&mut running);
    assert_ne!(back, first);
    world.run(&["approve", &back]).expect(0);
    until(&mut running, DONE);
    world.edit("headwater.yaml", "http: 8080", "http: 8090");
    assert_eq!(waits(&mut running), first);
    assert_eq!(port(&world), "8080");
}

#[test]
fn what_is_removed_waits_for_approval_while_the_rest_goes_on() {
    let world = World::converged("minimal");
    world.edit("headwater.yaml", "http: 8080", "http: 8090");
    world.remove_document("headwater.yaml", "Package", "welcome");
    let mut running = of_manifests(&world, &["--prune", "--require-approval=prune"]);
    let digest = waits(&mut running);
    assert_eq!(port(&world), "8090", "the rest is done");
    assert_eq!(world.status()["distributionPoints"][0]["packages"], 1);
    let said = world.with_manifests("plan --digest --output json").expect(0).json();
    assert_eq!(said["removals"], digest.as_str());
    world.run(&["approve", &digest]).expect(0);
    until(&mut running, DONE);
    assert_eq!(world.status()["distributionPoints"][0]["packages"], 0);
    for (options, expected) in [
        (&["--require-approval=prune"][..], "give both"),
        (&["--require-approval", "--mode", "observe"], "nothing that could be approved"),
    ] {
        let manifests = world.manifests();
        let begin = ["controller", "--source", manifests.to_str().unwrap()];
        let ended = world.run(&[&begin[..], options].concat()).expect(2);
        assert!(ended.stderr.contains(expected), "{}", ended.stderr);
    }
}

#[test]
fn what_a_schedule_asks_for_waits_for_nobody() {
    let upstream = World::converged("minimal");
    let manifests = upstream.manifests();
    let mut above = upstream.start(&["up", "--every", "1h", manifests.to_str().unwrap()], "warn");
    assert!(above.until(|line| line.starts_with("Nothing to do")), "{:?}", above.said);
    let world = World::of("minimal");
    let path = world.manifests().join("headwater.yaml");
    let text = fs::read_to_string(&path).unwrap();
    let file = text.lines().find(|line| line.trim().starts_with("file: ")).unwrap();
    let url =
        format!("    url: http://{}\n  schedule:\n    every: 1s", upstream.listener("updates"));
    let text = text.replace("type: Import", "type: UpstreamServer").replace(file, &url);
    fs::write(&path, text).unwrap();
    world.with_manifests("up --once").expect(0);

    world.edit("headwater.yaml", "http: 8080", "http: 8090");
    let mut running = of_manifests(&world, &["--require-approval"]);
    let digest = waits(&mut running);
    let done = "done     Synchronize:SoftwareUpdatePoint/updates";
    for _ in 0..2 {
        assert!(running.until(|line| line.starts_with(done)), "{:?}", running.said);
    }
    let listed = waiting(&world);
    assert_eq!((&listed[0]["digest"], port(&world)), (&digest.into(), "8080".to_owned()));
    let actions = listed[0]["actions"].as_array().unwrap();
    let synchronizes = |it: &Value| it.as_str().unwrap().starts_with("Synchronize:");
    assert!(!actions.iter().any(synchronizes), "{actions:?}");
}

#[test]
fn the_message_of_a_commit_approves_only_where_commits_are_verified() {
    let world = World::converged("minimal");
    let repository = Repository::of(&world);
    let key = world.path("ada");
    let made = Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-C", "ada", "-f"])
        .arg(&key)
        .status();
    assert!(made.unwrap().success());
    let public = fs::read_to_string(key.with_extension("pub")).unwrap();
    let signers = world.path("signers");
    fs::write(&signers, format!("ada@contoso.example {public}")).unwrap();

    // Signed, with what it would do.
    repository.edit("http: 8080", "http: 8090");
    let inner = world.path("repository/hierarchy");
    let ended = world.run(&["plan", "--digest", "--output", "json", inner.to_str().unwrap()]);
    let digest = ended.expect(0).json()["withoutRemovals"].as_str().unwrap().to_owned();
    let message = format!("Move the port\n\nIt is taken.\n\nHeadwater-Approve: {digest}\n");
    let signing = format!("user.signingkey={}", key.display());
    repository.git(&["add", "--all"]);
    let options = ["-c", "gpg.format=ssh", "-c", &signing, "commit", "--quiet", "-S", "-m"];
    repository.git(&[&options[..], &[&message]].concat());

    let mut running = controller(&world, &repository.source(), &["--require-approval"]);
    assert!(running.until(|line| line.contains("does not count: commits are verified")));
    assert_eq!(waits(&mut running), digest);
    assert_eq!(port(&world), "8080");
    let (code, said) = running.terminate();
    assert_eq!(code, 0, "{said:?}");

    // What was in force without signers is read anew by whoever begins with them.
    fs::remove_file(world.data().join("controller.json")).unwrap();
    let more = ["--require-approval", "--signers", signers.to_str().unwrap()];
    let mut running = controller(&world, &repository.source(), &more);
    assert!(running.until(|line| line.ends_with(&format!("approves {digest}"))));
    until(&mut running, DONE);
    assert_eq!(port(&world), "8090");
    assert_eq!(waiting(&world), json!([]));
}

#[test]
fn what_fails_is_tried_again_later_each_time_also_after_a_restart() {
    let world = World::converged("minimal");
    let path = world.manifests().join("headwater.yaml");
    let good = fs::read_to_string(&path).unwrap();
    let bad = good
        .replace("content/welcome", "content/nowhere")
        .replace("  packageId: ONE00001\n", "  packageId: ONE00001\n  sourceVersion: 2\n");
    assert_ne!(bad, good);
    fs::write(&path, &bad).unwrap();
    let mut running = of_manifests(&world, &[]);
    let third = "waiting  UpdateContent:Package/welcome@ONE: it failed 3 times, last: ";
    assert!(running.until(|line| line.starts_with(third)), "{:?}", running.said);
    let tries = world.status()["nextTries"].clone();
    assert_eq!(tries[0]["action"], "UpdateContent:Package/welcome@ONE", "{tries}");
    assert_eq!(tries[0]["failed"], 3);
    let at = tries[0]["at"].as_str().unwrap();
    let said = running.said.iter().rfind(|line| line.starts_with(third)).unwrap();
    assert!(said.ends_with(&format!("tried again at {at}")), "{said} {at}");
    let text = world.run(&["status"]).expect(0).stdout;
    assert!(text.contains(&format!("failed 3 times, and is tried again at {at}")), "{text}");
    running.kill();

    // The new one knows of it.
    let mut running = of_manifests(&world, &[]);
    assert!(running.until(|line| line.starts_with(third)), "{:?}", running.said);
    let failed = running.said.iter().filter(|line| line.starts_with("failed ")).count();
    assert_eq!(failed, 0, "it has not tried: {:?}", running.said);
    // Other manifests are tried at once.
    fs::write(
        &path,
        good.replace("  packageId: ONE00001\n", "  packageId: ONE00001\n  sourceVersion: 2\n"),
    )
    .unwrap();
    until(&mut running, DONE);
    assert_eq!(world.status()["nextTries"], Value::Null);
}
