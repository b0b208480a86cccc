//! Times, sizes and kinds of waiting as people say them.

use crate::simulate::{PathStep, StepKind, Waited};

/// A number of seconds as a span, with a digit behind the point where it is short.
pub(super) fn span(seconds: f64) -> String {
    if seconds < 60.0 {
        return format!("{seconds:.1}s");
    }
    crate::view::content::span(whole(seconds.round()))
}

/// When something happens, or that it never does.
pub(super) fn after(seconds: Option<f64>) -> String {
    seconds.map_or_else(|| "never".to_owned(), span)
}

/// A number of bytes, in powers of a thousand, as lines are counted.
pub(super) fn bytes(bytes: u64) -> String {
    const UNITS: [(&str, u64); 5] = [
        ("PB", 1_000_000_000_000_000),
        ("TB", 1_000_000_000_000),
        ("GB", 1_000_000_000),
        ("MB", 1_000_000),
        ("kB", 1_000),
    ];
    for (unit, of_unit) in UNITS {
        if bytes >= of_unit {
            return format!("{}.{} {unit}", bytes / of_unit, bytes % of_unit * 10 / of_unit);
        }
    }
    format!("{bytes} B")
}

/// Bytes a second, in bits, as lines are spoken of.
pub(super) fn rate(bytes_a_second: u64) -> String {
    let bits = bytes_a_second.saturating_mul(8);
    match bits {
        1_000_000_000.. => format!("{}.{} Gbit/s", bits / 1_000_000_000, bits / 100_000_000 % 10),
        1_000_000.. => format!("{} Mbit/s", bits / 1_000_000),
        _ => format!("{} kbit/s", bits / 1_000),
    }
}

/// What was waited for.
pub(super) const fn waited(what: Waited) -> &'static str {
    match what {
        Waited::Turn => "its turn at its source",
        Waited::SourceContent => "a source to have it (20 min each, PDP-5)",
        Waited::Notification => "its notification to be taken (PDP-5)",
        Waited::Sources => "any source to have it (30 min each, PDP-7)",
        Waited::Hours => "an open hour",
        Waited::Retry => "the next try to send it",
        Waited::Place => "a place among what is sent",
        Waited::Answer => "an answer of its source",
        Waited::Window => "its maintenance window",
    }
}

/// A step of the way of a package, in words.
pub(super) fn step(step: &PathStep) -> String {
    let took = span(step.to - step.from);
    let (at, package) = (&step.at, &step.package);
    match &step.what {
        StepKind::Taken => format!("{took}: `{at}` takes the source of {package} in"),
        StepKind::Planned => format!("{took}: `{at}` is not next in the plan yet"),
        StepKind::Waited(what) => format!("{took}: `{at}` waits for {}", waited(*what)),
        StepKind::Came { source, limit } => {
            format!("{took}: `{at}` gets {package} from `{source}`, no faster than {limit}")
        }
    }
}

/// A non-negative number without what is behind the point.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "`as` takes the nearest that there is"
)]
pub(super) fn whole(number: f64) -> u64 {
    number as u64
}

/// A number as one with a point.
#[expect(clippy::cast_precision_loss, reason = "what is drawn or divided has a few digits")]
pub(super) fn float(number: u64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_sizes_and_rates_are_short() {
        assert_eq!(
            [0.0, 3.04, 59.9, 60.0, 11_400.0].map(span).join(" "),
            "0.0s 3.0s 59.9s 1m 00s 3h 10m"
        );
        assert_eq!(
            [0, 999, 40_000_000_000, 1_550].map(bytes).join(" "),
            "0 B 999 B 40.0 GB 1.5 kB"
        );
        assert_eq!(
            [1_000, 25_000_000, 1_250_000_000].map(rate).join(", "),
            "8 kbit/s, 200 Mbit/s, 10.0 Gbit/s"
        );
        assert_eq!(after(None), "never");
    }
}
