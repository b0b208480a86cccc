use jiff::Timestamp;
use uuid::Uuid;

use super::*;
use crate::{
    model::{CatalogVersion, StatusMessage, StatusMessageId, UpdateIdentity},
    wire::agent::{RevisionPage, RevisionRecord},
};

fn now() -> Timestamp {
    "2026-11-20T08:00:00.123Z".parse().unwrap()
}

fn record(number: u32) -> RevisionRecord {
    RevisionRecord {
        change: i64::from(number),
        identity: UpdateIdentity { update_id: Uuid::from_u128(number.into()), revision: 1 },
        update_type: "Software".to_owned(),
        category_type: None,
        expired: false,
        title: format!("Update {number}"),
        categories: vec![Uuid::from_u128(1), Uuid::from_u128(2)],
    }
}

fn page(sender: u128, records: impl IntoIterator<Item = u32>, more: bool) -> RevisionPage {
    let revisions = records.into_iter().map(record).collect();
    RevisionPage { catalog: Uuid::from_u128(sender), revisions, more, version: None }
}

fn database(directory: &tempfile::TempDir) -> SiteDatabase {
    SiteDatabase::open(&directory.path().join("site.db")).unwrap()
}

/// Passes everything that `from` has on to `to`, as an agent does.
fn replicate(from: &SiteDatabase, to: &SiteDatabase) -> u64 {
    let (mut after, mut new) = (to.received_up_to(Manner::Everything).unwrap(), 0);
    loop {
        let received =
            to.receive(after, &from.page(after).unwrap(), Manner::Everything, now()).unwrap();
        new += received.new;
        after = received.next;
        if received.complete {
            return new;
        }
    }
}

#[test]
fn pages_are_taken_once_and_told_on() {
    let directory = tempfile::tempdir().unwrap();
    let database = database(&directory);
    assert_eq!(database.version().unwrap(), None);
    let received = database.receive(0, &page(1, [1, 2], true), Manner::Everything, now()).unwrap();
    assert_eq!(received, Received { new: 2, next: 2, complete: false });
    let received = database.receive(2, &page(1, [3], false), Manner::Everything, now()).unwrap();
    assert_eq!(received, Received { new: 1, next: 3, complete: true });
    assert_eq!(database.received_up_to(Manner::Everything).unwrap(), 3);
    let identities = [1, 2, 3].map(|it| record(it).identity);
    assert_eq!(database.version().unwrap(), Some(CatalogVersion::of(identities)));
    let told = database.page(0).unwrap();
    assert_eq!(told.revisions.len(), 3);
    let same = RevisionRecord { change: told.revisions[0].change, ..record(1) };
    assert_eq!(told.revisions[0], same);
    let last = told.revisions[2].change;
    // Told again, nothing is new; changed, it is told on again.
    assert_eq!(
        database.receive(0, &page(1, [1], false), Manner::Everything, now()).unwrap().new,
        0
    );
    assert!(database.page(last).unwrap().revisions.is_empty());
    let mut expired = page(1, [4], false);
    expired.revisions[0].identity = record(1).identity;
    expired.revisions[0].expired = true;
    assert_eq!(database.receive(3, &expired, Manner::Everything, now()).unwrap().new, 0);
    let told = database.page(last).unwrap().revisions;
    assert!(told.len() == 1 && told[0].expired);
}

#[test]
fn another_sender_starts_over_and_replaces() {
    let directory = tempfile::tempdir().unwrap();
    let database = database(&directory);
    let below = SiteDatabase::open(&directory.path().join("below.db")).unwrap();
    database.receive(0, &page(1, [1, 2, 3], false), Manner::Everything, now()).unwrap();
    assert_eq!(replicate(&database, &below), 3);
    // Asked for what comes after 3, another catalog answers: nothing of that is taken.
    let received = database.receive(3, &page(2, [9], false), Manner::Everything, now()).unwrap();
    assert_eq!(received, Received { new: 0, next: 0, complete: false });
    assert_eq!(database.count().unwrap(), 3);
    // Until the pass is complete, everything stays.
    database.receive(0, &page(2, [1], true), Manner::Everything, now()).unwrap();
    assert_eq!(database.count().unwrap(), 3);
    let received = database.receive(1, &page(2, [4], false), Manner::Everything, now()).unwrap();
    assert!(received.complete);
    assert_eq!(database.count().unwrap(), 2);
    assert_eq!(replicate(&database, &below), 1);
    assert_eq!(below.version().unwrap(), database.version().unwrap());
}

#[test]
fn pages_that_break_the_rules_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let database = database(&directory);
    let too_many = 1..=u32::try_from(RevisionPage::LIMIT).unwrap() + 1;
    for bad in [page(1, [2, 1], false), page(1, [], true), page(1, too_many, false)] {
        let error = database.receive(0, &bad, Manner::Everything, now()).unwrap_err();
        assert!(matches!(error, PageError::Malformed(_)), "{error}");
    }
    assert!(database.receive(1, &page(1, [1], false), Manner::Everything, now()).is_err());
    assert_eq!(database.count().unwrap(), 0);
}

