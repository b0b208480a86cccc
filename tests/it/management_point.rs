//! The policy of a site as its clients read it at the management point (SYNC-9, PORT-2).

use std::{fs, net::TcpListener, process::Command};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;

use super::{
    http::{Answer, get},
    running::Running,
    world::{World, root},
};

const FILE: &str = "headwater.yaml";
const SERVER: &str = "  siteServer: server\n";
const IMPORT: &str = "    type: Import\n    file: ";

/// The smallest example with a management point.
fn declare(world: &World) {
    let declared = format!("{SERVER}  managementPoint:\n    ports: management\n");
    world.edit(FILE, SERVER, &declared);
    world.append(
        FILE,
        "---\napiVersion: headwater.dev/v1alpha1\nkind: PortSettings\nmetadata:\n  \
         name: management\nspec:\n  webSite: Custom\n  http: 8070\n",
    );
}

/// Brings the world up, and keeps it so.
fn up(world: &World) -> Running {
    world.with_manifests("up --once").expect(0);
    let manifests = world.manifests();
    let mut up = world.start(&["up", "--every", "2s", manifests.to_str().unwrap()], "warn");
    assert!(up.until(|line| line.starts_with("Nothing to do")), "{:?}", up.said);
    up
}

fn management_point(world: &World) -> Value {
    world.status()["managementPoints"][0].clone()
}

fn address(world: &World) -> String {
    management_point(world)["listener"]["open"].as_str().unwrap().to_owned()
}

fn document(answer: &Answer) -> Value {
    assert_eq!(answer.status, 200, "{}", answer.text());
    serde_json::from_slice(&answer.body).unwrap()
}

/// Runs `openssl`, which everybody has.
fn openssl(world: &World, arguments: &str) -> bool {
    let arguments = arguments.split(' ');
    let mut command = Command::new("openssl");
    command.current_dir(world.path(".")).args(arguments).output().unwrap().status.success()
}

/// Verifies a policy as the README says.
fn is_signed(world: &World, document: &[u8], answer: &Answer) -> bool {
    let signature = STANDARD.decode(answer.header("headwater-signature").unwrap()).unwrap();
    fs::write(world.path("policy.json"), document).unwrap();
    fs::write(world.path("policy.sig"), signature).unwrap();
    let authority = "x509 -in data/certificates/authority.crt -pubkey -noout -out authority.pub";
    assert!(openssl(world, authority));
    openssl(world, "dgst -sha256 -verify authority.pub -signature policy.sig policy.json")
}

/// The kinds and requirements of the actions that are planned, each with the paths that change.
fn planned(world: &World) -> Vec<(String, String, Vec<String>)> {
    let plan = world.plan();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let paths = |action: &Value| {
        let diff = action["diff"].as_array().unwrap().iter();
        diff.map(|it| text(&it["path"])).collect()
    };
    let actions = plan["actions"].as_array().unwrap().iter();
    actions.map(|it| (text(&it["kind"]), text(&it["requirement"]), paths(it))).collect()
}

#[test]
fn clients_read_a_signed_policy_that_changes_with_each_synchronization() {
    let world = World::of("minimal");
    declare(&world);
    let text = fs::read_to_string(world.manifests().join(FILE)).unwrap();
    let file = text.lines().find_map(|line| line.strip_prefix("    file: ")).unwrap().to_owned();
    world.edit(FILE, &format!("{IMPORT}{file}"), "    type: None");
    let mut running = up(&world);
    let address = address(&world);
    assert!(address.ends_with(":8070"));

    let first = get(&address, "/policy", &[]);
    let told = document(&first);
    assert_eq!(told["siteCode"], "ONE");
    assert_eq!(told["updateServer"]["url"], "http://server.contoso.example:8530");
    assert_eq!(told["updateServer"]["scheme"], "http");
    assert_eq!(told["updateServer"]["host"], "server.contoso.example");
    assert_eq!(told["updateServer"]["port"], 8530);
    assert_eq!(told["softwareUpdates"]["scanEvery"], "7d");
    assert_eq!(told["catalogVersion"], Value::Null, "nothing has been synchronized");
    assert!(is_signed(&world, &first.body, &first));
    assert!(!is_signed(&world, &first.body[1..], &first));
    let tag = first.header("etag").unwrap().to_owned();
    let known = get(&address, "/policy", &[("If-None-Match", &tag)]);
    assert_eq!((known.status, known.body.len()), (304, 0));

    // It is the import that brings another one.
    world.edit(FILE, "    type: None", &format!("{IMPORT}{file}"));
    assert!(running.until(|line| line.contains("PublishClientPolicy")), "{:?}", running.said);
    let second = get(&address, "/policy", &[("If-None-Match", &tag)]);
    let now = document(&second);
    assert_eq!(now["catalogVersion"], world.status()["updatePoints"][0]["catalogVersion"]);
    assert!(now["serial"].as_u64() > told["serial"].as_u64());
    assert!(is_signed(&world, &second.body, &second));
    let status = management_point(&world);
    assert_eq!(status["policy"]["serial"], now["serial"]);
    assert_eq!(second.header("etag"), status["policy"]["digest"].as_str().map(quoted).as_deref());

    running.kill_now();
    let _again = up(&world);
    let third = get(&address, "/policy", &[]);
    assert!(third.body == second.body, "{}", third.text());
    assert!(is_signed(&world, &third.body, &third));
    assert_eq!(planned(&world), []);
    let text = world.with_manifests("status").expect(0).stdout;
    assert!(text.contains("MANAGEMENT POINT") && text.contains("serves policy"), "{text}");
}

