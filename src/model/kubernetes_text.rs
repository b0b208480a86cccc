//! Texts of Kubernetes that are valid once made: quantities, labels and names of storage classes.

use std::{cmp::Ordering, fmt, str::FromStr, sync::Arc};

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{
    InvalidText,
    text::{Parsed, checked_text},
};

checked_text!(
    /// An amount of storage, of memory or of processors, as Kubernetes writes it.
    Quantity(Arc<str>),
    "quantity",
    "use a positive number and one of `m`, `k`, `M`, `G`, `T`, `P`, `Ki`, `Mi`, `Gi`, `Ti`, `Pi`, or no \
     unit, such as `20Gi`, `500m` or `2`",
    "^(0\\.[0-9]{0,2}[1-9]|[1-9][0-9]{0,11}(\\.[0-9]{1,3})?)([KMGTP]i|[mkMGTP])?$",
    18,
    "20Gi",
    |text| {
        let number = text.trim_end_matches(|it: char| it.is_ascii_alphabetic());
        let (whole, fraction) = number.split_once('.').unwrap_or((number, "1"));
        let digits = |text: &str| text.bytes().all(|it| it.is_ascii_digit());
        let whole_is_good = match whole.as_bytes() {
            [b'0'] => number.len() > 1 && !fraction.ends_with('0'),
            [first, ..] => *first != b'0' && whole.len() <= 12,
            [] => false,
        };
        let units = ["", "m", "k", "M", "G", "T", "P", "Ki", "Mi", "Gi", "Ti", "Pi"];
        whole_is_good
            && digits(whole)
            && digits(fraction)
            && (1..=3).contains(&fraction.len())
            && units.contains(&&text[number.len()..])
    }
);

checked_text!(
    /// The key of a label: a name, and before it, with a `/`, the domain that gives it.
    LabelKey(Arc<str>),
    "key of a label",
    "use up to 63 letters, digits, `-`, `_` and `.`, and before them a DNS name and `/` where it has one",
    "^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$",
    317,
    "kubernetes.io/arch",
    |text| {
        let (domain, name) = match text.split_once('/') {
            Some((domain, name)) => (Some(domain), name),
            None => (None, text),
        };
        !name.is_empty() && is_label_value(name) && domain.is_none_or(is_subdomain)
    }
);

checked_text!(
    /// The value of a label.
    LabelValue(Arc<str>),
    "value of a label",
    "use 1 to 63 letters, digits, `-`, `_` and `.`, beginning and ending with a letter or digit",
    "^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$",
    63,
    "west-europe-1",
    |text| !text.is_empty() && is_label_value(text)
);

checked_text!(
    /// The name of a storage class.
    StorageClassName(Arc<str>),
    "name of a storage class",
    "use up to 253 lower-case letters, digits, `-` and `.`",
    "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$",
    253,
    "fast-ssd",
    is_subdomain
);

fn is_label_value(text: &str) -> bool {
    let inside = |it: u8| it.is_ascii_alphanumeric() || b"-_.".contains(&it);
    let at_ends = |it: Option<&u8>| it.is_none_or(u8::is_ascii_alphanumeric);
    let bytes = text.as_bytes();
    bytes.len() <= 63
        && bytes.iter().all(|it| inside(*it))
        && at_ends(bytes.first())
        && at_ends(bytes.last())
}

