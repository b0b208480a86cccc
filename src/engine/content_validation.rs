//! When a distribution point hashes its content again, and how fast (PDP-15).

use std::time::Duration;

use jiff::Timestamp;

use crate::model::{ContentValidation, Interval, Priority};

/// The shortest time between two validations, whatever is asked for: one that begins when the last
/// one ends would do nothing else.
const SHORTEST: Interval = Interval::minutes(1);

/// What a second of hashing may take from the disk of a point that is to serve first of all: a
/// twentieth of what one disk gives, and 2.9 TB a day.
const LOW: u64 = 32 << 20;
/// The same for one that may notice it: 23 TB a day.
const MEDIUM: u64 = 256 << 20;

impl ContentValidation {
    /// How long to wait before the next one: until `every` after the last one has ended, or after the
    /// point was told of it. What is said to lie in the future, because a clock was ahead, counts as
    /// now.
    pub fn wait(&self, last: Option<Timestamp>, told: Timestamp, now: Timestamp) -> Duration {
        let since = last.unwrap_or(told).min(now);
        let left = self.every.max(SHORTEST).duration() - now.duration_since(since);
        Duration::try_from(left).unwrap_or_default()
    }

    /// How long to wait after so many bytes that took so long.
    pub fn pause(&self, bytes: u64, took: Duration) -> Duration {
        let bytes_a_second = match self.priority {
            Priority::Low => LOW,
            Priority::Medium => MEDIUM,
            Priority::High => return Duration::ZERO,
        };
        time_of_bytes(bytes, bytes_a_second).saturating_sub(took)
    }

    /// That of the content library of a site server, which nobody declares: every week, as slowly as a
    /// distribution point that is to serve first of all.
    pub fn of_site_server() -> Self {
        Self { every: Interval::days(7), priority: Priority::Low }
    }
}

/// How long so many bytes take at so many a second, or at one where nobody allows any.
pub fn time_of_bytes(bytes: u64, bytes_a_second: u64) -> Duration {
    // Nanoseconds of so many bytes: 584 years of them fit, and more are as good as for ever.
    let nanoseconds = u128::from(bytes) * 1_000_000_000 / u128::from(bytes_a_second.max(1));
    Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    fn validation(every: &str, priority: Priority) -> ContentValidation {
        ContentValidation { every: every.parse().unwrap(), priority }
    }

    #[test]
    fn the_next_one_begins_so_long_after_the_last_one_ended() {
        let weekly = validation("7d", Priority::Low);
        let told = Timestamp::UNIX_EPOCH;
        let week = Duration::from_hours(7 * 24);
        assert_eq!(weekly.wait(None, told, told), week);
        let last = told + SignedDuration::from_hours(24);
        let now = last + SignedDuration::from_hours(1);
        assert_eq!(weekly.wait(Some(last), told, now), Duration::from_hours(7 * 24 - 1));
        assert_eq!(weekly.wait(None, told, Timestamp::MAX), Duration::ZERO);
        assert_eq!(weekly.wait(Some(Timestamp::MAX), told, now), week, "a clock was ahead");
        let hot = validation("0s", Priority::Low);
        assert_eq!(hot.wait(Some(now), told, now), Duration::from_mins(1));
    }

    #[test]
    fn the_priority_bounds_the_rate() {
        let [low, medium, high] =
            [Priority::Low, Priority::Medium, Priority::High].map(|it| validation("7d", it));
        let second = Duration::from_secs(1);
        assert_eq!(low.pause(32 << 20, Duration::ZERO), second);
        assert_eq!(medium.pause(256 << 20, second / 4), second * 3 / 4);
        assert_eq!(medium.pause(256 << 20, second * 2), Duration::ZERO, "it is slow enough");
        assert_eq!(high.pause(u64::MAX, Duration::ZERO), Duration::ZERO);
        assert!(low.pause(u64::MAX, Duration::ZERO) > second * 1_000_000);
    }
}
