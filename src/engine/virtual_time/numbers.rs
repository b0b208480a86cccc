//! Every number of PDP-5, PDP-7 and PDP-14, to the minute.

use super::{
    scripts::{Minute, Point, from},
    story::Story,
};
use crate::model::TransferSettings;

fn every(step: usize, from: Minute, to: Minute) -> Vec<Minute> {
    (from..=to).step_by(step).collect()
}

#[test]
fn content_of_minute_19_is_seen_in_minute_20_and_not_before() {
    let mut story = Story::new(&[from(19, 1)]);
    story.until(60);
    let told = [
        "0 2357",
        "0 look",
        "0 8212",
        "20 look",
        "20 notify",
        "20 ask a",
        "30 the point has it",
        "30 8210",
        "30 2330",
        "30 complete",
    ];
    assert_eq!(story.told(), told);
}

#[test]
fn content_of_minute_21_is_seen_in_minute_40() {
    let mut story = Story::new(&[from(21, 1)]);
    story.until(60);
    assert_eq!(story.minutes("look"), [0, 20, 40]);
    assert_eq!(story.minutes("8212"), [0, 20]);
    assert_eq!(story.minutes("complete"), [50]);
}

#[test]
fn nobody_ever_gives_up_looking() {
    let mut story = Story::new(&[from(Minute::MAX, 1)]);
    story.until(20_000);
    assert_eq!(story.minutes("look"), every(20, 0, 20_000));
    assert!(!story.cancelled());
}

#[test]
fn thirty_notifications_fail_and_the_thirty_first_is_taken() {
    let point = Point { reachable: 600..Minute::MAX, ..Point::default() };
    let mut story = Story::new(&[from(0, 1)]).with_point(point);
    story.until(2_000);
    assert_eq!(story.minutes("notify"), every(20, 0, 600));
    assert_eq!(story.minutes("notify").len(), 31);
    assert_eq!(story.minutes("complete"), [610]);
}

#[test]
fn thirty_first_failure_cancels_the_job() {
    let point = Point { reachable: 601..Minute::MAX, ..Point::default() };
    let mut story = Story::new(&[from(0, 1)]).with_point(point);
    story.until(2_000);
    assert_eq!(story.minutes("notify"), every(20, 0, 600));
    assert_eq!(story.minutes("cancelled"), [600]);
    assert!(story.cancelled() && !story.has_it());
}

#[test]
fn polls_run_out_after_72_hours_and_the_point_goes_on_and_reports() {
    let mut story = Story::new(&[from(0, 1).takes(72 * 60 + 30)]);
    story.until(10_000);
    assert_eq!(story.minutes("poll"), every(60, 60, 4_320));
    assert_eq!(story.minutes("poll").len(), 72);
    assert_eq!(story.minutes("cancelled"), [4_320]);
    assert_eq!(story.told().last().unwrap(), "4350 complete", "its report still counts (PDP-6)");
    assert_eq!(story.minutes("8210"), [4_350]);
    assert_eq!(story.minutes("2330"), [4_350]);
}

#[test]
fn last_poll_still_counts() {
    let point = Point { reports: false, ..Point::default() };
    let mut story = Story::new(&[from(0, 1).takes(72 * 60 - 1)]).with_point(point);
    story.until(10_000);
    assert_eq!(story.minutes("complete"), [4_320], "the report was lost, the poll finds it");
    assert_eq!(story.minutes("cancelled"), [] as [Minute; 0]);
}

#[test]
fn fifty_unfinished_transfers_leave_no_room_and_the_site_comes_back() {
    let full = Point { others: 50, others_until: 35, ..Point::default() };
    let mut story = Story::new(&[from(0, 1)]).with_point(full);
    story.until(100);
    assert_eq!(story.minutes("notify"), [0, 20, 40]);
    assert_eq!(story.minutes("8211"), [0, 20]);
    assert_eq!(story.minutes("complete"), [50]);

    let one_left = Point { others: 49, others_until: 35, ..Point::default() };
    let mut story = Story::new(&[from(0, 1)]).with_point(one_left);
    story.until(100);
    assert_eq!(story.minutes("8211"), [] as [Minute; 0]);
    assert_eq!(story.minutes("complete"), [10]);
}

#[test]
fn refusals_for_capacity_count_as_failed_notifications() {
    let full = Point { others: 50, others_until: Minute::MAX, ..Point::default() };
    let mut story = Story::new(&[from(0, 1)]).with_point(full);
    story.until(2_000);
    assert_eq!(story.minutes("8211"), every(20, 0, 600));
    assert_eq!(story.minutes("cancelled"), [600]);
}

#[test]
fn point_waits_thirty_minutes_and_starts_over_with_the_lowest_number() {
    // The site believes that they have it; they serve it later.
    let sources = [from(0, 1).serves(31..100), from(0, 2).serves(59..100)];
    let mut story = Story::new(&sources);
    story.until(90);
    let asked = [(0, "a"), (0, "b"), (30, "a"), (30, "b"), (60, "a")];
    assert_eq!(story.asked(), asked);
    assert_eq!(story.minutes("nobody has it, wait 30"), [0, 30]);
    assert_eq!(story.minutes("complete"), [70]);
}

#[test]
fn source_that_breaks_off_is_followed_by_the_next_number() {
    let sources = [from(0, 1).breaks_after(4), from(0, 2).breaks_after(3), from(0, 3)];
    let mut story = Story::new(&sources);
    story.until(90);
    assert_eq!(story.asked(), [(0, "a"), (4, "b"), (7, "c")]);
    assert_eq!(story.minutes("complete"), [17]);
}

#[test]
fn settings_of_the_site_are_the_ones_that_count() {
    let settings = TransferSettings {
        retries: 3,
        retry_delay: "7m".parse().unwrap(),
        status_polls: 4,
        poll_delay: "11m".parse().unwrap(),
        ..TransferSettings::default()
    };
    let point = Point { reachable: 21..Minute::MAX, ..Point::default() };
    let mut story =
        Story::new(&[from(0, 1).takes(100)]).with_settings(settings.clone()).with_point(point);
    story.until(300);
    assert_eq!(story.minutes("notify"), [0, 7, 14, 21]);
    assert_eq!(story.minutes("poll"), [32, 43, 54, 65]);
    assert_eq!(story.minutes("cancelled"), [65]);
    assert_eq!(story.minutes("complete"), [121]);

    let settings = TransferSettings { retries: 0, status_polls: 0, ..settings };
    let late = Point { reachable: 1..Minute::MAX, ..Point::default() };
    let mut story = Story::new(&[from(0, 1)]).with_settings(settings.clone()).with_point(late);
    story.until(300);
    assert_eq!(story.minutes("notify"), [0], "no retries: the first failure ends it");
    assert_eq!(story.minutes("cancelled"), [0]);
    let mut story = Story::new(&[from(0, 1).takes(100)]).with_settings(settings);
    story.until(300);
    assert_eq!(story.minutes("cancelled"), [11], "no polls: the time for the first one ends it");
}
