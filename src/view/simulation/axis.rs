//! The axis of time: where a moment stands, and which moments are named.

use super::words::{float, whole};

/// From the beginning of a simulation to some moment, drawn from left to right.
#[derive(Debug, Clone, Copy)]
pub(super) struct Axis {
    pub(super) left: i32,
    pub(super) width: i32,
    /// The last moment, in seconds.
    pub(super) end: f64,
}

impl Axis {
    /// Where a moment stands.
    pub(super) fn at(self, seconds: f64) -> i32 {
        let part = (seconds / self.end).clamp(0.0, 1.0);
        let right = whole((part * f64::from(self.width)).round());
        self.left + i32::try_from(right).unwrap_or(self.width)
    }
}

/// Spans that people count in, in seconds.
const STEPS: [u64; 24] = [
    1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1_200, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200,
    86_400, 172_800, 432_000, 864_000, 2_592_000, 8_640_000, 31_536_000,
];
/// So many moments are named at most.
const MOST: f64 = 9.0;

/// The moments that are named until an end, with their names.
pub(super) fn ticks(end: f64) -> Vec<(f64, String)> {
    let step = STEPS.into_iter().find(|step| end / float(*step) <= MOST).unwrap_or(STEPS[23]);
    let count = whole(end / float(step));
    (0..=count.min(100)).map(|number| (float(number * step), name(number * step))).collect()
}

fn name(seconds: u64) -> String {
    match seconds {
        0 => "0".to_owned(),
        _ if seconds.is_multiple_of(86_400) => format!("{} d", seconds / 86_400),
        _ if seconds.is_multiple_of(3_600) => format!("{} h", seconds / 3_600),
        _ if seconds.is_multiple_of(60) && seconds > 3_600 => {
            format!("{} h {:02}", seconds / 3_600, seconds / 60 % 60)
        }
        _ if seconds.is_multiple_of(60) => format!("{} min", seconds / 60),
        _ => format!("{seconds} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_named_in_spans_that_people_count_in() {
        let names = |end| ticks(end).into_iter().map(|it| it.1).collect::<Vec<_>>().join(" ");
        assert_eq!(names(8.0), "0 1 s 2 s 3 s 4 s 5 s 6 s 7 s 8 s");
        assert_eq!(names(9_000.0), "0 20 min 40 min 1 h 1 h 20 1 h 40 2 h 2 h 20");
        assert_eq!(names(3.0 * 86_400.0), "0 12 h 1 d 36 h 2 d 60 h 3 d");
        assert!(ticks(1e12).len() <= 101);
    }

    #[test]
    fn moments_stand_between_both_ends() {
        let axis = Axis { left: 10, width: 100, end: 50.0 };
        assert_eq!([-1.0, 0.0, 25.0, 50.0, 99.0].map(|it| axis.at(it)), [10, 10, 60, 110, 110]);
    }
}
