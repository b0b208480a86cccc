//! Whether a source sends so slowly that a transfer leaves it: measured against other sources that
//! serve the same file, or, where there is none, against a pace at which nothing ever ends.
//!
//! Times are those of a monotonic clock, counted from any moment.

use std::time::Duration;

/// Over how long a pace is measured: long enough that a pause of the network is not a pace.
pub const WINDOW: Duration = Duration::from_secs(10);

/// A source is slow if another one sends so many times as fast over the same file.
pub const TIMES_AS_FAST: u64 = 16;

/// A source below so many bytes a second is slow whatever the others do: a hundred megabytes would
/// take more than a day.
pub const LEAST: u64 = 1 << 10;

/// So many windows in a row a source has to be below [`LEAST`].
pub const WINDOWS_BELOW: u32 = 6;

/// The pace of one connection to a source.
#[derive(Debug, Clone)]
pub struct SourcePace {
    since: Duration,
    bytes: u64,
    rate: Option<u64>,
    below: u32,
}

impl SourcePace {
    /// A connection from now on.
    pub fn new(now: Duration) -> Self {
        Self { since: now, bytes: 0, rate: None, below: 0 }
    }

    /// So many bytes came, possibly none. Answers whether a window has ended with it.
    pub fn received(&mut self, bytes: u64, now: Duration) -> bool {
        self.bytes = self.bytes.saturating_add(bytes);
        let window = now.saturating_sub(self.since);
        if window < WINDOW {
            return false;
        }
        let milliseconds = u64::try_from(window.as_millis()).unwrap_or(u64::MAX).max(1);
        let rate = self.bytes.saturating_mul(1_000) / milliseconds;
        self.below = if rate < LEAST { self.below.saturating_add(1) } else { 0 };
        (self.rate, self.since, self.bytes) = (Some(rate), now, 0);
        true
    }

    /// Bytes a second in the last window that has ended.
    pub fn rate(&self) -> Option<u64> {
        self.rate
    }

    /// Whether it should be left: `fastest` is the pace of the fastest other source of the file.
    pub fn is_slow(&self, fastest: Option<u64>) -> bool {
        let Some(rate) = self.rate else { return false };
        let outpaced = fastest.is_some_and(|it| rate.saturating_mul(TIMES_AS_FAST) < it);
        outpaced || self.below >= WINDOWS_BELOW
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_source_is_slow_beside_one_that_is_sixteen_times_as_fast() {
        let mut pace = SourcePace::new(after(5));
        assert!(!pace.received(50_000, after(14)), "the window is not over");
        assert!(!pace.is_slow(Some(u64::MAX)), "nothing is known yet");
        assert!(pace.received(50_000, after(15)));
        assert_eq!(pace.rate(), Some(10_000));
        assert!(!pace.is_slow(Some(160_000)) && pace.is_slow(Some(160_001)));
        assert!(!pace.is_slow(None));
    }

    #[test]
    fn a_source_that_hardly_sends_is_slow_after_a_minute() {
        let mut pace = SourcePace::new(after(0));
        for window in 1..=6 {
            assert!(!pace.is_slow(None), "{window}");
            pace.received(1_023 * 10, after(10 * window));
        }
        assert!(pace.is_slow(None));
        pace.received(1_024 * 10, after(70));
        assert!(!pace.is_slow(None), "it has recovered");
    }
}
