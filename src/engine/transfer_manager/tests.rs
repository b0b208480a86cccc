//! The timers of a transfer job, to the minute, under a time that the test sets.

use super::{TransferCommand as C, TransferEvent as E, TransferJob};
use crate::model::{TransferPhase, TransferSettings};
use jiff::{SignedDuration, Timestamp};

fn at(minutes: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minutes)
}

fn words(commands: &[C]) -> Vec<String> {
    commands
        .iter()
        .map(|command| match command {
            C::Look => "look".to_owned(),
            C::Notify => "notify".to_owned(),
            C::Poll => "poll".to_owned(),
            C::Message(id, _) => id.to_string(),
            C::SetTimer(at, _) => format!("timer {}", at.as_second() / 60),
            C::Complete => "complete".to_owned(),
            C::Cancelled(_) => "cancelled".to_owned(),
        })
        .collect()
}

fn job() -> TransferJob {
    TransferJob::new(TransferSettings::default())
}

#[test]
fn looks_again_every_20_minutes_until_a_source_has_the_content() {
    let mut job = job();
    assert_eq!(words(&job.handle(E::Distribute, at(0))), ["2357", "look"]);
    let waits = words(&job.handle(E::Looked { available: false }, at(0)));
    assert_eq!(waits, ["8212", "timer 20"]);
    assert_eq!(job.handle(E::TimeReached, at(19)), []);
    assert_eq!(words(&job.handle(E::TimeReached, at(20))), ["look"]);
    assert_eq!(words(&job.handle(E::Looked { available: true }, at(20))), ["notify"]);
    assert_eq!(words(&job.handle(E::Notified, at(20))), ["timer 80"]);
    let done = words(&job.handle(E::Finished, at(30)));
    assert_eq!(done, ["8210", "2330", "complete"]);
}

#[test]
fn gives_up_after_30_more_notifications_20_minutes_apart() {
    let mut job = job();
    job.handle(E::Distribute, at(0));
    job.handle(E::Looked { available: true }, at(0));
    let mut minute = 0;
    for _ in 0..30 {
        let waits = words(&job.handle(E::NotificationFailed("no answer".into()), at(minute)));
        minute += 20;
        assert_eq!(waits, [format!("timer {minute}")]);
        assert_eq!(words(&job.handle(E::TimeReached, at(minute))), ["notify"]);
    }
    let last = words(&job.handle(E::NotificationFailed("no answer".into()), at(minute)));
    assert_eq!(last, ["cancelled"]);
    assert_eq!(minute, 600);
}

#[test]
fn a_point_at_capacity_is_told_each_time_and_counts_as_not_notified() {
    let mut job = job();
    job.handle(E::Distribute, at(0));
    job.handle(E::Looked { available: true }, at(0));
    assert_eq!(job.standing(), Some((TransferPhase::Notifying, 0)));
    let mut minute = 0;
    for failed in 1..=30 {
        let waits = words(&job.handle(E::AtCapacity("it has 50".into()), at(minute)));
        minute += 20;
        assert_eq!(waits, ["8211".to_owned(), format!("timer {minute}")]);
        assert_eq!(job.standing(), Some((TransferPhase::Notifying, failed)));
        assert_eq!(words(&job.handle(E::TimeReached, at(minute))), ["notify"]);
    }
    let last = words(&job.handle(E::AtCapacity("it has 50".into()), at(minute)));
    assert_eq!(last, ["8211", "cancelled"]);
    assert_eq!(job.standing(), Some((TransferPhase::Cancelled, 0)));
}

#[test]
fn a_point_that_has_room_again_is_polled_as_any_other() {
    let mut job = job();
    job.handle(E::Distribute, at(0));
    job.handle(E::Looked { available: true }, at(0));
    job.handle(E::AtCapacity("it has 50".into()), at(0));
    assert_eq!(words(&job.handle(E::TimeReached, at(20))), ["notify"]);
    assert_eq!(words(&job.handle(E::Notified, at(20))), ["timer 80"]);
    assert_eq!(words(&job.handle(E::Finished, at(30))), ["8210", "2330", "complete"]);
}

#[test]
fn content_that_appears_in_minute_19_is_seen_in_minute_20() {
    let mut job = job();
    job.handle(E::Distribute, at(0));
    job.handle(E::Looked { available: false }, at(0));
    for minute in 1..20 {
        assert_eq!(job.handle(E::TimeReached, at(minute)), []);
    }
    assert_eq!(words(&job.handle(E::TimeReached, at(20))), ["look"]);
    // Not there yet: 8212 again, and again 20 minutes.
    let waits = words(&job.handle(E::Looked { available: false }, at(20)));
    assert_eq!(waits, ["8212", "timer 40"]);
}

#[test]
fn gives_up_after_72_polls_60_minutes_apart_but_a_late_report_still_counts() {
    let mut job = job();
    job.handle(E::Distribute, at(0));
    job.handle(E::Looked { available: true }, at(0));
    job.handle(E::Notified, at(0));
    let mut minute = 0;
    for poll in 1..=72 {
        minute += 60;
        assert_eq!(words(&job.handle(E::TimeReached, at(minute))), ["poll"]);
        let answer = words(&job.handle(E::StillPulling, at(minute)));
        if poll < 72 {
            assert_eq!(answer, [format!("timer {}", minute + 60)]);
        } else {
            assert_eq!(answer, ["cancelled"]);
        }
    }
    assert!(job.cancelled());
    let late = words(&job.handle(E::Finished, at(minute + 5)));
    assert_eq!(late, ["8210", "2330", "complete"]);
}

#[test]
fn events_that_do_not_belong_change_nothing() {
    let mut job = job();
    assert_eq!(job.handle(E::Notified, at(0)), []);
    assert_eq!(job.handle(E::TimeReached, at(0)), []);
    job.handle(E::Distribute, at(0));
    assert_eq!(job.handle(E::Distribute, at(0)), []);
    job.handle(E::Finished, at(0));
    assert_eq!(job.handle(E::Finished, at(0)), []);
}

#[test]
fn a_report_of_a_job_that_nobody_remembers_still_counts() {
    // The controller was ended and started again while the point was pulling.
    assert_eq!(words(&job().handle(E::Finished, at(0))), ["8210", "2330", "complete"]);
}
