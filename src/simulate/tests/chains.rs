//! A chain of three distribution points over two sites.

use crate::simulate::{
    Policy, StepKind,
    fixture::{chain, run, under},
};

/// A package of 1 GB, lines that are slower than everything else.
const PLAIN: &str = "
defaults: {link: 80Mbit, latency: 0ms, network: 1Gbit, disk: 1GB, package: 1GB}
catalogs: {first: 1MB, change: 1MB}
";

/// What a byte of content takes on a line, with the headers of frames.
const CARRIED: f64 = 1_514.0 / 1_448.0;

fn near(found: Option<f64>, wanted: f64, off: f64) {
    let found = found.unwrap();
    assert!((found - wanted).abs() <= off, "{found} instead of {wanted}");
}

#[test]
fn everything_arrives_when_the_slowest_line_has_brought_it() {
    let outcome = run(&chain(), PLAIN);
    assert_eq!((outcome.placements, outcome.done), (3, 3));
    // Taken in at the disk's gigabyte a second, sent at 125 MB/s, over the line at 10 MB/s.
    near(outcome.distributed_after, 1.0 + (8.0 + 100.0) * CARRIED, 3.0);
    let content = outcome.links.iter().find(|link| link.bytes > 900_000_000).unwrap();
    assert_eq!((content.from.as_str(), content.to.as_str()), ("ONE", "TWO"));
    assert_eq!((content.capacity, content.peak), (10_000_000, 10_000_000));
    assert!(outcome.unfinished.is_empty(), "{:?}", outcome.unfinished);
}

#[test]
fn a_line_carries_the_headers_of_frames_beside_content() {
    // Nothing but the package: catalogs would go the same way.
    let outcome = run(&chain(), &PLAIN.replace("1MB", "0B"));
    let line = outcome.links.iter().find(|link| link.to.as_str() == "TWO").unwrap();
    assert_eq!((line.content, line.bytes), (1_000_000_000, 1_045_580_110));
    let curve: u64 = line.curve.bytes.iter().sum();
    assert!(curve.abs_diff(line.bytes) < 256, "{curve}");
}

#[test]
fn same_seed_same_bytes() {
    let [one, other, third] =
        [7, 7, 8].map(|seed| under(&chain(), PLAIN, Policy::AsDeclared, seed));
    let json = |outcome| serde_json::to_string(outcome).unwrap();
    assert_eq!(json(&one), json(&other));
    assert_ne!(json(&one), json(&third), "the seed is told");
}

#[test]
fn who_pulls_from_what_cuts_through_begins_with_it() {
    let outcome = run(&chain(), PLAIN);
    let [middle, last] = ["middle", "last"].map(|name| {
        let mut points = outcome.distribution_points.iter();
        points.find(|point| point.name.as_str() == name).unwrap().took.last
    });
    assert!(last - middle < 100.0, "it began before the other one was complete");
}

#[test]
fn field_looks_every_twenty_minutes() {
    let outcome = under(&chain(), PLAIN, Policy::Field, 7);
    // `middle` is looked for when `first` has nothing, and again after 20 minutes; `last` as well.
    let looks = outcome.status_messages.get(&8212).copied().unwrap_or(0);
    assert_eq!(looks, 2);
    near(outcome.distributed_after, 1_201.0 + 100.0, 15.0);
}

#[test]
fn everybody_pulls_from_the_top_if_there_is_one_source() {
    let outcome = under(&chain(), PLAIN, Policy::OneSource, 7);
    let sources: Vec<_> = outcome.sources.iter().filter(|it| it.bytes > 900_000_000).collect();
    let names: Vec<&str> = sources.iter().map(|it| it.site_system.as_str()).collect();
    assert_eq!(names, ["first", "one-srv"]);
    assert_eq!(sources[0].bytes, 2_000_000_000);
}

#[test]
fn way_of_the_last_package_is_told_from_its_release_on() {
    let outcome = run(&chain(), PLAIN);
    let path = &outcome.critical_path;
    assert!(matches!(path[0].what, StepKind::Taken));
    let StepKind::Came { source, limit } = &path.last().unwrap().what else {
        panic!("{path:#?}");
    };
    assert_eq!((source.as_str(), limit.as_str()), ("middle", "the line ONE–TWO"));
    for pair in path.windows(2) {
        assert!(pair[0].to <= pair[1].from + 1e-3 || pair[0].from <= pair[1].from, "{path:#?}");
    }
}

#[test]
fn packages_come_when_they_are_released() {
    let released = format!("{PLAIN}\nreleases: {{ONE00001: 1h}}\n");
    let outcome = run(&chain(), &released);
    near(outcome.distributed_after, 3_600.0 + 1.0 + 108.0 * CARRIED, 3.0);
    near(Some(outcome.packages[0].took.last), 1.0 + 108.0 * CARRIED, 3.0);
}
