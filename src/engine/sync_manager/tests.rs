//! The order of events, message by message, under a time that the test sets.

use super::{SyncCommand as C, SyncEvent as E, SyncManager};
use crate::model::{Name, SiteCode};
use jiff::{SignedDuration, Timestamp};

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

fn site(text: &str) -> SiteCode {
    text.parse().unwrap()
}

fn at(minutes: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minutes)
}

fn top() -> SyncManager {
    let children = vec![site("AMS"), site("SEA")];
    SyncManager::new(true, name("cen-active"), Some(name("cen-internet")), children)
}

fn child() -> SyncManager {
    SyncManager::new(false, name("ams-active"), None, vec![site("LIS")])
}

/// Numbers of the messages, and the other commands in words.
fn words(commands: &[C]) -> Vec<String> {
    commands
        .iter()
        .map(|command| match command {
            C::Message(id, point, _) => format!("{id} {point}"),
            C::SynchronizeUpdateServices(point) => format!("synchronize {point}"),
            C::LetFlow(child) => format!("let flow to {child}"),
            C::TakeAhead(point) => format!("take ahead {point}"),
            C::UpdateSiteDatabase(point) => format!("site database from {point}"),
            C::AddToSiteDatabase(point) => format!("new of site database from {point}"),
            C::Replicate(child) => format!("replicate to {child}"),
            C::RequestChild(child) => format!("request {child}"),
            C::SetTimer(at) => format!("timer {at}"),
            C::Complete(point) => format!("complete {point}"),
            C::Failed(point, why) => format!("failed {point}: {why}"),
        })
        .collect()
}

#[test]
fn the_top_synchronizes_then_copies_then_replicates_then_says_6702_then_asks_its_children() {
    let mut manager = top();
    let mut seen = Vec::new();
    for event in [
        E::Run,
        E::PointSynchronized(name("cen-active")),
        E::SiteDatabaseUpdated,
        E::Replicated(site("SEA")),
        E::Replicated(site("AMS")),
    ] {
        seen.extend(words(&manager.handle(event, at(0))));
    }
    assert_eq!(
        seen,
        [
            "6701 cen-active",
            "6704 cen-active",
            "synchronize cen-active",
            "6705 cen-active",
            "site database from cen-active",
            "replicate to AMS",
            "replicate to SEA",
            "6702 cen-active",
            "request AMS",
            "request SEA",
            "complete cen-active",
        ]
    );
}

#[test]
fn what_was_started_by_hand_adds_what_is_new_also_when_it_is_tried_again() {
    let mut manager = top();
    manager.handle(E::RunByHand, at(0));
    manager.handle(E::PointFailed(name("cen-active"), "gone".into()), at(0));
    manager.handle(E::TimeReached, at(60));
    let next = words(&manager.handle(E::PointSynchronized(name("cen-active")), at(61)));
    assert_eq!(next, ["6705 cen-active", "new of site database from cen-active"]);
    let mut manager = child();
    assert_eq!(manager.handle(E::RunByHand, at(0)), []);
}

#[test]
fn a_scheduled_run_after_one_by_hand_takes_everything() {
    let mut manager = top();
    for event in [E::RunByHand, E::PointSynchronized(name("cen-active")), E::SiteDatabaseUpdated] {
        manager.handle(event, at(0));
    }
    for child in ["AMS", "SEA"] {
        manager.handle(E::Replicated(site(child)), at(0));
    }
    manager.handle(E::Run, at(1));
    let next = words(&manager.handle(E::PointSynchronized(name("cen-active")), at(2)));
    assert_eq!(next, ["6705 cen-active", "site database from cen-active"]);
}

#[test]
fn a_child_starts_only_on_its_parents_request() {
    let mut manager = child();
    assert_eq!(manager.handle(E::Run, at(0)), []);
    let started = words(&manager.handle(E::Requested, at(0)));
    assert_eq!(started, ["6701 ams-active", "6704 ams-active", "synchronize ams-active"]);
    // Its site database has the metadata by replication: it goes on to its own children.
    let next = words(&manager.handle(E::PointSynchronized(name("ams-active")), at(1)));
    assert_eq!(next, ["replicate to LIS"]);
    let last = words(&manager.handle(E::Replicated(site("LIS")), at(1)));
    assert_eq!(last, ["6702 ams-active", "request LIS", "complete ams-active"]);
}

