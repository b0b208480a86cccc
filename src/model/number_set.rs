//! Sets of small numbers, compressed: thousands of distribution points are held, compared and
//! written as a few runs.

use std::{
    fmt,
    ops::{BitAnd, RangeInclusive, Sub},
};

use roaring::RoaringBitmap;
use serde::{Serialize, Serializer};

/// A set of numbers, as those that stand for distribution points or site systems in a list.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct NumberSet(RoaringBitmap);

impl NumberSet {
    /// How many numbers it has.
    pub fn len(&self) -> usize {
        // Numbers below 2^32, each once: no more than a `usize` counts on the computers of today.
        usize::try_from(self.0.len()).unwrap_or(usize::MAX)
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a number is in it.
    pub fn contains(&self, number: u32) -> bool {
        self.0.contains(number)
    }

    /// Whether all its numbers are in another one too.
    pub fn is_subset(&self, of: &Self) -> bool {
        self.0.is_subset(&of.0)
    }

    /// Whether no number is in both.
    pub fn is_disjoint(&self, from: &Self) -> bool {
        self.0.is_disjoint(&from.0)
    }

    /// Its greatest number.
    pub fn max(&self) -> Option<u32> {
        self.0.max()
    }

    /// Its numbers, ascending.
    pub fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        self.0.iter()
    }

    /// Its numbers as runs without gaps, ascending.
    pub fn runs(&self) -> impl Iterator<Item = RangeInclusive<u32>> + '_ {
        let mut iter = self.0.iter();
        std::iter::from_fn(move || iter.next_range())
    }

    /// Adds a number.
    pub fn insert(&mut self, number: u32) {
        self.0.insert(number);
    }

    /// Takes a number away, and says whether it was in it.
    pub fn remove(&mut self, number: u32) -> bool {
        self.0.remove(number)
    }

    /// Adds all numbers of another one.
    pub fn add(&mut self, other: &Self) {
        self.0 |= &other.0;
    }

    /// Takes the numbers of another one away.
    pub fn take(&mut self, other: &Self) {
        self.0 -= &other.0;
    }

    /// The set of what each number becomes; `None` leaves one out. Not all of `becomes` need be in
    /// use; a number beyond it is left out.
    #[must_use]
    pub fn translate(&self, becomes: &[Option<u32>]) -> Self {
        let size = becomes.iter().flatten().max().map_or(0, |greatest| *greatest as usize + 1);
        let mut bits = vec![0_u8; size.div_ceil(8)];
        for number in &self.0 {
            if let Some(Some(new)) = becomes.get(number as usize) {
                bits[*new as usize / 8] |= 1 << (new % 8);
            }
        }
        let mut translated = RoaringBitmap::from_lsb0_bytes(0, &bits);
        translated.optimize();
        Self(translated)
    }

    /// Reads the form that [`fmt::Display`] writes: runs of numbers below `end`, ascending. No
    /// text makes it larger than `end` asks for.
    ///
    /// # Errors
    ///
    /// What is not such a form, in words.
    pub fn parse(text: &str, end: u32) -> Result<Self, InvalidNumbers> {
        let mut numbers = Self::default();
        let mut next = 0;
        for part in text.split(',').filter(|_| !text.is_empty()) {
            let wrong = |why| InvalidNumbers { part: part.chars().take(32).collect(), why };
            let number = |text: &str| text.parse::<u32>().map_err(|_| wrong("is not a number"));
            let (first, last) = match part.split_once('-') {
                Some((first, last)) => (number(first)?, number(last)?),
                None => (number(part)?, number(part)?),
            };
            if first < next || last < first {
                return Err(wrong("is not above what stands before it"));
            }
            if last >= end {
                return Err(wrong("is beyond the list that it counts in"));
            }
            numbers.0.insert_range(first..=last);
            next = last.saturating_add(1);
        }
        numbers.0.optimize();
        Ok(numbers)
    }
}

/// A text is not a set of numbers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{part}` {why}: write numbers and runs of them, ascending, as `0-4,7`")]
pub struct InvalidNumbers {
    /// The part that is wrong, cut short.
    pub part: String,
    /// What is wrong with it.
    pub why: &'static str,
}

impl fmt::Display for NumberSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, run) in self.runs().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            if run.start() == run.end() {
                write!(f, "{comma}{}", run.start())?;
            } else {
                write!(f, "{comma}{}-{}", run.start(), run.end())?;
            }
        }
        Ok(())
    }
}

impl Serialize for NumberSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl fmt::Debug for NumberSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{{self}}}")
    }
}

impl FromIterator<u32> for NumberSet {
    fn from_iter<Numbers: IntoIterator<Item = u32>>(numbers: Numbers) -> Self {
        let mut set: RoaringBitmap = numbers.into_iter().collect();
        set.optimize();
        Self(set)
    }
}

impl BitAnd for &NumberSet {
    type Output = NumberSet;

    fn bitand(self, other: Self) -> NumberSet {
        NumberSet(&self.0 & &other.0)
    }
}

impl Sub for &NumberSet {
    type Output = NumberSet;

    fn sub(self, other: Self) -> NumberSet {
        NumberSet(&self.0 - &other.0)
    }
}

/// Numbers that are put together in ascending order, kept as runs: what a set of thousands without
/// gaps takes while it grows is two numbers.
#[derive(Debug, Clone, Default)]
pub(super) struct Runs(Vec<(u32, u32)>);

impl Runs {
    /// Adds a number that is greater than all before it.
    pub(super) fn push(&mut self, number: u32) {
        match self.0.last_mut() {
            Some((_, last)) if *last + 1 == number => *last = number,
            _ => self.0.push((number, number)),
        }
    }

    pub(super) fn into_set(self) -> NumberSet {
        let mut set = RoaringBitmap::new();
        for (first, last) in self.0 {
            set.insert_range(first..=last);
        }
        set.optimize();
        NumberSet(set)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_form_reads_back() {
        for numbers in [vec![], vec![0], vec![0, 1, 2, 7, 9, 10], (5..70_000).collect()] {
            let set: NumberSet = numbers.iter().copied().collect();
            assert_eq!(NumberSet::parse(&set.to_string(), 70_000), Ok(set.clone()));
            assert_eq!(set.iter().collect::<Vec<_>>(), numbers);
        }
        let set: NumberSet = [0, 1, 2, 7, 9, 10].into_iter().collect();
        assert_eq!(set.to_string(), "0-2,7,9-10");
    }

    #[test]
    fn what_is_no_set_is_refused() {
        for wrong in ["x", "1,", "3-2", "1,1", "0-4,4", "-1", "0-4294967296", "10", "0-10", " 1"] {
            assert!(NumberSet::parse(wrong, 10).is_err(), "{wrong}");
        }
    }

    #[test]
    fn numbers_become_others() {
        let set: NumberSet = [0, 2, 3, 9].into_iter().collect();
        let translated = set.translate(&[Some(5), Some(1), None, Some(0)]);
        assert_eq!(translated.iter().collect::<Vec<_>>(), [0, 5]);
    }

    #[test]
    fn runs_are_the_numbers_that_were_pushed() {
        let mut runs = Runs::default();
        for number in [0, 1, 2, 5, 6, 100_000] {
            runs.push(number);
        }
        assert_eq!(runs.into_set().to_string(), "0-2,5-6,100000");
    }
}
