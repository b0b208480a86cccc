//! `kubectl headwater`: the plugin, called by the real `kubectl`.

use std::fs;

use headwater::model::Kind;

use super::cluster::{Place, place};
use crate::world::World;

const MINIMAL: &str = include_str!("../../../examples/minimal/headwater.yaml");

#[tokio::test]
async fn kubectl_finds_it_and_it_speaks_of_itself_as_kubectl_users_call_it() {
    let Some(place) = place("plugin").await else { return };
    let listed = place.kubectl(&["plugin", "list"]).expect(0);
    assert!(listed.out.contains("/kubectl-headwater\n"), "{listed:#?}");
    let help = place.plugin(&["--help"]).expect(0).out;
    assert!(help.contains("Usage: kubectl headwater [OPTIONS] <COMMAND>"), "{help}");
    let help = place.plugin(&["status", "-h"]).expect(0).out;
    assert!(help.contains("Usage: kubectl headwater status"), "{help}");
    let version = place.plugin(&["--version"]).expect(0).out;
    assert_eq!(version, format!("kubectl-headwater {}\n", env!("CARGO_PKG_VERSION")));
    let wrong = place.plugin(&["plant"]).expect(2);
    assert!(wrong.err.contains("Usage: kubectl headwater"), "{wrong:#?}");

    // As the shells ask `kubectl`, which asks the plugin.
    let complete = |words: &[&str]| {
        let said = place.kubectl(&[&["__complete", "headwater"][..], words].concat()).expect(0);
        said.out
    };
    let commands = complete(&["s"]);
    for command in ["status\t", "sync\t", "suspend\t"] {
        assert!(commands.contains(command), "{commands}");
    }
    assert!(!commands.contains("ready"), "{commands}");
    assert!(commands.ends_with(":4\n"), "{commands}");
    assert!(complete(&["status", "--output", ""]).starts_with("text\t"));
    assert!(complete(&["plan", "exa"]).ends_with(":0\n"), "the shell completes files");
    let namespaces = complete(&["status", "--namespace", "plugin-"]);
    assert!(namespaces.lines().any(|it| it == place.namespace), "{namespaces}");
    assert!(complete(&["status", "--context", ""]).starts_with("tests\n"));
    place.create(MINIMAL).await;
    assert_eq!(complete(&["sync", ""]), "ONE\n:4\n");
    assert_eq!(complete(&["suspend", "distributionpoint/"]), "distributionpoint/content\n:4\n");
}

#[tokio::test]
async fn what_cannot_be_asked_says_what_to_do() {
    let Some(place) = place("plugin-wrong").await else { return };
    let empty = place.plugin(&["status"]).expect(0);
    assert_eq!(empty.out, "");
    assert_eq!(
        empty.err,
        format!("no objects of Headwater are in namespace {}\n", place.namespace)
    );
    let none = place.plugin(&["plan"]).expect(1);
    assert!(none.err.contains("an operator writes it after its first look"), "{none:#?}");
    let ready = place.plugin(&["ready"]).expect(1);
    assert!(ready.out.contains("not ready  there is no lease headwater or headwater-operator"));
    let wrong = place.plugin(&["status", "--context", "elsewhere"]).expect(1);
    assert!(wrong.err.contains("does not lead to this cluster"), "{wrong:#?}");
    let wrong = place.plugin(&["status", "--kubeconfig", "/none"]).expect(1);
    assert!(wrong.err.contains("/none"), "{wrong:#?}");
    let gone = place.plugin(&["suspend", "dp/gone"]).expect(1);
    assert!(gone.err.contains("there is no DistributionPoint `gone`"), "{gone:#?}");
    let wrong = place.plugin(&["suspend", "gone"]).expect(2);
    assert!(wrong.err.contains("write TYPE/NAME"), "{wrong:#?}");
    place.create(MINIMAL).await;
    let refused = place.plugin(&["sync", "ONE"]).expect(1);
    assert!(refused.err.contains("takes an export file in"), "{refused:#?}");
    let refused = place.plugin(&["sync", "XYZ"]).expect(1);
    assert!(refused.err.contains("there is no site `XYZ`"), "{refused:#?}");
}

