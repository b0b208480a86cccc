//! Which packages each distribution point is given, as sets: ten thousand packages for a group of
//! five thousand points are two short lists here, not fifty million pairs.

use std::collections::BTreeMap;

use roaring::RoaringBitmap;

use super::linked::{Group, Package};

/// Sets of packages by their numbers, which stand for the order of their documents. Distribution
/// points that are given the same share one.
pub(super) struct Content {
    sets: Vec<RoaringBitmap>,
    /// For each distribution point, the number of its set.
    given: Vec<usize>,
    /// Packages that name what is not known: they may go to any point.
    unknown: RoaringBitmap,
}

impl Content {
    pub(super) fn new(points: usize, groups: &[Group<'_>], packages: &[Package<'_>]) -> Self {
        let mut direct = vec![RoaringBitmap::new(); points];
        let mut of_groups = vec![RoaringBitmap::new(); groups.len()];
        let mut unknown = RoaringBitmap::new();
        for (package, number) in packages.iter().zip(0..) {
            for link in &package.points {
                match link.and_then(|point| direct.get_mut(point)) {
                    Some(point) => point.insert(number),
                    None => unknown.insert(number),
                };
            }
            for link in &package.groups {
                match link.and_then(|group| of_groups.get_mut(group)) {
                    Some(group) => group.insert(number),
                    None => unknown.insert(number),
                };
            }
        }
        let mut memberships = vec![Vec::new(); points];
        for (number, (group, packages)) in groups.iter().zip(&of_groups).enumerate() {
            for link in &group.members {
                match link.and_then(|point| memberships.get_mut(point)) {
                    Some(groups) => groups.push(number),
                    // A member that is not known may be any point.
                    None => unknown |= packages,
                }
            }
        }
        let mut sets = Vec::new();
        let mut shared = BTreeMap::new();
        let mut given = Vec::with_capacity(points);
        for (mut groups, direct) in memberships.into_iter().zip(direct) {
            groups.dedup();
            if direct.is_empty() {
                let set = *shared.entry(groups).or_insert_with_key(|groups| {
                    sets.push(union(RoaringBitmap::new(), groups, &of_groups));
                    sets.len() - 1
                });
                given.push(set);
            } else {
                sets.push(union(direct, &groups, &of_groups));
                given.push(sets.len() - 1);
            }
        }
        Self { sets, given, unknown }
    }

    /// The packages that a distribution point is given.
    pub(super) fn given(&self, point: usize) -> &RoaringBitmap {
        &self.sets[self.given[point]]
    }

    /// Whether it is known of two distribution points that they are given the same.
    pub(super) fn same(&self, one: usize, other: usize) -> bool {
        self.given[one] == self.given[other]
    }

    /// The packages of which it is not known to which points they go.
    pub(super) fn unknown(&self) -> &RoaringBitmap {
        &self.unknown
    }
}

fn union(mut set: RoaringBitmap, groups: &[usize], of_groups: &[RoaringBitmap]) -> RoaringBitmap {
    for group in groups {
        set |= &of_groups[*group];
    }
    set.optimize();
    set
}
