//! Anchors: how far a downstream server has come (protocol §1.6). Those of other servers are
//! opaque texts; these are our own, in the form that a real update point expects.

use std::{fmt, str::FromStr};

use jiff::{Timestamp, tz::Offset};

use super::date_time::civil_date_time;

/// Largest counter.
const MAX_COUNTER: u32 = i32::MAX as u32;

/// An anchor of ours: `<counter>,<yyyy-MM-dd HH:mm:ss.fff>` in UTC. Only the time decides what is
/// new; the counter is there for the form's sake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Anchor {
    counter: u32,
    at: Timestamp,
}

/// Why something is not an anchor of ours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AnchorError {
    /// The text has another form.
    #[error("`{0}` is not an anchor such as `9438,2026-10-04 16:33:26.671`")]
    Form(String),
    /// The counter is zero or does not fit.
    #[error("anchor counter {0} is not between 1 and {MAX_COUNTER}")]
    Counter(u32),
    /// The time has no four-digit year.
    #[error("anchor time {0} is not between the years 1 and 9999")]
    Time(Timestamp),
}

impl Anchor {
    /// An anchor at this time, cut to milliseconds.
    pub fn new(counter: u32, at: Timestamp) -> Result<Self, AnchorError> {
        if counter == 0 || counter > MAX_COUNTER {
            return Err(AnchorError::Counter(counter));
        }
        let millisecond =
            at.as_millisecond().saturating_sub(i64::from(at.subsec_nanosecond() % 1_000_000 < 0));
        let cut = Timestamp::from_millisecond(millisecond).map_err(|_| AnchorError::Time(at))?;
        if Offset::UTC.to_datetime(cut).year() < 1 {
            return Err(AnchorError::Time(at));
        }
        Ok(Self { counter, at: cut })
    }

    /// The counter, from 1 to 2³¹-1.
    pub const fn counter(self) -> u32 {
        self.counter
    }

    /// The time, in whole milliseconds.
    pub const fn at(self) -> Timestamp {
        self.at
    }
}

impl fmt::Display for Anchor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let moment = Offset::UTC.to_datetime(self.at);
        write!(
            f,
            "{},{:04}-{:02}-{:02} {:02}:{:02}:{:02}.{:03}",
            self.counter,
            moment.year(),
            moment.month(),
            moment.day(),
            moment.hour(),
            moment.minute(),
            moment.second(),
            moment.millisecond()
        )
    }
}

impl FromStr for Anchor {
    type Err = AnchorError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let form = || AnchorError::Form(text.chars().take(60).collect());
        let (counter, time) = text.split_once(',').ok_or_else(form)?;
        if counter.is_empty() || !counter.bytes().all(|it| it.is_ascii_digit()) {
            return Err(form());
        }
        let counter = counter.parse().map_err(|_| form())?;
        let (civil, fraction) = time.split_once('.').ok_or_else(form)?;
        if fraction.len() != 3 || civil.as_bytes().get(10) != Some(&b' ') {
            return Err(form());
        }
        let moment = civil_date_time(civil, fraction).ok_or_else(form)?;
        let at = Offset::UTC.to_timestamp(moment).map_err(|_| form())?;
        Self::new(counter, at)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn captured_anchor_reads_back() {
        let anchor: Anchor = "9438,2026-10-04 16:33:26.671".parse().unwrap();
        assert_eq!(anchor.counter(), 9438);
        assert_eq!(anchor.at().to_string(), "2026-10-04T16:33:26.671Z");
        assert_eq!(anchor.to_string(), "9438,2026-10-04 16:33:26.671");
    }

    #[test]
    fn anchor_rejects_garbage() {
        for text in [
            "",
            "9438",
            "0,2026-10-04 16:33:26.671",
            "2147483648,2026-10-04 16:33:26.671",
            "99999999999,2026-10-04 16:33:26.671",
            "+1,2026-10-04 16:33:26.671",
            "1,2026-10-04T16:33:26.671",
            "1,2026-10-04 16:33:26.67",
            "1,2026-10-04 16:33:26",
            "1,2026-02-30 16:33:26.671",
            "1,2026-10-04 16:33:26.671Z",
            "1, 2026-10-04 16:33:26.671",
            "2026-10-05 17:27:44.393",
        ] {
            assert!(text.parse::<Anchor>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn text_form_reads_back(
            counter in 1..=MAX_COUNTER,
            nanosecond in -62_135_596_800_000_000_000_i128..253_402_207_200_000_000_000,
        ) {
            let at = Timestamp::from_nanosecond(nanosecond).unwrap();
            let anchor = Anchor::new(counter, at).unwrap();
            prop_assert_eq!(anchor.to_string().parse(), Ok(anchor));
            prop_assert!(anchor.at() <= at);
        }
    }
}
