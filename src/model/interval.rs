//! Spans of time as people write them: `90s`, `20m`, `1h`, `7d`.

use std::{fmt, str::FromStr};

use jiff::SignedDuration;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{InvalidText, text::Parsed};

/// A span of time in whole seconds, written as a number and one of `s`, `m`, `h`, `d`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, JsonSchema)]
#[schemars(with = "IntervalText")]
pub struct Interval(u32);

/// A span of time: a number and one of `s`, `m`, `h`, `d`, such as `90s`, `20m`, `1h` or `7d`.
#[derive(JsonSchema)]
#[schemars(rename = "Interval")]
struct IntervalText(
    #[expect(dead_code, reason = "only its schema is used")]
    #[schemars(
        regex(pattern = "^([0-9]{1,7}s|[0-9]{1,6}m|[0-9]{1,5}h|[0-9]{1,4}d)$"),
        extend("examples" = ["90s", "20m", "1h", "7d"])
    )]
    String,
);

impl Interval {
    /// That many seconds.
    pub const fn seconds(seconds: u32) -> Self {
        Self(seconds)
    }

    /// That many minutes.
    pub const fn minutes(minutes: u32) -> Self {
        Self(minutes * 60)
    }

    /// That many hours.
    pub const fn hours(hours: u32) -> Self {
        Self::minutes(hours * 60)
    }

    /// That many days.
    pub const fn days(days: u32) -> Self {
        Self::hours(days * 24)
    }

    /// The span in seconds.
    pub const fn as_seconds(self) -> u32 {
        self.0
    }

    /// The span as a duration that can be added to a time.
    pub const fn duration(self) -> SignedDuration {
        // A u32 always fits an i64.
        SignedDuration::from_secs(self.0 as i64)
    }
}

impl FromStr for Interval {
    type Err = InvalidText;

    fn from_str(text: &str) -> Result<Self, InvalidText> {
        let invalid = || InvalidText {
            text: text.to_owned(),
            what: "duration",
            rule: "write a number and one of s, m, h, d, such as `90s`, `20m`, `1h` or `7d`",
        };
        // So many digits that none of them is too large, and each reads back in a larger unit.
        let (unit, digits) = match text.as_bytes().last() {
            Some(b's') => (1, 7),
            Some(b'm') => (60, 6),
            Some(b'h') => (3_600, 5),
            Some(b'd') => (86_400, 4),
            _ => return Err(invalid()),
        };
        let number = &text[..text.len() - 1];
        if !(1..=digits).contains(&number.len()) || !number.bytes().all(|c| c.is_ascii_digit()) {
            return Err(invalid());
        }
        let number: u32 = number.parse().map_err(|_| invalid())?;
        number.checked_mul(unit).map(Self).ok_or_else(invalid)
    }
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (unit, letter) in [(86_400, 'd'), (3_600, 'h'), (60, 'm')] {
            if self.0 >= unit && self.0.is_multiple_of(unit) {
                return write!(f, "{}{letter}", self.0 / unit);
            }
        }
        write!(f, "{}s", self.0)
    }
}

impl fmt::Debug for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Interval {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Interval {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Parsed::from(deserializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_back_in_the_largest_whole_unit() {
        for (text, seconds, shown) in
            [("90s", 90, "90s"), ("20m", 1200, "20m"), ("60m", 3600, "1h"), ("7d", 604_800, "7d")]
        {
            let interval: Interval = text.parse().unwrap();
            assert_eq!(interval.as_seconds(), seconds);
            assert_eq!(interval.to_string(), shown);
        }
    }

    #[test]
    fn refuses_what_is_not_a_number_and_a_unit() {
        for bad in ["", "s", "20", "20 m", "-1h", "1.5h", "20M", "1µ", "12345678s", "10000d"] {
            assert!(bad.parse::<Interval>().is_err(), "{bad}");
        }
    }

    #[test]
    fn the_longest_of_each_unit_read_back() {
        for text in ["9999999s", "9999960s", "999999m", "999960m", "99999h", "99984h", "9999d"] {
            let interval: Interval = text.parse().unwrap();
            assert_eq!(interval.to_string().parse(), Ok(interval), "{text}");
        }
    }
}
