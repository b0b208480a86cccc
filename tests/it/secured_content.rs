//! Content over HTTPS, embedded and between processes.

use std::fs;

use super::{
    http::request,
    remote_agent::{agent_with, world},
    world::World,
};

#[test]
fn an_embedded_hierarchy_serves_over_https_and_finds_nothing_to_do() {
    let world = World::of("minimal");
    world.edit("headwater.yaml", "  mode: Mixed", "  mode: Mixed\n  enhancedHttp: true");
    let point = "  siteSystem: server\n  ports: content\n";
    world.edit("headwater.yaml", point, &format!("{point}  protocol: HTTPS\n"));
    world.with_manifests("validate --strict").expect(0);
    let ended = world.with_manifests("up --once").expect(0);
    assert!(ended.stderr.contains("DistributeContent:Package/welcome"), "{}", ended.stderr);
    assert_eq!(world.plan()["actions"], serde_json::json!([]));
    assert!(world.listener("content").ends_with(":8081"));
    let check = world.with_manifests("ports --check").expect(0).stdout;
    assert!(check.contains(":8081") && check.contains("TLS 1.3"), "{check}");
    assert!(!check.contains(":8080"), "{check}");
    // Whoever names other roots does not trust the hierarchy's own.
    let key = rcgen::generate_simple_self_signed(["a.example".to_owned()]).unwrap();
    let other = world.path("other.pem");
    fs::write(&other, key.cert.pem()).unwrap();
    let ended = world.with_manifests(&format!("ports --check --ca {}", other.display())).expect(1);
    assert!(ended.stdout.contains("does not lead to a trusted root"), "{}", ended.stdout);
    // A certificate of one's own that is not there is told before anything is changed.
    let secret = format!("{point}  protocol: HTTPS\n  certificate: {{secretRef: {{name: web}}}}\n");
    let before = format!("{point}  protocol: HTTPS\n");
    world.edit("headwater.yaml", &before, &secret);
    let refused = world.with_manifests("up --once").expect(1);
    assert!(refused.stdout.contains("secret `web` is not there"), "{}", refused.stdout);
    let directory = world.data().join("secrets/web");
    fs::create_dir_all(&directory).unwrap();
    let made = rcgen::generate_simple_self_signed(["server.contoso.example".to_owned()]).unwrap();
    fs::write(directory.join("tls.crt"), made.cert.pem()).unwrap();
    fs::write(directory.join("tls.key"), made.signing_key.serialize_pem()).unwrap();
    fs::write(world.data().join("certificates/trusted.pem"), made.cert.pem()).unwrap();
    world.with_manifests("up --once").expect(0);
    assert_eq!(world.plan()["actions"], serde_json::json!([]));
    let plan = world.with_manifests("plan --output json").expect(0);
    let said = [plan.stdout, plan.stderr].concat();
    assert!(!said.contains("PRIVATE KEY"), "{said}");
}

#[test]
fn content_is_pulled_over_https_between_processes() {
    let (world, ip) = world();
    world.edit("headwater.yaml", "  mode: Mixed", "  mode: Mixed\n  enhancedHttp: true");
    for system in ["server", "branch"] {
        let point = format!("  siteSystem: {system}\n  ports: content\n");
        let secured = format!("{point}  protocol: HTTPS\n  clientCertificates: Require\n");
        world.edit("headwater.yaml", &point, &secured);
    }
    let client = "  software:\n    client: \"2403\"\n  placement: Remote";
    world.edit("headwater.yaml", "  placement: Remote", client);
    world.with_manifests("up --once").expect(1);
    let authority = world.data().join("certificates/authority.crt");
    let running = agent_with(&world, &ip, &["--ca", authority.to_str().unwrap()]);
    // Each believes the authority of the other.
    let of_agent = world.path("agent").join("certificates/authority.crt");
    fs::copy(of_agent, world.data().join("certificates/trusted.pem")).unwrap();
    let ended = world.with_manifests("up --once").expect(0);
    assert!(ended.stderr.contains("DistributeContent:Package/welcome"), "{}", ended.stderr);
    assert_eq!(world.plan()["actions"], serde_json::json!([]));
    assert!(world.path("agent/distribution-point/library/packages/ONE00001.json").exists());
    // Who shows no certificate hears so; the look at the ports and the pull have shown theirs.
    let check = world.with_manifests("ports --check").expect(0).stdout;
    assert!(check.contains(":8081"), "{check}");
    let clear = request(&format!("{ip}:8081"), "GET", "/packages/ONE00001", &[], "");
    assert!(clear.is_err(), "nothing is served in the clear");
    let (code, said) = running.terminate();
    assert_eq!(code, 0, "{said:?}");
}
