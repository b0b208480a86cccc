//! Cron expressions and time zones, wherever documents have them.

use cronexpr::{FallbackTimezoneOption, ParseOptions, parse_crontab_with};

use super::spelling::closest;
use crate::model::{time_zone, time_zones};

/// What is wrong with a text, and what to do.
pub(super) type WrongText = (String, String);

/// What is wrong with a cron expression, if anything, in words.
pub(super) fn wrong_cron(cron: &str) -> Option<WrongText> {
    Some(match wrong_field(cron)? {
        Wrong::Number => (
            format!("`{cron}` is not a cron expression of five fields"),
            "write minute, hour, day, month and day of the week, such as `0 2 * * 3`".to_owned(),
        ),
        Wrong::Field { field, what, values } => (
            format!("`{cron}` is not a cron expression: `{field}` is no {what}"),
            format!("write {values}, such as in `0 2 * * 3`"),
        ),
    })
}

/// What is wrong with the name of a time zone, if anything.
pub(super) fn wrong_time_zone(name: &str) -> Option<WrongText> {
    if time_zone(name).is_some() {
        return None;
    }
    let help = match closest(name, time_zones()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "write the name of a region and a city, such as `Europe/Lisbon`".to_owned(),
    };
    Some((format!("there is no time zone `{name}`"), help))
}

/// What is wrong with a cron expression.
#[derive(Debug, PartialEq, Eq)]
enum Wrong<'a> {
    /// How many fields it has.
    Number,
    /// One of them.
    Field { field: &'a str, what: &'static str, values: &'static str },
}

const FIELDS: [(&str, &str); 5] = [
    ("minute", "minutes from 0 to 59"),
    ("hour", "hours from 0 to 23"),
    ("day of the month", "days from 1 to 31"),
    ("month", "months from 1 to 12, or `JAN` to `DEC`"),
    ("day of the week", "days from 0 to 7, or `SUN` to `SAT`"),
];

/// What is wrong with a cron expression, if anything. Each field is tried among others that are
/// right, so that the parser tells which one it is.
fn wrong_field(text: &str) -> Option<Wrong<'_>> {
    let fields: Vec<&str> = text.split_ascii_whitespace().take(FIELDS.len() + 1).collect();
    if fields.len() != FIELDS.len() {
        return Some(Wrong::Number);
    }
    let mut options = ParseOptions::default();
    // The time zone is nothing that is written here.
    options.fallback_timezone_option = FallbackTimezoneOption::UTC;
    fields.iter().zip(FIELDS).enumerate().find_map(|(number, (field, (what, values)))| {
        let mut tried = ["*"; FIELDS.len()];
        tried[number] = field;
        let wrong = parse_crontab_with(&tried.join(" "), options).is_err();
        wrong.then_some(Wrong::Field { field, what, values })
    })
}

#[cfg(test)]
mod tests {
    use super::{Wrong, wrong_field};

    #[test]
    fn cron_expressions_have_five_fields() {
        for good in ["0 2 * * *", "*/15 0-6,22 1 JAN mon#1", "0\t2 * * 7"] {
            assert_eq!(wrong_field(good), None, "{good}");
        }
        for bad in ["", "0 2 * *", "0 0 2 * * *", "@daily"] {
            assert_eq!(wrong_field(bad), Some(Wrong::Number), "{bad}");
        }
    }

    #[test]
    fn the_field_that_is_wrong_is_told() {
        for (bad, expected) in [
            ("99 2 * * *", "minute"),
            ("*/0 * * * *", "minute"),
            ("0 25 * * *", "hour"),
            ("0 2 0 * *", "day of the month"),
            ("0 2 * 13 *", "month"),
            ("0 2 * * FOO", "day of the week"),
            ("0 2 * * ;", "day of the week"),
            (", , , , ,", "minute"),
        ] {
            let told = wrong_field(bad);
            assert!(matches!(told, Some(Wrong::Field { what, .. }) if what == expected), "{bad}");
        }
    }
}
