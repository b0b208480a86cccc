//! How much went through a line when: in a bounded number of equal spans, however long it goes on.

use crate::simulate::{at::At, numbers::whole};

/// Into so many spans all of it is divided at most.
const SPANS: usize = 256;

/// The bytes of each span of time since the beginning.
#[derive(Debug, Clone)]
pub(crate) struct History {
    /// Seconds of a span.
    span: f64,
    bytes: Vec<f64>,
}

impl Default for History {
    fn default() -> Self {
        Self { span: 1.0, bytes: Vec::new() }
    }
}

impl History {
    /// So many bytes went through evenly between two moments.
    pub(super) fn add(&mut self, from: At, to: At, bytes: f64) {
        let (from, to) = (from.seconds_since(At::BEGIN), to.seconds_since(At::BEGIN));
        if to <= from || bytes <= 0.0 {
            return;
        }
        while self.place(to) >= SPANS {
            self.widen();
        }
        let (first, last) = (self.place(from), self.place(to));
        if self.bytes.len() <= last {
            self.bytes.resize(last + 1, 0.0);
        }
        let mut begin = from;
        for place in first..=last {
            let end = (self.begin(place) + self.span).min(to);
            self.bytes[place] += bytes * (end - begin) / (to - from);
            begin = end;
        }
    }

    /// Seconds of a span, and the bytes of each, from the beginning on.
    pub(crate) fn spans(&self) -> (f64, &[f64]) {
        (self.span, &self.bytes)
    }

    fn place(&self, seconds: f64) -> usize {
        usize::try_from(whole(seconds / self.span)).unwrap_or(usize::MAX)
    }

    fn begin(&self, place: usize) -> f64 {
        f64::from(u32::try_from(place).unwrap_or(u32::MAX)) * self.span
    }

    fn widen(&mut self) {
        self.span *= 2.0;
        let pairs = self.bytes.chunks(2).map(|pair| pair.iter().sum());
        self.bytes = pairs.collect();
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    fn at(seconds: i64) -> At {
        At::after(SignedDuration::from_secs(seconds))
    }

    #[test]
    fn nothing_is_lost_however_long_it_goes_on() {
        let mut history = History::default();
        let mut sum = 0.0;
        for second in (0..30 * 86_400).step_by(86_400) {
            history.add(at(second), at(second + 3_600), 1e9);
            sum += 1e9;
        }
        let (span, bytes) = history.spans();
        assert!(bytes.len() <= SPANS, "{span}");
        assert!((bytes.iter().sum::<f64>() - sum).abs() < 1.0);
    }

    #[test]
    fn what_went_evenly_is_divided_evenly() {
        let mut history = History::default();
        history.add(at(1), at(4), 300.0);
        assert_eq!(history.spans().1[..4], [0.0, 100.0, 100.0, 100.0]);
    }
}
