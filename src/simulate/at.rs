//! Moments of virtual time.

use jiff::{SignedDuration, Timestamp};

use super::numbers::{float, whole};

/// A moment, in nanoseconds since the simulation began. 584 years of them fit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct At(u64);

const SECOND: f64 = 1e9;
/// Moments that are computed from rates are whole microseconds: what ends together in the world ends
/// at one moment here, whatever the last digit of a quotient is.
const STEP: u64 = 1_000;

impl At {
    pub(super) const BEGIN: Self = Self(0);
    pub(super) const NEVER: Self = Self(u64::MAX);

    /// So long after the beginning; before it counts as at the beginning.
    pub(super) fn after(span: SignedDuration) -> Self {
        Self(u64::try_from(span.as_nanos().max(0)).unwrap_or(u64::MAX))
    }

    /// The moment of a time by a true clock.
    pub(super) fn of(time: Timestamp, begin: Timestamp) -> Self {
        Self::after(time.duration_since(begin))
    }

    /// A span later.
    pub(super) fn plus(self, span: SignedDuration) -> Self {
        Self(self.0.saturating_add(Self::after(span).0))
    }

    /// So many seconds later, at least one step, so that time goes on.
    pub(super) fn plus_seconds(self, seconds: f64) -> Self {
        let steps = whole((seconds * (SECOND / 1e3)).ceil()).max(1);
        Self(self.0.saturating_add(steps.saturating_mul(STEP)) / STEP * STEP)
    }

    /// Nanoseconds since an earlier moment.
    pub(super) fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }

    /// Seconds since an earlier moment.
    pub(super) fn seconds_since(self, earlier: Self) -> f64 {
        float(self.since(earlier)) / SECOND
    }

    /// What a true clock shows.
    pub(super) fn timestamp(self, begin: Timestamp) -> Timestamp {
        let span = SignedDuration::from_nanos(i64::try_from(self.0).unwrap_or(i64::MAX));
        begin.saturating_add(span).unwrap_or(Timestamp::MAX)
    }
}
