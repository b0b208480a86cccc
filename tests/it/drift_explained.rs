//! What drifted is explained through the front door: which field, what is wanted and where that is
//! written, what was found, where it was read, and since when.

use std::{fs, net::TcpListener};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    http::{get, request},
    trouble::loopback,
    world::{World, digest},
};

/// What is told of a change, without what differs from run to run: addresses and times.
fn told(world: &World, change: &Value) -> Value {
    let mut change = change.clone();
    let manifests = format!("{}/", world.manifests().display());
    let all = change.get_mut("written").and_then(Value::as_array_mut);
    for written in all.into_iter().flatten() {
        let file = written["file"].as_str().unwrap().strip_prefix(&manifests).unwrap();
        written["file"] = json!(file);
    }
    if let Some(found) = change.get_mut("found").and_then(Value::as_object_mut) {
        assert!(found["at"].as_str().unwrap().starts_with("127."), "{found:?}");
        found.insert("at".to_owned(), json!("[IP]"));
        if found.contains_key("since") {
            found.insert("since".to_owned(), json!("[TIME]"));
        }
    }
    change
}

fn since(change: &Value) -> Timestamp {
    change["found"]["since"].as_str().unwrap_or_else(|| panic!("{change}")).parse().unwrap()
}

/// The actions of a plan of one kind.
#[track_caller]
fn only<'a>(plan: &'a Value, kind: &str) -> &'a Value {
    let actions = plan["actions"].as_array().unwrap();
    let found: Vec<_> = actions.iter().filter(|it| it["kind"] == kind).collect();
    assert_eq!(found.len(), 1, "{kind}: {plan}");
    found[0]
}

/// What a plan says of its actions, without what differs from run to run and what comes after what.
fn text(world: &World) -> String {
    let text = world.with_manifests("plan").expect(0).stdout;
    let text = text.replace(&format!("{}/", world.manifests().display()), "");
    let lines = text.lines().filter(|line| line.starts_with(' ') && !line.contains(" after "));
    lines.map(|line| unvarying(line) + "\n").collect()
}

/// A line without addresses and times.
fn unvarying(line: &str) -> String {
    let mut line = line.to_owned();
    while let Some(begin) = line.find("(127.") {
        let end = begin + line[begin..].find(')').unwrap();
        line.replace_range(begin..=end, "([IP])");
    }
    while let Some(begin) = line.find("since 20") {
        let end = begin + line[begin..].find('Z').unwrap();
        line.replace_range(begin..=end, "since [TIME]");
    }
    line
}

/// Speaks to the agent of an embedded site system, as somebody does who goes round Headwater.
struct Agent {
    address: String,
    authorization: String,
}

impl Agent {
    fn of(world: &World, system: &str) -> Self {
        let host = fs::read_to_string(world.data().join("host")).unwrap();
        let host = host.trim().rsplit('/').next().unwrap().to_owned();
        let token = fs::read_to_string(world.data().join("admin-token")).unwrap();
        let authorization = format!("Bearer {}", token.trim());
        let all = get(&host, "/v1/site-systems", &[("Authorization", &authorization)]);
        let all: Value = serde_json::from_slice(&all.body).unwrap();
        let all = all.as_array().unwrap();
        let url = all.iter().find(|it| it["name"] == system).unwrap()["url"].as_str().unwrap();
        Self { address: url.strip_prefix("http://").unwrap().to_owned(), authorization }
    }

    fn state(&self) -> Value {
        let answer = get(&self.address, "/v1/state", &[("Authorization", &self.authorization)]);
        serde_json::from_slice(&answer.body).unwrap()
    }

    fn tell(&self, command: &Value) {
        let headers =
            [("Authorization", self.authorization.as_str()), ("Content-Type", "application/json")];
        let body = command.to_string();
        let answer = request(&self.address, "POST", "/v1/commands", &headers, &body).unwrap();
        assert!(answer.text().contains("\"done\""), "{}", answer.text());
    }
}

#[test]
fn settings_that_were_changed_behind_its_back_are_explained() {
    let world = World::converged("contoso");
    let manifests = world.manifests();
    let mut up = world.start(&["up", "--every", "1h", manifests.to_str().unwrap()], "warn");
    assert!(up.until(|line| line.starts_with("Nothing to do")));
    let begun = Timestamp::now();
    let agent = Agent::of(&world, "sea-wsus");
    let mut settings = agent.state()["updatePoint"]["settings"].clone();
    settings["ports"] = json!({ "webSite": "Custom", "http": 8590, "https": 8591 });
    settings["languages"] = json!(["de"]);
    let configure = |settings: &Value| {
        let point = json!({ "name": "sea-active", "settings": settings });
        agent.tell(&json!({ "configureUpdatePoint": point }));
    };
    configure(&settings);
    let ended = Timestamp::now();

    let plan = world.plan();
    let diff = only(&plan, "ConfigureSoftwareUpdatePoint")["diff"].as_array().unwrap().clone();
    let told: Vec<Value> = diff.iter().map(|change| told(&world, change)).collect();
    insta::assert_snapshot!(serde_json::to_string_pretty(&told).unwrap());
    let at = since(&diff[0]);
    let second = jiff::SignedDuration::from_secs(1);
    assert!(begun - second <= at && at <= ended, "{begun} {at} {ended}");
    // Told the same again, it is so since it was first told; and a restart forgets nothing.
    configure(&settings);
    assert_eq!(since(&only(&world.plan(), "ConfigureSoftwareUpdatePoint")["diff"][0]), at);
    up.terminate();
    assert_eq!(since(&only(&world.plan(), "ConfigureSoftwareUpdatePoint")["diff"][0]), at);
    insta::assert_snapshot!(text(&world));

    world.with_manifests("apply").expect(0);
    assert_eq!(world.plan()["actions"], json!([]));
}

