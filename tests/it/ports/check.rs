//! `headwater ports` as people use it: what it is asked, what it answers, how it ends.

use std::fs;

use super::listeners::{certificate, own_ip, serve};
use crate::world::World;

#[test]
fn a_hierarchy_that_is_up_has_the_ports_it_shall() {
    let world = World::converged("contoso");
    let ended = world.with_manifests("ports --check").expect(0);
    insta::with_settings!({filters => vec![
        (r"127\.[0-9.]+", "[ip]"),
        (r" {2,}", "  "),
        (r"\[ip\]  \d+", "[ip]  [days]"),
    ]}, {
        insta::assert_snapshot!("contoso-check", ended.stdout);
    });
    let json = world.with_manifests("ports --check --output json --site SEA").expect(0).json();
    assert_eq!(json["summary"]["roles"], 1);
    let role = &json["roles"][0];
    assert_eq!(role["resource"], "SoftwareUpdatePoint/sea-active");
    assert_eq!(role["wanted"]["http"], serde_json::json!({"port": 8540, "answer": "plain"}));
    assert_eq!(role["wanted"]["securedRoots"], true);
    assert_eq!(role["wanted"]["https"]["port"], 8541);
    assert_eq!(role["found"]["http"]["answer"], "plain");
    assert_eq!(role["found"]["http"]["port"], 8540);
    let root = &role["found"]["virtualRoots"]["ServerSyncWebService"];
    assert_eq!(*root, serde_json::json!({"plain": "demandsSecuredChannel", "secured": "serves"}));
    let one = world.with_manifests("ports --check --host lis-dp").expect(0).stdout;
    assert!(one.contains("lis-dp.contoso.example:8080") && one.contains("1 role:"), "{one}");
}

#[test]
fn flows_are_chosen_by_site_and_by_host() {
    let world = World::of("contoso");
    let all = world.with_manifests("ports").expect(0).stdout;
    assert_eq!(world.with_manifests("ports --output text").expect(0).stdout, all);
    let of = |arguments: &str| {
        let json = world.with_manifests(&format!("ports --output json{arguments}")).expect(0);
        json.json()["flows"].as_array().unwrap().clone()
    };
    let (everything, lisbon, host) = (of(""), of(" --site LIS"), of(" --host lis-dp"));
    assert!(lisbon.len() < everything.len() && host.len() < lisbon.len());
    for flow in &host {
        let ends = [&flow["from"]["name"], &flow["to"]["name"]];
        assert!(ends.iter().any(|end| **end == "lis-dp"), "{flow}");
    }
    // Its source is in another site: that flow belongs to both.
    assert!(of(" --site AMS").iter().any(|flow| flow["from"]["name"] == "lis-dp"));
}

#[test]
fn what_is_not_there_is_no_empty_answer() {
    let world = World::of("contoso");
    let site = world.with_manifests("ports --site CNE").expect(2);
    assert!(site.stderr.contains("there is no site `CNE`: did you mean `CEN`?"), "{}", site.stderr);
    let host = world.with_manifests("ports --host cen-wsu").expect(2);
    assert!(host.stderr.contains("did you mean `cen-wsus`?"), "{}", host.stderr);
    let format = world.with_manifests("ports --check --output csv").expect(2);
    assert!(format.stderr.contains("printed as `table` or `json`"), "{}", format.stderr);
    world.with_manifests("ports --ca roots.pem").expect(2);
    let empty = world.path("roots.pem");
    fs::write(&empty, "no certificate\n").unwrap();
    let ca = world.with_manifests(&format!("ports --check --ca {}", empty.display())).expect(2);
    assert!(ca.stderr.contains("holds no certificate"), "{}", ca.stderr);
}

/// A real update point with SSL, as far as its ports go, that no agent of ours knows of.
#[test]
fn an_update_point_with_ssl_is_checked_without_an_agent() {
    let world = World::of("minimal");
    let ip = own_ip(&world, 1);
    world.edit("headwater.yaml", "address: server.contoso.example", &format!("address: {ip}"));
    let active = "siteSystem: server\n  role: Active\n";
    world.edit("headwater.yaml", active, &format!("{active}  ssl: true\n"));
    let root = world.path("root.pem");
    serve(&format!("{ip}:8080"), None, |_, path| match path {
        "/distribution-point" => (200, r#"{"distributionPoint":"content"}"#.to_owned()),
        _ => (404, String::new()),
    });
    serve(&format!("{ip}:8530"), None, |_, path| match path {
        "/ClientWebService/client.asmx" => (200, String::new()),
        path if path.contains(".asmx") && !path.contains("Reporting") => {
            (403, "403.4: SSL is required".to_owned())
        }
        _ => (404, String::new()),
    });
    serve(&format!("{ip}:8531"), Some(certificate(&ip, &root)), |method, _| match method {
        "POST" => (200, AUTHORIZES.to_owned()),
        _ => (200, String::new()),
    });
    let ca = root.display();
    let ended = world.with_manifests(&format!("ports --check --ca {ca}")).expect(1);
    let served = "SoftwareUpdatePoint/updates: virtualRoots.ClientWebService: served without a \
                  secured channel instead of secured channel required\n\n2 roles: 1 difference.\n";
    assert!(ended.stdout.ends_with(served), "{}", ended.stdout);
    insta::with_settings!({filters => vec![
        (ip.as_str(), "[ip]"),
        (r"(TLS 1\.3 +\S+ +)\d+", "$1[days]"),
    ]}, {
        insta::assert_snapshot!("ssl-check", ended.stdout);
    });
    // Nobody else trusts that root.
    let ended = world.with_manifests("ports --check").expect(1);
    assert!(
        ended.stdout.contains("listeners.https.certificate.chain: issued by"),
        "{}",
        ended.stdout
    );
}

#[test]
fn a_certificate_without_names_is_shown_as_one() {
    let world = World::of("minimal");
    let ip = own_ip(&world, 1);
    world.edit("headwater.yaml", "address: server.contoso.example", &format!("address: {ip}"));
    let active = "siteSystem: server\n  role: Active\n";
    world.edit("headwater.yaml", active, &format!("{active}  ssl: true\n"));
    let tls = certificate("", &world.path("root.pem"));
    serve(&format!("{ip}:8531"), Some(tls), |_, _| (200, String::new()));
    let checked = world.with_manifests("ports --check").expect(1).stdout;
    let row = checked.lines().find(|line| line.contains(":8531")).unwrap();
    assert!(row.contains(" TLS 1.3 ") && row.contains(" no names "), "{checked}");
}

/// What an update point says of how to be authorized.
const AUTHORIZES: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>
<GetAuthConfigResponse xmlns="http://www.microsoft.com/SoftwareDistribution"><GetAuthConfigResult>
<LastChange>2024-01-01T00:00:00Z</LastChange><AuthInfo><AuthPlugInInfo>
<PlugInID>DssTargeting</PlugInID><ServiceUrl>DssAuthWebService/DssAuthWebService.asmx</ServiceUrl>
<Parameter/></AuthPlugInInfo></AuthInfo><AllowedEventIds/></GetAuthConfigResult>
</GetAuthConfigResponse></s:Body></s:Envelope>"#;
