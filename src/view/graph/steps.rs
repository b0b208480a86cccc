//! A plan as steps that can be looked at: alike actions become one.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    model::SiteCode,
    plan::{ActionKind, Plan},
};

use super::{dependencies::Dependencies, neighbours::order};

/// A plan is drawn action by action as long as a site does not do the same to more things at the
/// same point of the plan.
const MOST_ALIKE: usize = 3;
/// With more steps than that, sites that come in at the same point of the plan are put together.
const MOST_STEPS: usize = 160;

/// Some actions of one kind, at the same point of the plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) kind: ActionKind,
    pub(super) lane: usize,
    /// The numbers of its actions.
    pub(super) actions: Vec<usize>,
    /// The place of its action on the critical path, from 1.
    pub(super) critical: Option<usize>,
    /// Whether it is shown only because something else has to do with it.
    pub(super) context: bool,
}

/// The steps of a plan.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Steps {
    pub(super) all: Vec<Step>,
    pub(super) dependencies: Dependencies,
    /// The sites of each lane.
    pub(super) lanes: Vec<Vec<SiteCode>>,
}

impl Steps {
    /// The steps of a plan; with `about`, those of a site and what comes right before and after.
    pub(super) fn of(
        plan: &Plan,
        dependencies: &Dependencies,
        critical: &[usize],
        about: Option<&SiteCode>,
    ) -> Self {
        let shown = shown(plan, dependencies, about);
        let levels = dependencies.levels();
        let lanes = lanes(plan, &shown);
        let mut steps = Self::in_lanes(plan, dependencies, critical, about, &shown, &levels, lanes);
        if steps.all.len() > MOST_STEPS {
            let lanes = lanes_of_many(plan, &shown, &levels);
            steps = Self::in_lanes(plan, dependencies, critical, about, &shown, &levels, lanes);
        }
        steps.arrange();
        steps
    }

    fn in_lanes(
        plan: &Plan,
        dependencies: &Dependencies,
        critical: &[usize],
        about: Option<&SiteCode>,
        shown: &BTreeSet<usize>,
        levels: &[usize],
        lanes: Vec<Vec<SiteCode>>,
    ) -> Self {
        let lane_of = lanes
            .iter()
            .enumerate()
            .flat_map(|(lane, sites)| sites.iter().map(move |site| (site, lane)));
        let lane_of: BTreeMap<&SiteCode, usize> = lane_of.collect();
        // What is alike: no action comes after another one at the same level, so that the steps come
        // after each other as the actions do.
        let mut alike: BTreeMap<(usize, usize, ActionKind), Vec<usize>> = BTreeMap::new();
        for &number in shown {
            let action = &plan.actions[number];
            let lane = lane_of.get(&action.site).copied().unwrap_or(0);
            alike.entry((levels[number], lane, action.kind)).or_default().push(number);
        }
        let on_path: BTreeMap<usize, usize> =
            critical.iter().enumerate().map(|(place, number)| (*number, place + 1)).collect();
        let mut steps = Vec::new();
        for ((_, lane, kind), actions) in alike {
            let together = actions.len() > MOST_ALIKE || lanes[lane].len() > 1;
            let parts = if together { actions.len() } else { 1 };
            for actions in actions.chunks(parts) {
                let site = actions.first().map(|number| &plan.actions[*number].site);
                let on_path = actions.iter().filter_map(|number| on_path.get(number));
                steps.push(Step {
                    kind,
                    lane,
                    actions: actions.to_vec(),
                    critical: on_path.min().copied(),
                    context: about.is_some() && about != site,
                });
            }
        }
        // In the order of the plan within a level, which levels keep.
        steps.sort_by_key(|step| {
            let first = step.actions.first().copied();
            (first.map(|number| levels[number]), first)
        });
        let dependencies = between(&steps, dependencies);
        Self { all: steps, dependencies, lanes }
    }

    /// Puts lanes side by side that have much to do with each other.
    fn arrange(&mut self) {
        let lane = |step: usize| self.all[step].lane;
        let after = self.dependencies.after.iter().enumerate();
        let links = after.flat_map(|(step, after)| after.iter().map(move |it| (*it, step)));
        let links: Vec<_> = links.map(|(a, b)| (lane(a), lane(b))).collect();
        let order = order(self.lanes.len(), &links);
        let mut place = vec![0; order.len()];
        for (new, old) in order.iter().enumerate() {
            place[*old] = new;
        }
        self.lanes = order.iter().map(|old| std::mem::take(&mut self.lanes[*old])).collect();
        for step in &mut self.all {
            step.lane = place[step.lane];
        }
    }
}

/// The actions that are shown.
fn shown(plan: &Plan, dependencies: &Dependencies, about: Option<&SiteCode>) -> BTreeSet<usize> {
    let Some(about) = about else { return (0..plan.actions.len()).collect() };
    let mut shown = BTreeSet::new();
    for (number, action) in plan.actions.iter().enumerate() {
        for earlier in &dependencies.after[number] {
            if action.site == *about || plan.actions[*earlier].site == *about {
                shown.extend([*earlier, number]);
            }
        }
        if action.site == *about {
            shown.insert(number);
        }
    }
    shown
}

/// A lane for each site, in the order of the plan.
fn lanes(plan: &Plan, shown: &BTreeSet<usize>) -> Vec<Vec<SiteCode>> {
    let mut seen = BTreeSet::new();
    let sites = shown.iter().map(|number| &plan.actions[*number].site);
    sites.filter(|site| seen.insert(*site)).map(|site| vec![site.clone()]).collect()
}

/// A lane for the sites whose first action is at the same level: those of one tier.
fn lanes_of_many(plan: &Plan, shown: &BTreeSet<usize>, levels: &[usize]) -> Vec<Vec<SiteCode>> {
    let mut first: BTreeMap<&SiteCode, usize> = BTreeMap::new();
    for number in shown {
        let level = first.entry(&plan.actions[*number].site).or_insert(usize::MAX);
        *level = levels[*number].min(*level);
    }
    let mut lanes: BTreeMap<usize, Vec<SiteCode>> = BTreeMap::new();
    for (site, level) in first {
        lanes.entry(level).or_default().push(site.clone());
    }
    lanes.into_values().collect()
}

/// Which step comes after which. What is on the critical path stays, even if it follows from the
/// rest: the path shall be one line.
fn between(steps: &[Step], dependencies: &Dependencies) -> Dependencies {
    let mut step_of = BTreeMap::new();
    for (number, step) in steps.iter().enumerate() {
        step_of.extend(step.actions.iter().map(|action| (*action, number)));
    }
    let mut between = Dependencies { after: vec![Vec::new(); steps.len()] };
    for (number, step) in steps.iter().enumerate() {
        for action in &step.actions {
            let after =
                dependencies.after[*action].iter().filter_map(|it| step_of.get(it).copied());
            between.after[number].extend(after);
        }
    }
    let whole = between.after.clone();
    let mut between = between.reduced();
    for (number, step) in steps.iter().enumerate() {
        let on_path = |earlier: &usize| on_path(&steps[*earlier], step);
        let missing =
            whole[number].iter().find(|it| on_path(it) && !between.after[number].contains(it));
        between.after[number].extend(missing.copied());
    }
    between
}

/// Whether one step comes right before the other on the critical path.
pub(super) fn on_path(earlier: &Step, later: &Step) -> bool {
    earlier.critical.is_some_and(|place| later.critical == Some(place + 1))
}
