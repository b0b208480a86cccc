//! `xsd:dateTime` as this protocol writes it: seven fractional digits, sometimes without a zone
//! (protocol §8).

use jiff::{Timestamp, civil::DateTime, tz::Offset};

/// Why a text is not a date and time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a date and time such as `2026-10-04T20:33:26.1234567Z`")]
pub struct DateTimeError(String);

/// Reads a date and time with up to nine fractional digits. Without a zone it is in UTC. What lies
/// after the last instant that can be represented, such as the `9999-12-31T23:59:59.9999999` that
/// stands for never, becomes that instant.
pub fn parse(text: &str) -> Result<Timestamp, DateTimeError> {
    let text = text.trim();
    let error = || DateTimeError(text.chars().take(40).collect());
    let bytes = text.as_bytes();
    if !text.is_ascii() || bytes.len() < 19 || bytes.get(10) != Some(&b'T') {
        return Err(error());
    }
    let (civil, rest) = text.split_at(19);
    let digits = rest.strip_prefix('.').map_or("", |fraction| {
        let end = fraction.find(|it: char| !it.is_ascii_digit()).unwrap_or(fraction.len());
        &fraction[..end]
    });
    let zone = if digits.is_empty() { rest } else { &rest[1 + digits.len()..] };
    let moment = civil_date_time(civil, digits).ok_or_else(error)?;
    let offset = offset(zone).ok_or_else(error)?;
    Ok(match offset.to_timestamp(moment) {
        Ok(timestamp) => timestamp,
        Err(_) if moment.year() > 0 => Timestamp::MAX,
        Err(_) => Timestamp::MIN,
    })
}

/// Writes an instant in UTC with seven fractional digits and `Z`.
pub fn format(at: Timestamp) -> String {
    let moment = Offset::UTC.to_datetime(at);
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:07}Z",
        moment.year(),
        moment.month(),
        moment.day(),
        moment.hour(),
        moment.minute(),
        moment.second(),
        moment.subsec_nanosecond() / 100
    )
}

/// Reads `yyyy-MM-ddTHH:mm:ss` (any character between day and hour) and the digits of a fraction.
pub(super) fn civil_date_time(text: &str, fraction: &str) -> Option<DateTime> {
    let bytes: &[u8; 19] = text.as_bytes().try_into().ok()?;
    let separators = [(4, b'-'), (7, b'-'), (13, b':'), (16, b':')];
    if separators.iter().any(|(at, separator)| bytes[*at] != *separator) || fraction.len() > 9 {
        return None;
    }
    let part = |from: usize, to: usize| -> Option<i16> {
        let digits = text.get(from..to)?;
        digits.bytes().all(|it| it.is_ascii_digit()).then(|| digits.parse().ok())?
    };
    let small = |from: usize| i8::try_from(part(from, from + 2)?).ok();
    let nanosecond = if fraction.bytes().all(|it| it.is_ascii_digit()) {
        format!("{fraction:0<9}").parse().ok()?
    } else {
        return None;
    };
    DateTime::new(part(0, 4)?, small(5)?, small(8)?, small(11)?, small(14)?, small(17)?, nanosecond)
        .ok()
}

fn offset(zone: &str) -> Option<Offset> {
    let (sign, rest) = match zone.as_bytes().first() {
        None => return Some(Offset::UTC),
        Some(b'Z' | b'z') if zone.len() == 1 => return Some(Offset::UTC),
        Some(b'+') => (1, &zone[1..]),
        Some(b'-') => (-1, &zone[1..]),
        Some(_) => return None,
    };
    let (hours, minutes) = rest.split_once(':')?;
    if hours.len() != 2
        || minutes.len() != 2
        || !rest.bytes().all(|it| it == b':' || it.is_ascii_digit())
    {
        return None;
    }
    let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
    if hours > 14 || minutes > 59 {
        return None;
    }
    Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn real_forms_are_read() {
        let expected: Timestamp = "2026-10-04T20:33:26.1234567Z".parse().unwrap();
        for text in [
            "2026-10-04T20:33:26.1234567Z",
            "2026-10-04T20:33:26.1234567",
            "2026-10-04T12:33:26.1234567-08:00",
            " 2026-10-04T20:33:26.123456700Z\n",
        ] {
            assert_eq!(parse(text).unwrap(), expected, "{text}");
        }
        assert_eq!(parse("2026-10-04T20:33:26").unwrap().subsec_nanosecond(), 0);
        assert_eq!(format(expected), "2026-10-04T20:33:26.1234567Z");
    }

    #[test]
    fn the_ends_of_time_are_read() {
        assert_eq!(parse("9999-12-31T23:59:59.9999999").unwrap(), Timestamp::MAX);
        assert_eq!(format(parse("0001-01-01T00:00:00").unwrap()), "0001-01-01T00:00:00.0000000Z");
        assert_eq!(format(parse("1753-01-01T00:00:00").unwrap()), "1753-01-01T00:00:00.0000000Z");
    }

    #[test]
    fn garbage_is_refused() {
        for text in [
            "",
            "2026-10-04",
            "2026-10-04 20:33:26",
            "2026-13-04T20:33:26Z",
            "2026-10-04T20:33:26.Z",
            "2026-10-04T20:33:26.1234567890Z",
            "2026-10-04T20:33:26Zulu",
            "2026-10-04T20:33:26+1:00",
            "2026-10-04T20:33:26+99:00",
            "+026-10-04T20:33:26Z",
            "2026-10-04T20:33:2é",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
