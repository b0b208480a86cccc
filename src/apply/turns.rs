//! The turns of pull distribution points: each source serves so many of them at a time.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::oneshot;

use crate::{
    engine::{PullQueue, QueuedPull, Ticket},
    model::{DistributionPoint, Hierarchy, Name, Package},
};

/// Who pulls now and who waits, for all runs of one controller.
#[derive(Debug, Default)]
pub(super) struct Turns(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    queue: PullQueue,
    /// Those that wait, and how they are told.
    waiting: BTreeMap<Ticket, oneshot::Sender<()>>,
}

/// The right of one pull to go on; the next one begins when it is dropped.
pub(super) struct Turn {
    turns: Arc<Turns>,
    ticket: Ticket,
}

impl Turns {
    /// Sets how many pull from each distribution point at a time, as its site says.
    pub(super) fn refit(&self, hierarchy: &Hierarchy) {
        let mut inner = self.lock();
        for (name, point) in &hierarchy.distribution_points {
            if let Some(site) = hierarchy.sites.get(&point.settings.site) {
                let capacity = usize::try_from(site.transfers.pulls_per_source);
                inner.queue.set_capacity(name, capacity.unwrap_or(usize::MAX));
            }
        }
        inner.begin();
    }

    /// Waits for the turn of a pull.
    pub(super) async fn wait(self: &Arc<Self>, pull: QueuedPull) -> Turn {
        let (begins, begun) = oneshot::channel();
        let turn = {
            let mut inner = self.lock();
            let ticket = inner.queue.ask(pull);
            inner.waiting.insert(ticket, begins);
            inner.begin();
            // Whoever stops waiting drops it, and is out of the queue.
            Turn { turns: Arc::clone(self), ticket }
        };
        // The sender is dropped with the turn only.
        let _ = begun.await;
        turn
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn begin(&mut self) {
        for ticket in self.queue.begin() {
            if let Some(waiting) = self.waiting.remove(&ticket) {
                // If it is not wanted any more, its turn is dropped at once.
                let _ = waiting.send(());
            }
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut inner = self.turns.lock();
        inner.waiting.remove(&self.ticket);
        inner.queue.end(self.ticket);
        inner.begin();
    }
}

/// A pull as the queue sees it.
pub(super) fn queued(
    hierarchy: &Hierarchy,
    package: &Package,
    point: &DistributionPoint,
) -> QueuedPull {
    let pulled: Vec<_> = point.settings.pulls_from().collect();
    let first = pulled.iter().map(|source| source.priority).min();
    let sources: BTreeSet<Name> = pulled
        .iter()
        .filter(|source| Some(source.priority) == first)
        .map(|source| source.distribution_point.clone())
        .collect();
    QueuedPull {
        package: package.id.clone(),
        depth: depth(hierarchy, point),
        sources: sources.into(),
    }
}

/// How many sources lie between a distribution point and what site servers send to.
fn depth(hierarchy: &Hierarchy, point: &DistributionPoint) -> usize {
    let mut depth = 0;
    let mut seen: BTreeSet<&Name> = BTreeSet::new();
    let mut now = vec![point];
    loop {
        // A point that was met has been counted; in a circle, which PDP-2 refuses, that ends it.
        let sources = now.iter().flat_map(|point| point.settings.pulls_from());
        let names = sources.map(|source| &source.distribution_point);
        let new: BTreeSet<&Name> = names.filter(|name| seen.insert(name)).collect();
        if new.is_empty() {
            return depth;
        }
        depth += 1;
        now = new.iter().filter_map(|name| hierarchy.distribution_points.get(*name)).collect();
    }
}