fn is_subdomain(text: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && label.bytes().all(|it| it.is_ascii_lowercase() || it.is_ascii_digit() || it == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.len() <= 253 && text.split('.').all(label)
}

impl Quantity {
    /// So many GiB.
    pub(super) fn gibibytes(number: u16) -> Self {
        Self(format!("{number}Gi").into())
    }

    /// So many MiB.
    pub(super) fn mebibytes(number: u16) -> Self {
        Self(format!("{number}Mi").into())
    }

    /// So many thousandths.
    pub(super) fn thousandths(number: u16) -> Self {
        Self(format!("{number}m").into())
    }

    /// Which of two is more.
    pub fn compare(&self, other: &Self) -> Ordering {
        billionths(self.as_str()).cmp(&billionths(other.as_str()))
    }
}

/// A quantity in billionths, in any form in which Kubernetes writes one; none of what is no quantity, and of
/// more than anybody has.
pub fn billionths(text: &str) -> Option<u128> {
    let number = text.trim_start_matches('+');
    let end = number.find(|it: char| !(it.is_ascii_digit() || it == '.')).unwrap_or(number.len());
    let (number, unit) = number.split_at(end);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && fraction.is_empty() || fraction.len() > 9 {
        return None;
    }
    let digits: u128 = format!("{whole}{fraction}").parse().ok()?;
    // The number in billionths, as if it had no unit.
    let digits = digits.checked_mul(10_u128.pow(9 - u32::try_from(fraction.len()).ok()?))?;
    let binary = |power: u32| digits.checked_mul(1_u128 << (10 * power));
    let decimal = |power: i32| match u32::try_from(power) {
        Ok(power) => digits.checked_mul(10_u128.checked_pow(power)?),
        // Kubernetes rounds up what is too little.
        Err(_) => Some(digits.div_ceil(10_u128.checked_pow(power.unsigned_abs())?)),
    };
    match unit {
        "" => Some(digits),
        "n" => decimal(-9),
        "u" => decimal(-6),
        "m" => decimal(-3),
        "k" => decimal(3),
        "M" => decimal(6),
        "G" => decimal(9),
        "T" => decimal(12),
        "P" => decimal(15),
        "E" => decimal(18),
        "Ki" => binary(1),
        "Mi" => binary(2),
        "Gi" => binary(3),
        "Ti" => binary(4),
        "Pi" => binary(5),
        "Ei" => binary(6),
        _ => decimal(unit.strip_prefix(['e', 'E'])?.parse().ok()?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_positive_numbers_with_a_unit() {
        for good in ["20Gi", "500m", "2", "1.5Gi", "0.5", "0.05", "1000", "999999999999Pi"] {
            assert!(good.parse::<Quantity>().is_ok(), "{good}");
        }
        for bad in [
            "",
            "0",
            "0Gi",
            "0.0",
            "0.50",
            "-1",
            "1.",
            ".5",
            "1.2345",
            "01",
            "1 Gi",
            "1gb",
            "1e3",
            "1Gib",
            "Gi",
            "1.5.2",
            "1234567890123",
        ] {
            assert!(bad.parse::<Quantity>().is_err(), "{bad}");
        }
    }

    #[test]
    fn one_amount_is_the_same_however_it_is_written() {
        for (one, other) in [
            ("1", "1000m"),
            ("0.5", "500m"),
            ("1Gi", "1024Mi"),
            ("1Ki", "1024"),
            ("1e3", "1k"),
            ("1E", "1000P"),
            ("1500u", "1.5m"),
            ("100n", "0.1u"),
            ("+1", "1.000"),
            ("5e-1", "500m"),
        ] {
            assert_eq!(billionths(one), billionths(other), "{one} and {other}");
            assert!(billionths(one).is_some(), "{one}");
        }
        assert_ne!(billionths("1G"), billionths("1Gi"));
        for bad in [
            "",
            "Gi",
            "1x",
            "1e",
            "1e99",
            "99999999999999999999999999999999999999999",
            "1.0000000001",
        ] {
            assert_eq!(billionths(bad), None, "{bad}");
        }
    }

    #[test]
    fn labels_are_those_of_kubernetes() {
        for good in ["kubernetes.io/arch", "disk", "example.com/a_b.c-d"] {
            assert!(good.parse::<LabelKey>().is_ok(), "{good}");
        }
        for bad in ["", "/a", "a/", "a/b/c", "A.b/c", "-a", "ä", &"a".repeat(64)] {
            assert!(bad.parse::<LabelKey>().is_err(), "{bad}");
        }
        assert!("West_1.a".parse::<LabelValue>().is_ok());
        for bad in ["", "a b", "-a", "a-", &"a".repeat(64)] {
            assert!(bad.parse::<LabelValue>().is_err(), "{bad}");
        }
        assert!("fast.ssd-1".parse::<StorageClassName>().is_ok());
        assert!("Fast".parse::<StorageClassName>().is_err());
    }
}