#[test]
fn updates_flow_to_children_that_want_it_while_the_update_services_synchronize() {
    let mut manager = top();
    manager.let_flow_to(vec![site("AMS")]);
    let started = words(&manager.handle(E::Run, at(0)));
    assert_eq!(
        started,
        ["6701 cen-active", "6704 cen-active", "let flow to AMS", "synchronize cen-active"]
    );
    let mut child = child();
    child.let_flow_to(vec![site("LIS")]);
    let flowing = words(&child.handle(E::ParentFlows, at(0)));
    assert_eq!(flowing, ["take ahead ams-active", "let flow to LIS"]);
    // It has not begun: the request does that, once the parent is done.
    let requested = words(&child.handle(E::Requested, at(1)));
    assert_eq!(requested.last().map(String::as_str), Some("synchronize ams-active"));
    assert_eq!(child.handle(E::ParentFlows, at(1)), [], "it is at work");
    assert_eq!(top().handle(E::ParentFlows, at(0)), [], "it has no parent");
}

#[test]
fn the_top_is_never_started_by_a_request() {
    assert_eq!(top().handle(E::Requested, at(0)), []);
}

#[test]
fn a_failure_says_6703_and_is_tried_again_after_60_minutes_and_not_before() {
    let mut manager = top();
    manager.handle(E::Run, at(0));
    let failed = manager.handle(E::PointFailed(name("cen-active"), "gone".into()), at(5));
    assert_eq!(
        words(&failed),
        ["6703 cen-active", "timer 1970-01-01T01:05:00Z", "failed cen-active: gone"]
    );
    assert_eq!(manager.handle(E::TimeReached, at(64)), []);
    let again = words(&manager.handle(E::TimeReached, at(65)));
    assert_eq!(again.last().map(String::as_str), Some("synchronize cen-active"));
    assert_eq!(manager.retry_at(), None);
}

#[test]
fn a_child_that_failed_tries_again_by_itself() {
    let mut manager = child();
    manager.handle(E::Requested, at(0));
    manager.handle(E::PointFailed(name("ams-active"), "gone".into()), at(0));
    let again = words(&manager.handle(E::TimeReached, at(60)));
    assert_eq!(again, ["6701 ams-active", "6704 ams-active", "synchronize ams-active"]);
}

#[test]
fn a_site_database_that_cannot_be_updated_fails_the_synchronization() {
    let mut manager = top();
    manager.handle(E::Run, at(0));
    manager.handle(E::PointSynchronized(name("cen-active")), at(0));
    let failed = words(&manager.handle(E::SiteDatabaseFailed("disk full".into()), at(0)));
    assert_eq!(failed[0], "6703 cen-active");
}

#[test]
fn a_child_out_of_reach_does_not_hold_up_the_others_and_is_asked_when_it_is_back() {
    let mut manager = top();
    manager.handle(E::Run, at(0));
    manager.handle(E::PointSynchronized(name("cen-active")), at(0));
    manager.handle(E::SiteDatabaseUpdated, at(0));
    assert_eq!(manager.handle(E::ReplicationFailed(site("AMS"), "no answer".into()), at(0)), []);
    let done = words(&manager.handle(E::Replicated(site("SEA")), at(0)));
    assert_eq!(done, ["6702 cen-active", "request SEA", "complete cen-active"]);

    let back = words(&manager.handle(E::ChildMissedRequest(site("AMS")), at(9)));
    assert_eq!(back, ["replicate to AMS"]);
    let asked = words(&manager.handle(E::Replicated(site("AMS")), at(9)));
    assert_eq!(asked, ["request AMS"]);
}

#[test]
fn the_internet_based_point_says_6706_and_leaves_the_site_database_alone() {
    let mut manager = top();
    let mut seen = words(&manager.handle(E::RunInternetBased, at(0)));
    seen.extend(words(&manager.handle(E::PointSynchronized(name("cen-internet")), at(1))));
    assert_eq!(
        seen,
        [
            "6706 cen-internet",
            "synchronize cen-internet",
            "6702 cen-internet",
            "complete cen-internet"
        ]
    );
}

#[test]
fn answers_that_come_twice_or_too_late_change_nothing() {
    let mut manager = top();
    assert_eq!(manager.handle(E::PointSynchronized(name("cen-active")), at(0)), []);
    assert_eq!(manager.handle(E::SiteDatabaseUpdated, at(0)), []);
    assert_eq!(manager.handle(E::Replicated(site("AMS")), at(0)), []);
    manager.handle(E::Run, at(0));
    assert_eq!(manager.handle(E::Run, at(0)), []);
    assert_eq!(manager.handle(E::PointSynchronized(name("other")), at(0)), []);
}

#[test]
fn a_child_that_missed_its_request_does_not_wait_for_the_internet_based_point() {
    let mut manager = top();
    manager.handle(E::RunInternetBased, at(0));
    let back = words(&manager.handle(E::ChildMissedRequest(site("AMS")), at(1)));
    assert_eq!(back, ["replicate to AMS"]);
    assert_eq!(words(&manager.handle(E::Replicated(site("AMS")), at(1))), ["request AMS"]);
    let done = words(&manager.handle(E::PointSynchronized(name("cen-internet")), at(2)));
    assert_eq!(done, ["6702 cen-internet", "complete cen-internet"]);
}
