//! Ports that are not what their agent believes: planned, and told again when nothing has helped.

use serde_json::{Value, json};

use super::listeners::{own_ip, say, serve};
use crate::{running::Running, world::World};

const AGENT_PORT: u16 = 8550;

/// The smallest example with a distribution point on a computer of its own, at `address`.
fn world() -> (World, String, String) {
    let world = World::of("minimal");
    let [server, branch, elsewhere] = [1, 2, 3].map(|number| own_ip(&world, number));
    world.edit("headwater.yaml", "server.contoso.example", &server);
    world.append(
        "headwater.yaml",
        &format!(
            "---\napiVersion: headwater.dev/v1alpha1\nkind: SiteSystem\nmetadata:\n  name: branch\n\
             spec:\n  site: one\n  address: {branch}\n  placement: Remote\n  agent:\n    \
             url: http://{branch}:{AGENT_PORT}\n---\n\
             apiVersion: headwater.dev/v1alpha1\nkind: DistributionPoint\nmetadata:\n  \
             name: branch\nspec:\n  site: one\n  siteSystem: branch\n  ports: content\n"
        ),
    );
    (world, branch, elsewhere)
}

/// An agent whose roles listen on `roles`.
fn agent(world: &World, ip: &str, roles: &str) -> Running {
    let listen = format!("{ip}:{AGENT_PORT}");
    let (token, data) = (world.data().join("admin-token"), world.path("agent"));
    let (token, data) = (token.to_str().unwrap(), data.to_str().unwrap());
    let command = ["agent", "--name", "branch", "--listen", &listen, "--roles", roles];
    let mut agent =
        world.start(&[&command[..], &["--token-file", token, "--data", data]].concat(), "warn");
    assert!(agent.until(|line| line.starts_with("the agent of `branch` answers at")));
    agent
}

#[track_caller]
fn assert_verifies(plan: &Value, path: &str, found: &str, wanted: &str) {
    let [action] = &plan["actions"].as_array().unwrap()[..] else { panic!("{plan}") };
    assert_eq!(action["kind"], "VerifyPorts", "{plan}");
    assert_eq!(action["resource"], "DistributionPoint/branch");
    assert_eq!(action["requirement"], "PORT-5");
    assert_eq!(action["targets"], json!(["branch"]));
    let [change] = &action["diff"].as_array().unwrap()[..] else { panic!("{plan}") };
    assert_eq!(change["path"], path);
    assert_eq!((&change["before"], &change["after"]), (&json!(found), &json!(wanted)));
}

#[test]
fn a_port_that_is_not_where_its_agent_says_is_drift_until_it_is() {
    let (world, branch, elsewhere) = world();
    // The token is made by the first command.
    world.with_manifests("plan").expect(0);
    let running = agent(&world, &branch, &branch);
    world.with_manifests("up --once").expect(0);
    assert_eq!(world.plan()["actions"], json!([]));
    running.terminate();

    // Its roles listen at another address now: the agent is content, clients are not.
    let running = agent(&world, &branch, &elsewhere);
    let refused = "closed: connection refused";
    assert_verifies(&world.plan(), "listeners.http", refused, "open");
    let words = format!("listeners.http: {refused} instead of open");
    let checked = world.with_manifests("ports --check").expect(1).stdout;
    assert!(checked.contains(&format!("DistributionPoint/branch: {words}\n")), "{checked}");
    let applied = world.with_manifests("apply").expect(1);
    let told = format!("`branch` at http://{branch}:8080: {words}");
    assert!(applied.stderr.contains(&told), "{}", applied.stderr);
    assert_verifies(&world.plan(), "listeners.http", refused, "open");

    // Somebody else takes the place: it speaks TLS, as an alert tells.
    say(&format!("{branch}:8080"), &[21, 3, 3, 0, 2, 2, 40]);
    assert_verifies(&world.plan(), "listeners.http", "TLS", "plain HTTP");
    assert_eq!(world.plan(), world.plan(), "the same look, the same plan");
    running.terminate();
}

#[test]
fn a_web_server_in_the_place_of_a_distribution_point_is_drift() {
    let (world, branch, elsewhere) = world();
    world.with_manifests("plan").expect(0);
    let running = agent(&world, &branch, &branch);
    world.with_manifests("up --once").expect(0);
    running.terminate();
    // Its agent has opened the port, but where clients come somebody else answers.
    let running = agent(&world, &branch, &elsewhere);
    serve(&format!("{branch}:8080"), None, |_, _| (200, "<h1>It works!</h1>".to_owned()));
    let found = "something that is no distribution point answers (HTTP 200): it does not say that \
                 it is a distribution point";
    assert_verifies(&world.plan(), "service", found, "this distribution point");
    let checked = world.with_manifests("ports --check").expect(1).stdout;
    assert!(checked.contains("DistributionPoint/branch: service: something"), "{checked}");
    running.terminate();
}
