//! Processes that start anew: what they were waiting for begins from its start.

use super::{
    scripts::{Minute, Point, from},
    story::Story,
};

#[test]
fn point_that_starts_anew_asks_all_sources_again_at_once() {
    let mut story = Story::new(&[from(0, 1).serves(12..100), from(0, 2).serves(90..100)]);
    story.until(14).point_restarts().until(60);
    assert_eq!(story.asked(), [(0, "a"), (0, "b"), (15, "a")], "it does not wait until minute 30");
    assert_eq!(story.minutes("complete"), [25]);
}

#[test]
fn site_that_starts_anew_counts_failed_notifications_from_the_start() {
    let point = Point { reachable: Minute::MAX..Minute::MAX, ..Point::default() };
    let mut story = Story::new(&[from(0, 1)]).with_point(point);
    story.until(590).site_restarts().until(3_000);
    assert_eq!(story.minutes("2357"), [0, 591]);
    assert_eq!(story.minutes("cancelled"), [591 + 600]);
}

#[test]
fn site_that_starts_anew_finds_the_transfer_under_way() {
    let mut story = Story::new(&[from(0, 1).takes(200)]);
    story.until(99).site_restarts().until(300);
    assert_eq!(story.asked(), [(0, "a")], "a second notification interrupts nothing");
    assert_eq!(story.minutes("poll"), [60, 160]);
    assert_eq!(story.minutes("complete"), [200]);
}

#[test]
fn notification_ends_the_waiting_of_the_point() {
    let mut story = Story::new(&[from(0, 1).serves(3..100)]);
    story.until(9).site_restarts().until(60);
    assert_eq!(story.asked(), [(0, "a"), (10, "a")]);
}

#[test]
fn cancelled_job_that_is_asked_for_again_starts_over() {
    let point = Point { reachable: 700..Minute::MAX, ..Point::default() };
    let mut story = Story::new(&[from(0, 1)]).with_point(point);
    story.until(700);
    assert!(story.cancelled());
    story.site_restarts().until(800);
    assert_eq!(story.minutes("complete"), [711]);
}
