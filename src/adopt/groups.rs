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
            let name = groups.name(set, declared).filter(|name| groups.is_free(name));
            if let Some(name) = name.or_else(|| groups.free_number()) {
                groups.names.insert(key, (name, set.clone()));
            }
        }
        Self { sets, ..groups }
    }

    fn is_free(&self, name: &Name) -> bool {
        !self.names.values().any(|(taken, _)| taken == name)
    }

    /// What to call a group otherwise. A site may be called `group-2`, and its group is then, too.
    fn free_number(&self) -> Option<Name> {
        let numbers = self.names.len() + 1..;
        numbers.map_while(|it| format!("group-{it}").parse().ok()).find(|name| self.is_free(name))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_group_takes_the_name_of_another_one() {
        let name = |text: &str| text.parse::<Name>().unwrap();
        let points = ["a", "b", "c", "d"].map(|it| Some(name(it))).to_vec();
        let set = |numbers: [u32; 2]| numbers.into_iter().collect::<NumberSet>();
        let sets = [[0, 1], [1, 2], [2, 3], [0, 1], [1, 2], [2, 3]].map(set).to_vec();
        let mut groups = Groups::of(points, sets, &Declared::default());
        let names = |groups: &Groups| {
            groups.documents().into_iter().map(|(name, _)| name).collect::<BTreeSet<_>>()
        };
        assert_eq!(names(&groups), ["group-1", "group-2", "group-3"].map(name).into());
        // As if the first were the group of a site that is called so.
        groups.names.values_mut().next().unwrap().0 = name("group-2");
        assert_eq!(groups.free_number(), Some(name("group-4")));
    }
}
