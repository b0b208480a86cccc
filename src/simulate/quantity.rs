//! Quantities as people write them: `200Mbit`, `4GiB`, `35ms`.

use std::{fmt, str::FromStr};

use jiff::SignedDuration;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::model::InvalidText;

/// How much goes through in a second: a number and one of `kbit`, `Mbit`, `Gbit` (of bits) or `kB`,
/// `MB`, `GB` (of bytes).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, JsonSchema)]
#[schemars(with = "BandwidthText")]
pub struct Bandwidth(u64);

/// How much goes through in a second, such as `200Mbit` or `500MB`.
#[derive(JsonSchema)]
#[schemars(rename = "Bandwidth")]
struct BandwidthText(
    #[expect(dead_code, reason = "only its schema is used")]
    #[schemars(
        regex(pattern = "^[0-9]{1,6}(kbit|Mbit|Gbit|kB|MB|GB)$"),
        extend("examples" = ["200Mbit", "1Gbit", "500MB"])
    )]
    String,
);

/// A number of bytes: a number and one of `B`, `kB`, `MB`, `GB`, `TB`, `KiB`, `MiB`, `GiB`, `TiB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, JsonSchema)]
#[schemars(with = "ByteSizeText")]
pub struct ByteSize(u64);

/// A number of bytes, such as `250MB` or `4GiB`.
#[derive(JsonSchema)]
#[schemars(rename = "ByteSize")]
struct ByteSizeText(
    #[expect(dead_code, reason = "only its schema is used")]
    #[schemars(
        regex(pattern = "^[0-9]{1,6}(B|kB|MB|GB|TB|KiB|MiB|GiB|TiB)$"),
        extend("examples" = ["250MB", "4GiB"])
    )]
    String,
);

/// How long it takes from one end of a line to the other: a number and `ms` or `s`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, JsonSchema)]
#[schemars(with = "LatencyText")]
pub struct Latency(u32);

/// How long it takes from one end of a line to the other, such as `35ms`.
#[derive(JsonSchema)]
#[schemars(rename = "Latency")]
struct LatencyText(
    #[expect(dead_code, reason = "only its schema is used")]
    #[schemars(
        regex(pattern = "^[0-9]{1,6}(ms|s)$"),
        extend("examples" = ["35ms", "1s"])
    )]
    String,
);

/// By how much a clock is wrong: like a duration, with `-` in front where it is behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema)]
#[schemars(with = "SkewText")]
pub struct Skew(i64);

/// By how much a clock is wrong, such as `-90s` or `2h`: behind with `-`.
#[derive(JsonSchema)]
#[schemars(rename = "Skew")]
struct SkewText(
    #[expect(dead_code, reason = "only its schema is used")]
    #[schemars(
        regex(pattern = "^-?[0-9]{1,6}[smhd]$"),
        extend("examples" = ["-90s", "2h"])
    )]
    String,
);

