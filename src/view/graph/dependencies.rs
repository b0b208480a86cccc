//! What of a plan has to wait for what: the edges that say something, and the critical path.

use std::collections::BTreeMap;

use crate::plan::{ActionId, ActionKind, Plan};

/// The order between things, each named by its number. Everything comes after things with lower
/// numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Dependencies {
    /// By number: what it comes after, without what follows from the rest.
    pub(super) after: Vec<Vec<usize>>,
}

/// The longest way through a plan.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct CriticalPath {
    /// The numbers of its actions, in order.
    pub(super) actions: Vec<usize>,
    /// The sum of their weights.
    pub(super) weight: u64,
}

/// How long an action takes, compared with others: how long it really takes is not known before.
/// What moves a catalog takes longest, then what moves content, then what installs.
pub(super) const fn weight(kind: ActionKind) -> u64 {
    match kind {
        ActionKind::Synchronize | ActionKind::ImportUpdates => 20,
        ActionKind::SynchronizeCategories
        | ActionKind::DistributeContent
        | ActionKind::UpdateContent
        | ActionKind::ValidateContent => 10,
        ActionKind::InstallUpdateServices | ActionKind::InstallAdministrationConsole => 5,
        _ => 1,
    }
}

/// The weights in words.
pub(super) const WEIGHTS: &str = "synchronizing or importing counts 20, moving or validating content \
                                  and bringing categories 10, installing 5, everything else 1";

impl Dependencies {
    /// The dependencies between the actions of a plan.
    pub(super) fn of(plan: &Plan) -> Self {
        let ids = plan.actions.iter().enumerate().map(|(number, action)| (&action.id, number));
        let numbers: BTreeMap<&ActionId, usize> = ids.collect();
        let after = plan.actions.iter().enumerate().map(|(number, action)| {
            let after = action.after.iter().filter_map(|id| numbers.get(id).copied());
            // An action of a plan comes after those that it names; only such a plan is read.
            after.filter(|earlier| *earlier < number).collect()
        });
        Self { after: after.collect() }.reduced()
    }

    /// Without what follows from the rest: if `c` comes after `b`, and `b` after `a`, then that `c`
    /// comes after `a` goes without saying.
    pub(super) fn reduced(mut self) -> Self {
        for after in &mut self.after {
            // The latest first: what comes before it has been said with it.
            after.sort_unstable_by(|a, b| b.cmp(a));
            after.dedup();
        }
        let count = self.after.len();
        let mut said: Vec<Vec<bool>> = self.after.iter().map(|it| vec![false; it.len()]).collect();
        // What comes before what is held as bits, for a part of the actions at a time: so that
        // memory grows with the plan and not with its square.
        for from in (0..count).step_by(PART) {
            let mut before = vec![[0_u64; PART / 64]; count - from];
            for number in from..count {
                let mut mine = [0_u64; PART / 64];
                for (place, &earlier) in self.after[number].iter().enumerate() {
                    let Some(bit) = earlier.checked_sub(from) else { continue };
                    if bit < PART {
                        said[number][place] = mine[bit / 64] >> (bit % 64) & 1 == 1;
                        mine[bit / 64] |= 1 << (bit % 64);
                    }
                    for (mine, theirs) in mine.iter_mut().zip(&before[bit]) {
                        *mine |= theirs;
                    }
                }
                before[number - from] = mine;
            }
        }
        for (after, said) in self.after.iter_mut().zip(said) {
            let mut said = said.into_iter();
            after.retain(|_| !said.next().unwrap_or(false));
            after.reverse();
        }
        self
    }

    /// By number: how many have to be done one after the other before it.
    pub(super) fn levels(&self) -> Vec<usize> {
        let mut levels: Vec<usize> = Vec::with_capacity(self.after.len());
        for after in &self.after {
            let level = after.iter().filter_map(|it| levels.get(*it)).max();
            levels.push(level.map_or(0, |level| level + 1));
        }
        levels
    }

    /// The way that takes longest: the whole cannot be done faster, however much is done at once.
    pub(super) fn critical_path(&self, weights: impl Fn(usize) -> u64) -> CriticalPath {
        // The weight of the longest way that ends with each, and what comes before it on that way.
        let mut ways: Vec<(u64, Option<usize>)> = Vec::with_capacity(self.after.len());
        for (number, after) in self.after.iter().enumerate() {
            // Of equal ways, the one that comes first in the plan.
            let longest = after.iter().rev().max_by_key(|it| ways[**it].0).copied();
            let before = longest.map_or(0, |it| ways[it].0);
            ways.push((before + weights(number), longest));
        }
        let last = (0..ways.len()).rev().max_by_key(|it| ways[*it].0);
        let mut actions: Vec<_> = std::iter::successors(last, |it| ways[*it].1).collect();
        actions.reverse();
        CriticalPath { weight: last.map_or(0, |last| ways[last].0), actions }
    }
}

/// As many actions at a time are looked at for what comes after them: half a kilobyte for each.
const PART: usize = 4096;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn dependencies(after: &[&[usize]]) -> Dependencies {
        Dependencies { after: after.iter().map(|it| it.to_vec()).collect() }
    }

    #[test]
    fn what_follows_from_the_rest_is_left_out() {
        let all = dependencies(&[&[], &[0, 0], &[0, 1], &[0, 1, 2], &[0]]);
        assert_eq!(all.reduced().after, [vec![], vec![0], vec![1], vec![2], vec![0]]);
    }

    #[test]
    fn the_critical_path_is_the_heaviest() {
        let all = dependencies(&[&[], &[0], &[0], &[1], &[2, 3]]);
        let path = all.critical_path(|it| if it == 2 { 5 } else { 1 });
        assert_eq!(path, CriticalPath { actions: vec![0, 2, 4], weight: 7 });
        let path = all.critical_path(|_| 1);
        assert_eq!(path.actions, [0, 1, 3, 4]);
        assert_eq!(dependencies(&[]).critical_path(|_| 1), CriticalPath::default());
    }

    proptest! {
        #[test]
        fn reduction_keeps_the_order_and_nothing_else(
            seed in proptest::collection::vec(proptest::collection::vec(any::<u16>(), 0..6), 1..60)
        ) {
            let after: Vec<Vec<usize>> = seed
                .iter()
                .enumerate()
                .map(|(it, picks)| {
                    let picks = picks.iter().filter(|_| it > 0);
                    picks.map(|pick| usize::from(*pick) % it.max(1)).collect()
                })
                .collect();
            let reach = |after: &[Vec<usize>]| -> Vec<std::collections::BTreeSet<usize>> {
                let mut all: Vec<std::collections::BTreeSet<usize>> = Vec::new();
                for after in after {
                    let mut mine = std::collections::BTreeSet::new();
                    for it in after {
                        mine.insert(*it);
                        mine.extend(all[*it].iter().copied());
                    }
                    all.push(mine);
                }
                all
            };
            let all = Dependencies { after: after.clone() }.reduced();
            prop_assert_eq!(reach(&all.after), reach(&after));
            // Without any edge the order would be another.
            for (number, edges) in all.after.iter().enumerate() {
                for edge in edges {
                    let mut less = all.after.clone();
                    less[number].retain(|it| it != edge);
                    prop_assert_ne!(&reach(&less)[number], &reach(&all.after)[number]);
                }
            }
        }
    }
}
