//! When a call to an upstream server is made again.

use jiff::SignedDuration;

/// Tries of one call at most: the first one, and those after it.
const TRIES: u32 = 6;

/// How long after the first try that failed; twice as long after each further one.
const FIRST: SignedDuration = SignedDuration::from_secs(2);

/// Longest time that is waited for a server that says when to come again: a synchronization that waits
/// longer fails, and its sync manager tries again later (SYNC-8).
const LONGEST: SignedDuration = SignedDuration::from_mins(10);

/// The tries of one call.
#[derive(Debug, Clone, Copy, Default)]
pub struct CallRetry {
    failed: u32,
}

impl CallRetry {
    /// A try has failed in a way that may pass. How long to wait before the next one; `None`: there is no
    /// next one. `asked` is how long the server asks to be left alone, `dice` a random number from 0 to 1
    /// that keeps many callers from coming back at once.
    pub fn after(&mut self, asked: Option<SignedDuration>, dice: f64) -> Option<SignedDuration> {
        self.failed = self.failed.saturating_add(1);
        if self.failed >= TRIES {
            return None;
        }
        let doubled = FIRST.checked_mul(1 << (self.failed - 1)).unwrap_or(LONGEST);
        let spread = doubled.as_secs_f64() * (0.5 + dice.clamp(0.0, 1.0) / 2.0);
        let own = SignedDuration::try_from_secs_f64(spread).unwrap_or(doubled);
        let wait = asked.map_or(own, |asked| asked.max(own));
        (wait <= LONGEST).then_some(wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(it: i64) -> SignedDuration {
        SignedDuration::from_secs(it)
    }

    #[test]
    fn the_time_between_tries_doubles_until_there_are_six() {
        let mut retry = CallRetry::default();
        let waits: Vec<_> = (0..6).map(|_| retry.after(None, 1.0)).collect();
        let expected = [2, 4, 8, 16, 32].map(|it| Some(seconds(it)));
        assert_eq!(waits, [expected.as_slice(), &[None]].concat());
    }

    #[test]
    fn callers_are_spread_over_half_of_the_time() {
        let wait = |dice| CallRetry::default().after(None, dice);
        assert_eq!((wait(0.0), wait(1.0)), (Some(seconds(1)), Some(seconds(2))));
        assert_eq!((wait(-7.0), wait(7.0)), (Some(seconds(1)), Some(seconds(2))));
    }

    #[test]
    fn a_server_that_says_when_is_left_alone_until_then() {
        let asked = |it| CallRetry::default().after(Some(seconds(it)), 1.0);
        assert_eq!(asked(90), Some(seconds(90)));
        assert_eq!(asked(0), Some(seconds(2)));
        assert_eq!(asked(601), None);
    }
}
