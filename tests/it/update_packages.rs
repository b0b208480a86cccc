//! Packages that are made of the files of updates, through the front door: published at the top, taken in
//! by the site server, distributed; and again when the files are others.

use std::{
    fs,
    time::{Duration, Instant},
};

use headwater::wire::update_content::HashingContent;
use serde_json::Value;

use super::{
    http::get,
    world::{PATIENCE, World},
};

const FIRST: &[u8] = b"what the first version installs";
const SECOND: &[u8] = b"what the second version installs, and some more";

const UPDATE: &str = "apiVersion: headwater.dev/v1alpha1
kind: LocalUpdate
metadata: {name: reader}
spec:
  updateId: 0c4e4f4e-6d0f-4d3b-9a55-5a1a7b6f2c10
  title: Fabrikam Reader
  publisher: Fabrikam
  product: Fabrikam Reader
  classification: Security Updates
  knowledgeBaseArticle: KB9004210
  files: [{path: reader.exe}]
  applicability: {isInstalled: <lar:False />, isInstallable: <lar:True />}
  install: {program: reader.exe}
---
apiVersion: headwater.dev/v1alpha1
kind: Package
metadata: {name: reader}
spec:
  packageId: ONE00002
  source: {updates: {products: [Fabrikam Reader]}}
  distributeTo: {distributionPoints: [content]}
";

