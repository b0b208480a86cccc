//! What an action comes after, in few words.

use std::collections::{BTreeMap, BTreeSet};

use crate::plan::{Action, ActionId, Plan};

/// So many are named; of more, the last one.
const NAMED: usize = 3;

/// So many are counted: the content of a large site can come after millions, and what is a long
/// list already needs no exact number.
const MOST_COUNTED: usize = 10_000;

/// The places of the actions of a plan.
pub(super) struct Order<'a>(BTreeMap<&'a ActionId, usize>);

/// What one or several actions come after, themselves left out.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Earlier<'a> {
    /// In the order of the plan.
    actions: Vec<&'a ActionId>,
    /// Whether there are more.
    more: bool,
}

impl<'a> Order<'a> {
    pub(super) fn of(plan: &'a Plan) -> Self {
        Self(plan.actions.iter().enumerate().map(|(place, action)| (&action.id, place)).collect())
    }

    /// What some actions come after.
    pub(super) fn waits_for(&self, actions: &[&'a Action]) -> Earlier<'a> {
        let own: BTreeSet<&ActionId> = actions.iter().map(|action| &action.id).collect();
        let mut earlier = BTreeMap::new();
        let all: usize = actions.iter().map(|action| action.after.len()).sum();
        for id in actions.iter().flat_map(|action| &action.after).take(MOST_COUNTED) {
            if let Some(place) = self.0.get(id).filter(|_| !own.contains(id)) {
                earlier.insert(place, id);
            }
        }
        Earlier { actions: earlier.into_values().collect(), more: all > MOST_COUNTED }
    }
}

impl Earlier<'_> {
    /// `after A, B`, or `after 37 actions, last B`; nothing if there is nothing earlier.
    pub(super) fn sentence(&self, full: bool, shown: fn(&ActionId) -> String) -> Option<String> {
        let last = *self.actions.last()?;
        let count = self.actions.len();
        if self.more {
            return Some(format!("after more than {count} actions"));
        }
        if count > NAMED && !full {
            return Some(format!("after {count} actions, last {}", shown(last)));
        }
        let names: Vec<String> = self.actions.iter().map(|id| shown(id)).collect();
        Some(format!("after {}", names.join(", ")))
    }
}
