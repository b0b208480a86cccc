//! Distribution point groups: where several packages go to the same distribution points, these get
//! a name.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Declared, DistributeTo, DistributionPointGroupSpec, Name, NumberSet};

/// A group is worth a document for so many packages, of so many distribution points.
const WORTH_IT: usize = 2;

/// The distribution points of some packages, by number of the package.
pub(super) struct Groups {
    /// The distribution points that the sets count in.
    points: Vec<Option<Name>>,
    sets: Vec<NumberSet>,
    /// The groups, by the written form of their sets.
    names: BTreeMap<String, (Name, NumberSet)>,
}

impl Groups {
    pub(super) fn of(points: Vec<Option<Name>>, sets: Vec<NumberSet>, declared: &Declared) -> Self {
        let mut uses: BTreeMap<String, (usize, &NumberSet)> = BTreeMap::new();
        for set in sets.iter().filter(|set| set.len() >= WORTH_IT) {
            uses.entry(set.to_string()).or_insert((0, set)).0 += 1;
        }
        let mut groups = Self { points, sets: Vec::new(), names: BTreeMap::new() };
        for (key, (_, set)) in uses.into_iter().filter(|(_, (uses, _))| *uses >= WORTH_IT) {
            let numbered = format!("group-{}", groups.names.len() + 1).parse().ok();
            let free = |name: &Name| !groups.names.values().any(|(taken, _)| taken == name);
            if let Some(name) = groups.name(set, declared).filter(free).or(numbered) {
                groups.names.insert(key, (name, set.clone()));
            }
        }
        Self { sets, ..groups }
    }

    /// What to call a group, if it has all distribution points or all of a site.
    fn name(&self, set: &NumberSet, declared: &Declared) -> Option<Name> {
        let points = &declared.distribution_points;
        let members = self.members(set);
        if members.len() == points.len() {
            return "all".parse().ok();
        }
        let sites: BTreeSet<&Name> =
            members.iter().filter_map(|it| points.get(it)).map(|point| &point.spec.site).collect();
        let site = sites.first().filter(|_| sites.len() == 1)?;
        let of_site = points.values().filter(|point| point.spec.site == **site).count();
        (of_site == members.len()).then(|| (*site).clone())
    }

    fn members(&self, set: &NumberSet) -> BTreeSet<Name> {
        let points = set.iter().filter_map(|number| self.points.get(number as usize)?.as_ref());
        points.cloned().collect()
    }

    /// The documents.
    pub(super) fn documents(&self) -> Vec<(Name, DistributionPointGroupSpec)> {
        let groups = self.names.values().map(|(name, set)| {
            let members = self.members(set).into_iter().collect();
            (name.clone(), DistributionPointGroupSpec { members })
        });
        groups.collect()
    }

    /// Where the package of that number goes.
    pub(super) fn targets(&self, number: usize) -> DistributeTo {
        let Some(set) = self.sets.get(number) else { return DistributeTo::default() };
        match self.names.get(&set.to_string()) {
            Some((group, _)) => {
                DistributeTo { distribution_points: Vec::new(), groups: vec![group.clone()] }
            }
            None => DistributeTo {
                distribution_points: self.members(set).into_iter().collect(),
                groups: Vec::new(),
            },
        }
    }
}
