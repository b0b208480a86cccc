//! A site system on a computer of its own: `headwater agent` beside the embedded hierarchy.

use std::fs;

use headwater::{
    manifest::{SourceText, load},
    model::Hierarchy,
};
use serde_json::json;

use super::{
    http::{get, request},
    running::Running,
    world::{World, digest, root},
};

/// A loopback address for this world alone, below those of embedded hierarchies.
pub(crate) fn own_ip(world: &World, number: u8) -> String {
    let digest = digest(world.data().to_str().unwrap().as_bytes());
    let part = |at: usize| u8::from_str_radix(&digest[at..at + 2], 16).unwrap();
    format!("127.{}.{}.{}", 1 + part(0) % 100, part(2), 1 + number)
}

pub(crate) const AGENT_PORT: u16 = 8550;

/// The smallest example with a second distribution point, that pulls, on a computer of its own.
pub(crate) fn world() -> (World, String) {
    let world = World::of("minimal");
    let (server, branch) = (own_ip(&world, 1), own_ip(&world, 2));
    // The branch has no name service that knows the embedded hierarchy: IP addresses reach.
    world.edit("headwater.yaml", "server.contoso.example", &server);
    world.edit(
        "headwater.yaml",
        "    distributionPoints:\n      - content",
        "    distributionPoints:\n      - content\n      - branch",
    );
    world.append(
        "headwater.yaml",
        &format!(
            "---\napiVersion: headwater.dev/v1alpha1\nkind: SiteSystem\nmetadata:\n  name: branch\n\
             spec:\n  site: one\n  address: {branch}\n  placement: Remote\n  agent:\n    \
             url: http://{branch}:{AGENT_PORT}\n---\n\
             apiVersion: headwater.dev/v1alpha1\nkind: DistributionPoint\nmetadata:\n  \
             name: branch\nspec:\n  site: one\n  siteSystem: branch\n  ports: content\n  pull:\n    \
             sources:\n      - distributionPoint: content\n"
        ),
    );
    (world, branch)
}

pub(crate) fn agent(world: &World, ip: &str) -> Running {
    agent_with(world, ip, &[])
}

/// The same with further options.
pub(crate) fn agent_with(world: &World, ip: &str, options: &[&str]) -> Running {
    let listen = format!("{ip}:{AGENT_PORT}");
    let (token, data) = (world.data().join("admin-token"), world.path("agent"));
    let mut arguments = vec![
        "agent",
        "--name",
        "branch",
        "--listen",
        &listen,
        "--token-file",
        token.to_str().unwrap(),
        "--data",
        data.to_str().unwrap(),
    ];
    arguments.extend(options);
    let mut agent = world.start(&arguments, "warn");
    assert!(agent.until(|line| line.starts_with("the agent of `branch` answers at")));
    agent
}

#[test]
fn an_agent_on_a_computer_of_its_own_is_part_of_the_hierarchy() {
    let (world, ip) = world();
    // Without the agent everything else is done.
    let first = world.with_manifests("up --once").expect(1);
    assert!(first.stdout.contains("SiteSystem/branch: it cannot be asked"), "{}", first.stdout);
    let running = agent(&world, &ip);
    let ended = world.with_manifests("up --once").expect(0);
    assert!(ended.stderr.contains("DistributeContent:Package/welcome"), "{}", ended.stderr);
    assert_eq!(world.plan()["actions"].as_array().unwrap().len(), 0);
    // It serves what it pulled, while the embedded hierarchy is not even up.
    let welcome = root().join("examples/minimal/content/welcome");
    let mut files = 0;
    super::world::walk(&welcome, &mut |path| {
        let content = fs::read(path).unwrap();
        let name = path.strip_prefix(&welcome).unwrap().to_str().unwrap();
        let by_digest = format!("/files/{}", digest(&content));
        for target in [format!("/content/ONE00001/{name}"), by_digest] {
            let answer = get(&format!("{ip}:8080"), &target, &[]);
            assert_eq!((answer.status, answer.body), (200, content.clone()), "{target}");
        }
        files += 1;
    });
    assert!(files > 0);

    // It cannot be seen: nothing is removed, nothing is complete.
    running.kill();
    let plan = world.plan();
    assert_eq!(plan["complete"], false, "{plan}");
    assert_eq!(plan["actions"].as_array().unwrap().len(), 0, "{plan}");
    let waiting = plan["waiting"].to_string();
    assert!(waiting.contains("SiteSystem/branch") && waiting.contains("cannot be asked"));
    let applied = world.with_manifests("apply --prune").expect(1);
    assert!(applied.stdout.contains("cannot be asked"), "{}", applied.stdout);
    assert!(world.path("agent").join("distribution-point/library/packages/ONE00001.json").exists());
    let status = world.status().to_string();
    assert!(status.contains("failed to reach"), "{status}");

    // It is back, with everything it had.
    let running = agent(&world, &ip);
    let plan = world.plan();
    assert_eq!((&plan["complete"], &plan["actions"]), (&true.into(), &serde_json::json!([])));
    let (code, said) = running.terminate();
    assert_eq!(code, 0, "{said:?}");
}

