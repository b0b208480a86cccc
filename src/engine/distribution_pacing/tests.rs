//! Hours to the minute, and rates over every window, under a time that the test sets.

use std::time::Duration;

use jiff::{Timestamp, tz::TimeZone};
use proptest::prelude::*;

use super::{Grant, Moment, Opening, SendingBudget};
use crate::model::{HourlyRate, Interval, OpenHours, Pacing, Priority, Pulse, RateLimit, Weekday};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap()
}

fn hours(days: &[Weekday], from: u8, to: u8, minimum_priority: Priority) -> OpenHours {
    OpenHours { days: days.to_vec(), from, to, minimum_priority }
}

fn open(schedule: &[OpenHours]) -> Pacing {
    Pacing { priority: Priority::Medium, schedule: schedule.to_vec(), rate_limit: None }
}

fn per_hour(rates: &[(u8, u8, u32)]) -> Pacing {
    let rate = |(from, to, kilobytes_per_second): &(u8, u8, u32)| HourlyRate {
        from: *from,
        to: *to,
        kilobytes_per_second: *kilobytes_per_second,
    };
    let limit = RateLimit { per_hour: rates.iter().map(rate).collect(), pulse: None };
    Pacing { rate_limit: Some(limit), ..open(&[]) }
}

fn pulse(block_kilobytes: u32, delay: u32) -> Pacing {
    let pulse = Some(Pulse { block_kilobytes, delay: Interval::seconds(delay) });
    Pacing { rate_limit: Some(RateLimit { per_hour: Vec::new(), pulse }), ..open(&[]) }
}

#[test]
fn hours_are_those_of_the_senders_time_zone_and_admit_by_priority() {
    let evening =
        [hours(&[], 20, 24, Priority::Low), hours(&[Weekday::Saturday], 8, 12, Priority::High)];
    let pacing = open(&evening);
    let amsterdam = zone("Europe/Amsterdam");
    let opening = |priority, now| pacing.opening(priority, at(now), &amsterdam);
    // A Friday in winter: an hour ahead of UTC.
    let friday = "2026-11-27T18:59:59.999Z";
    let closed = Opening::ClosedUntil(at("2026-11-27T19:00:00Z"));
    assert_eq!(opening(Priority::High, friday), closed);
    assert_eq!(opening(Priority::Low, "2026-11-27T19:00:00Z"), Opening::Open);
    assert_eq!(opening(Priority::Low, "2026-11-27T22:59:59Z"), Opening::Open);
    let night = "2026-11-27T23:00:00Z";
    let [high, low] = [Priority::High, Priority::Low].map(|it| opening(it, night));
    assert_eq!(high, Opening::ClosedUntil(at("2026-11-28T07:00:00Z")), "Saturday at 8");
    assert_eq!(low, Opening::ClosedUntil(at("2026-11-28T19:00:00Z")), "Saturday at 20");
    assert_eq!(pacing.opening(Priority::Low, at(night), &TimeZone::UTC), Opening::Open);
}

#[test]
fn an_hour_that_summer_time_leaves_out_opens_a_day_later() {
    // On 29 March 2026 it is 3 o'clock in Amsterdam after 1:59.
    let pacing = open(&[hours(&[], 2, 3, Priority::Low)]);
    let opening = |now| pacing.opening(Priority::Low, at(now), &zone("Europe/Amsterdam"));
    let monday = Opening::ClosedUntil(at("2026-03-30T00:00:00Z"));
    assert_eq!(opening("2026-03-29T00:30:00Z"), monday);
    let sundays = open(&[hours(&[Weekday::Sunday], 2, 3, Priority::Low)]);
    let next = sundays.opening(Priority::Low, at("2026-03-29T00:30:00Z"), &TimeZone::UTC);
    assert_eq!(next, Opening::ClosedUntil(at("2026-03-29T02:00:00Z")));
}

#[test]
fn what_is_never_open_is_told_apart() {
    let high = open(&[hours(&[], 0, 24, Priority::High)]);
    let now = at("2026-11-27T19:00:00Z");
    assert_eq!(high.opening(Priority::Medium, now, &TimeZone::UTC), Opening::Never);
    assert_eq!(high.opening(Priority::High, now, &TimeZone::UTC), Opening::Open);
    // In an hour at 0 kilobytes a second nothing can be sent, nor in blocks of nothing.
    let waits = per_hour(&[(0, 20, 0)]).opening(Priority::High, now, &TimeZone::UTC);
    assert_eq!(waits, Opening::ClosedUntil(at("2026-11-27T20:00:00Z")));
    for never in [per_hour(&[(0, 24, 0)]), pulse(0, 5)] {
        assert_eq!(never.opening(Priority::High, now, &TimeZone::UTC), Opening::Never);
    }
    let mut budget = SendingBudget::default();
    let moment = Moment { now, elapsed: Duration::ZERO };
    let asked = budget.ask(&high, Priority::Low, 1, moment, &TimeZone::UTC);
    assert_eq!(asked, Grant::Closed(Opening::Never));
}

