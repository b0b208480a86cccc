//! Clocks that are put back or forward: nobody waits longer than was meant, and nothing happens twice.

use super::{
    scripts::{Minute, Point, from},
    story::Story,
};

const A_YEAR: Minute = 365 * 24 * 60;

#[test]
fn site_looks_again_soon_though_its_clock_went_back() {
    let mut story = Story::new(&[from(15, 1)]);
    story.until(9).clock_moves(-A_YEAR).until(100);
    // Ten minutes were waited in vain; twenty are the most from then on.
    assert_eq!(story.minutes("look"), [0, 30]);
    assert_eq!(story.minutes("complete"), [40]);
}

#[test]
fn notifications_and_polls_go_on_though_the_clock_went_back() {
    let point = Point { reachable: 35..Minute::MAX, reports: false, ..Point::default() };
    let mut story = Story::new(&[from(0, 1).takes(70)]).with_point(point);
    story.until(25).clock_moves(-A_YEAR).until(120).clock_moves(-A_YEAR).until(400);
    assert_eq!(story.minutes("notify"), [0, 20, 46]);
    assert_eq!(story.minutes("poll"), [106, 181]);
    assert_eq!(story.minutes("complete"), [181]);
}

#[test]
fn point_asks_again_soon_though_its_clock_went_back() {
    let mut story = Story::new(&[from(0, 1).serves(20..100)]);
    story.until(9).clock_moves(-A_YEAR).until(100);
    assert_eq!(story.asked(), [(0, "a"), (40, "a")]);
}

#[test]
fn clock_put_forward_ends_one_wait_and_no_more() {
    let mut story = Story::new(&[from(Minute::MAX, 1)]);
    story.until(5).clock_moves(A_YEAR).until(30);
    assert_eq!(story.minutes("look"), [0, 6, 26]);

    let mut story = Story::new(&[from(0, 1).takes(A_YEAR)]);
    story.until(5).clock_moves(A_YEAR).until(100);
    assert_eq!(story.minutes("poll"), [6, 66], "a year is one poll, not thousands");
    assert!(!story.cancelled());
}
