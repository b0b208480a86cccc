//! Which source a pull distribution point asks next (PDP-7): the lowest number first, at random
//! among equals, another one when the chosen one lacks the content, the next number when all of
//! these do, and half an hour of waiting when nobody has it. One machine serves one transfer.

use jiff::{SignedDuration, Timestamp};

use crate::model::{Name, PullSourceSettings};

/// How long a transfer waits after no source had the content (PDP-7).
pub const WAIT: SignedDuration = SignedDuration::from_mins(30);

/// The choice of sources for one transfer.
#[derive(Debug, Clone)]
pub struct SourceSelection {
    sources: Vec<Candidate>,
    random: Random,
    waiting_until: Option<Timestamp>,
}

#[derive(Debug, Clone)]
struct Candidate {
    settings: PullSourceSettings,
    /// What it answered in this round; `None` while it was not asked or serves.
    refused: Option<String>,
    current: bool,
}

/// What to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// Ask this source.
    Try(PullSourceSettings),
    /// No source has the content: start over at this time.
    Wait {
        /// When to choose again.
        until: Timestamp,
        /// What each source answered, by priority and name: `name: reason`.
        reasons: Vec<String>,
    },
}

impl SourceSelection {
    /// A choice among these sources. The seed decides among equals: the same seed, the same choices.
    pub fn new(sources: &[PullSourceSettings], seed: u64) -> Self {
        let mut sources: Vec<_> = sources
            .iter()
            .map(|settings| Candidate { settings: settings.clone(), refused: None, current: false })
            .collect();
        sources.sort_by(|a, b| a.settings.cmp(&b.settings));
        Self { sources, random: Random(seed), waiting_until: None }
    }

    /// What to do now. A source that was chosen stays the choice until [`SourceSelection::lacks`]
    /// says otherwise; while the machine waits, the answer is when the waiting ends.
    pub fn choose(&mut self, now: Timestamp) -> Choice {
        match self.waiting_until {
            Some(until) if now < until => return Choice::Wait { until, reasons: self.reasons() },
            Some(_) => self.start_over(),
            None => {}
        }
        if let Some(current) = self.sources.iter().find(|source| source.current) {
            return Choice::Try(current.settings.clone());
        }
        // Sorted by priority: the first one that is left has the lowest number that is left.
        let mut left = self.sources.iter_mut().filter(|source| source.refused.is_none()).peekable();
        let Some(lowest) = left.peek().map(|source| source.settings.priority) else {
            let until = now.saturating_add(WAIT).unwrap_or(Timestamp::MAX);
            self.waiting_until = Some(until);
            return Choice::Wait { until, reasons: self.reasons() };
        };
        let mut equals: Vec<_> =
            left.take_while(|source| source.settings.priority == lowest).collect();
        let chosen = self.random.below(equals.len());
        let Some(source) = equals.get_mut(chosen) else {
            // Not reached: `equals` holds the peeked source and `below` stays below its length.
            return Choice::Wait { until: now, reasons: Vec::new() };
        };
        source.current = true;
        Choice::Try(source.settings.clone())
    }

    /// The other sources of the same number that have not been given up in this round: they may have
    /// parts of the content while this one serves.
    pub fn equals(&self, source: &PullSourceSettings) -> Vec<PullSourceSettings> {
        let equal = |it: &&Candidate| {
            it.refused.is_none()
                && it.settings.priority == source.priority
                && it.settings.distribution_point != source.distribution_point
        };
        self.sources.iter().filter(equal).map(|it| it.settings.clone()).collect()
    }

    /// A source lacks the content, or failed: it is not asked again before the next round.
    pub fn lacks(&mut self, source: &Name, reason: impl Into<String>) {
        let reason = reason.into();
        for candidate in &mut self.sources {
            if candidate.settings.distribution_point == *source {
                candidate.refused = Some(reason.clone());
                candidate.current = false;
            }
        }
    }

    /// Forgets what the sources answered and stops waiting: there is news, such as a new notification
    /// of the site (PDP-5).
    pub fn start_over(&mut self) {
        self.waiting_until = None;
        for source in &mut self.sources {
            source.refused = None;
            source.current = false;
        }
    }

    fn reasons(&self) -> Vec<String> {
        if self.sources.is_empty() {
            return vec!["it has no sources".to_owned()];
        }
        let said = |source: &Candidate| {
            let reason = source.refused.as_deref()?;
            Some(format!("{}: {reason}", source.settings.distribution_point))
        };
        self.sources.iter().filter_map(said).collect()
    }
}

/// Random numbers from a seed (`SplitMix64`: one addition and three multiplications, well mixed from
/// the first number on).
#[derive(Debug, Clone)]
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `count`, each as likely; 0 for 0.
    fn below(&mut self, count: usize) -> usize {
        let Ok(count) = u64::try_from(count) else { return 0 };
        if count <= 1 {
            return 0;
        }
        // Numbers of the last, incomplete run would make small remainders more likely.
        let whole_runs = u64::MAX - u64::MAX % count;
        loop {
            let number = self.next();
            if number < whole_runs {
                return usize::try_from(number % count).unwrap_or(0);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;

    use super::*;

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
}
