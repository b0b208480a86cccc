//! What people change after the first day: content, sources, addresses; and the loop that follows
//! their manifests.

use std::{fs, net::TcpStream};

use serde_json::Value;

use super::{
    converge::{DISTRIBUTION_POINTS, UPDATE_POINTS, assert_content},
    http::{get, get_auth_config},
    library::holds,
    world::{EXPORT, World, digest, revisions, root},
};

fn ids(plan: &Value) -> Vec<&str> {
    plan["actions"].as_array().unwrap().iter().map(|it| it["id"].as_str().unwrap()).collect()
}

fn in_place(world: &World, system: &str, content: &[u8]) -> bool {
    holds(&world.library(system), content)
}

#[test]
fn a_new_version_of_a_package_replaces_the_old_one_everywhere() {
    let world = World::converged("contoso");
    let export = fs::read(root().join(EXPORT)).unwrap();
    let sources = fs::read(root().join("examples/wsus-export/SOURCES.md")).unwrap();
    let source = world.path("catalog");
    fs::create_dir_all(source.join("new")).unwrap();
    fs::write(source.join("new/list.txt"), "nothing new\n").unwrap();
    fs::write(source.join("SOURCES.md"), &sources).unwrap();
    let before = format!("path: {}/../wsus-export", root().join("examples/contoso").display());
    world.edit("packages.yaml", &before, &format!("path: {}", source.display()));
    // Another directory alone is no other content: its number says when it is (as it always was).
    assert_eq!(ids(&world.plan()), [""; 0]);
    world.edit("packages.yaml", "packageId: CEN00001", "packageId: CEN00001\n  sourceVersion: 2");
    let plan = world.plan();
    assert!(ids(&plan).iter().all(|it| it.starts_with("UpdateContent:Package/update-catalog@")));
    world.with_manifests("apply").expect(0);
    for system in DISTRIBUTION_POINTS {
        assert!(in_place(&world, system, b"nothing new\n"), "{system}");
        assert!(in_place(&world, system, &sources), "{system}");
        assert!(!in_place(&world, system, &export), "{system} keeps what nobody needs");
    }
    assert_eq!(ids(&world.plan()), [""; 0]);
}

#[test]
fn pull_is_switched_off_and_on_again() {
    let world = World::converged("contoso");
    let pull = "  pull:\n    sources:\n      - distributionPoint: ams-dp2\n";
    let whole = fs::read_to_string(world.manifests().join("sites/ams.yaml")).unwrap();
    world.edit("sites/ams.yaml", pull, "");
    assert_eq!(ids(&world.plan()), ["DisablePull:DistributionPoint/ams-dp3"]);
    world.with_manifests("apply").expect(0);
    // It is sent what it lacks now.
    let content = fs::read(root().join(EXPORT)).unwrap();
    let name = digest(&content);
    fs::remove_file(world.library("ams-dp3").join("files").join(&name[..2]).join(name)).unwrap();
    let plan = world.plan();
    assert_eq!(plan["actions"][0]["requirement"], "PDP-1", "{plan}");
    world.with_manifests("apply").expect(0);
    assert_content(&world, "ams-dp3");
    fs::write(world.manifests().join("sites/ams.yaml"), whole).unwrap();
    assert_eq!(ids(&world.plan()), ["EnablePull:DistributionPoint/ams-dp3"]);
    world.with_manifests("apply").expect(0);
    assert_eq!(ids(&world.plan()), [""; 0]);
}

#[test]
fn a_site_system_moves_to_another_address() {
    let world = World::converged("contoso");
    let manifests = world.manifests();
    let mut up = world.start(&["up", "--every", "1h", manifests.to_str().unwrap()], "warn");
    assert!(up.until(|line| line.starts_with("Nothing to do")));
    let before = world.listener("cen-active");
    world.edit("sites/cen.yaml", "cen-wsus.contoso.example", "cen-wsus2.contoso.example");
    let plan = world.plan();
    assert_eq!(ids(&plan)[0], "CreateSiteSystem:SiteSystem/cen-wsus");
    let changes = plan["actions"][0]["diff"].as_array().unwrap();
    assert_eq!(changes.len(), 1, "{plan}");
    assert_eq!(changes[0]["path"], "address");
    assert_eq!(changes[0]["before"], "cen-wsus.contoso.example");
    assert_eq!(changes[0]["after"], "cen-wsus2.contoso.example");
    assert!(!plan.to_string().contains("Remove"), "{plan}");
    world.with_manifests("apply").expect(0);
    assert_eq!(ids(&world.plan()), [""; 0]);
    let after = world.listener("cen-active");
    assert_ne!(after, before);
    assert_eq!(get_auth_config(&after).unwrap().status, 403, "it serves over TLS");
    // With a certificate for its new address.
    world.with_manifests("ports --check --site CEN").expect(0);
    assert!(TcpStream::connect(&before).is_err());
    for system in UPDATE_POINTS {
        assert_eq!(revisions(&world.catalog(system)), 4125, "{system}");
    }
    let (code, said) = up.terminate();
    assert_eq!(code, 0, "{said:?}");
}