#[tokio::test]
async fn a_hierarchy_is_looked_at_approved_and_suspended() {
    let Some(place) = place("plugin-use").await else { return };
    place.create(MINIMAL).await;
    let _operator =
        place.operator("examples/minimal", &["--placement", "Embedded", "--require-approval=all"]);
    let waiting = place.until_plan(|it| it.digest_to_approve.is_some()).await;
    let digest = waiting.digest_to_approve.unwrap();
    let ready = place.plugin(&["ready", "--timeout", "60s", "-o", "json"]).expect(0).json();
    assert_eq!(ready["ready"], true, "{ready}");

    let plan = place.plugin(&["plan"]).expect(0).out;
    assert!(plan.contains("CreateSiteSystem"), "{plan}");
    let approve = format!("Approve with: kubectl headwater approve {}\n", digest.short());
    assert!(plan.ends_with(&approve), "{plan}");
    assert_eq!(place.plugin(&["plan", "--detailed-exitcode", "-o", "json"]).expect(2).json(), {
        let shown = place.kubectl(&["get", "plan", "hierarchy", "-o", "json"]).expect(0);
        shown.json()["status"].clone()
    });
    let listed = place.plugin(&["approve"]).expect(0).out;
    assert!(listed.ends_with(&approve), "{listed}");
    place.plugin(&["approve", "00000000"]).expect(2);
    place.plugin(&["approve", &digest.short()[..7]]).expect(2);
    let approved = place.plugin(&["approve", &digest.short()]).expect(0).out;
    assert_eq!(approved, format!("plan.headwater.dev/hierarchy approved: {digest}\n"));
    for (kind, name) in [
        (Kind::Package, "welcome"),
        (Kind::SoftwareUpdatePoint, "updates"),
        (Kind::DistributionPoint, "content"),
        (Kind::PortSettings, "content"),
        (Kind::SiteSystem, "server"),
        (Kind::Site, "one"),
    ] {
        place.until_ready(kind, name).await;
    }

    // What `kubectl get` shows is what there is room for.
    let shown = place.kubectl(&["get", "sup", "updates"]).expect(0).out;
    let (head, row) = shown.split_once('\n').unwrap();
    let heads: Vec<&str> = head.split_whitespace().collect();
    assert_eq!(heads, ["NAME", "READY", "CATALOG", "LAG", "SOURCE", "AGE"]);
    let version =
        place.kubectl(&["get", "sup", "updates", "-o", "jsonpath={.status.catalogVersion}"]);
    let version = version.expect(0).out;
    let short = &version.trim_start_matches("sha256:")[..8];
    assert_eq!(row.split_whitespace().nth(2), Some(short), "{shown}");
    assert!(shown.lines().all(|it| it.len() < 100), "{shown}");
    let wide = place.kubectl(&["get", "sup", "updates", "-o", "wide"]).expect(0).out;
    assert!(wide.contains(&version) && wide.contains("AsWanted"), "{wide}");
    let all = place.kubectl(&["get", "headwater"]).expect(0).out;
    assert!(all.contains("package.headwater.dev/welcome") && all.contains("1/1"), "{all}");
    assert!(all.lines().all(|it| it.len() < 120), "{all}");

    let status = place.plugin(&["status"]).expect(0).out;
    assert!(status.starts_with("6 of 6 objects are ready\nOBJECT"), "{status}");
    let everywhere = place.plugin(&["status", "-A", "-o", "json"]).expect(0).json();
    let here = everywhere["objects"].as_array().unwrap().iter();
    let here = here.filter(|it| it["namespace"] == place.namespace.as_str());
    assert_eq!(here.count(), 6, "{everywhere}");
    let content = place.plugin(&["status", "--content", "--all"]).expect(0).out;
    assert!(content.contains("ONE00001"), "{content}");

    // What would change, if these manifests were applied.
    let minimal = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/minimal");
    place.plugin(&["plan", "--detailed-exitcode", minimal]).expect(0);
    let manifests = place.own.path().join("headwater.yaml");
    let text = MINIMAL
        .replace("../wsus-export", &format!("{minimal}/../wsus-export"))
        .replace("path: content", &format!("path: {minimal}/content"))
        .replace("http: 8080", "http: 8090");
    fs::write(&manifests, text).unwrap();
    let path = manifests.to_str().unwrap();
    let changed =
        place.plugin(&["plan", "--detailed-exitcode", "-o", "json", path]).expect(2).json();
    let mut kinds = changed["actions"].as_array().unwrap().iter().map(|it| &it["kind"]);
    assert!(kinds.any(|it| it == "ConfigureDistributionPoint"), "{changed}");

    suspended(&place);
}

/// What is suspended is only looked at.
fn suspended(place: &Place) {
    let suspended = place.plugin(&["suspend", "dp/content", "pkg/welcome"]).expect(0).out;
    assert_eq!(
        suspended,
        "distributionpoint.headwater.dev/content suspended\npackage.headwater.dev/welcome suspended\n"
    );
    let condition = |kind: &str, wanted: &str| {
        let wanted = format!("--for=condition=Suspended={wanted}");
        place.kubectl(&["wait", &wanted, "--timeout=60s", kind]).expect(0);
    };
    condition("dp/content", "True");
    let resumed =
        place.plugin(&["resume", "distributionpoint.headwater.dev/content"]).expect(0).out;
    assert_eq!(resumed, "distributionpoint.headwater.dev/content resumed\n");
    condition("dp/content", "False");
    let partly = place.plugin(&["resume", "dp/gone", "pkg/welcome"]).expect(1);
    assert_eq!(partly.out, "package.headwater.dev/welcome resumed\n");
    condition("pkg/welcome", "False");
}

#[tokio::test]
async fn a_synchronization_is_asked_for_and_waited_for() {
    let Some(place) = place("plugin-sync").await else { return };
    let upstream = World::converged("minimal");
    let manifests = upstream.manifests();
    let mut running = upstream.start(&["up", "--every", "1h", manifests.to_str().unwrap()], "warn");
    assert!(running.until(|line| line.starts_with("Nothing to do")), "{:?}", running.said);
    let address = upstream.listener("updates");
    let file = MINIMAL.lines().find(|line| line.trim().starts_with("file: ")).unwrap();
    let below = MINIMAL
        .replace("type: Import", "type: UpstreamServer")
        .replace(file, &format!("    url: http://{address}"));
    place.create(&below).await;
    let _operator = place.operator("examples/minimal", &["--placement", "Embedded"]);
    let before = place.until_ready(Kind::SoftwareUpdatePoint, "updates").await;
    let before = before.last_synchronization.unwrap();
    let said = place.plugin(&["sync", "ONE", "--wait", "--timeout", "2m"]).expect(0);
    assert_eq!(said.out, "softwareupdatepoint.headwater.dev/updates synchronized\n", "{said:#?}");
    let after = place.until_ready(Kind::SoftwareUpdatePoint, "updates").await;
    let last = after.last_synchronization.unwrap();
    assert!(last.finished_at > before.finished_at, "{last:?} {before:?}");
    assert!(after.handled_sync_request.is_some());
    // Nobody deals with it: whoever waits is told so.
    drop(running);
    let late = place.plugin(&["sync", "one", "--wait", "--timeout", "5s"]).expect(1);
    assert!(late.err.contains("it is not synchronized after"), "{late:#?}");
}
