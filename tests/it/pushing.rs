//! What the site server sends to a standard distribution point, and when.

use std::{
    fs,
    path::{Path, PathBuf},
};

use jiff::{Timestamp, ToSpan, tz::TimeZone};

use super::{running::Running, world::World};

/// Hours of a day that is neither today nor one of those beside it.
fn other_day() -> String {
    let now = Timestamp::now().to_zoned(TimeZone::UTC);
    let day = now.checked_add(3.days()).unwrap().strftime("%A").to_string();
    format!("  schedule: [{{days: [{day}], from: 0, to: 24}}]\n")
}

#[test]
fn content_waits_for_the_open_hours_of_its_point() {
    let world = World::of("minimal");
    let schedule = other_day();
    world.edit("headwater.yaml", "  ports: content\n", &format!("  ports: content\n{schedule}"));
    let ended = world.with_manifests("up --once").expect(1);
    let told = "`content`: `schedule` of the distribution point is closed to packages of priority \
                Medium now; goes on at ";
    assert!(
        ended.stderr.contains("waiting  DistributeContent:Package/welcome"),
        "{}",
        ended.stderr
    );
    assert!(ended.stderr.contains(told), "{}", ended.stderr);
    assert!(ended.stdout.contains(told), "{}", ended.stdout);
    assert!(!world.library("server").join("packages/ONE00001.json").exists());
    // Urgent content may have other hours.
    let urgent = schedule.replace("]\n", ", {from: 0, to: 24, minimumPriority: High}]\n");
    world.edit("headwater.yaml", &schedule, &urgent);
    world.with_manifests("up --once").expect(1);
    world.edit(
        "headwater.yaml",
        "  packageId: ONE00001\n",
        "  packageId: ONE00001\n  priority: High\n",
    );
    world.with_manifests("up --once").expect(0);
    assert!(world.library("server").join("packages/ONE00001.json").exists());
}

/// A hierarchy that is kept up, and what tells its distribution point from now on that a package is
/// to be sent which it cannot take.
fn cannot_take(every: &str) -> (World, Running, PathBuf) {
    let world = World::of("minimal");
    let settings = "  siteServer: server\n  softwareDistribution:\n    distributionPoints:\n      \
                    retries: 60\n      retryDelay: 1s\n";
    world.edit("headwater.yaml", "  siteServer: server\n", settings);
    let manifests = world.manifests();
    let mut up = world.start(&["up", "--every", every, manifests.to_str().unwrap()], "warn");
    assert!(up.until(|line| line.contains("The hierarchy is as the manifests say")));
    let pending = world.library("server").join("pending");
    fs::remove_dir(&pending).unwrap();
    fs::write(&pending, "in the way").unwrap();
    let package = "  packageId: ONE00001\n";
    world.edit("headwater.yaml", package, &format!("{package}  sourceVersion: 2\n"));
    (world, up, pending)
}

fn can_take(pending: &Path) {
    fs::remove_file(pending).unwrap();
    fs::create_dir(pending).unwrap();
}

#[test]
fn a_package_that_could_not_be_sent_is_tried_again_as_its_site_says() {
    let (world, mut up, pending) = cannot_take("1s");
    let retry = |line: &str, number| {
        let told = format!("`content`: retry {number} of 60 follows, because it was not sent");
        line.starts_with("waiting  UpdateContent:Package/welcome") && line.contains(&told)
    };
    assert!(up.until(|line| retry(line, 1)), "{:?}", up.said);
    assert!(up.until(|line| retry(line, 2)), "{:?}", up.said);
    can_take(&pending);
    assert!(up.until(|line| line.starts_with("done     UpdateContent:Package/welcome@ONE.0")));
    assert_eq!(up.terminate().0, 0);
    let record = fs::read_to_string(world.library("server").join("packages/ONE00001.json"));
    assert!(record.unwrap().contains("\"version\":2"));
}

#[test]
fn whoever_looks_on_hears_of_a_failure_at_once() {
    let (world, up, pending) = cannot_take("1h");
    let failed = world.with_manifests("apply").expect(1);
    let told = "failed   UpdateContent:Package/welcome@ONE.0";
    assert!(failed.stderr.contains(told), "{}", failed.stderr);
    assert!(!failed.stderr.contains("retry"), "{}", failed.stderr);
    can_take(&pending);
    world.with_manifests("apply").expect(0);
    assert_eq!(up.terminate().0, 0);
}
