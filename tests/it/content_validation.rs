//! `headwater content validate`: damage is found, named and repaired, at distribution points and at
//! site servers.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

use super::{
    content_schemas::assert_validation_is_valid,
    library::place,
    world::{Ended, World, digest, root},
};

/// Changes a bit of a stored file, which other worlds may share.
fn flip(path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::remove_file(path).unwrap();
    fs::write(path, bytes).unwrap();
}

const NAME: &str = "welcome.bin";

/// The smallest example, with another package: a file that is too large for a pack, and where it was
/// taken from.
fn with_a_large_file() -> (World, PathBuf, Vec<u8>) {
    let (world, content) = (World::of("minimal"), b"welcome ".repeat(20_000));
    let source = world.path("welcome");
    fs::create_dir(&source).unwrap();
    fs::write(source.join(NAME), &content).unwrap();
    let path = format!("path: {}", root().join("examples/minimal/content/welcome").display());
    world.edit("headwater.yaml", &path, &format!("path: {}", source.display()));
    world.with_manifests("up --once").expect(0);
    (world, source, content)
}

fn validate(world: &World, arguments: &[&str]) -> Ended {
    world.run(&[&["content", "validate"], arguments].concat())
}

/// The same as JSON, and its only library.
#[track_caller]
fn library(world: &World, code: i32, arguments: &[&str]) -> Value {
    let report = validate(world, &[arguments, &["--output", "json"]].concat()).expect(code).json();
    assert_validation_is_valid(&report);
    assert_eq!(report["libraries"].as_array().unwrap().len(), 1, "{report}");
    report["libraries"][0].clone()
}

#[test]
fn damage_at_a_standard_point_is_named_and_sent_again() {
    let (world, _, content) = with_a_large_file();
    let whole = validate(&world, &["content"]).expect(0).stdout;
    assert!(whole.starts_with("`content`: ") && whole.ends_with(": all as they should be.\n"));
    let stored = place(&world.library("server"), &content);
    flip(&stored);
    assert_eq!(world.plan()["actions"], serde_json::json!([]), "nobody has looked");

    let told = validate(&world, &["content", "--package", "welcome"]).expect(1).stdout;
    assert!(told.starts_with(&format!("ONE00001 {NAME}: damaged, and put aside, ")), "{told}");
    assert!(told.contains("1 damaged") && told.contains("--repair"), "{told}");
    assert!(!stored.exists(), "it is served no more");
    assert!(world.library("server").join("quarantine").join(digest(&content)).exists());
    let plan = world.plan();
    assert_eq!(plan["actions"][0]["kind"], "DistributeContent", "{plan}");
    let status = world.status();
    assert_eq!(status["lastRun"]["converged"], true, "a validation is no run: {status}");

    let repaired = library(&world, 0, &["content", "--repair"]);
    assert_eq!(
        (&repaired["siteSystem"], &repaired["distributionPoint"]),
        (&"server".into(), &"content".into())
    );
    assert_eq!(repaired["findings"]["named"][0]["damage"], "Missing");
    assert_eq!(repaired["repairs"][0]["detail"], "sent by site server `server`");
    assert_eq!(fs::read(&stored).unwrap(), content);
    assert_eq!(world.plan()["actions"], serde_json::json!([]));
}

#[test]
fn a_name_that_means_two_libraries_has_a_package_looked_at_in_both() {
    let world = World::of("minimal");
    let point = "kind: DistributionPoint\nmetadata:\n  name: ";
    world.edit("headwater.yaml", &format!("{point}content"), &format!("{point}server"));
    world.edit("headwater.yaml", "      - content\n", "      - server\n");
    world.with_manifests("up --once").expect(0);
    let arguments = ["server", "--package", "welcome", "--output", "json"];
    let report = validate(&world, &arguments).expect(0).json();
    assert_validation_is_valid(&report);
    let libraries = report["libraries"].as_array().unwrap();
    let points: Vec<_> = libraries.iter().map(|it| &it["distributionPoint"]).collect();
    assert_eq!(points, [&"server".into(), &Value::Null], "{report}");
    assert!(libraries.iter().all(|it| it["findings"]["files"] == 1), "{report}");
}

#[test]
fn damage_at_the_site_server_is_taken_from_the_same_source_or_stays() {
    let (world, source, content) = with_a_large_file();
    let stored = place(&world.site_system("server").join("package-library"), &content);
    flip(&stored);
    fs::write(source.join(NAME), "something else").unwrap();
    let lost = library(&world, 1, &["server", "--repair"]);
    assert_eq!(lost["distributionPoint"], Value::Null);
    let why = lost["repairs"][0]["detail"].as_str().unwrap();
    assert!(why.contains("does not hold what version 1 of package ONE00001 held"), "{why}");
    // Neither does a pass: what points have is not replaced by something else of the same version.
    let ended = world.with_manifests("apply").expect(1);
    assert!(ended.stdout.contains("does not hold what version 1"), "{}", ended.stdout);
    let point = place(&world.library("server"), &content);
    assert_eq!(fs::read(point).unwrap(), content);

    fs::write(source.join(NAME), &content).unwrap();
    let told = validate(&world, &["server", "--repair"]).expect(0).stdout;
    assert!(told.contains("ONE00001 repaired: taken from "), "{told}");
    assert!(told.contains("site server `server`: "), "{told}");
    assert_eq!(fs::read(&stored).unwrap(), content);
    assert_eq!(world.plan()["actions"], serde_json::json!([]));
}

#[test]
fn a_pull_point_is_repaired_from_its_sources_while_the_hierarchy_is_up() {
    let world = World::converged("contoso");
    let manifests = world.manifests();
    let mut up = world.start(&["up", "--every", "1h", manifests.to_str().unwrap()], "warn");
    assert!(up.until(|line| line.starts_with("Nothing to do")));
    let content = fs::read(root().join(super::world::EXPORT)).unwrap();
    let stored = place(&world.library("lis-dp"), &content);
    flip(&stored);
    let repaired = library(&world, 0, &["lis-dp", "--package", "cen00001", "--repair"]);
    assert_eq!(repaired["findings"]["damaged"], 1, "{repaired}");
    assert_eq!(repaired["repairs"][0]["repaired"], true, "{repaired}");
    let from = repaired["repairs"][0]["detail"].as_str().unwrap();
    assert!(from.starts_with("pulled from "), "{from}");
    assert_eq!(fs::read(&stored).unwrap(), content);
    let (code, said) = up.terminate();
    assert_eq!(code, 0, "{said:?}");
    assert!(library(&world, 0, &["lis-dp"])["findings"]["files"].as_u64().unwrap() > 1);
}

#[test]
fn what_is_not_there_is_not_validated() {
    let world = World::converged("minimal");
    let told = validate(&world, &["contents"]).expect(1).stderr;
    assert!(told.contains("neither a distribution point nor a site server `contents`"), "{told}");
    let told = validate(&world, &["content", "--package", "farewell"]).expect(1).stderr;
    assert!(told.contains("`content` has no package `farewell`"), "{told}");
    for rate in ["0", "-1", "much"] {
        validate(&world, &["content", "--rate-limit", rate]).expect(2);
    }
    validate(&world, &["content", "--rate-limit", "1000"]).expect(0);
}