const BANDWIDTHS: [(&str, u64); 6] = [
    ("kbit", 125),
    ("Mbit", 125_000),
    ("Gbit", 125_000_000),
    ("kB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
];
const SIZES: [(&str, u64); 9] = [
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("TiB", 1 << 40),
    ("kB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("TB", 1_000_000_000_000),
    ("B", 1),
];
const LATENCIES: [(&str, u64); 2] = [("ms", 1), ("s", 1_000)];
const SPANS: [(&str, u64); 4] = [("s", 1), ("m", 60), ("h", 3_600), ("d", 86_400)];

/// A number of at most six digits and a unit.
fn read(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at_checked(digits)?;
    if number.is_empty() || number.len() > 6 {
        return None;
    }
    let (_, of_unit) = units.iter().find(|(known, _)| *known == unit)?;
    number.parse::<u64>().ok()?.checked_mul(*of_unit)
}

/// A number in the largest unit in which it is whole.
fn written(number: u64, units: &[(&str, u64)]) -> String {
    let whole = units.iter().filter(|(_, of_unit)| number.is_multiple_of(*of_unit));
    let (unit, of_unit) = whole.max_by_key(|(_, of_unit)| *of_unit).unwrap_or(&("", 1));
    format!("{}{unit}", number / of_unit)
}

impl Bandwidth {
    /// That many megabits a second.
    pub const fn megabits(megabits: u64) -> Self {
        Self(megabits * 125_000)
    }

    /// That many megabytes a second.
    pub const fn megabytes(megabytes: u64) -> Self {
        Self(megabytes * 1_000_000)
    }

    /// Bytes a second.
    pub const fn bytes(self) -> u64 {
        self.0
    }
}

impl ByteSize {
    /// That many bytes.
    pub const fn of(bytes: u64) -> Self {
        Self(bytes)
    }

    /// The number of bytes.
    pub const fn bytes(self) -> u64 {
        self.0
    }
}

impl Latency {
    /// That many milliseconds.
    pub const fn milliseconds(milliseconds: u32) -> Self {
        Self(milliseconds)
    }

    /// As a span of time.
    pub const fn duration(self) -> SignedDuration {
        // A u32 always fits an i64.
        SignedDuration::from_millis(self.0 as i64)
    }
}

impl Skew {
    /// As a span of time, negative where the clock is behind.
    pub const fn duration(self) -> SignedDuration {
        SignedDuration::from_secs(self.0)
    }
}

impl FromStr for Bandwidth {
    type Err = InvalidText;

    fn from_str(text: &str) -> Result<Self, InvalidText> {
        read(text, &BANDWIDTHS).filter(|it| *it > 0).map(Self).ok_or_else(|| InvalidText {
            text: text.to_owned(),
            what: "bandwidth",
            rule: "write a number above 0 and one of kbit, Mbit, Gbit, kB, MB, GB, such as `200Mbit`",
        })
    }
}

impl FromStr for ByteSize {
    type Err = InvalidText;

    fn from_str(text: &str) -> Result<Self, InvalidText> {
        read(text, &SIZES).map(Self).ok_or_else(|| InvalidText {
            text: text.to_owned(),
            what: "size",
            rule: "write a number and one of B, kB, MB, GB, TB, KiB, MiB, GiB, TiB, such as `4GiB`",
        })
    }
}

impl FromStr for Latency {
    type Err = InvalidText;

    fn from_str(text: &str) -> Result<Self, InvalidText> {
        let milliseconds = read(text, &LATENCIES).and_then(|it| u32::try_from(it).ok());
        milliseconds.map(Self).ok_or_else(|| InvalidText {
            text: text.to_owned(),
            what: "latency",
            rule: "write a number and `ms` or `s`, such as `35ms`",
        })
    }
}

impl FromStr for Skew {
    type Err = InvalidText;

    fn from_str(text: &str) -> Result<Self, InvalidText> {
        let (sign, span) = text.strip_prefix('-').map_or((1, text), |behind| (-1, behind));
        let seconds = read(span, &SPANS).and_then(|it| i64::try_from(it).ok());
        seconds.map(|it| Self(sign * it)).ok_or_else(|| InvalidText {
            text: text.to_owned(),
            what: "difference of a clock",
            rule: "write a number and one of s, m, h, d, with `-` in front where it is behind",
        })
    }
}

impl fmt::Display for Bandwidth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Lines are spoken of in bits.
        f.write_str(&written(self.0, &BANDWIDTHS[..3]))
    }
}

impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&written(self.0, &SIZES))
    }
}

impl fmt::Display for Latency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&written(self.0.into(), &LATENCIES))
    }
}

impl fmt::Display for Skew {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        write!(f, "{sign}{}", written(self.0.unsigned_abs(), &SPANS))
    }
}

macro_rules! as_text {
    ($($name:ident),+) => {$(
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(de::Error::custom)
            }
        }
    )+};
}

as_text!(Bandwidth, ByteSize, Latency, Skew);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_read_back_as_they_are_written() {
        let [slow, fast, disk] = ["64kbit", "10Gbit", "500MB"].map(str::parse::<Bandwidth>);
        assert_eq!(slow.unwrap().bytes(), 8_000);
        assert_eq!(fast.unwrap().bytes(), 1_250_000_000);
        assert_eq!(disk.unwrap().to_string(), "4Gbit");
        assert_eq!("4GiB".parse::<ByteSize>().unwrap().bytes(), 4 << 30);
        for text in ["4GiB", "250MB", "17B"] {
            assert_eq!(text.parse::<ByteSize>().unwrap().to_string(), text);
        }
        for text in ["35ms", "2s"] {
            assert_eq!(text.parse::<Latency>().unwrap().to_string(), text);
        }
        for text in ["-90s", "2h"] {
            assert_eq!(text.parse::<Skew>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_no_number_and_unit_is_refused() {
        for bad in ["", "0Mbit", "200", "Mbit", "1.5Gbit", "200 Mbit", "-1Mbit", "1234567kbit"] {
            assert!(bad.parse::<Bandwidth>().is_err(), "{bad}");
        }
        for bad in ["", "GiB", "4Gib", "-4GB", "4µB"] {
            assert!(bad.parse::<ByteSize>().is_err(), "{bad}");
        }
        for bad in ["", "ms", "5", "5m", "-1ms"] {
            assert!(bad.parse::<Latency>().is_err(), "{bad}");
        }
        for bad in ["", "--1s", "1", "1ms"] {
            assert!(bad.parse::<Skew>().is_err(), "{bad}");
        }
    }
}
