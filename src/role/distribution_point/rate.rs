//! How fast bytes come: counted over the last seconds, by a clock that is never set back.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// How far back it is counted.
const WINDOW: Duration = Duration::from_secs(10);

/// How finely time is divided.
const STEP: Duration = Duration::from_millis(250);

/// How long bytes have to be counted before there is a rate.
const AT_LEAST: Duration = Duration::from_secs(1);

/// The rate of a transfer.
#[derive(Debug)]
pub(super) struct Rate {
    clock: Instant,
    window: Mutex<Window>,
}

impl Rate {
    pub(super) fn new() -> Self {
        Self { clock: Instant::now(), window: Mutex::default() }
    }

    /// Counting begins: what came before is forgotten.
    pub(super) fn begin(&self) {
        self.with(Window::begin);
    }

    /// So many bytes have come.
    pub(super) fn add(&self, bytes: u64) {
        self.with(|window, now| window.add(now, bytes));
    }

    /// Bytes a second.
    pub(super) fn per_second(&self) -> Option<u64> {
        self.with(Window::per_second)
    }

    fn with<T>(&self, work: impl FnOnce(&mut Window, Duration) -> T) -> T {
        let mut window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        work(&mut window, self.clock.elapsed())
    }
}

/// What came in the last seconds. Times are since some beginning, and do not go back.
#[derive(Debug, Default)]
struct Window {
    begun: Option<Duration>,
    /// The bytes of each step, by its number.
    steps: VecDeque<(u128, u64)>,
}

impl Window {
    fn begin(&mut self, now: Duration) {
        self.begun = Some(now);
        self.steps.clear();
    }

    fn add(&mut self, now: Duration, bytes: u64) {
        self.begun.get_or_insert(now);
        let step = step(now);
        match self.steps.back_mut() {
            Some((last, sum)) if *last == step => *sum = sum.saturating_add(bytes),
            _ => self.steps.push_back((step, bytes)),
        }
        self.forget(step);
    }

    /// Nothing, until bytes have been counted long enough.
    fn per_second(&mut self, now: Duration) -> Option<u64> {
        let counted = now.checked_sub(self.begun?)?;
        if counted < AT_LEAST {
            return None;
        }
        self.forget(step(now));
        let bytes = self.steps.iter().fold(0_u64, |sum, (_, bytes)| sum.saturating_add(*bytes));
        let milliseconds = counted.min(WINDOW).as_millis().max(1);
        u64::try_from(u128::from(bytes).saturating_mul(1_000) / milliseconds).ok()
    }

    /// Forgets what came before the window: at most 41 steps stay.
    fn forget(&mut self, now: u128) {
        let oldest = now.saturating_sub(WINDOW.as_millis() / STEP.as_millis());
        while self.steps.front().is_some_and(|(step, _)| *step <= oldest && now > oldest) {
            self.steps.pop_front();
        }
    }
}

fn step(now: Duration) -> u128 {
    now.as_millis() / STEP.as_millis()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    #[test]
    fn a_steady_rate_is_told_from_the_first_second_on() {
        let mut window = Window::default();
        assert_eq!(window.per_second(at(0)), None);
        window.begin(at(5_000));
        let mut now = 5_000;
        let mut told = Vec::new();
        for _ in 0..600 {
            now += 50;
            window.add(at(now), 50_000);
            told.extend(window.per_second(at(now)));
        }
        assert_eq!(told.len(), 581, "each time but within the first second");
        let (least, most) = (told.iter().min().unwrap(), told.iter().max().unwrap());
        assert!(*least >= 970_000 && *most <= 1_030_000, "{least} to {most}");
        assert!(window.steps.len() <= 41);
    }

    #[test]
    fn a_transfer_that_stalls_falls_to_nothing_in_ten_seconds() {
        let mut window = Window::default();
        window.begin(at(0));
        for second in 1..=10 {
            window.add(at(second * 1_000), 1_000);
        }
        let rates: Vec<u64> =
            (10..=21).map(|second| window.per_second(at(second * 1_000)).unwrap()).collect();
        assert!(rates.windows(2).all(|pair| pair[0] >= pair[1]), "{rates:?}");
        assert_eq!((rates[0], rates[11]), (1_000, 0));
    }

    #[test]
    fn what_an_earlier_source_gave_is_not_counted_for_the_next_one() {
        let mut window = Window::default();
        window.begin(at(0));
        window.add(at(900), 9_000_000);
        window.begin(at(1_000));
        assert_eq!(window.per_second(at(1_500)), None);
        window.add(at(2_000), 500);
        assert_eq!(window.per_second(at(3_000)), Some(250));
    }
}
