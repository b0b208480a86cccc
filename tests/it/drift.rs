//! What differs from the manifests is planned, carried out and verified: settings that were edited,
//! and content that was damaged by hand.

use std::{collections::BTreeSet, fs, net::TcpStream, path::Path, process::Command};

use serde_json::{Value, json};

use super::{
    converge::assert_content,
    http::get_auth_config,
    world::{World, digest},
};

/// The actions of a plan: kind and resource, with the fields that change.
fn actions(plan: &Value) -> Vec<(String, Vec<Value>)> {
    let text = |it: &Value| it.as_str().unwrap().to_owned();
    let all = plan["actions"].as_array().unwrap();
    let change = |it: &Value| json!([it["path"], it["before"], it["after"]]);
    all.iter()
        .map(|action| {
            let what = format!("{} {}", text(&action["kind"]), text(&action["resource"]));
            (what, action["diff"].as_array().unwrap().iter().map(change).collect())
        })
        .collect()
}

#[test]
fn a_port_change_is_planned_applied_and_verified() {
    let world = World::converged("contoso");
    let manifests = world.manifests();
    let manifests = manifests.to_str().unwrap();
    // By a copy, or it would see at once what changes.
    let copy = world.path("copy");
    let copied = Command::new("cp").arg("-r").args([Path::new(manifests), &copy]).status();
    assert!(copied.unwrap().success());
    let mut up = world.start(&["up", "--every", "1h", copy.to_str().unwrap()], "warn");
    assert!(up.until(|line| line.starts_with("Nothing to do")));
    let before: Vec<String> = ["cen-active", "sea-active"].map(|name| world.listener(name)).into();
    for address in &before {
        assert_eq!(get_auth_config(address).unwrap().status, 403, "it serves over TLS");
    }

    world.edit("ports.yaml", "http: 8540\n  https: 8541", "http: 8550\n  https: 8551");
    world.append(
        "ports.yaml",
        "\n---\napiVersion: headwater.dev/v1alpha1\nkind: PortSettings\nmetadata:\n  \
         name: central\nspec:\n  webSite: Custom\n  http: 8630\n",
    );
    let active = "siteSystem: cen-wsus\n  role: Active\n";
    world.edit("sites/cen.yaml", active, &format!("{active}  ports: central\n"));

    let url = |port: u16| format!("https://cen-wsus.contoso.example:{port}");
    let source = json!(["source.url", url(8531), url(8631)]);
    let of_cen = [json!(["ports.http", 8530, 8630]), json!(["ports.https", 8531, 8631])];
    let of_sea = [json!(["ports.http", 8540, 8550]), json!(["ports.https", 8541, 8551])];
    let plan = world.plan();
    let found: BTreeSet<_> =
        actions(&plan).into_iter().map(|(what, diff)| (what, json!(diff).to_string())).collect();
    let point = |kind: &str, name: &str, diff: &[Value]| {
        (format!("{kind} SoftwareUpdatePoint/{name}"), json!(diff).to_string())
    };
    let configure = |name, diff: &[Value]| point("ConfigureSoftwareUpdatePoint", name, diff);
    let verify = |name| point("VerifyPorts", name, &[]);
    let sea = "https://sea-wsus.contoso.example";
    let publish = |site: &str, fields: &[&str], before: String, after: String| {
        let diff: Vec<_> = fields.iter().map(|field| json!([field, before, after])).collect();
        (format!("PublishClientPolicy Site/{site}"), json!(diff).to_string())
    };
    let wanted = BTreeSet::from([
        configure("cen-active", &of_cen),
        configure("cen-internet", std::slice::from_ref(&source)),
        configure("ams-active", std::slice::from_ref(&source)),
        configure("sea-active", &[&of_sea[..], std::slice::from_ref(&source)].concat()),
        verify("cen-active"),
        verify("cen-internet"),
        verify("ams-active"),
        verify("sea-active"),
        publish("cen", &["url"], url(8531), url(8631)),
        // Its clients on the Internet use the same point.
        publish("sea", &["internetUrl", "url"], format!("{sea}:8541"), format!("{sea}:8551")),
    ]);
    assert_eq!(found, wanted);
    let text = world.with_manifests("plan").expect(0).stdout;
    assert!(text.contains("8630"), "{text}");

    let applied = world.with_manifests("apply").expect(0);
    assert!(applied.stdout.starts_with("10 actions done."), "{}", applied.stdout);
    for address in &before {
        let refused = TcpStream::connect(address).unwrap_err();
        assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused, "{address}");
    }
    for (name, port) in [("cen-active", "8630"), ("sea-active", "8550")] {
        let address = world.listener(name);
        assert_eq!(address.rsplit(':').next(), Some(port));
        let answer = get_auth_config(&address).unwrap();
        assert_eq!(answer.status, 403);
        assert!(answer.text().starts_with("403.4: SSL is required"), "{}", answer.text());
    }
    for system in ["cen-inet", "ams-srv", "sea-wsus"] {
        let settings =
            fs::read(world.site_system(system).join("update-services/update-point.json")).unwrap();
        let settings: Value = serde_json::from_slice(&settings).unwrap();
        assert_eq!(settings["settings"]["source"]["url"], url(8631), "{system}");
    }
    assert_eq!(actions(&world.plan()), []);
    let (code, said) = up.terminate();
    assert_eq!(code, 0, "{said:?}");
    // The next one finds it as it is.
    assert_eq!(actions(&world.plan()), []);
}

/// A file of the library of a distribution point.
fn a_file(world: &World, system: &str, content: &[u8]) -> std::path::PathBuf {
    let name = digest(content);
    world.library(system).join("files").join(&name[..2]).join(name)
}

#[test]
fn a_deleted_file_is_seen_and_repaired() {
    let world = World::converged("contoso");
    let content = fs::read(super::world::root().join(super::world::EXPORT)).unwrap();
    // One that is pushed to, one that pulls.
    for (system, package) in [("ams-dp1", "PDP-1"), ("lis-dp", "PDP-5")] {
        let path = a_file(&world, system, &content);
        fs::remove_file(&path).unwrap();
        let plan = world.plan();
        let actions = plan["actions"].as_array().unwrap();
        assert_eq!(actions.len(), 1, "{plan}");
        let action = &actions[0];
        assert_eq!(action["kind"], "DistributeContent");
        assert_eq!(action["resource"], "Package/update-catalog");
        assert_eq!(action["targets"], json!([system]));
        assert_eq!(action["requirement"], package);
        assert!(!path.exists(), "a look repairs nothing");
        let applied = world.with_manifests("apply").expect(0);
        assert!(applied.stdout.starts_with("1 action done."), "{}", applied.stdout);
        assert_eq!(fs::read(&path).unwrap(), content);
        assert_content(&world, system);
        assert_eq!(actions_left(&world), 0);
    }
}

fn actions_left(world: &World) -> usize {
    world.plan()["actions"].as_array().unwrap().len()
}

/// A file that has another length is as good as none; one that has other bytes is found by hashing
/// it, before it is served or when content is validated (PDP-15).
#[test]
fn a_file_that_was_cut_off_is_seen_and_repaired() {
    let world = World::converged("contoso");
    let content = fs::read(super::world::root().join(super::world::EXPORT)).unwrap();
    let path = a_file(&world, "ams-dp2", &content);
    fs::remove_file(&path).unwrap();
    fs::write(&path, &content[..1000]).unwrap();
    assert_eq!(actions_left(&world), 1);
    world.with_manifests("apply").expect(0);
    assert_content(&world, "ams-dp2");
    assert_eq!(actions_left(&world), 0);
}
