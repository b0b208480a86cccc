//! When a source of manifests is asked for its newest commit.

use std::time::Duration;

/// At least so long lies between the beginnings of two fetches, however often somebody asks for one: a
/// push makes some servers call several times at once.
const SOONEST: Duration = Duration::from_secs(3);

/// How long after a source could not be reached it is tried again; twice as long after each further
/// time.
const FIRST: Duration = Duration::from_secs(5);

/// A time that differs by a tenth at most, so that many controllers do not all come at once. `dice` is a
/// random number from 0 to 1.
pub fn about(time: Duration, dice: f64) -> Duration {
    time.mul_f64(0.9 + 0.2 * dice.clamp(0.0, 1.0))
}

/// The pace at which one source is fetched.
#[derive(Debug, Clone, Copy)]
pub struct FetchPace {
    every: Duration,
    failed: u32,
}

impl FetchPace {
    /// A source that is fetched so often while all is well.
    pub const fn of(every: Duration) -> Self {
        Self { every, failed: 0 }
    }

    /// A fetch has ended, and the source was reached or not; how long to wait before the next one.
    /// Who cannot reach it tries sooner at first, and in the end as often as always. For `dice` see
    /// [`about`].
    pub fn after(&mut self, reached: bool, dice: f64) -> Duration {
        let wait = if reached {
            self.failed = 0;
            self.every
        } else {
            let doubled = FIRST.saturating_mul(2_u32.saturating_pow(self.failed));
            self.failed = self.failed.saturating_add(1);
            doubled.min(self.every)
        };
        about(wait, dice)
    }

    /// How long to wait when somebody asks for a fetch, so long after the last one began.
    pub fn asked(&self, since: Duration) -> Duration {
        SOONEST.min(self.every).saturating_sub(since)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(it: u64) -> Duration {
        Duration::from_secs(it)
    }

    #[test]
    fn a_source_is_asked_about_as_often_as_wanted() {
        let mut pace = FetchPace::of(seconds(1_000));
        assert_eq!(pace.after(true, 0.5), seconds(1_000));
        assert_eq!((pace.after(true, 0.0), pace.after(true, 1.0)), (seconds(900), seconds(1_100)));
        assert_eq!((pace.after(true, -7.0), pace.after(true, 7.0)), (seconds(900), seconds(1_100)));
    }

    #[test]
    fn one_that_cannot_be_reached_is_tried_sooner_at_first() {
        let mut pace = FetchPace::of(seconds(60));
        let waits: Vec<_> = (0..6).map(|_| pace.after(false, 0.5)).collect();
        assert_eq!(waits, [5, 10, 20, 40, 60, 60].map(seconds));
        assert_eq!(pace.after(true, 0.5), seconds(60));
        assert_eq!(pace.after(false, 0.5), seconds(5));
        for _ in 0..100 {
            assert!(pace.after(false, 0.5) <= seconds(60));
        }
        assert_eq!(FetchPace::of(seconds(1)).after(false, 0.5), seconds(1), "never more often");
    }

    #[test]
    fn who_asks_waits_as_little_as_others_allow() {
        let pace = FetchPace::of(seconds(60));
        let waits = [0, 1, 3, 50].map(|since| pace.asked(seconds(since)));
        assert_eq!(waits, [3, 2, 0, 0].map(seconds));
        assert_eq!(FetchPace::of(seconds(1)).asked(Duration::ZERO), seconds(1));
    }
}
