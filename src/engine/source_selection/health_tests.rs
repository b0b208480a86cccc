//! Choices among equals by what is remembered of them.

use std::{collections::BTreeMap, time::Duration};

use jiff::{SignedDuration, Timestamp};
use proptest::{collection::vec, prelude::*};

use super::{Choice, SourceHealth, SourceSelection};
use crate::model::{Name, PullSourceSettings};

const NOW: Timestamp = Timestamp::UNIX_EPOCH;
const SECOND: Duration = Duration::from_secs(1);

fn name(number: usize) -> Name {
    format!("dp-{number}").parse().unwrap()
}

fn sources(priorities: &[u32]) -> Vec<PullSourceSettings> {
    let source = |(number, priority): (usize, &u32)| PullSourceSettings {
        priority: *priority,
        distribution_point: name(number),
        url: String::new(),
    };
    priorities.iter().enumerate().map(source).collect()
}

/// The first source of one transfer after the other, each with a seed of its own.
fn firsts(
    priorities: &[u32],
    health: &mut SourceHealth,
    seeds: std::ops::Range<u64>,
    now: Timestamp,
) -> Vec<usize> {
    let sources = sources(priorities);
    let first = |seed| match SourceSelection::new(&sources, seed).choose_adaptively(now, health) {
        Choice::Try(source) => {
            (0..100).find(|number| name(*number) == source.distribution_point).unwrap()
        }
        Choice::Wait { .. } => panic!("a source was left"),
    };
    seeds.map(first).collect()
}

fn counts(chosen: &[usize]) -> BTreeMap<usize, usize> {
    let mut counts = BTreeMap::new();
    for number in chosen {
        *counts.entry(*number).or_default() += 1;
    }
    counts
}

#[test]
fn knowing_nothing_it_chooses_as_chance_does() {
    // Chi-squared with three degrees of freedom: 21.1 is exceeded once in 10,000 by chance.
    let chosen = firsts(&[1, 1, 1, 1], &mut SourceHealth::default(), 0..8_000, NOW);
    let expected = 2_000.0;
    let counts = counts(&chosen).into_values();
    let chi_squared: f64 = counts
        .map(|count| (f64::from(u32::try_from(count).unwrap()) - expected).powi(2) / expected)
        .sum();
    assert!(chi_squared < 21.1, "{chi_squared}");
}

#[test]
fn faster_equal_is_chosen_more_often_and_the_slower_one_still() {
    let mut health = SourceHealth::default();
    health.served(&name(0), 90 << 20, SECOND, NOW);
    health.served(&name(1), 10 << 20, SECOND, NOW);
    let counts = counts(&firsts(&[1, 1], &mut health, 0..10_000, NOW));
    // A tenth by its rate, and what exploring adds to that.
    assert!((900..=1_400).contains(&counts[&1]), "{counts:?}");
}

#[test]
fn rates_are_smoothed_and_forgotten() {
    let mut health = SourceHealth::default();
    for _ in 0..20 {
        health.served(&name(0), 80 << 20, SECOND, NOW);
        health.served(&name(1), 10 << 20, SECOND, NOW);
    }
    health.served(&name(0), 1 << 20, SECOND, NOW);
    let after_one = counts(&firsts(&[1, 1], &mut health.clone(), 0..1_000, NOW));
    assert!(after_one[&0] > 800, "one slow transfer is not all: {after_one:?}");
    let later = NOW + SignedDuration::from_hours(7);
    let forgotten = counts(&firsts(&[1, 1], &mut health, 0..1_000, later));
    assert!(forgotten[&1] > 400, "{forgotten:?}");
}

#[test]
fn small_and_immeasurable_transfers_tell_no_rate() {
    let mut health = SourceHealth::default();
    health.served(&name(0), 100, Duration::from_secs(100), NOW);
    health.served(&name(0), 1 << 30, Duration::ZERO, NOW);
    health.served(&name(1), 10 << 20, SECOND, NOW);
    let counts = counts(&firsts(&[1, 1], &mut health, 0..1_000, NOW));
    assert!(counts[&0] > 400, "{counts:?}");
}