#[test]
fn messages_are_kept_for_ninety_days_and_the_newest_in_any_case() {
    let directory = tempfile::tempdir().unwrap();
    let database = database(&directory);
    let message = |number: u32, days: i64| StatusMessage {
        id: StatusMessageId::SynchronizationComplete,
        at: now() + jiff::SignedDuration::from_hours(24 * days),
        site: "CEN".parse().unwrap(),
        subject: "cen-sup".to_owned(),
        text: number.to_string(),
    };
    let all: Vec<_> = (0..1_500).map(|number| message(number, 0)).collect();
    database.record_messages(&all[..5]).unwrap();
    database.record_messages(&all[5..]).unwrap();
    assert_eq!(database.newest_messages(2).unwrap(), all[1_498..]);
    let kept = || database.newest_messages(100_000).unwrap();
    database.record_messages(&[message(1_500, 90)]).unwrap();
    assert_eq!(kept().len(), 1_501, "none of them is older than ninety days");
    database.record_messages(&[message(1_501, 91)]).unwrap();
    let left = kept();
    assert_eq!((left.len(), &*left[0].text), (1_000, "502"), "the newest stay");
    let many: Vec<_> = (0..60_000).map(|number| message(number, 91)).collect();
    database.record_messages(&many).unwrap();
    assert_eq!(kept(), many[10_000..], "never more than there is room for");
}

#[test]
fn the_policy_is_published_with_its_catalog() {
    let directory = tempfile::tempdir().unwrap();
    let database = database(&directory);
    assert_eq!(database.policy().unwrap(), (None, None));
    assert_eq!(database.published_policy().unwrap(), None);
    let policy = serde_json::json!({
        "updatePoint": "cen-sup", "url": "http://cen:8530",
        "agent": {"enabled": true, "scanEvery": "7d", "reevaluateEvery": "7d"},
    });
    let policy: crate::model::ClientPolicy = serde_json::from_value(policy).unwrap();
    let version = CatalogVersion::of([record(1).identity]);
    database.publish_policy(&policy, Some(version), now()).unwrap();
    assert_eq!(database.policy().unwrap(), (Some(policy.clone()), Some(version)));
    // Published again, it is what it was, since when it was.
    let later = now() + jiff::SignedDuration::from_hours(1);
    database.publish_policy(&policy, Some(version), later).unwrap();
    assert_eq!(database.policy_since().unwrap(), Some(now()));
    let first = database.published_policy().unwrap().unwrap();
    assert_eq!((first.announced, first.since), (Some(version), Some(now())));
    assert_eq!(first.serial, u64::try_from(now().as_second()).unwrap());
    database.publish_policy(&policy, None, later).unwrap();
    assert_eq!(database.policy_since().unwrap(), Some(later));
    let second = database.published_policy().unwrap().unwrap();
    assert!(second.serial > first.serial);
    // Also where the clock goes back.
    database.publish_policy(&policy, Some(version), now()).unwrap();
    assert_eq!(database.published_policy().unwrap().unwrap().serial, second.serial + 1);
}

/// An older or a newer revision of an update that `record` makes.
fn revised(number: u32, revision: i32, change: i64) -> RevisionRecord {
    let mut record = record(number);
    record.identity.revision = revision;
    record.change = change;
    record
}

#[test]
fn by_hand_only_new_updates_are_taken_and_the_rest_waits_for_the_schedule() {
    let directory = tempfile::tempdir().unwrap();
    let database = database(&directory);
    // There is nothing to be new beside yet.
    let mut first = page(1, [1, 2], false);
    first.version = Some(CatalogVersion::of([record(1).identity, record(2).identity]));
    assert_eq!(database.receive(0, &first, Manner::OnlyNew, now()).unwrap().new, 2);
    assert_eq!(database.changes_waiting().unwrap(), None);

    let by_hand = |database: &SiteDatabase, revisions: Vec<RevisionRecord>, version| {
        let after = database.received_up_to(Manner::OnlyNew).unwrap();
        let page = RevisionPage { catalog: Uuid::from_u128(1), revisions, more: false, version };
        database.receive(after, &page, Manner::OnlyNew, now()).unwrap().new
    };
    let seen = Some(CatalogVersion::of([revised(1, 2, 3).identity]));
    let mut expired = revised(2, 7, 4);
    expired.expired = true;
    assert_eq!(
        by_hand(&database, vec![revised(1, 2, 3), expired.clone(), revised(3, 1, 5)], seen),
        1
    );
    assert_eq!(database.changes_waiting().unwrap(), Some(ChangesWaiting { revisions: 2, seen }));
    assert_eq!(database.count().unwrap(), 3);
    assert_eq!(database.received_up_to(Manner::OnlyNew).unwrap(), 5);
    // What it has looked at it does not look at again.
    assert_eq!(by_hand(&database, Vec::new(), seen), 0);
    assert_eq!(database.changes_waiting().unwrap().unwrap().revisions, 2);

    let after = database.received_up_to(Manner::Everything).unwrap();
    assert_eq!(after, 2);
    let everything = RevisionPage {
        catalog: Uuid::from_u128(1),
        revisions: vec![revised(1, 2, 3), expired, revised(3, 1, 5)],
        more: false,
        version: seen,
    };
    let received = database.receive(after, &everything, Manner::Everything, now()).unwrap();
    assert_eq!(received, Received { new: 2, next: 5, complete: true });
    assert_eq!(database.changes_waiting().unwrap(), None);
    assert_eq!(database.count().unwrap(), 5);
}
