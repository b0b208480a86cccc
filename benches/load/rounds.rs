//! Rounds in which everything is done once, so that what disturbs the computer disturbs both sides
//! of a comparison.

use std::fs;

/// How often everything is done.
pub(crate) struct Rounds {
    count: usize,
}

/// Takes the time of what is to be measured, and not of what it needs.
pub(crate) struct Time {
    milliseconds: f64,
}

/// The milliseconds of each round.
pub(crate) struct Measured(Vec<f64>);

type Contestant<'a> = (&'a str, &'a mut dyn FnMut(&mut Time));

impl Time {
    /// Runs what is measured. What it gives is dropped behind that.
    pub(crate) fn of<T>(&mut self, run: impl FnOnce() -> T) {
        let begun = cpu_milliseconds();
        let result = run();
        self.milliseconds += cpu_milliseconds() - begun;
        drop(result);
    }
}

impl Rounds {
    pub(crate) fn new(count: usize) -> Self {
        Self { count }
    }

    /// Does everything once in each round, and once before for nothing.
    pub(crate) fn of<const N: usize>(&mut self, mut all: [Contestant<'_>; N]) -> [Measured; N] {
        let mut measured = [const { Vec::new() }; N];
        for round in 0..=self.count {
            for ((_, run), measured) in all.iter_mut().zip(&mut measured) {
                let mut time = Time { milliseconds: 0.0 };
                run(&mut time);
                if round > 0 {
                    measured.push(time.milliseconds);
                }
            }
        }
        let measured = measured.map(Measured);
        for ((name, _), measured) in all.iter().zip(&measured) {
            let (least, most) = measured.spread();
            println!("{name:40} {:9.2} ms ({least:.2} to {most:.2})", measured.median());
        }
        measured
    }
}

impl Measured {
    fn median(&self) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        sorted[sorted.len() / 2]
    }

    fn spread(&self) -> (f64, f64) {
        let least = self.0.iter().copied().fold(f64::INFINITY, f64::min);
        (least, self.0.iter().copied().fold(0.0, f64::max))
    }
}

/// Prints how one compares with the other: the median of the rounds' ratios, and what is wanted.
pub(crate) fn ratio(name: &str, one: &Measured, other: &Measured, most: Option<f64>) {
    let ratios = one.0.iter().zip(&other.0).map(|(one, other)| one / other).collect();
    let ratio = Measured(ratios).median();
    let wanted = match most {
        Some(most) if ratio <= most => format!("   at most {most}"),
        Some(most) => format!("   at most {most}: MISSED"),
        None => String::new(),
    };
    println!("{name:40} {ratio:9.3}{wanted}");
}

/// The time that this thread has run, as the scheduler counts it: other processes do not enter it,
/// except through the caches.
fn cpu_milliseconds() -> f64 {
    // The scheduler adds up when it is asked for the next one.
    std::thread::yield_now();
    let text = fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    let nanoseconds: f64 = text.split(' ').next().unwrap().parse().unwrap();
    nanoseconds / 1e6
}