fn quoted(digest: &str) -> String {
    format!("\"{}\"", digest.trim_start_matches("sha256:"))
}

#[test]
fn the_port_opens_changes_and_closes_as_planned() {
    let world = World::converged("minimal");
    assert_eq!(management_point(&world), Value::Null);
    declare(&world);
    let action = |requirement: &str, paths: &[&str]| {
        let paths = paths.iter().map(|path| format!("siteServer.managementPoint.{path}"));
        vec![("CreateSiteSystem".to_owned(), requirement.to_owned(), paths.collect())]
    };
    let opened = ["ports.http", "ports.https", "ports.webSite", "protocol"];
    assert_eq!(planned(&world), action("TOP-3", &opened));
    world.with_manifests("up --once").expect(0);
    assert_eq!(planned(&world), []);
    let before = address(&world);
    // What was published before is served.
    let told = management_point(&world);
    assert!(told["policy"]["serial"].is_u64(), "{told}");
    let checked = world.with_manifests("ports --output json").expect(0).stdout;
    assert!(checked.contains("8070"), "{checked}");

    world.edit(FILE, "http: 8070", "http: 8071");
    assert_eq!(planned(&world), action("TOP-3", &opened[..2]));
    world.with_manifests("up --once").expect(0);
    let now = address(&world);
    assert_eq!(now, before.replace(":8070", ":8071"));

    // A program of others has taken the port.
    let stranger = TcpListener::bind(&now).unwrap();
    let closed = planned(&world);
    let path = vec!["managementPoint.listener".to_owned()];
    assert_eq!(closed, [("CreateSiteSystem".to_owned(), "PORT-2".to_owned(), path)]);
    let plan = world.with_manifests("plan").expect(0).stdout;
    assert!(plan.contains("the port of its management point is closed"), "{plan}");
    let refused = world.with_manifests("up --once").expect(1).stdout;
    assert!(refused.contains("the management point cannot be opened"), "{refused}");
    drop(stranger);
    assert_eq!(planned(&world), []);

    // What runs is described as it was declared.
    let described = world.run(&["import-state", "--embedded"]).expect(0).stdout;
    assert!(described.contains("managementPoint:\n    ports: management-point"), "{described}");

    world.edit(FILE, "  managementPoint:\n    ports: management\n", "");
    world.with_manifests("up --once").expect(0);
    assert_eq!(management_point(&world), Value::Null);
    assert_eq!(planned(&world), []);
}

#[test]
fn in_native_mode_the_policy_is_read_over_tls() {
    let world = World::of("minimal");
    declare(&world);
    world.edit(FILE, "mode: Mixed", "mode: Native");
    let _running = up(&world);
    let told = management_point(&world);
    let at: std::net::SocketAddr = told["listener"]["open"].as_str().unwrap().parse().unwrap();
    assert_eq!(at.port(), 8071);
    assert_eq!(told["certificate"]["names"][0], "server.contoso.example");
    let root = fs::read(world.data().join("certificates/authority.crt")).unwrap();
    let root = reqwest::Certificate::from_pem(&root).unwrap();
    let client = reqwest::Client::builder()
        .tls_certs_only([root])
        .resolve("server.contoso.example", at)
        .build()
        .unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let document = runtime.block_on(async {
        let url = format!("https://server.contoso.example:{}/policy", at.port());
        client.get(url).send().await.unwrap().bytes().await.unwrap()
    });
    let document: Value = serde_json::from_slice(&document).unwrap();
    assert_eq!(document["updateServer"]["url"], "https://server.contoso.example:8531");
    // Nothing answers in the clear.
    assert!(std::net::TcpStream::connect((at.ip(), 8070)).is_err());
}

#[test]
fn the_example_of_the_readme_is_the_one_that_is_tested() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    for command in [
        "openssl x509 -in authority.crt -pubkey -noout -out authority.pub",
        "openssl dgst -sha256 -verify authority.pub -signature policy.sig policy.json",
    ] {
        assert!(readme.contains(command), "{command}");
    }
}
