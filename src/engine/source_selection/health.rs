//! What a pull distribution point remembers of its sources, and how it chooses among equals by it.

use std::{collections::BTreeMap, time::Duration};

use jiff::{SignedDuration, Timestamp};

use super::random::Random;
use crate::model::Name;

/// Failures count half after this time, a quarter after twice this time: a source that failed once is
/// avoided for ten minutes, one that failed twice in a row for twenty, and so on. Sources fail for
/// minutes (a restart, an update) or for hours; both are left soon enough and tried again soon enough.
const HALF_LIFE: SignedDuration = SignedDuration::from_mins(10);

/// More failures than this say nothing new: the longest time for which a source is avoided is seven
/// times [`HALF_LIFE`].
const MOST_FAILURES: u32 = 64;

/// A rate that is older than this is forgotten: lines have other loads by then.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(6);

/// A source is chosen at the latest after it was passed over so often for each of its equals. One
/// choice in eight costs little where a source is bad, and finds out soon that it is not any more.
const PASSED_OVER: u64 = 8;

/// No line is faster, whatever a clock says: a terabyte a second.
const FASTEST: u64 = 1 << 40;

/// Fewer bytes tell more of the time to answer than of the line.
const MEASURED: u64 = 64 << 10;

/// What a pull distribution point remembers of its sources, over all its transfers
/// (`pull.selection: Adaptive`). Kept in memory only: a process that starts anew knows nothing.
#[derive(Debug, Clone, Default)]
pub struct SourceHealth {
    sources: BTreeMap<Name, Health>,
}

#[derive(Debug, Clone, Default)]
struct Health {
    /// Bytes a second, smoothed, and when they were measured last.
    rate: Option<(u64, Timestamp)>,
    /// How often it failed since it worked last, and when.
    failures: u32,
    failed_at: Option<Timestamp>,
    /// How often an equal was chosen since this one was.
    passed_over: u64,
}

impl SourceHealth {
    /// A source gave so many bytes in this time: it works.
    pub fn served(&mut self, source: &Name, bytes: u64, took: Duration, now: Timestamp) {
        let health = self.sources.entry(source.clone()).or_default();
        health.failures = 0;
        let nanoseconds = took.as_nanos();
        if bytes < MEASURED || nanoseconds == 0 {
            return;
        }
        let rate = u128::from(bytes) * 1_000_000_000 / nanoseconds;
        let rate = u64::try_from(rate).unwrap_or(u64::MAX).clamp(1, FASTEST);
        // Three parts of what was known, one of what is new: one odd measurement decides nothing.
        let smoothed = health.rate(now).map_or(rate, |known| known / 4 * 3 + rate / 4);
        health.rate = Some((smoothed.max(1), now));
    }

    /// A source failed, or lacked what it should have.
    pub fn failed(&mut self, source: &Name, now: Timestamp) {
        let health = self.sources.entry(source.clone()).or_default();
        health.failures = (health.failures(now) + 1).min(MOST_FAILURES);
        health.failed_at = Some(now);
    }

    /// Chooses among equals, by their place in the list: one that was passed over too often, or else
    /// one of those that do not fail, each as likely as it is fast. What was never measured counts as
    /// fast as the fastest.
    pub(super) fn choose(
        &mut self,
        equals: &[&Name],
        random: &mut Random,
        now: Timestamp,
    ) -> usize {
        let known: Vec<Health> = equals
            .iter()
            .map(|name| self.sources.get(*name).cloned().unwrap_or_default())
            .collect();
        let count = u64::try_from(known.len()).unwrap_or(u64::MAX);
        let longest = known.iter().map(|it| it.passed_over).max().unwrap_or(0);
        let chosen = if longest >= PASSED_OVER.saturating_mul(count) {
            known.iter().position(|it| it.passed_over == longest).unwrap_or(0)
        } else {
            by_rate(&known, random, now)
        };
        for (place, name) in equals.iter().enumerate() {
            let health = self.sources.entry((*name).clone()).or_default();
            let passed_over = health.passed_over.saturating_add(1);
            health.passed_over = if place == chosen { 0 } else { passed_over };
        }
        chosen
    }
}

impl Health {
    fn rate(&self, now: Timestamp) -> Option<u64> {
        let (rate, at) = self.rate?;
        // A clock that was put back makes nothing older, and nothing last for ever.
        (now.duration_since(at).abs() <= REMEMBERED).then_some(rate)
    }

    fn failures(&self, now: Timestamp) -> u32 {
        let Some(at) = self.failed_at else { return 0 };
        let halved = now.duration_since(at).abs().as_secs() / HALF_LIFE.as_secs();
        u32::try_from(halved).map_or(self.failures, |by| self.failures.checked_shr(by).unwrap_or(0))
    }
}

/// One of those that fail least, each as likely as it is fast.
fn by_rate(known: &[Health], random: &mut Random, now: Timestamp) -> usize {
    let fewest = known.iter().map(|it| it.failures(now)).min().unwrap_or(0);
    let fastest = known.iter().filter_map(|it| it.rate(now)).max().unwrap_or(1);
    let weight = |it: &Health| {
        if it.failures(now) > fewest { 0 } else { u128::from(it.rate(now).unwrap_or(fastest)) }
    };
    let weights: Vec<u128> = known.iter().map(weight).collect();
    let total: u128 = weights.iter().sum();
    // A random part of the total: the product fits, because no weight has more than 41 bits.
    let mut left = (u128::from(random.next()) * total) >> 64;
    for (place, weight) in weights.iter().enumerate() {
        if left < *weight {
            return place;
        }
        left -= weight;
    }
    0
}
