//! The choice of a source by the rules of PDP-7.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::{Choice, SourceSelection};
use crate::model::{Name, PullSourceSettings};

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

fn sources(priorities: &[u32]) -> Vec<PullSourceSettings> {
    let source = |(index, priority): (usize, &u32)| PullSourceSettings {
        priority: *priority,
        distribution_point: format!("dp-{index:02}").parse().unwrap(),
        url: format!("http://dp-{index:02}.example:8080"),
    };
    priorities.iter().enumerate().map(source).collect()
}

fn tried(choice: Choice) -> PullSourceSettings {
    match choice {
        Choice::Try(source) => source,
        Choice::Wait { .. } => panic!("a source was left"),
    }
}

#[test]
fn chosen_source_stays_until_it_lacks_the_content() {
    let mut selection = SourceSelection::new(&sources(&[1, 1, 1]), 7);
    let first = tried(selection.choose(NOW));
    assert_eq!(tried(selection.choose(NOW)), first);
    selection.lacks(&first.distribution_point, "404");
    assert_ne!(tried(selection.choose(NOW)), first);
}

#[test]
fn nobody_has_it_waits_thirty_minutes_then_starts_over() {
    let mut selection = SourceSelection::new(&sources(&[1, 5]), 7);
    let names: Vec<Name> = ["dp-00", "dp-01"].map(|name| name.parse().unwrap()).to_vec();
    for name in &names {
        assert_eq!(tried(selection.choose(NOW)).distribution_point, *name);
        selection.lacks(name, "not there");
    }
    let until = NOW + SignedDuration::from_mins(30);
    let reasons = vec!["dp-00: not there".to_owned(), "dp-01: not there".to_owned()];
    let wait = Choice::Wait { until, reasons };
    assert_eq!(selection.choose(NOW), wait);
    assert_eq!(selection.choose(until - SignedDuration::from_secs(1)), wait, "still waiting");
    assert_eq!(tried(selection.choose(until)).distribution_point, names[0]);
}

#[test]
fn news_ends_the_waiting() {
    let mut selection = SourceSelection::new(&sources(&[1]), 7);
    selection.lacks(&"dp-00".parse().unwrap(), "not there");
    assert!(matches!(selection.choose(NOW), Choice::Wait { .. }));
    selection.start_over();
    assert!(matches!(selection.choose(NOW), Choice::Try(_)));
}

#[test]
fn without_sources_it_waits() {
    let choice = SourceSelection::new(&[], 7).choose(NOW);
    assert!(matches!(choice, Choice::Wait { reasons, .. } if reasons == ["it has no sources"]));
}

#[test]
fn equals_are_chosen_uniformly() {
    // Chi-squared with four degrees of freedom: 23.5 is exceeded once in 10,000 by chance, and
    // the seeds are fixed, so the outcome is too.
    const ROUNDS: u64 = 20_000;
    let sources = sources(&[2, 2, 2, 2, 2, 9]);
    for place in 0..2 {
        let mut counts: BTreeMap<Name, f64> = BTreeMap::new();
        for seed in 0..ROUNDS {
            let mut selection = SourceSelection::new(&sources, seed);
            for _ in 0..place {
                let earlier = tried(selection.choose(NOW));
                selection.lacks(&earlier.distribution_point, "not there");
            }
            let name = tried(selection.choose(NOW)).distribution_point;
            *counts.entry(name).or_default() += 1.0;
        }
        assert_eq!(counts.len(), 5, "never the higher number");
        let expected = 20_000.0 / 5.0;
        let chi_squared: f64 =
            counts.values().map(|count| (count - expected).powi(2) / expected).sum();
        assert!(chi_squared < 23.5, "{chi_squared} in place {place}: {counts:?}");
    }
}

proptest! {
    #[test]
    fn every_source_is_tried_once_in_order_of_priority(
        priorities in proptest::collection::vec(0_u32..4, 1..12), seed: u64,
    ) {
        let sources = sources(&priorities);
        let mut selection = SourceSelection::new(&sources, seed);
        let mut order = Vec::new();
        while let Choice::Try(source) = selection.choose(NOW) {
            selection.lacks(&source.distribution_point, "not there");
            order.push(source);
        }
        let names: BTreeSet<_> = order.iter().map(|source| &source.distribution_point).collect();
        prop_assert_eq!(names.len(), sources.len());
        prop_assert_eq!(order.len(), sources.len());
        prop_assert!(order.is_sorted_by_key(|source| source.priority));
    }

    #[test]
    fn same_seed_makes_the_same_choices(seed: u64) {
        let sources = sources(&[1, 1, 1, 1]);
        let mut one = SourceSelection::new(&sources, seed);
        let mut other = SourceSelection::new(&sources, seed);
        for _ in 0..4 {
            let choice = one.choose(NOW);
            prop_assert_eq!(&choice, &other.choose(NOW));
            if let Choice::Try(source) = choice {
                one.lacks(&source.distribution_point, "");
                other.lacks(&source.distribution_point, "");
            }
        }
    }
}

#[test]
fn every_order_of_equals_is_as_likely() {
    // 24 orders of four equals. Chi-squared with 23 degrees of freedom: 57.3 is exceeded once in
    // 10,000 by chance, and the seeds are fixed. One machine after the other, and one machine round
    // after round: the choices of a transfer that goes on for days are chance too.
    const ROUNDS: u32 = 24_000;
    let sources = sources(&[3, 3, 3, 3]);
    let order = |selection: &mut SourceSelection, now| -> Vec<Name> {
        let next = || match selection.choose(now) {
            Choice::Try(source) => {
                selection.lacks(&source.distribution_point, "not there");
                Some(source.distribution_point)
            }
            Choice::Wait { .. } => None,
        };
        std::iter::from_fn(next).collect()
    };
    let mut of_many: BTreeMap<Vec<Name>, f64> = BTreeMap::new();
    let mut of_one = of_many.clone();
    let mut one = SourceSelection::new(&sources, 11);
    for round in 0..ROUNDS {
        let mut new = SourceSelection::new(&sources, round.into());
        *of_many.entry(order(&mut new, NOW)).or_default() += 1.0;
        let now = NOW + SignedDuration::from_mins(30) * i32::try_from(round).unwrap();
        *of_one.entry(order(&mut one, now)).or_default() += 1.0;
    }
    for counts in [of_many, of_one] {
        assert_eq!(counts.len(), 24);
        let chi_squared: f64 = counts.values().map(|it| (it - 1_000.0).powi(2) / 1_000.0).sum();
        assert!(chi_squared < 57.3, "{chi_squared}: {counts:?}");
    }
}
