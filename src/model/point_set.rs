//! Sets of distribution points. A package on thousands of them is one set, shared by all packages
//! that go to the same ones: placements are not held pair by pair.

use std::{fmt, sync::Arc};

use super::{Name, NumberSet};

/// A set of distribution points of a hierarchy. A copy shares everything.
#[derive(Clone)]
pub struct PointSet {
    /// All distribution points of the hierarchy, ascending.
    names: Arc<[Name]>,
    /// The places of the members in that list.
    numbers: Arc<NumberSet>,
}

impl PointSet {
    /// The members of a list that stand at some places in it. The list is ascending.
    pub(super) fn new(names: &Arc<[Name]>, numbers: NumberSet) -> Self {
        Self { names: names.clone(), numbers: Arc::new(numbers) }
    }

    /// The members of both sets, which are of one hierarchy.
    #[must_use]
    pub fn with(&self, other: &Self) -> Self {
        let mut numbers = NumberSet::clone(&self.numbers);
        numbers.add(&other.numbers);
        Self::new(&self.names, numbers)
    }

    /// How many distribution points it has.
    pub fn len(&self) -> usize {
        self.numbers.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.numbers.is_empty()
    }

    /// Whether a distribution point is in it.
    pub fn contains(&self, point: &Name) -> bool {
        number(&self.names, point).is_some_and(|number| self.numbers.contains(number))
    }

    /// Its distribution points, ascending.
    pub fn iter(&self) -> impl Iterator<Item = &Name> {
        self.numbers.iter().filter_map(|number| self.names.get(number as usize))
    }

    /// Its distribution points as their ranks among all of the hierarchy.
    pub fn numbers(&self) -> &Arc<NumberSet> {
        &self.numbers
    }
}

/// The rank of a name in an ascending list.
pub(super) fn number(names: &[Name], name: &Name) -> Option<u32> {
    names.binary_search(name).ok().and_then(|number| u32::try_from(number).ok())
}

impl PartialEq for PointSet {
    fn eq(&self, other: &Self) -> bool {
        if Arc::ptr_eq(&self.names, &other.names) || self.names == other.names {
            Arc::ptr_eq(&self.numbers, &other.numbers) || self.numbers == other.numbers
        } else {
            self.len() == other.len() && self.iter().eq(other.iter())
        }
    }
}

impl Eq for PointSet {}

impl fmt::Debug for PointSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}
