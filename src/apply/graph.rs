//! The actions of a plan as a graph: which may begin, and what follows when one has ended.

use std::collections::{BTreeMap, BTreeSet};

use crate::plan::{Action, ActionId};

/// Actions by their number in the plan, each with how many others it still comes after.
pub(super) struct Graph<'a> {
    actions: &'a [Action],
    missing: Vec<usize>,
    followers: Vec<Vec<usize>>,
    /// May begin, in the plan's order.
    ready: BTreeSet<usize>,
    /// The same for those that only follow what others do.
    ready_to_follow: BTreeSet<usize>,
    follow: Vec<bool>,
    /// Ended or skipped: nothing happens to it any more.
    settled: Vec<bool>,
}

impl<'a> Graph<'a> {
    /// `follows` says of an action whether it only follows what others do.
    pub(super) fn new(actions: &'a [Action], follows: impl Fn(&Action) -> bool) -> Self {
        let numbers: BTreeMap<&ActionId, usize> =
            actions.iter().enumerate().map(|(number, action)| (&action.id, number)).collect();
        let mut followers = vec![Vec::new(); actions.len()];
        let mut missing = vec![0; actions.len()];
        for (number, action) in actions.iter().enumerate() {
            // What the plan does not hold is not waited for: there is nobody to do it.
            for before in action.after.iter().filter_map(|id| numbers.get(id)) {
                followers[*before].push(number);
                missing[number] += 1;
            }
        }
        let follow: Vec<bool> = actions.iter().map(follows).collect();
        let ready = (0..actions.len()).filter(|number| missing[*number] == 0);
        let (ready_to_follow, ready) = ready.partition(|number| follow[*number]);
        let settled = vec![false; actions.len()];
        Self { actions, missing, followers, ready, ready_to_follow, follow, settled }
    }

    pub(super) fn action(&self, number: usize) -> &'a Action {
        &self.actions[number]
    }

    /// The first action of the plan that may begin now and does something itself.
    pub(super) fn next(&mut self) -> Option<usize> {
        self.ready.pop_first()
    }

    /// The first one that may begin now and only follows what others do.
    pub(super) fn next_to_follow(&mut self) -> Option<usize> {
        self.ready_to_follow.pop_first()
    }

    /// Whether an action only follows what others do.
    pub(super) fn follows(&self, number: usize) -> bool {
        self.follow[number]
    }

    /// An action is done: what came after it, and after nothing else, may begin.
    pub(super) fn done(&mut self, number: usize) {
        self.settled[number] = true;
        for follower in std::mem::take(&mut self.followers[number]) {
            self.missing[follower] -= 1;
            if self.missing[follower] == 0 && !self.settled[follower] {
                let follows = self.follow[follower];
                let ready = if follows { &mut self.ready_to_follow } else { &mut self.ready };
                ready.insert(follower);
            }
        }
    }

    /// An action is not done: the ones directly after it, which are skipped now.
    pub(super) fn not_done(&mut self, number: usize) -> Vec<usize> {
        self.settled[number] = true;
        let mut skipped = std::mem::take(&mut self.followers[number]);
        skipped.retain(|follower| !std::mem::replace(&mut self.settled[*follower], true));
        skipped
    }
}

#[cfg(test)]
mod tests {
    use crate::{model::ResourceId, plan::ActionKind};

    use super::*;

    fn action(id: &str, after: &[&str]) -> Action {
        let name = "one".parse().unwrap();
        Action {
            id: ActionId::from(id.to_owned()),
            kind: ActionKind::VerifyPorts,
            resource: ResourceId::new(crate::model::Kind::SoftwareUpdatePoint, &name),
            site: "ONE".parse().unwrap(),
            requirement: "SUP-5".to_owned(),
            reason: String::new(),
            after: after.iter().map(|id| ActionId::from((*id).to_owned())).collect(),
            targets: Vec::new(),
            diff: Vec::new(),
            only_new: false,
            scheduled: false,
        }
    }

    fn ready(graph: &mut Graph<'_>) -> Vec<String> {
        std::iter::from_fn(|| graph.next()).map(graph_id).collect()
    }

    fn graph_id(number: usize) -> String {
        ["a", "b", "c", "d"][number].to_owned()
    }

    #[test]
    fn an_action_begins_once_all_before_it_are_done() {
        let actions =
            [action("a", &[]), action("b", &[]), action("c", &["a", "b"]), action("d", &["c"])];
        let mut graph = Graph::new(&actions, |_| false);
        assert_eq!(ready(&mut graph), ["a", "b"]);
        graph.done(1);
        assert_eq!(ready(&mut graph), [] as [&str; 0]);
        graph.done(0);
        assert_eq!(ready(&mut graph), ["c"]);
        graph.done(2);
        assert_eq!(ready(&mut graph), ["d"]);
    }

    #[test]
    fn those_that_only_follow_stand_in_a_line_of_their_own() {
        let actions =
            [action("a", &[]), action("b", &[]), action("c", &["a"]), action("d", &["a"])];
        let mut graph = Graph::new(&actions, |action| ["b", "c"].contains(&action.id.as_str()));
        assert_eq!((graph.next(), graph.next(), graph.next_to_follow()), (Some(0), None, Some(1)));
        graph.done(0);
        assert_eq!((graph.next(), graph.next_to_follow()), (Some(3), Some(2)));
        assert_eq!((graph.next(), graph.next_to_follow()), (None, None));
        assert!(graph.follows(1) && !graph.follows(0));
    }

    #[test]
    fn what_comes_after_something_not_done_is_skipped_once() {
        let actions = [
            action("a", &[]),
            action("b", &[]),
            action("c", &["a", "b"]),
            action("d", &["a", "c"]),
        ];
        let mut graph = Graph::new(&actions, |_| false);
        assert_eq!(ready(&mut graph), ["a", "b"]);
        assert_eq!(graph.not_done(0), [2, 3]);
        assert_eq!(graph.not_done(2), [] as [usize; 0]);
        graph.done(1);
        assert_eq!(ready(&mut graph), [] as [&str; 0]);
    }
}