#[test]
fn an_agent_asks_for_the_token_of_its_hierarchy() {
    let (world, ip) = world();
    fs::write(world.data().join("admin-token"), "another hierarchy's\n").unwrap();
    let _running = agent(&world, &ip);
    fs::remove_file(world.data().join("admin-token")).unwrap();
    let ended = world.with_manifests("up --once").expect(1);
    assert!(ended.stdout.contains("401"), "{}", ended.stdout);
    let address = format!("{ip}:{AGENT_PORT}");
    for target in ["/v1/state", "/v1/commands", "/v1/content/missing", "/", "/packages/ONE00001"] {
        assert_eq!(get(&address, target, &[]).status, 401, "{target}");
    }
}

/// PDP-14: the 51st notification gets an answer of its own, from which Package Transfer Manager makes
/// message 8211.
#[test]
fn a_notification_too_many_is_answered_by_capacity() {
    let (world, ip) = world();
    fs::write(world.data().join("admin-token"), "a token of this test\n").unwrap();
    let _running = agent(&world, &ip);
    let hierarchy = hierarchy(&world);
    let point = &hierarchy.distribution_points[&"branch".parse().unwrap()];
    let system = &hierarchy.site_systems[&point.site_system];
    let command = |command: serde_json::Value| -> String {
        let headers = [
            ("Authorization", "Bearer a token of this test"),
            ("Content-Type", "application/json"),
        ];
        let address = format!("{ip}:{AGENT_PORT}");
        let answer = request(&address, "POST", "/v1/commands", &headers, &command.to_string());
        let text = answer.unwrap().text();
        text.lines().last().unwrap_or_default().to_owned()
    };
    assert_eq!(command(json!({"configureSiteSystem": system.settings})), r#"{"done":"done"}"#);
    let configure = json!({"configureDistributionPoint": {
        "name": "branch", "settings": point.settings,
    }});
    assert_eq!(command(configure), r#"{"done":"done"}"#);
    let notify = |number: u32| {
        let digest = headwater::model::Digest::of(b"files");
        let package = format!("ONE{number:05}");
        command(json!({"pullPackage": {"package": package, "version": 1, "digest": digest}}))
    };
    for number in 1..=50 {
        assert_eq!(notify(number), r#"{"done":"done"}"#);
    }
    assert_eq!(notify(51), r#"{"done":{"atCapacity":{"active":50}}}"#);
    // One that is known is no new one.
    assert_eq!(notify(50), r#"{"done":"done"}"#);
    // What it does is told without all the rest.
    let headers = [("Authorization", "Bearer a token of this test")];
    let transfers = get(&format!("{ip}:{AGENT_PORT}"), "/v1/transfers", &headers);
    let transfers: serde_json::Value = serde_json::from_slice(&transfers.body).unwrap();
    assert_eq!(transfers["name"], "branch");
    assert_eq!(transfers["pullJobs"].as_object().unwrap().len(), 50);
}

fn hierarchy(world: &World) -> Hierarchy {
    let path = world.manifests().join("headwater.yaml");
    let text = fs::read_to_string(path).unwrap();
    let directory = std::sync::Arc::from(world.manifests().as_path());
    let source = SourceText { name: "headwater.yaml".to_owned(), directory, text };
    Hierarchy::resolve(&load(vec![source]).declared).unwrap()
}
