//! When a file of an update is tried again that has not come.

use jiff::SignedDuration;

/// Why a file has not come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileTrouble {
    /// The upstream server does not have it yet, and was asked to fetch it.
    ComesLater,
    /// Something that may pass: a connection that broke, a server that is busy.
    Passing,
    /// What came was another file, or whoever should have it says that there is none.
    Wrong,
}

impl FileTrouble {
    /// How long to wait before the next try, after so many that were in vain: twice as long each
    /// time, within bounds. `asked` is how long the server asks to be left alone.
    pub fn wait(self, tries: u32, asked: Option<SignedDuration>) -> SignedDuration {
        let (first, longest) = match self {
            Self::ComesLater => (SignedDuration::from_secs(10), SignedDuration::from_mins(10)),
            Self::Passing => (SignedDuration::from_secs(30), SignedDuration::from_hours(1)),
            Self::Wrong => (SignedDuration::from_hours(1), SignedDuration::from_hours(24)),
        };
        let doubled = first.checked_mul(1 << tries.min(20)).unwrap_or(longest).min(longest);
        asked.map_or(doubled, |asked| asked.max(doubled).min(SignedDuration::from_hours(24)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_between_tries_doubles_up_to_a_bound() {
        let waits: Vec<_> =
            (0..8).map(|tries| FileTrouble::ComesLater.wait(tries, None).as_secs()).collect();
        assert_eq!(waits, [10, 20, 40, 80, 160, 320, 600, 600]);
        assert_eq!(FileTrouble::Passing.wait(u32::MAX, None), SignedDuration::from_hours(1));
        assert_eq!(FileTrouble::Wrong.wait(0, None), SignedDuration::from_hours(1));
    }

    #[test]
    fn a_server_that_asks_for_more_time_gets_it_but_not_for_ever() {
        let asks = |hours| Some(SignedDuration::from_hours(hours));
        assert_eq!(FileTrouble::Passing.wait(0, asks(2)), SignedDuration::from_hours(2));
        assert_eq!(FileTrouble::Passing.wait(0, asks(99)), SignedDuration::from_hours(24));
    }
}
