//! Sizes and times, for people.

use jiff::Timestamp;

/// A number of bytes: `17 B`, `1.5 GiB`.
pub(in crate::view) fn size(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let (mut whole, mut rest) = (bytes, 0);
    let mut unit = "B";
    for next in UNITS {
        if whole < 1024 {
            break;
        }
        (whole, rest, unit) = (whole / 1024, whole % 1024, next);
    }
    // Rounded down: what is not there yet is never shown as there.
    format!("{whole}.{} {unit}", rest * 10 / 1024)
}

/// So much of so much.
pub(in crate::view) fn amount(done: Option<u64>, total: Option<u64>) -> String {
    match (done, total) {
        (Some(done), Some(total)) if done == total => size(total),
        (Some(done), Some(total)) => format!("{} of {}", size(done), size(total)),
        (Some(done), None) => size(done),
        (None, Some(total)) => size(total),
        (None, None) => "-".to_owned(),
    }
}

/// A span of seconds: `45s`, `3m 20s`, `2h 05m`, `3d 04h`.
pub(in crate::view) fn span(seconds: u64) -> String {
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds}s"),
        (0, 0, _) => format!("{minutes}m {:02}s", seconds % 60),
        (0, _, _) => format!("{hours}h {:02}m", minutes % 60),
        _ => format!("{days}d {:02}h", hours % 24),
    }
}

/// When something is tried again, seen from now: `in 12m 30s`.
pub(in crate::view) fn until(at: Timestamp, now: Timestamp) -> String {
    match u64::try_from(at.duration_since(now).as_secs()) {
        Ok(seconds) if seconds > 0 => format!("in {}", span(seconds)),
        _ => "now".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_one_digit_and_are_never_rounded_up() {
        let shown = [0, 1_023, 1_024, 1_536, (1 << 20) - 1, 5 << 30, u64::MAX].map(size);
        assert_eq!(
            shown,
            ["0 B", "1023 B", "1.0 KiB", "1.5 KiB", "1023.9 KiB", "5.0 GiB", "15.9 EiB"]
        );
    }

    #[test]
    fn spans_have_two_units_at_most() {
        let shown = [0, 59, 60, 3_599, 3_600, 86_399, 90_000].map(span);
        assert_eq!(shown, ["0s", "59s", "1m 00s", "59m 59s", "1h 00m", "23h 59m", "1d 01h"]);
    }
}