#[test]
fn the_lowest_rate_of_an_hour_holds() {
    let pacing = per_hour(&[(8, 18, 500), (12, 14, 100), (13, 14, 2_000)]);
    let rate = |hour| {
        let now = at(&format!("2026-11-27T{hour}:30:00Z"));
        pacing.bytes_a_second(now, &TimeZone::UTC)
    };
    assert_eq!(["07", "08", "13", "18"].map(rate), [None, Some(500_000), Some(100_000), None]);
}

/// Sends for a while, each time some `wanted` bytes, and late by so many milliseconds; when what
/// was sent.
fn send(pacing: &Pacing, seconds: u64, asks: &[(u64, u64)]) -> Vec<(Duration, u64)> {
    let begin = at("2026-11-27T00:00:00Z");
    let mut budget = SendingBudget::default();
    let mut elapsed = Duration::ZERO;
    let mut sent = Vec::new();
    for (wanted, late) in asks.iter().cycle() {
        if elapsed >= Duration::from_secs(seconds) {
            break;
        }
        let moment = Moment { now: begin + elapsed, elapsed };
        match budget.ask(pacing, Priority::Medium, *wanted, moment, &TimeZone::UTC) {
            Grant::Send(bytes) => {
                assert!(0 < bytes && bytes <= *wanted);
                sent.push((elapsed, bytes));
            }
            Grant::Wait(wait) => elapsed += wait + Duration::from_millis(*late),
            Grant::Closed(opening) => panic!("{opening:?}"),
        }
    }
    sent
}

/// The most bytes of any window of that length.
fn most(sent: &[(Duration, u64)], window: Duration) -> u64 {
    let mut most = 0;
    let mut bytes = 0;
    let mut first = 0;
    for (time, grant) in sent {
        bytes += grant;
        while time.saturating_sub(sent[first].0) >= window {
            bytes -= sent[first].1;
            first += 1;
        }
        most = most.max(bytes);
    }
    most
}

#[test]
fn a_pause_is_made_after_every_block_of_a_pulse() {
    let sent = send(&pulse(256, 5), 60, &[(100_000, 0)]);
    let total: u64 = sent.iter().map(|(_, bytes)| bytes).sum();
    assert_eq!(total, 12 * 256_000, "one block every five seconds");
    assert_eq!(most(&sent, Duration::from_secs(5)), 256_000);
    // What is asked for slowly is never held up, and a pause that was made anyway counts.
    let mut budget = SendingBudget::default();
    for second in (0..60).step_by(5) {
        let elapsed = Duration::from_secs(second);
        let moment = Moment { now: at("2026-11-27T00:00:00Z"), elapsed };
        let asked = budget.ask(&pulse(256, 5), Priority::Low, 255_999, moment, &TimeZone::UTC);
        assert_eq!(asked, Grant::Send(255_999));
    }
}

#[test]
fn another_rate_holds_from_the_hour_on() {
    let begin = at("2026-11-27T07:59:59Z");
    let pacing = per_hour(&[(7, 8, 1_000), (8, 9, 10)]);
    let mut budget = SendingBudget::default();
    let mut elapsed = Duration::ZERO;
    let mut after = 0;
    while elapsed < Duration::from_secs(11) {
        let moment = Moment { now: begin + elapsed, elapsed };
        match budget.ask(&pacing, Priority::Low, u64::MAX, moment, &TimeZone::UTC) {
            Grant::Send(bytes) if elapsed >= Duration::from_secs(1) => after += bytes,
            Grant::Send(_) => {}
            Grant::Wait(wait) => elapsed += wait,
            Grant::Closed(opening) => panic!("{opening:?}"),
        }
    }
    assert!((95_000..=102_500).contains(&after), "{after} bytes in 10 s");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn in_every_window_goes_the_limit_and_one_block_at_most_and_in_sum_the_limit(
        kilobytes in prop_oneof![1_u32..100, 100_u32..10_000, 10_000_u32..2_000_000],
        asks in prop::collection::vec((1_u64..2_000_000, 0_u64..150), 1..20),
    ) {
        let pacing = per_hour(&[(0, 24, kilobytes)]);
        let rate = u64::from(kilobytes) * 1_000;
        // Whoever asks for little at a time has to ask more often than a fast line takes.
        let asks: Vec<_> = asks.into_iter().map(|(it, late)| (it.max(rate / 1_000), late)).collect();
        let sent = send(&pacing, 20, &asks);
        let block = rate / 4;
        for window in [1, 10, 100, 250, 1_000, 5_000, 20_000] {
            let limit = rate * window / 1_000;
            let bytes = most(&sent, Duration::from_millis(window));
            prop_assert!(bytes <= limit + block, "{bytes} bytes in {window} ms at {rate} a second");
        }
        let total: u64 = sent.iter().map(|(_, bytes)| bytes).sum();
        let limit = rate * 20;
        prop_assert!(total >= limit * 95 / 100, "{total} of {limit} bytes");
        prop_assert!(total <= limit * 105 / 100, "{total} of {limit} bytes");
    }
}
