//! What comes of each fault.

use crate::simulate::{
    Outcome, Waited,
    fixture::{Documents, chain, run},
};

const PLAIN: &str = "
defaults: {link: 80Mbit, latency: 0ms, network: 1Gbit, disk: 1GB, package: 1GB}
catalogs: {first: 1MB, change: 1MB}
faults:
";

fn with(faults: &str) -> Outcome {
    run(&chain(), &format!("{PLAIN}{faults}"))
}

fn waited(outcome: &Outcome, what: Waited) -> f64 {
    outcome.waits.iter().find(|wait| wait.what == what).map_or(0.0, |wait| wait.longest)
}

#[test]
fn a_line_that_is_cut_holds_up_what_goes_over_it() {
    let outcome = with("  linkCuts: [{between: [ONE, TWO], from: 60s, to: 10m}]");
    let after = outcome.distributed_after.unwrap();
    // Half a minute in vain, then neither source answers, then half an hour (PDP-7).
    assert!((1_860.0..2_000.0).contains(&after), "{after}");
    assert!((1_700.0..=1_800.0).contains(&waited(&outcome, Waited::Sources)));
    // What had come was kept.
    let content = outcome.links.iter().find(|link| link.bytes > 900_000_000).unwrap();
    assert!(content.bytes < 1_100_000_000, "{}", content.bytes);
}

#[test]
fn a_short_cut_is_only_noticed_by_who_asks_again() {
    let outcome = with("  linkCuts: [{between: [TWO, ONE], from: 60s, to: 80s}]");
    let after = outcome.distributed_after.unwrap();
    assert!((125.0..145.0).contains(&after), "{after}");
    assert_eq!(outcome.sources_left, 0);
}

#[test]
fn a_line_that_stays_cut_never_brings_anything_and_that_is_said() {
    let outcome = with("  linkCuts: [{between: [ONE, TWO], from: 0s}]");
    assert_eq!(outcome.distributed_after, None);
    assert_eq!((outcome.placements, outcome.done), (3, 2));
    let lacks = outcome.unfinished.iter().find(|it| it.what == "ONE00001").unwrap();
    assert_eq!(lacks.at, ["last"]);
    assert!(lacks.why.contains("the line ONE–TWO is cut"), "{}", lacks.why);
    // Package Transfer Manager gives up after 31 notifications (PDP-5), and the next plan wants it again.
    assert!(outcome.cancelled > 10, "{}", outcome.cancelled);
}

#[test]
fn a_point_that_is_down_is_notified_again_when_it_is_up() {
    let outcome = with("  siteSystemsDown: [{siteSystem: last, from: 0s, to: 50m}]");
    let after = outcome.distributed_after.unwrap();
    // Three notifications, 20 minutes apart.
    assert!((3_600.0..3_720.0).contains(&after), "{after}");
    assert!(waited(&outcome, Waited::Notification) > 3_500.0);
}

#[test]
fn a_source_that_goes_down_is_left_for_the_next_one() {
    let outcome = with("  siteSystemsDown: [{siteSystem: middle, from: 30s}]");
    let last = outcome.distribution_points.iter().find(|it| it.name.as_str() == "last").unwrap();
    assert_eq!(last.done, 1);
    assert!(last.took.last < 200.0, "{}", last.took.last);
    assert!(outcome.sources_left >= 1);
    let sources = outcome.sources.iter().find(|it| it.site_system == "first").unwrap();
    assert!(sources.bytes > 1_000_000_000, "{}", sources.bytes);
}

#[test]
fn a_point_that_comes_up_again_goes_on_where_it_was() {
    let outcome = with("  siteSystemsDown: [{siteSystem: last, from: 60s, to: 5m}]");
    let after = outcome.distributed_after.unwrap();
    assert!((340.0..360.0).contains(&after), "{after}");
}

#[test]
fn a_source_that_lacks_what_it_should_have_is_left() {
    let lacks = "  lacksContent: [{distributionPoint: middle, package: ONE00001}]";
    let outcome = with(lacks);
    assert!(outcome.distributed_after.is_some());
    assert_eq!(outcome.sources_left, 1);
    let nobody = format!("{lacks}\n");
    let nobody =
        nobody.replace("middle, package: ONE00001}", "middle}, {distributionPoint: first}");
    let outcome = with(&nobody);
    assert_eq!(outcome.done, 1);
    assert!(outcome.unfinished.iter().any(|it| it.why.contains("it does not have the package")));
}

#[test]
fn a_slow_disk_is_slower_than_any_line() {
    let outcome = with("  slowDisks: [{siteSystem: last, disk: 5MB, from: 0s}]");
    let after = outcome.distributed_after.unwrap();
    assert!((200.0..220.0).contains(&after), "{after}");
    let passing = with("  slowDisks: [{siteSystem: last, disk: 5MB, from: 0s, to: 60s}]");
    let after = passing.distributed_after.unwrap();
    assert!((130.0..150.0).contains(&after), "{after}");
}

#[test]
fn patch_day_brings_many_packages_at_a_time() {
    let outcome = with("  patchDays: [{at: 1h, packages: 20, size: 10MB}]");
    assert_eq!((outcome.placements, outcome.done), (63, 63));
    let patches = outcome.packages.iter().filter(|it| it.released > 0.0);
    assert_eq!(patches.clone().count(), 20);
    assert!(patches.clone().all(|it| it.bytes == 10_000_000 && it.took.last > 0.0));
    // 200 MB over the line take 20 s at least.
    let last = patches.map(|it| it.took.last).fold(0.0, f64::max);
    assert!((20.0..60.0).contains(&last), "{last}");
}

#[test]
fn open_hours_are_those_of_the_senders_clock() {
    let mut documents = Documents::default();
    documents.site("ONE", None, "");
    documents.point("ONE", "night", ", schedule: [{from: 20, to: 24}]");
    documents.package("ONE00001", &["night"]);
    let hierarchy = documents.hierarchy();
    let begin = "startAt: 2026-12-08T18:30:00Z\n";
    let until = |more: &str| run(&hierarchy, &format!("{begin}{more}")).distributed_after.unwrap();
    let open = until("");
    assert!((5_400.0..5_500.0).contains(&open), "{open}");
    let ahead = until("faults: {clockSkews: [{siteSystem: one-srv, by: 1h}]}");
    assert!((1_800.0..1_900.0).contains(&ahead), "{ahead}");
    let behind = until("sites: {ONE: {timeZone: Europe/Amsterdam}}");
    assert!((1_800.0..1_900.0).contains(&behind), "{behind}");
}

#[test]
fn rate_limits_hold_by_the_hour() {
    let mut documents = Documents::default();
    documents.site("ONE", None, "");
    let limit = ", rateLimit: {perHour: [{from: 0, to: 1, kilobytesPerSecond: 100}]}";
    documents.point("ONE", "slow", limit);
    documents.package("ONE00001", &["slow"]);
    let outcome = run(&documents.hierarchy(), "content: {ONE00001: 500MB}");
    // An hour at 100 kB/s brings 360 MB, the rest is quick.
    let after = outcome.distributed_after.unwrap();
    assert!((3_600.0..3_610.0).contains(&after), "{after}");
}

#[test]
fn a_line_is_there_in_its_hours_only() {
    let hours = "
startAt: 2026-12-08T18:30:00Z
links: [{between: [ONE, TWO], bandwidth: 80Mbit, open: [{from: 20, to: 21}]}]
";
    let outcome = run(&chain(), hours);
    let after = outcome.distributed_after.unwrap();
    assert!((5_400.0..9_000.0).contains(&after), "{after}");
}
