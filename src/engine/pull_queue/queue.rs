//! The queue of pulls, and who is next.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

use crate::model::{Name, PackageId};

/// A pull that shall begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueuedPull {
    /// The package.
    pub package: PackageId,
    /// How many sources lie between the pull distribution point and what site servers send to:
    /// the nearest go first, because others pull from them.
    pub depth: usize,
    /// The sources that it asks first, those of one number. A pull loads each of them while it goes
    /// on, since it may take parts of a file from all of them.
    pub sources: Arc<BTreeSet<Name>>,
}

/// The right of one pull to its turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(u64);

/// The pulls of a hierarchy: those that go on, and those that wait.
///
/// - Of one source never more than its capacity pull at a time.
/// - Among those that ask the same sources, the nearest to the site servers go first, and within
///   these one of each package in turn.
/// - Groups that ask different sources take turns. One that has to wait for a source keeps its place
///   at the others, so that it is not passed by for ever.
#[derive(Debug, Clone, Default)]
pub struct PullQueue {
    /// How many a source serves at a time, by source; at least one.
    capacities: BTreeMap<Name, usize>,
    groups: BTreeMap<Arc<BTreeSet<Name>>, Group>,
    /// Where each ticket is.
    tickets: BTreeMap<Ticket, Held>,
    /// How many pull from a source now.
    active: BTreeMap<Name, usize>,
    /// Counts tickets and turns.
    counter: u64,
}

/// Pulls that ask the same sources.
#[derive(Debug, Clone, Default)]
struct Group {
    /// By depth, and there by package: whose turn is next stands first.
    waiting: BTreeMap<usize, VecDeque<(PackageId, VecDeque<Ticket>)>>,
    /// When it had its turn, or was made.
    turn: u64,
}

#[derive(Debug, Clone)]
struct Held {
    pull: QueuedPull,
    active: bool,
}

impl PullQueue {
    /// Sets how many pull from a source at a time. Fewer than now end nothing.
    pub fn set_capacity(&mut self, source: &Name, capacity: usize) {
        self.capacities.insert(source.clone(), capacity.max(1));
    }

    /// Puts a pull at the end of those of its package.
    pub fn ask(&mut self, pull: QueuedPull) -> Ticket {
        self.counter += 1;
        let ticket = Ticket(self.counter);
        let turn = self.counter;
        let group = self
            .groups
            .entry(pull.sources.clone())
            .or_insert_with(|| Group { waiting: BTreeMap::new(), turn });
        let packages = group.waiting.entry(pull.depth).or_default();
        match packages.iter_mut().find(|(package, _)| *package == pull.package) {
            Some((_, tickets)) => tickets.push_back(ticket),
            None => packages.push_back((pull.package.clone(), VecDeque::from([ticket]))),
        }
        self.tickets.insert(ticket, Held { pull, active: false });
        ticket
    }

    /// The pulls that may begin now, in the order of their turns; they count from now on.
    pub fn begin(&mut self) -> Vec<Ticket> {
        let mut begun = Vec::new();
        while let Some(sources) = self.next_group() {
            let Some(ticket) = self.take(&sources) else { break };
            for source in &*sources {
                *self.active.entry(source.clone()).or_default() += 1;
            }
            if let Some(held) = self.tickets.get_mut(&ticket) {
                held.active = true;
            }
            begun.push(ticket);
        }
        begun
    }

    /// A pull has ended, or is not wanted any more.
    pub fn end(&mut self, ticket: Ticket) {
        let Some(Held { pull, active }) = self.tickets.remove(&ticket) else { return };
        if !active {
            return self.forget(&pull, ticket);
        }
        for source in &*pull.sources {
            if let Some(count) = self.active.get_mut(source) {
                *count = count.saturating_sub(1);
                if *count == 0 {
                    self.active.remove(source);
                }
            }
        }
    }

    /// How many pull from a source now.
    pub fn active(&self, source: &Name) -> usize {
        self.active.get(source).copied().unwrap_or(0)
    }

    /// How many wait for their turn.
    pub fn waiting(&self) -> usize {
        self.tickets.values().filter(|held| !held.active).count()
    }

    /// The group whose turn it is: the nearest first, then the one whose last turn is longest ago.
    /// Those before it that have to wait keep one place at each of their sources.
    fn next_group(&self) -> Option<Arc<BTreeSet<Name>>> {
        let mut order: Vec<_> = self
            .groups
            .iter()
            .filter_map(|(sources, group)| {
                let depth = *group.waiting.first_key_value()?.0;
                Some((depth, group.turn, sources))
            })
            .collect();
        order.sort_unstable_by_key(|(depth, turn, _)| (*depth, *turn));
        let mut kept: BTreeMap<&Name, usize> = BTreeMap::new();
        for (_, _, sources) in order {
            let free = |source: &Name| {
                let taken = self.active(source) + kept.get(source).copied().unwrap_or(0);
                self.capacities.get(source).is_none_or(|capacity| taken < *capacity)
            };
            if sources.iter().all(free) {
                return Some(sources.clone());
            }
            for source in &**sources {
                *kept.entry(source).or_default() += 1;
            }
        }
        None
    }

    /// Takes the next one of a group, whose turn it was then.
    fn take(&mut self, sources: &BTreeSet<Name>) -> Option<Ticket> {
        self.counter += 1;
        let group = self.groups.get_mut(sources)?;
        group.turn = self.counter;
        let mut nearest = group.waiting.first_entry()?;
        let (package, mut tickets) = nearest.get_mut().pop_front()?;
        let ticket = tickets.pop_front();
        if !tickets.is_empty() {
            nearest.get_mut().push_back((package, tickets));
        }
        if nearest.get().is_empty() {
            nearest.remove();
        }
        if group.waiting.is_empty() {
            self.groups.remove(sources);
        }
        ticket
    }

    /// Takes one that waits out of its group.
    fn forget(&mut self, pull: &QueuedPull, ticket: Ticket) {
        let Some(group) = self.groups.get_mut(&pull.sources) else { return };
        if let Some(packages) = group.waiting.get_mut(&pull.depth) {
            for (_, tickets) in &mut *packages {
                tickets.retain(|it| *it != ticket);
            }
            packages.retain(|(_, tickets)| !tickets.is_empty());
        }
        group.waiting.retain(|_, packages| !packages.is_empty());
        if group.waiting.is_empty() {
            self.groups.remove(&pull.sources);
        }
    }
}
