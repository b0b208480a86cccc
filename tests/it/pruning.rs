//! What is not declared any more: kept where that was said, and never everything at once.

use std::fs;

use super::world::World;

#[test]
fn what_is_told_to_stay_stays_when_its_document_is_gone() {
    let world = World::converged("minimal");
    let named = "kind: DistributionPoint\nmetadata:\n  name: content\n";
    let keep = format!("{named}  annotations:\n    headwater.dev/prune: disabled\n");
    world.edit("headwater.yaml", named, &keep);
    world.with_manifests("apply").expect(0);
    world.edit("headwater.yaml", &keep, named);
    world.remove_document("headwater.yaml", "DistributionPoint", "content");
    world.remove_document("headwater.yaml", "Package", "welcome");
    let ended = world.with_manifests("apply").expect(3);
    assert!(ended.stderr.contains("the plan removes 1 thing, first "), "{}", ended.stderr);
    world.with_manifests("apply --prune").expect(0);
    let plan = world.plan();
    assert_eq!((&plan["complete"], &plan["actions"]), (&true.into(), &serde_json::json!([])));
    assert_eq!(plan["waiting"][0]["resource"], "DistributionPoint/content");
    assert_eq!(plan["waiting"][0]["chosen"], true);
    let status = world.status();
    assert_eq!(status["distributionPoints"][0]["packages"], 1, "it has kept its content");
}

#[test]
fn an_empty_desired_state_is_refused_by_every_command_that_plans() {
    let world = World::converged("minimal");
    fs::write(world.manifests().join("headwater.yaml"), "# Nothing any more.\n").unwrap();
    for (command, code) in [
        ("plan", 1),
        ("plan --detailed-exitcode", 1),
        ("apply", 3),
        ("apply --prune", 3),
        ("up --once --prune", 3),
    ] {
        let ended = world.with_manifests(command).expect(code);
        let said = "the manifests declare no site system at all, but one is there, first `server`";
        assert!(ended.stderr.contains(said), "{command}: {}", ended.stderr);
    }
    assert_eq!(world.status()["distributionPoints"][0]["packages"], 1);
}
