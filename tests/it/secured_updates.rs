//! Update points over TLS as people run them: embedded, and between processes.

use std::fs;

use serde_json::{Value, json};

use super::{
    http::get_auth_config,
    remote_agent::{AGENT_PORT, agent_with, own_ip},
    world::{EXPORT, World, root},
};

const ROLE: &str = "  siteSystem: server\n  role: Active\n";

fn point(world: &World, name: &str) -> Value {
    let status = world.status();
    let points = status["updatePoints"].as_array().unwrap().clone();
    points.into_iter().find(|point| point["name"] == name).unwrap()
}

fn address(listener: &Value) -> String {
    listener["open"].as_str().unwrap().to_owned()
}

/// The kinds of actions that are planned.
fn planned(world: &World) -> Vec<String> {
    let plan = world.plan();
    let actions = plan["actions"].as_array().unwrap();
    actions.iter().map(|it| it["kind"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn ssl_is_configured_verified_and_switched_off_again() {
    let world = World::converged("minimal");
    world.edit("headwater.yaml", ROLE, &format!("{ROLE}  ssl: true\n"));
    let switching = ["ConfigureSsl", "ConfigureSoftwareUpdatePoint", "VerifyPorts"];
    assert_eq!(planned(&world)[..3], switching);
    let running = world.start(&["up", world.manifests().to_str().unwrap()], "warn");
    let mut running = running;
    assert!(
        running.until(|line| line.contains("done     VerifyPorts:SoftwareUpdatePoint/updates"))
    );
    let said = running.said.join("\n");
    assert!(said.contains("its certificate is for server.contoso.example, 127."), "{said}");
    assert!(said.contains("it answers at https://server.contoso.example:8531"), "{said}");
    assert!(running.until(|line| line.contains("PublishClientPolicy")));
    assert_eq!(planned(&world), [""; 0]);
    let told = point(&world, "updates");
    assert_eq!(told["https"]["certificate"]["names"][0], "server.contoso.example");
    let refused = get_auth_config(&address(&told["listener"])).unwrap();
    assert_eq!(refused.status, 403);
    assert!(refused.text().starts_with("403.4: SSL is required"), "{}", refused.text());
    running.terminate();
    let checked = world.with_manifests("ports --check").expect(0).stdout;
    assert!(checked.contains(":8531") && checked.contains("TLS 1.3"), "{checked}");

    world.edit("headwater.yaml", "  ssl: true\n", "");
    assert_eq!(planned(&world)[..2], ["ConfigureSoftwareUpdatePoint", "VerifyPorts"]);
    world.with_manifests("up --once").expect(0);
    assert_eq!(planned(&world), [""; 0]);
    assert_eq!(point(&world, "updates")["https"], Value::Null);
}

#[test]
fn a_certificate_that_is_missing_ended_or_for_another_name_is_told() {
    let world = World::converged("minimal");
    let secret = "  ssl: true\n  certificate: {secretRef: {name: web}}\n";
    world.edit("headwater.yaml", ROLE, &format!("{ROLE}{secret}"));
    let refused = world.with_manifests("up --once").expect(1);
    assert!(refused.stdout.contains("secret `web` is not there"), "{}", refused.stdout);
    let directory = world.data().join("secrets/web");
    fs::create_dir_all(&directory).unwrap();
    let write = |host: &str, ends: i32| {
        let mut params = rcgen::CertificateParams::new(vec![host.to_owned()]).unwrap();
        params.not_after = rcgen::date_time_ymd(ends, 1, 1);
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap().pem();
        fs::write(directory.join("tls.crt"), &certificate).unwrap();
        fs::write(directory.join("tls.key"), key.serialize_pem()).unwrap();
        fs::write(world.data().join("certificates/trusted.pem"), certificate).unwrap();
    };
    for (host, ends, why) in [
        (
            "other.contoso.example",
            2099,
            "the certificate is for other.contoso.example, and not for `server.contoso.example`",
        ),
        ("server.contoso.example", 2001, "the certificate has ended at 2001-01-01T00:00:00Z"),
    ] {
        write(host, ends);
        let ended = world.with_manifests("up --once").expect(1);
        assert!(ended.stdout.contains(why), "{}", ended.stdout);
        assert_eq!(point(&world, "updates")["https"], Value::Null, "nothing has changed");
    }
    write("server.contoso.example", 2099);
    world.with_manifests("up --once").expect(0);
    // Later on it is the look at the ports that finds it.
    write("other.contoso.example", 2099);
    let checked = world.with_manifests("ports --check").expect(1).stdout;
    let names = "certificate.names: other.contoso.example instead of server.contoso.example";
    assert!(checked.contains(names), "{checked}");
    assert_eq!(planned(&world), ["VerifyPorts"]);
    write("server.contoso.example", 2099);
    assert_eq!(planned(&world), [""; 0]);
    let shown = point(&world, "updates")["https"]["certificate"].clone();
    assert_eq!(shown["names"], json!(["server.contoso.example"]));
    assert_eq!(shown["notAfter"], "2099-01-01T00:00:00Z");
    let plan = world.with_manifests("plan --output json").expect(0);
    assert!(![plan.stdout, plan.stderr].concat().contains("PRIVATE KEY"));
}

#[test]
fn a_site_below_synchronizes_over_tls_between_processes() {
    let world = World::of("minimal");
    let (server, branch) = (own_ip(&world, 1), own_ip(&world, 2));
    world.edit("headwater.yaml", "server.contoso.example", &server);
    let secured = "  ssl: true\n  clientCertificates: Require\n  downstreamServers: []\n";
    world.edit("headwater.yaml", ROLE, &format!("{ROLE}{secured}"));
    world.append(
        "headwater.yaml",
        &format!(
            "---\napiVersion: headwater.dev/v1alpha1\nkind: Site\nmetadata:\n  name: two\nspec:\n  \
             siteCode: TWO\n  type: Secondary\n  parent: one\n  mode: Mixed\n  version: \"2403\"\n  \
             siteServer: branch\n---\n\
             apiVersion: headwater.dev/v1alpha1\nkind: SiteSystem\nmetadata:\n  name: branch\n\
             spec:\n  site: two\n  address: {branch}\n  placement: Remote\n  agent:\n    \
             url: http://{branch}:{AGENT_PORT}\n  software:\n    wsus: \"10.0\"\n---\n\
             apiVersion: headwater.dev/v1alpha1\nkind: SoftwareUpdatePoint\nmetadata:\n  \
             name: two-sup\nspec:\n  site: two\n  siteSystem: branch\n  role: Active\n  ssl: true\n"
        ),
    );
    assert!(root().join(EXPORT).exists());
    world.with_manifests("up --once").expect(1);
    let authority = world.data().join("certificates/authority.crt");
    let running = agent_with(&world, &branch, &["--ca", authority.to_str().unwrap()]);
    let of_agent = world.path("agent").join("certificates/authority.crt");
    // The controller and the point at the top do not know the agent's authority yet.
    let untrusted = world.with_manifests("up --once").expect(1).stdout;
    assert!(untrusted.contains("does not lead to a trusted root"), "{untrusted}");
    fs::copy(of_agent, world.data().join("certificates/trusted.pem")).unwrap();
    let ended = world.with_manifests("up --once").expect(0);
    let done = "done     Synchronize:SoftwareUpdatePoint/two-sup: 4125 new updates";
    assert!(ended.stderr.contains(done), "{}", ended.stderr);
    let [top, below] = ["updates", "two-sup"].map(|name| point(&world, name));
    assert_eq!(top["catalogVersion"], below["catalogVersion"]);
    assert!(address(&below["https"]["listener"]).ends_with(":8531"));
    assert_eq!(planned(&world), [""; 0]);
    let (code, said) = running.terminate();
    assert_eq!(code, 0, "{said:?}");
}
