//! On-demand distribution through the front door (PDP-3): real processes, and a client that asks.

use std::{
    fs, thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::{
    http::{Answer, get},
    remote_agent::{agent, world},
    running::Running,
    world::{PATIENCE, World, root, walk},
};

const PAUSE: Duration = Duration::from_millis(50);

/// The world of the remote agent, whose point fetches on demand.
fn on_demand() -> (World, String) {
    let (world, ip) = world();
    let point = "  siteSystem: branch\n  ports: content\n";
    world.edit("headwater.yaml", point, &format!("{point}  onDemand: true\n"));
    (world, ip)
}

/// The same, whose point the site server sends to.
fn on_demand_standard() -> (World, String) {
    let (world, ip) = on_demand();
    let pull = "  pull:\n    sources:\n      - distributionPoint: content\n";
    world.edit("headwater.yaml", pull, "");
    (world, ip)
}

fn list(ip: &str) -> Answer {
    get(&format!("{ip}:8080"), "/packages/ONE00001", &[])
}

/// How the package stands at the branch.
fn standing(world: &World) -> Value {
    let arguments = "status --content --all --point branch --output json";
    let report = world.with_manifests(arguments).expect(0).json();
    report["placements"][0].clone()
}

fn is_there(world: &World) -> bool {
    world.path("agent/distribution-point/library/packages/ONE00001.json").exists()
}

/// Converges without bringing anything to the branch.
fn converged(world: &World) {
    let ended = world.with_manifests("up --once").expect(0);
    let told = "ConfigureDistributionPoint:Package/welcome";
    assert!(ended.stderr.contains(told), "{}", ended.stderr);
    assert_eq!(world.plan()["actions"], json!([]));
    assert!(!is_there(world));
    let counts = world.with_manifests("status --content --output json").expect(0).json();
    assert_eq!(counts["counts"], json!({"available": 1, "onDemand": 1}));
    assert_eq!(counts["placements"], json!([]));
    assert_eq!(standing(world)["reason"], "it waits for the first request of a client");
}

/// Every file of the package is served.
fn assert_served(ip: &str) {
    let welcome = root().join("examples/minimal/content/welcome");
    let mut files = 0;
    walk(&welcome, &mut |path| {
        let name = path.strip_prefix(&welcome).unwrap().to_str().unwrap();
        let answer = get(&format!("{ip}:8080"), &format!("/content/ONE00001/{name}"), &[]);
        assert_eq!((answer.status, answer.body), (200, fs::read(path).unwrap()), "{name}");
        files += 1;
    });
    assert!(files > 0);
}

fn end(agent: Running) {
    let (code, said) = agent.terminate();
    assert_eq!(code, 0, "{said:?}");
}

#[test]
fn the_first_request_of_a_client_makes_a_pull_point_fetch_the_package() {
    let (world, ip) = on_demand();
    world.with_manifests("validate --strict").expect(0);
    world.with_manifests("up --once").expect(1);
    let running = agent(&world, &ip);
    converged(&world);
    // A package that nobody distributes there.
    assert_eq!(get(&format!("{ip}:8080"), "/packages/ONE00009", &[]).status, 404);

    // The source is there only while the hierarchy runs; the request is not forgotten until then.
    let first = list(&ip);
    assert_eq!(first.status, 503);
    assert!(first.header("retry-after").unwrap().parse::<u64>().unwrap() > 0);
    assert!(first.text().contains("ask again in"), "{}", first.text());
    running.kill();
    let running = agent(&world, &ip);
    let asked = world.plan();
    assert_eq!(asked["actions"][0]["kind"], "DistributeContent");
    let reason = asked["actions"][0]["reason"].as_str().unwrap();
    assert!(reason.starts_with("a client has asked for version 1"), "{reason}");
    assert_eq!(asked["actions"].as_array().unwrap().len(), 1);

    world.with_manifests("up --once").expect(0);
    assert_eq!(list(&ip).status, 200);
    assert_served(&ip);
    assert_eq!(world.plan()["actions"], json!([]));
    assert_eq!(standing(&world)["state"], "available");
    let messages = world.messages("server");
    for number in [2357, 8210, 2330] {
        assert!(messages.contains(&(number, "branch".to_owned())), "{number}: {messages:?}");
    }

    // A new version is distributed as to any other point.
    world.edit(
        "headwater.yaml",
        "  packageId: ONE00001\n",
        "  packageId: ONE00001\n  sourceVersion: 2\n",
    );
    let ended = world.with_manifests("up --once").expect(0);
    assert!(ended.stderr.contains("UpdateContent:Package/welcome"), "{}", ended.stderr);
    end(running);
}

#[test]
fn a_pull_point_fetches_by_itself_while_no_controller_looks() {
    let (world, ip) = on_demand();
    world.with_manifests("up --once").expect(1);
    let running = agent(&world, &ip);
    converged(&world);
    // The hierarchy is up for its ports; its controller looks again in half a minute.
    let (source, manifests) = (world.listener("content"), world.manifests());
    let mut up = world.start(&["up", manifests.to_str().unwrap()], "warn");
    let began = Instant::now();
    while super::http::request(&source, "GET", "/packages/ONE00001", &[], "").is_err() {
        assert!(began.elapsed() < PATIENCE, "{:?}", up.said_so_far());
        thread::sleep(PAUSE);
    }
    assert_eq!(list(&ip).status, 503);
    while list(&ip).status != 200 {
        assert!(began.elapsed() < PATIENCE, "{:?}", up.said_so_far());
        thread::sleep(PAUSE);
    }
    assert_served(&ip);
    up.terminate();
    assert_eq!(world.plan()["actions"], json!([]));
    end(running);
    let log = fs::read_to_string(world.path("agent/distribution-point/logs/PullDP.log")).unwrap();
    assert!(log.contains("A client asks for package ONE00001, version 1"), "{log}");
}

#[test]
fn a_standard_point_is_sent_what_a_client_has_asked_for() {
    let (world, ip) = on_demand_standard();
    world.with_manifests("up --once").expect(1);
    let running = agent(&world, &ip);
    converged(&world);
    let saved = world.path("saved.json");
    world.with_manifests(&format!("plan --out {}", saved.display())).expect(0);
    let first = list(&ip);
    assert_eq!((first.status, first.header("retry-after")), (503, Some("30")));
    running.kill();
    let running = agent(&world, &ip);
    let standing_now = standing(&world);
    assert_eq!(standing_now["state"], "missing");
    let reason = standing_now["reason"].as_str().unwrap();
    assert!(reason.starts_with("a client asked for it at 20"), "{reason}");
    assert!(reason.ends_with("the site server has not sent it yet"), "{reason}");
    let text = world.with_manifests("status").expect(0).stdout;
    assert!(text.contains("1 package asked for by clients, on demand"), "{text}");
    // A plan that was saved before is not what is to be done any more.
    let saved = saved.to_str().unwrap();
    let stale = world.run(&["apply", "--plan", saved]).expect(3);
    assert!(stale.stderr.contains("distributionPoint.requested"), "{}", stale.stderr);

    let ended = world.with_manifests("up --once").expect(0);
    assert!(ended.stderr.contains("DistributeContent:Package/welcome"), "{}", ended.stderr);
    assert_served(&ip);
    assert_eq!(world.plan()["actions"], json!([]));

    // Not distributed there any more: what is there goes with `--prune` only.
    world.edit("headwater.yaml", "      - branch\n", "");
    let plan = world.plan();
    assert_eq!(plan["actions"][0]["kind"], "RemoveContent");
    world.with_manifests("apply --prune").expect(0);
    assert_eq!(list(&ip).status, 404);
    end(running);
}

#[test]
fn what_is_taken_off_before_anybody_asks_needs_no_prune() {
    let (world, ip) = on_demand_standard();
    world.with_manifests("up --once").expect(1);
    let running = agent(&world, &ip);
    converged(&world);
    world.edit("headwater.yaml", "      - branch\n", "");
    let ended = world.with_manifests("apply").expect(0);
    assert!(
        ended.stderr.contains("ConfigureDistributionPoint:Package/welcome"),
        "{}",
        ended.stderr
    );
    assert_eq!(list(&ip).status, 404);
    assert_eq!(world.plan()["actions"], json!([]));
    end(running);
}