#[test]
fn what_is_suspended_is_left_alone() {
    let world = World::converged("contoso");
    let content = fs::read(root().join(EXPORT)).unwrap();
    let name = digest(&content);
    let path = world.library("lis-dp").join("files").join(&name[..2]).join(name);
    fs::remove_file(&path).unwrap();
    let metadata = "kind: DistributionPoint\nmetadata:\n  name: lis-dp\n";
    let annotation = "  annotations:\n    headwater.dev/suspend: \"true\"\n";
    world.edit("sites/lis.yaml", metadata, &format!("{metadata}{annotation}"));
    let plan = world.plan();
    assert_eq!((ids(&plan), &plan["complete"]), (vec![], &true.into()));
    assert!(plan["waiting"].to_string().contains("suspended"), "{plan}");
    world.with_manifests("apply").expect(0);
    assert!(!path.exists());
    world.edit("sites/lis.yaml", annotation, "");
    world.with_manifests("apply").expect(0);
    assert_content(&world, "lis-dp");
}

#[test]
fn the_loop_follows_the_manifests_and_keeps_the_last_good_ones() {
    let world = World::converged("minimal");
    let manifests = world.manifests();
    let mut up = world.start(&["up", "--every", "1s", manifests.to_str().unwrap()], "warn");
    assert!(up.until(|line| line.starts_with("Nothing to do")));
    let ip = world.listener("content").rsplit_once(':').unwrap().0.to_owned();
    world.edit("headwater.yaml", "http: 8080", "http: 8090");
    assert!(up.until(|line| line.starts_with("done     ConfigureDistributionPoint")));
    assert_eq!(get(&format!("{ip}:8090"), "/packages/ONE00001", &[]).status, 200);
    world.edit("headwater.yaml", "http: 8090", "htpt: 8070");
    assert!(up.until(|line| line.contains("the last good manifests hold")));
    assert_eq!(get(&format!("{ip}:8090"), "/packages/ONE00001", &[]).status, 200);
    // It keeps the hierarchy as it shall be, whoever changes it.
    world.edit("headwater.yaml", "htpt: 8070", "http: 8070");
    assert!(up.until(|line| line.starts_with("done     ConfigureDistributionPoint")));
    let content = fs::read(root().join("examples/minimal/content/welcome/welcome.txt")).unwrap();
    let name = digest(&content);
    fs::remove_file(world.library("server").join("packs/00000001.pack")).unwrap();
    assert!(up.until(|line| line.starts_with("done     DistributeContent")));
    let answer = get(&format!("{ip}:8070"), &format!("/files/{name}"), &[]);
    assert_eq!((answer.status, answer.body), (200, content));
    let (code, said) = up.terminate();
    assert_eq!(code, 0, "{said:?}");
}

#[test]
fn two_runs_at_once_wait_for_each_other() {
    let world = World::of("minimal");
    let manifests = world.manifests();
    let arguments = ["up", "--once", manifests.to_str().unwrap()];
    let mut first = world.start(&arguments, "warn");
    assert!(first.until(|line| line.starts_with("done")));
    let second = world.run(&arguments).expect(0);
    assert!(second.stderr.contains("waiting for another headwater command"), "{}", second.stderr);
    assert!(second.stdout.contains("Nothing to do"), "{}", second.stdout);
    assert_eq!(first.end().0, 0);
}

#[test]
fn status_tells_of_a_run_that_was_cut_off() {
    let world = World::of("minimal");
    let nothing = world.run(&["status"]).expect(0);
    assert!(nothing.stdout.contains("Nothing has been applied yet."), "{}", nothing.stdout);
    let manifests = world.manifests();
    let mut run = world.start(&["up", "--once", manifests.to_str().unwrap()], "headwater=trace");
    assert!(run.until(|line| line.contains("unit=Updates")));
    run.kill();
    let cut_off = world.run(&["status"]).expect(0);
    assert!(cut_off.stdout.contains("was cut off."), "{}", cut_off.stdout);
    // The same, asked to end: it ends.
    let mut run = world.start(&["up", manifests.to_str().unwrap()], "headwater=trace");
    assert!(run.until(|line| line.contains("unit=Updates")));
    let (code, said) = run.terminate();
    assert_eq!(code, 0, "{said:?}");
    world.with_manifests("up --once").expect(0);
}

/// After a failure the loop waits an hour (SYNC-8), unless somebody has put right what was wrong.
#[test]
fn what_has_been_put_right_is_tried_at_once() {
    let world = World::of("minimal");
    let export = world.path("export.cab");
    let good = root().join(EXPORT);
    let manifest = fs::read_to_string(world.manifests().join("headwater.yaml")).unwrap();
    let file = manifest.lines().find(|line| line.trim_start().starts_with("file: ")).unwrap();
    world.edit("headwater.yaml", file, &format!("    file: {}", export.display()));
    fs::write(&export, "no cabinet").unwrap();
    let manifests = world.manifests();
    let mut up = world.start(&["up", "--every", "1s", manifests.to_str().unwrap()], "warn");
    let waits = |line: &str| line.starts_with("waiting  ImportUpdates:");
    assert!(up.until(|line| line.starts_with("failed   ImportUpdates:")));
    assert!(up.until(waits));
    // Wrong in another way: it fails again, at once, and waits.
    fs::write(&export, "no cabinet either").unwrap();
    assert!(up.until(|line| line.starts_with("failed   ImportUpdates:")));
    assert!(up.until(waits));
    fs::copy(good, &export).unwrap();
    assert!(up.until(|line| line.starts_with("done     ImportUpdates:")));
    // It waits in silence: each wait is told when it begins, and once more where the pass is summed
    // up, however many passes it takes.
    assert!(up.said.iter().filter(|line| waits(line)).count() <= 4, "{:?}", up.said);
    let (code, said) = up.terminate();
    assert_eq!(code, 0, "{said:?}");
    assert_eq!(revisions(&world.catalog("server")), 4125);
}
