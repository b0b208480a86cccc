//! What holds for every script.

use std::collections::BTreeMap;

use proptest::{collection::vec, prelude::*};

use super::{
    scripts::{Minute, Point, Source},
    story::Story,
};

/// Longer than any of these stories can go on: 30 retries, 72 polls, and what the sources need.
const END: Minute = 20 + 600 + 4_320 + 500;

fn source() -> impl Strategy<Value = Source> {
    let breaks = prop_oneof![Just(None), (0..20_i64).prop_map(Some)];
    (1..4_u32, 0..200_i64, 0..200_i64, 1..40_i64, breaks).prop_map(
        |(priority, reported, serves, takes, breaks_after)| Source {
            priority,
            reported: reported..Minute::MAX,
            serves: serves..Minute::MAX,
            takes,
            breaks_after,
        },
    )
}

fn point() -> impl Strategy<Value = Point> {
    (0..300_i64, 40..60_usize, 0..200_i64, any::<bool>()).prop_map(
        |(reachable, others, others_until, reports)| Point {
            reachable: reachable..Minute::MAX,
            others,
            others_until,
            reports,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn any_script_ends_well_if_one_source_does(
        sources in vec(source(), 1..6), point in point(), seed: u64,
    ) {
        let mut story = Story::new(&sources).with_point(point).with_seed(seed);
        story.until(END);
        let breaks = |it: &Source| it.breaks_after.is_some_and(|after| after < it.takes);
        let well = sources.iter().any(|it| !breaks(it));
        prop_assert_eq!(story.has_it(), well);
        prop_assert_eq!(story.minutes("complete").len(), usize::from(well));
        prop_assert_eq!(story.cancelled(), !well);
    }

    #[test]
    fn rounds_go_through_the_numbers_and_lie_thirty_minutes_apart(
        sources in vec(source(), 1..6), seed: u64,
    ) {
        let mut story = Story::new(&sources).with_seed(seed);
        story.until(END);
        let priority: BTreeMap<String, u32> = ('a'..)
            .map(String::from)
            .zip(sources.iter().map(|source| source.priority))
            .collect();
        let waits = story.minutes("nobody has it, wait 30");
        let mut rounds: Vec<Vec<(Minute, &str)>> = Vec::new();
        for asked in story.asked() {
            let round = waits.iter().filter(|wait| **wait < asked.0).count();
            rounds.resize(rounds.len().max(round + 1), Vec::new());
            rounds[round].push(asked);
        }
        for (number, round) in rounds.iter().enumerate() {
            let asked: Vec<u32> = round.iter().map(|(_, name)| priority[*name]).collect();
            // Lowest first, and a number is exhausted before the next one: the order says both.
            let mut whole: Vec<u32> = sources.iter().map(|it| it.priority).collect();
            whole.sort_unstable();
            prop_assert_eq!(&asked[..], &whole[..asked.len()]);
            let mut names: Vec<_> = round.iter().map(|(_, name)| *name).collect();
            names.sort_unstable();
            names.dedup();
            prop_assert_eq!(names.len(), round.len(), "each once in a round");
            if let Some(wait) = number.checked_sub(1).map(|it| waits[it]) {
                prop_assert_eq!(round[0].0, wait + 30);
            }
        }
    }
}
