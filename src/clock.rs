//! The one place where the time is read. The core takes it as an argument.

use jiff::{Timestamp, tz::TimeZone};

/// The time now, to the millisecond: what is stored and shown needs no more, and reads better.
pub fn now() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
}

/// The time zone of this computer, for what people mean by hours of the day; UTC where it has none.
pub fn time_zone() -> TimeZone {
    TimeZone::try_system().unwrap_or(TimeZone::UTC)
}