/// A second site, whose point has files for its own package only.
const BELOW: &str = "---
apiVersion: headwater.dev/v1alpha1
kind: Site
metadata: {name: two}
spec: {siteCode: TWO, type: Primary, parent: one, mode: Mixed, version: \"2403\", siteServer: two-srv}
---
apiVersion: headwater.dev/v1alpha1
kind: SiteSystem
metadata: {name: two-srv}
spec: {site: two, address: two-srv.contoso.example, software: {wsus: \"10.0\"}}
---
apiVersion: headwater.dev/v1alpha1
kind: SoftwareUpdatePoint
metadata: {name: below}
spec: {site: two, siteSystem: two-srv, role: Active}
---
apiVersion: headwater.dev/v1alpha1
kind: DistributionPoint
metadata: {name: two-dp}
spec: {site: two, siteSystem: two-srv}
---
apiVersion: headwater.dev/v1alpha1
kind: SiteSystem
metadata: {name: two-branch}
spec: {site: two, address: two-branch.contoso.example, software: {client: \"2403\"}}
---
apiVersion: headwater.dev/v1alpha1
kind: DistributionPoint
metadata: {name: two-pull}
spec: {site: two, siteSystem: two-branch, pull: {sources: [{distributionPoint: two-dp}]}}
---
apiVersion: headwater.dev/v1alpha1
kind: Package
metadata: {name: articles}
spec:
  packageId: TWO00001
  source: {updates: {kb: [KB9004210]}}
  distributeTo: {distributionPoints: [two-dp, two-pull]}
";

fn world() -> World {
    let world = World::of("minimal");
    let path = world.manifests().join("headwater.yaml");
    let text = fs::read_to_string(&path).unwrap();
    let lines = text.lines().filter(|line| !line.trim().starts_with("file: "));
    let text = lines.collect::<Vec<_>>().join("\n").replace("type: Import", "type: None");
    fs::write(&path, text + "\n" + BELOW).unwrap();
    fs::write(world.manifests().join("updates.yaml"), UPDATE).unwrap();
    fs::write(world.manifests().join("reader.exe"), FIRST).unwrap();
    world
}

/// Where a package has these bytes of an update.
fn path(package: &str, bytes: &[u8]) -> String {
    let (sha1, _) = HashingContent::of(bytes);
    let sha1 = sha1.to_string();
    format!("/content/{package}/{}/{sha1}.exe", &sha1[38..])
}

/// Has it brought about until nothing waits: files follow their updates by themselves.
fn settle(world: &World) {
    let begun = Instant::now();
    loop {
        let ended = world.with_manifests("up --once");
        if ended.code == 0 && world.plan()["waiting"] == Value::Array(Vec::new()) {
            return;
        }
        assert!(begun.elapsed() < PATIENCE, "{}\n{}", ended.stdout, ended.stderr);
        std::thread::sleep(Duration::from_millis(200));
    }
}

#[track_caller]
fn assert_served(world: &World, package: &str, point: &str, bytes: &[u8], others: &[u8]) {
    let manifests = world.manifests();
    let mut up = world.start(&["up", "--every", "1h", manifests.to_str().unwrap()], "warn");
    assert!(up.until(|line| line.starts_with("Nothing to do")), "{:?}", up.said);
    let address = world.listener(point);
    let answer = get(&address, &path(package, bytes), &[]);
    assert_eq!((answer.status, answer.body.as_slice()), (200, bytes));
    assert_eq!(get(&address, &path(package, others), &[]).status, 404);
    up.kill();
}

#[test]
fn files_of_updates_become_packages_and_follow_their_updates() {
    let world = world();
    settle(&world);
    assert_served(&world, "ONE00002", "content", FIRST, SECOND);
    for point in ["two-dp", "two-pull"] {
        assert_served(&world, "TWO00001", point, FIRST, SECOND);
    }

    // Another file is another revision, and a package of other files.
    fs::write(world.manifests().join("reader.exe"), SECOND).unwrap();
    world.edit("updates.yaml", "title: Fabrikam Reader", "title: Fabrikam Reader 2");
    settle(&world);
    assert_served(&world, "ONE00002", "content", SECOND, FIRST);
    for point in ["two-dp", "two-pull"] {
        assert_served(&world, "TWO00001", point, SECOND, FIRST);
    }
    let made = world.data().join("site-systems/server/package-library/made/ONE00002");
    assert!(!made.exists(), "what it was made of is gone");

    // Manifests written for what is there say what it is made of.
    let described = world.path("described");
    world.run(&["import-state", "--embedded", "--out", described.to_str().unwrap()]).expect(0);
    let plan = world.run(&["plan", "--output", "json", described.to_str().unwrap()]).expect(0);
    assert_eq!(plan.json()["actions"], Value::Array(Vec::new()), "{}", plan.stdout);

    // What nothing selects any more stays what it was.
    world.edit("updates.yaml", "products: [Fabrikam Reader]", "products: [Fabrikam Writer]");
    let plan = world.plan();
    let planned = plan["actions"][0]["id"].as_str().unwrap();
    assert_eq!(planned, "ConfigureSoftwareUpdatePoint:SoftwareUpdatePoint/updates");
    world.with_manifests("up --once").expect(1);
    let waiting = world.plan()["waiting"].to_string();
    assert!(waiting.contains("Fabrikam Writer") && waiting.contains("Package/reader"), "{waiting}");
    let held = world.data().join("site-systems/server/distribution-point/library/packages");
    assert!(held.join("ONE00002.json").exists(), "{waiting}");
}

/// A site that produces the offline catalog, and distributes it.
const CATALOG: &str = "---
apiVersion: headwater.dev/v1alpha1
kind: Package
metadata: {name: offline-catalog}
spec:
  packageId: ONE00007
  source: {legacyCatalog: true}
  distributeTo: {distributionPoints: [content]}
";

#[test]
fn the_offline_catalog_of_a_site_is_a_package_that_is_made_again() {
    let world = World::converged("minimal");
    world.append("headwater.yaml", CATALOG);
    let siteless = world.with_manifests("validate").expect(1).stdout;
    assert!(siteless.contains("does not produce the offline catalog"), "{siteless}");
    let enabled = "siteServer: server\n  legacyCatalog: {enabled: true}\n";
    world.edit("headwater.yaml", "siteServer: server\n", enabled);
    let done = world.with_manifests("up --once").expect(0).stdout;
    assert!(done.contains("actions done"), "{done}");
    assert_eq!(world.plan()["actions"], Value::Array(Vec::new()));

    // Eight days pass.
    let path = world.data().join("site-systems/server/package-library/packages/ONE00007.json");
    let produced = || {
        let record: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        (record["origin"]["legacyCatalog"]["at"].clone(), record["files"].clone())
    };
    let first = produced();
    let at: jiff::Timestamp = first.0.as_str().unwrap().parse().unwrap();
    let before = at - jiff::SignedDuration::from_hours(8 * 24);
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace(&at.to_string(), &before.to_string())).unwrap();
    let planned = world.plan()["actions"].to_string();
    assert!(planned.contains(&format!("was produced at {before}")), "{planned}");
    world.with_manifests("up --once").expect(0);
    let second = produced();
    assert!(second.0.as_str().unwrap().parse::<jiff::Timestamp>().unwrap() > at, "{second:?}");
    assert_eq!(first.1, second.1, "it is the same: the catalog has not changed");

    let manifests = world.manifests();
    let mut up = world.start(&["up", "--every", "1h", manifests.to_str().unwrap()], "warn");
    assert!(up.until(|line| line.starts_with("Nothing to do")), "{:?}", up.said);
    let answer = get(&world.listener("content"), "/content/ONE00007/wsusscn2.cab", &[]);
    assert_eq!((answer.status, answer.body.get(..4)), (200, Some(&b"MSCF"[..])));
    up.kill();
}
