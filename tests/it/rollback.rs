//! `headwater rollback`: the plan to the manifests of before, and who refuses to carry it out.

use std::fs;

use serde_json::Value;

use super::{
    content_schemas::assert_valid,
    gitops::repository::{Repository, controller, until, until_done, until_nothing_to_do},
    history::history,
    world::{Ended, World},
};

fn port(world: &World) -> String {
    world.listener("content").rsplit_once(':').unwrap().1.to_owned()
}

/// The plan of a rollback.
#[track_caller]
fn rollback(world: &World, more: &[&str]) -> (Value, Ended) {
    let ended = world.run(&[&["rollback", "--output", "json"], more].concat()).expect(0);
    (ended.json(), ended)
}

/// Says that a rollback is not possible, and why.
#[track_caller]
fn refused(world: &World, to: &[&str], code: i32, why: &str) {
    let ended = world.run(&[&["rollback"], to].concat()).expect(code);
    assert!(ended.stderr.contains(why), "{}", ended.stderr);
}

#[test]
fn a_rollback_is_a_plan_that_apply_carries_out() {
    let world = World::of("minimal");
    refused(&world, &[], 1, "there is no way back");
    world.with_manifests("apply").expect(0);
    let first = history(&world, &[])[0]["id"].to_string();
    refused(&world, &[], 1, "no run is remembered that ended well for other manifests");
    world.edit("headwater.yaml", "http: 8080", "http: 8090");
    world.append(
        "headwater.yaml",
        "---\napiVersion: headwater.dev/v1alpha1\nkind: SiteSystem\nmetadata:\n  name: more\n\
         spec:\n  site: one\n  address: more.contoso.example\n",
    );
    world.with_manifests("apply").expect(0);
    assert_eq!(port(&world), "8090");

    let (plan, said) = rollback(&world, &[]);
    let said = said.stderr;
    for part in [
        &*format!("back to the manifests of run {first}, of "),
        "back: PortSettings/content spec.http: 8090 -> 8080",
        "back: SiteSystem/more is not declared any more",
        "to make it last, bring the manifests back too",
    ] {
        assert!(said.contains(part), "{part} in {said}");
    }
    let kinds: Vec<_> =
        plan["actions"].as_array().unwrap().iter().map(|it| it["kind"].as_str().unwrap()).collect();
    assert!(kinds.contains(&"RemoveSiteSystem"), "{kinds:?}");
    assert_eq!(plan["manifestDigest"], history(&world, &[]).last().unwrap()["manifestDigest"]);
    assert_eq!(port(&world), "8090", "nothing is changed by a plan");
    // The same by its number.
    assert_eq!(rollback(&world, &[&first]).0, plan);

    let file = world.path("back.json");
    let file = file.to_str().unwrap();
    rollback(&world, &[&first, "--out", file]);
    world.run(&["apply", "--plan", file]).expect(3);
    world.run(&["apply", "--plan", file, "--prune"]).expect(0);
    assert_eq!(port(&world), "8080");
    let status = world.run(&["status", "--output", "json"]).expect(0).json();
    assert_valid("status.json", &status);
    assert_eq!(status["siteSystems"].as_array().unwrap().len(), 1);
    // The manifests of now are those of before: the way back leads forward.
    let (_, said) = rollback(&world, &[]);
    assert!(said.stderr.contains("8080 -> 8090"), "{}", said.stderr);
    let (plan, said) = rollback(&world, &[&first]);
    assert!(said.stderr.contains("the manifests of now say the same"), "{}", said.stderr);
    assert_eq!(plan["actions"].as_array().unwrap().len(), 0);

    refused(&world, &["99"], 1, "there is no run 99");
    refused(&world, &["abcdef"], 1, "no commit that begins with abcdef");
    refused(&world, &["main"], 2, "neither a run");
}

#[test]
fn where_a_controller_follows_git_the_way_back_is_a_commit() {
    let world = World::converged("minimal");
    let repository = Repository::of(&world);
    let first = repository.git(&["rev-parse", "HEAD"]);
    let mut running = controller(&world, &repository.source(), &[]);
    until_nothing_to_do(&mut running, &first);
    repository.edit("http: 8080", "http: 8090");
    let second = repository.commit(&[]);
    until_done(&mut running, &second);
    let run = &history(&world, &["--limit", "1"])[0];
    assert_eq!((&run["commit"], &run["command"]), (&second.as_str().into(), &"controller".into()));

    // Nothing had to be done for the first one: no run tells of it, but it was in force.
    let file = world.path("back.json");
    let file = file.to_str().unwrap();
    let (plan, said) = rollback(&world, &[&first[..8], "--out", file]);
    assert!(!plan["actions"].as_array().unwrap().is_empty());
    let revert = format!("`git revert --no-edit {}..{}`", &first[..12], &second[..12]);
    assert!(said.stderr.contains(&revert), "{}", said.stderr);
    let saved = world.run(&["apply", "--plan", file]);
    let manifests = world.with_manifests("apply");
    for ended in [saved, manifests] {
        let refused = ended.expect(3).stderr;
        for part in ["`headwater controller` (process ", "would undo this", &second[..12]] {
            assert!(refused.contains(part), "{part} in {refused}");
        }
    }
    assert_eq!(port(&world), "8090");
    // What is in force may be applied.
    world.run(&["apply", world.path("repository/hierarchy").to_str().unwrap()]).expect(0);

    // As it was said.
    repository.git(&["revert", "--no-edit", &format!("{first}..{second}")]);
    let reverted = repository.git(&["rev-parse", "HEAD"]);
    until_done(&mut running, &reverted);
    assert_eq!(port(&world), "8080");

    // A controller that changes nothing takes nothing back.
    let (code, said) = running.terminate();
    assert_eq!(code, 0, "{said:?}");
    let mut running = controller(&world, &repository.source(), &["--mode", "observe"]);
    until(&mut running, &format!("commit {} is still in force", &reverted[..12]));
    until(&mut running, "No changes: ");
    fs::remove_file(file).unwrap();
    let (_, said) = rollback(&world, &[&second[..12], "--out", file]);
    assert!(said.stderr.contains("back to the manifests of commit "), "{}", said.stderr);
    world.run(&["apply", "--plan", file]).expect(0);
    assert_eq!(port(&world), "8090");
}