/// One lacks a file, of one it is damaged, and one has lost all; and a manifest wants more than there
/// is.
#[test]
fn content_that_was_damaged_is_explained() {
    let world = World::converged("contoso");
    let export = fs::read(super::world::root().join(super::world::EXPORT)).unwrap();
    let name = digest(&export);
    let file = |system: &str| world.library(system).join("files").join(&name[..2]).join(&name);
    let begun = Timestamp::now();
    fs::remove_file(file("ams-dp1")).unwrap();
    fs::remove_file(file("ams-dp2")).unwrap();
    fs::write(file("ams-dp2"), b"something else").unwrap();
    fs::remove_dir_all(world.library("lis-dp")).unwrap();
    let ended = Timestamp::now();

    let plan = world.plan();
    let actions = plan["actions"].as_array().unwrap();
    let changes: Vec<&Value> =
        actions.iter().flat_map(|action| action["diff"].as_array().unwrap()).collect();
    let of = |path: &str| *changes.iter().find(|it| it["path"] == path).unwrap();
    for path in ["ams-dp1.damaged", "ams-dp2.damaged"] {
        let at = since(of(path));
        let second = jiff::SignedDuration::from_secs(1);
        assert!(begun - second <= at && at <= ended, "{begun} {at} {ended}");
    }
    let told: Vec<Value> = changes.iter().map(|change| told(&world, change)).collect();
    insta::assert_snapshot!(serde_json::to_string_pretty(&told).unwrap());
    insta::assert_snapshot!(text(&world));

    world.edit("packages.yaml", "sourceVersion: 1", "sourceVersion: 2");
    let plan = world.plan();
    let update = plan["actions"]
        .as_array()
        .unwrap()
        .iter()
        .find(|it| it["kind"] == "UpdateContent" && it["targets"] == json!([]));
    let update = update.unwrap();
    assert!(since(&update["diff"][0]) < begun, "it was taken in before: {update}");
    let told = told_all(&world, update);
    insta::assert_snapshot!(told);
}

fn told_all(world: &World, action: &Value) -> String {
    let changes = action["diff"].as_array().unwrap().iter().map(|change| told(world, change));
    serde_json::to_string_pretty(&changes.collect::<Vec<_>>()).unwrap()
}

#[test]
fn a_port_that_another_program_took_is_explained() {
    let world = World::converged("minimal");
    let ip = loopback(&world, "server.contoso.example");
    let taken = TcpListener::bind(format!("{ip}:8530")).unwrap();
    let _other = TcpListener::bind(format!("{ip}:8080")).unwrap();
    let begun = Timestamp::now();
    let plan = world.plan();
    let point = only(&plan, "ConfigureSoftwareUpdatePoint");
    let told = told_all(&world, point).replace(&ip, "[IP]");
    insta::assert_snapshot!(told);
    assert!(since(&point["diff"][0]) >= begun - jiff::SignedDuration::from_secs(1));
    let told = told_all(&world, only(&plan, "ConfigureDistributionPoint")).replace(&ip, "[IP]");
    insta::assert_snapshot!(told);
    drop(taken);
}

#[test]
fn what_nobody_declares_any_more_is_explained() {
    let world = World::converged("contoso");
    world.edit("packages.yaml", "    distributionPoints:\n      - lis-dp\n---", "---");
    world.edit("packages.yaml", "      - lis-dp\n  # Where", "      []\n  # Where");
    world.remove_document("sites/lis.yaml", "DistributionPoint", "lis-dp");
    let plan = world.plan();
    let told = told_all(&world, only(&plan, "RemoveDistributionPoint"));
    insta::assert_snapshot!(told);
    insta::assert_snapshot!(text(&world));
}

/// Where the data directory is of a version that did not remember times, none are told.
#[test]
fn times_that_were_never_remembered_are_left_out() {
    let world = World::converged("minimal");
    let system = world.site_system("server");
    for file in [
        "site-system.json",
        "update-services/update-point.json",
        "distribution-point/distribution-point.json",
    ] {
        let path = system.join(file);
        let mut saved: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        let fields = saved.as_object_mut().unwrap();
        assert!(fields.remove("settingsSince").is_some(), "{file}");
        fields.remove("updateServicesSince");
        fs::write(path, saved.to_string()).unwrap();
    }
    assert_eq!(world.plan()["actions"], json!([]));
    world.edit("headwater.yaml", "http: 8080", "http: 8070");
    let plan = world.plan();
    let change = &only(&plan, "ConfigureDistributionPoint")["diff"][0];
    assert_eq!(change["found"]["siteSystem"], "server", "{change}");
    assert_eq!(change["found"].get("since"), None, "{change}");
}
