//! Updates from site to site.

use crate::simulate::{
    Outcome,
    fixture::{Documents, run},
};

/// Three sites, one below the other, and a catalog of 100 MB over lines of 10 MB/s.
fn tiers(order: &str) -> Documents {
    let mut documents = Documents::default();
    documents.site("ONE", None, "");
    documents.add("SoftwareUpdatePoint", "one-sup", "site: one, siteSystem: one-srv, role: Active");
    let order = format!(", synchronization: {order}");
    for (code, parent) in [("TWO", "ONE"), ("SIX", "ONE")] {
        documents.site(code, Some(parent), &order);
        let name = code.to_lowercase();
        let spec = format!("site: {name}, siteSystem: {name}-srv, role: Active");
        documents.add("SoftwareUpdatePoint", &format!("{name}-sup"), &spec);
    }
    documents
}

const PLAIN: &str = "
defaults: {link: 80Mbit, latency: 0ms, network: 1Gbit, disk: 1GB, internet: 80Mbit}
catalogs: {first: 100MB, change: 1MB}
";

fn complete(outcome: &Outcome, code: &str) -> f64 {
    let site = outcome.sites.iter().find(|site| site.site.as_str() == code).unwrap();
    site.synchronization.as_ref().unwrap().complete.unwrap()
}

#[test]
fn tier_by_tier_each_waits_for_the_one_above() {
    let outcome = run(&tiers("TierByTier").hierarchy(), PLAIN);
    let [top, below] = ["ONE", "TWO"].map(|code| complete(&outcome, code));
    // Ten seconds for the catalog, ten for the replication of the database, ten more below; and the
    // headers of frames.
    assert!((20.9..22.0).contains(&top), "{top}");
    assert!((31.3..32.5).contains(&below), "{below}");
    assert_eq!(outcome.synchronized_after, Some(below));
    assert_eq!(outcome.status_messages[&6702], 3);
}

#[test]
fn pipelined_updates_are_there_before_the_request_comes() {
    let outcome = run(&tiers("Pipelined").hierarchy(), PLAIN);
    let [top, below] = ["ONE", "TWO"].map(|code| complete(&outcome, code));
    assert!(below - top < 1.0, "{top} and {below}");
}

#[test]
fn a_synchronization_that_fails_is_tried_again_after_an_hour() {
    let fails = format!("{PLAIN}faults: {{upstreamFails: {{times: 2}}}}");
    let outcome = run(&tiers("TierByTier").hierarchy(), &fails);
    let top = complete(&outcome, "ONE");
    assert!((7_200.0..7_230.0).contains(&top), "{top}");
    assert_eq!(outcome.status_messages[&6703], 2);
}

#[test]
fn a_child_that_was_not_reached_synchronizes_when_it_is() {
    let cut = format!("{PLAIN}faults: {{linkCuts: [{{between: [ONE, TWO], from: 5s, to: 1h}}]}}");
    let outcome = run(&tiers("TierByTier").hierarchy(), &cut);
    let [other, child] = ["SIX", "TWO"].map(|code| complete(&outcome, code));
    assert!((31.3..32.5).contains(&other), "{other}");
    assert!((3_600.0..3_700.0).contains(&child), "{child}");
    let never = cut.replace(", to: 1h", "");
    let outcome = run(&tiers("TierByTier").hierarchy(), &never);
    assert_eq!(outcome.synchronized_after, None);
    let why = &outcome.unfinished.iter().find(|it| it.what == "site TWO").unwrap().why;
    assert!(why.contains("the line ONE–TWO is cut"), "{why}");
}

#[test]
fn who_is_cut_off_while_updates_flow_gets_the_rest_later() {
    let cut = format!("{PLAIN}faults: {{linkCuts: [{{between: [ONE, TWO], from: 5s, to: 1h}}]}}");
    let outcome = run(&tiers("Pipelined").hierarchy(), &cut);
    let child = complete(&outcome, "TWO");
    assert!((3_600.0..3_700.0).contains(&child), "{child}");
}
