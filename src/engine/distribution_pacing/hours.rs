//! Hours of the day: which are open, and how fast content may go in them.

use jiff::{Timestamp, ToSpan, civil::DateTime, tz::TimeZone};

use crate::model::{OpenHours, Pacing, Priority, Weekday};

/// How far ahead an open hour is looked for: a week, in which every schedule repeats itself, and a
/// day for the hour that a change to summer time leaves out.
const AHEAD: i64 = 8 * 24;

/// Whether content may be sent now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening {
    /// It may.
    Open,
    /// Not before this time.
    ClosedUntil(Timestamp),
    /// The settings leave no hour for it.
    Never,
}

impl Pacing {
    /// Whether a package of this priority may be sent at a time. Hours are those of `zone`, the time
    /// zone of the site server that sends. Hours in which nothing could be sent, because their rate
    /// is 0, are closed ones.
    pub fn opening(&self, priority: Priority, now: Timestamp, zone: &TimeZone) -> Opening {
        let here = zone.to_datetime(now);
        if self.is_open(priority, here) {
            return Opening::Open;
        }
        let hour = DateTime::from_parts(here.date(), jiff::civil::time(here.hour(), 0, 0, 0));
        (1..=AHEAD)
            .filter_map(|hours| zone.to_timestamp(hour.checked_add(hours.hours()).ok()?).ok())
            .find(|at| *at > now && self.is_open(priority, zone.to_datetime(*at)))
            .map_or(Opening::Never, Opening::ClosedUntil)
    }

    /// How many bytes a second may be sent at a time; `None`: as many as go. Of several spans with
    /// the same hour the lowest rate holds.
    pub fn bytes_a_second(&self, now: Timestamp, zone: &TimeZone) -> Option<u64> {
        self.rate(zone.to_datetime(now))
    }

    fn rate(&self, here: DateTime) -> Option<u64> {
        let rates = self.rate_limit.iter().flat_map(|limit| &limit.per_hour);
        let hour = rates.filter(|rate| contains(rate.from, rate.to, here));
        hour.map(|rate| u64::from(rate.kilobytes_per_second) * 1_000).min()
    }

    fn is_open(&self, priority: Priority, here: DateTime) -> bool {
        let admits = |hours: &OpenHours| {
            (hours.days.is_empty() || hours.days.contains(&weekday(here)))
                && contains(hours.from, hours.to, here)
                && hours.minimum_priority <= priority
        };
        let pulse = self.rate_limit.as_ref().and_then(|limit| limit.pulse.as_ref());
        (self.schedule.is_empty() || self.schedule.iter().any(admits))
            && self.rate(here) != Some(0)
            && pulse.is_none_or(|pulse| pulse.block_kilobytes > 0)
    }
}

fn contains(from: u8, to: u8, here: DateTime) -> bool {
    u8::try_from(here.hour()).is_ok_and(|hour| (from..to).contains(&hour))
}

fn weekday(here: DateTime) -> Weekday {
    match here.weekday() {
        jiff::civil::Weekday::Monday => Weekday::Monday,
        jiff::civil::Weekday::Tuesday => Weekday::Tuesday,
        jiff::civil::Weekday::Wednesday => Weekday::Wednesday,
        jiff::civil::Weekday::Thursday => Weekday::Thursday,
        jiff::civil::Weekday::Friday => Weekday::Friday,
        jiff::civil::Weekday::Saturday => Weekday::Saturday,
        jiff::civil::Weekday::Sunday => Weekday::Sunday,
    }
}
