//! The choice of sources for one transfer.

use jiff::{SignedDuration, Timestamp};

use super::{health::SourceHealth, random::Random};
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
        self.choose_by(now, |random, equals| random.below(equals.len()))
    }

    /// The same, but what is remembered of the sources decides among equals, and remembers the
    /// choice (`pull.selection: Adaptive`).
    pub fn choose_adaptively(&mut self, now: Timestamp, health: &mut SourceHealth) -> Choice {
        self.choose_by(now, |random, equals| health.choose(equals, random, now))
    }

    fn choose_by(
        &mut self,
        now: Timestamp,
        among: impl FnOnce(&mut Random, &[&Name]) -> usize,
    ) -> Choice {
        // A clock that has been put back makes nobody wait longer than half an hour from now.
        let latest = now.saturating_add(WAIT).unwrap_or(Timestamp::MAX);
        self.waiting_until = self.waiting_until.map(|until| until.min(latest));
        match self.waiting_until {
            Some(until) if now < until => return Choice::Wait { until, reasons: self.reasons() },
            Some(_) => self.start_over(),
            None => {}
        }
        if let Some(current) = self.sources.iter().find(|source| source.current) {
            return Choice::Try(current.settings.clone());
        }
        // Sorted by priority: the first one that is left has the lowest number that is left.
        let left = self.sources.iter().find(|source| source.refused.is_none());
        let Some(lowest) = left.map(|source| source.settings.priority) else {
            self.waiting_until = Some(latest);
            return Choice::Wait { until: latest, reasons: self.reasons() };
        };
        let equal = |it: &Candidate| it.refused.is_none() && it.settings.priority == lowest;
        let equals = self.sources.iter().filter(|source| equal(source));
        let names: Vec<&Name> = equals.map(|source| &source.settings.distribution_point).collect();
        let chosen = among(&mut self.random, &names);
        let mut equals = self.sources.iter_mut().filter(|source| equal(source));
        let Some(source) = equals.nth(chosen) else {
            // Not reached: the source that was found is one of them, and so is what is chosen.
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
