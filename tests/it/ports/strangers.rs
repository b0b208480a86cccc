//! Somebody else's program on the port of a role.

use super::listeners::serve;
use crate::world::World;

#[test]
fn a_stranger_on_the_port_of_an_update_point_is_told_and_planned_away() {
    let world = World::converged("contoso");
    let address = world.listener("ams-active");
    serve(&address, None, |_, _| (200, "<h1>It works!</h1>".to_owned()));
    let ended = world.with_manifests("ports --check --site AMS").expect(1);
    let told = "SoftwareUpdatePoint/ams-active: service: something that is no update point answers \
                (HTTP 200)";
    assert!(ended.stdout.contains(told), "{}", ended.stdout);
    assert!(ended.stdout.ends_with("4 roles: 1 difference.\n"), "{}", ended.stdout);
    // Its own agent knows that it could not open the port, so that comes first.
    let plan = world.plan();
    let kinds: Vec<&str> = plan["actions"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|action| action["resource"] == "SoftwareUpdatePoint/ams-active")
        .map(|action| action["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds[..2], ["ConfigureSoftwareUpdatePoint", "VerifyPorts"], "{plan}");
}

#[test]
fn a_stranger_on_the_port_of_a_distribution_point_is_told_and_planned_away() {
    let world = World::converged("contoso");
    let address = world.listener("lis-dp");
    serve(&address, None, |_, _| (200, "<h1>It works!</h1>".to_owned()));
    let ended = world.with_manifests("ports --check --site LIS").expect(1);
    let told = "DistributionPoint/lis-dp: service: something that is no distribution point answers \
                (HTTP 200)";
    assert!(ended.stdout.contains(told), "{}", ended.stdout);
    let plan = world.plan();
    let kinds: Vec<&str> = plan["actions"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|action| action["resource"] == "DistributionPoint/lis-dp")
        .map(|action| action["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["ConfigureDistributionPoint"], "{plan}");
}
