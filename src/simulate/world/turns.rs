//! Turns at sources, by the engine's queue.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::content::PointPlace;
use crate::{
    engine::{PullQueue, QueuedPull, Ticket},
    model::{Name, PackageId},
};

/// The queues of a hierarchy: one for all points whose sources have to do with each other. Apart
/// from that each is as if all were one.
#[derive(Debug, Default)]
pub(super) struct Turns {
    queues: Vec<PullQueue>,
    /// The queue of each distribution point that pulls.
    of_point: Vec<usize>,
    /// The sources that each of them asks first.
    first: Vec<Arc<BTreeSet<Name>>>,
    waiting: Vec<BTreeMap<Ticket, u32>>,
}

impl Turns {
    pub(super) fn new(points: &[PointPlace]) -> Self {
        // Sources that somebody asks first together share a queue.
        let mut root: Vec<usize> = (0..points.len()).collect();
        let mut first: Vec<Option<usize>> = Vec::with_capacity(points.len());
        for point in points {
            let mut asked = first_sources(point).map(|(place, _)| place as usize);
            let one = asked.next();
            first.push(one);
            if let Some(one) = one {
                for other in asked {
                    let (one, other) = (find(&mut root, one), find(&mut root, other));
                    root[other.max(one)] = one.min(other);
                }
            }
        }
        let names = |point| Arc::new(first_sources(point).map(|(_, name)| name.clone()).collect());
        let names = points.iter().map(names).collect();
        let of_point = vec![usize::MAX; points.len()];
        let mut turns = Self { of_point, first: names, ..Self::default() };
        let mut queue_of: BTreeMap<usize, usize> = BTreeMap::new();
        for (place, source) in first.iter().enumerate() {
            let Some(source) = *source else { continue };
            let source = find(&mut root, source);
            let next = queue_of.len();
            turns.of_point[place] = *queue_of.entry(source).or_insert(next);
        }
        turns.queues = vec![PullQueue::default(); queue_of.len()];
        turns.waiting = vec![BTreeMap::new(); queue_of.len()];
        for (place, point) in points.iter().enumerate() {
            let root = find(&mut root, place);
            if let Some(queue) = queue_of.get(&root).and_then(|it| turns.queues.get_mut(*it)) {
                let capacity = usize::try_from(point.transfers.pulls_per_source);
                queue.set_capacity(&point.name, capacity.unwrap_or(usize::MAX));
            }
        }
        turns
    }

    /// Puts a pull into its queue. It has no turn to wait for if it has no sources.
    pub(super) fn ask(
        &mut self,
        (place, point): (u32, &PointPlace),
        package: &PackageId,
        job: u32,
    ) -> Option<Ticket> {
        let queue = self.of_point[place as usize];
        let sources = self.first[place as usize].clone();
        let pull = QueuedPull { package: package.clone(), depth: point.depth, sources };
        let ticket = self.queues.get_mut(queue)?.ask(pull);
        self.waiting[queue].insert(ticket, job);
        Some(ticket)
    }

    /// The jobs that may begin now beside one of this point.
    pub(super) fn begin(&mut self, place: u32) -> Vec<u32> {
        let queue = self.of_point[place as usize];
        let Some(it) = self.queues.get_mut(queue) else { return Vec::new() };
        let begun = it.begin();
        begun.iter().filter_map(|ticket| self.waiting[queue].remove(ticket)).collect()
    }

    /// A pull of this point has ended, or is not wanted any more.
    pub(super) fn end(&mut self, place: u32, ticket: Ticket) {
        let queue = self.of_point[place as usize];
        if let Some(it) = self.queues.get_mut(queue) {
            it.end(ticket);
            self.waiting[queue].remove(&ticket);
        }
    }
}

/// The sources of the lowest number, which are asked first.
fn first_sources(point: &PointPlace) -> impl Iterator<Item = (u32, &Name)> {
    let first = point.sources.iter().map(|source| source.priority).min();
    let both = point.source_places.iter().zip(&point.sources);
    both.filter(move |(_, source)| Some(source.priority) == first)
        .map(|(place, source)| (*place, &source.distribution_point))
}

fn find(root: &mut [usize], of: usize) -> usize {
    let mut at = of;
    while root[at] != at {
        root[at] = root[root[at]];
        at = root[at];
    }
    at
}

/// How many sources lie between each distribution point and what site servers send to.
pub(super) fn depths(sources: &[Vec<u32>]) -> Vec<usize> {
    let mut depths = vec![0; sources.len()];
    // As often as the longest chain is; in a circle, which PDP-2 refuses, no more often than there
    // are points.
    for _ in 0..sources.len() {
        let mut changed = false;
        for (place, above) in sources.iter().enumerate() {
            let deepest = above.iter().map(|source| depths[*source as usize] + 1).max();
            let deepest = deepest.unwrap_or(0);
            changed |= deepest > depths[place];
            depths[place] = deepest.max(depths[place]).min(sources.len());
        }
        if !changed {
            break;
        }
    }
    depths
}