#[test]
fn failed_one_is_avoided_for_ten_minutes_and_longer_each_time() {
    let mut health = SourceHealth::default();
    let avoided = |health: &SourceHealth, minutes| {
        let then = NOW + SignedDuration::from_mins(minutes);
        // Fewer choices than it takes to be passed over too often.
        !firsts(&[1, 1], &mut health.clone(), 0..15, then).contains(&1)
    };
    health.failed(&name(1), NOW);
    assert!(avoided(&health, 0) && avoided(&health, 9) && !avoided(&health, 10));
    health.failed(&name(1), NOW);
    assert!(avoided(&health, 19) && !avoided(&health, 20));
    for _ in 0..1_000 {
        health.failed(&name(1), NOW);
    }
    assert!(avoided(&health, 69) && !avoided(&health, 70), "there is an end to it");
    health.served(&name(1), 1, SECOND, NOW);
    assert!(!avoided(&health, 0), "it works again");
}

#[test]
fn all_that_fail_are_still_asked() {
    let mut health = SourceHealth::default();
    (0..3).for_each(|number| health.failed(&name(number), NOW));
    assert_eq!(counts(&firsts(&[1, 1, 1], &mut health, 0..300, NOW)).len(), 3);
}

/// Something that is found out about a source.
#[derive(Debug, Clone)]
enum Found {
    Served(usize, u64, u64),
    Failed(usize),
    Later(i64),
}

fn found() -> impl Strategy<Value = Found> {
    prop_oneof![
        (0..5_usize, 0..u64::MAX, 0..u64::MAX)
            .prop_map(|(it, bytes, took)| Found::Served(it, bytes, took)),
        (0..5_usize).prop_map(Found::Failed),
        (-100_000..100_000_i64).prop_map(Found::Later),
    ]
}

proptest! {
    #[test]
    fn every_equal_is_tried_again_within_nine_choices_for_each(
        found in vec(found(), 0..40), count in 1..6_usize, seed: u64,
    ) {
        let mut health = SourceHealth::default();
        let mut now = NOW;
        let mut last = vec![0; count];
        for (turn, found) in (1..).zip(found.iter().cycle().take(400)) {
            match *found {
                Found::Served(it, bytes, took) => {
                    health.served(&name(it), bytes, Duration::from_nanos(took), now);
                }
                Found::Failed(it) => health.failed(&name(it), now),
                Found::Later(seconds) => now += SignedDuration::from_secs(seconds),
            }
            let seed = seed / 2 + turn;
            let chosen = firsts(&vec![1; count], &mut health, seed..seed + 1, now);
            for number in chosen {
                last[number] = turn;
            }
            let most = 9 * u64::try_from(count).unwrap();
            prop_assert!(last.iter().all(|last| turn - last <= most), "{last:?} in turn {turn}");
        }
    }

    #[test]
    fn never_across_numbers(
        found in vec(found(), 0..40), priorities in vec(1..4_u32, 1..5), seed: u64,
    ) {
        let mut health = SourceHealth::default();
        for found in found {
            match found {
                Found::Served(it, bytes, took) => {
                    health.served(&name(it), bytes, Duration::from_nanos(took), NOW);
                }
                Found::Failed(it) => health.failed(&name(it), NOW),
                Found::Later(_) => {}
            }
        }
        let mut selection = SourceSelection::new(&sources(&priorities), seed);
        let mut asked = Vec::new();
        while let Choice::Try(source) = selection.choose_adaptively(NOW, &mut health) {
            selection.lacks(&source.distribution_point, "not there");
            asked.push(source.priority);
        }
        prop_assert_eq!(asked.len(), priorities.len());
        prop_assert!(asked.is_sorted());
    }

    #[test]
    fn failed_one_is_avoided_while_others_work(
        failed in 0..4_usize, served in vec(1..u64::MAX, 4), seed: u64,
    ) {
        let mut health = SourceHealth::default();
        for (number, bytes) in served.into_iter().enumerate() {
            health.served(&name(number), bytes, SECOND, NOW);
        }
        health.failed(&name(failed), NOW);
        let seed = seed / 2;
        let chosen = firsts(&[1; 4], &mut health, seed..seed + 32, NOW);
        prop_assert!(!chosen.contains(&failed));
    }
}
