//! What happens when.

use std::{cmp::Reverse, collections::BinaryHeap};

use crate::simulate::{at::At, network::Due};

/// Something that happens at its time. A stamp tells whether it is still meant.
#[derive(Debug, Clone, Copy)]
pub(super) enum Event {
    /// A flow is complete, or its rate changes.
    Flow(Due),
    /// The manager of a job wanted to be woken.
    Manager { job: u32, stamp: u64 },
    /// A pull distribution point goes on with a job.
    Point { job: u32, stamp: u64 },
    /// A full hour, at which what may be sent may be another amount.
    Hour { job: u32, stamp: u64 },
    /// A package has been taken into its site's content library.
    Taken { action: u32 },
    /// The pass has ended in which an action was not done.
    NextPass { action: u32 },
    /// A package is released.
    Release { package: u32 },
    /// A maintenance window opens for which an action waits.
    WindowOpens { action: u32 },
    /// A fault begins or ends.
    Fault { number: u32, begins: bool },
    /// A full hour at a line with hours.
    LineHour { line: u32 },
    /// The sync manager of a site wanted to be woken.
    SyncTimer { site: u32 },
    /// The schedule of a site.
    SyncDue { site: u32 },
    /// An update point calls its upstream server again.
    SyncCall { site: u32, stamp: u64 },
    /// Something is done that needs no line.
    SyncStep { site: u32, stamp: u64 },
    /// A site looks again for a child that it did not reach.
    SyncPass { site: u32, child: u32 },
}

#[derive(Debug, Clone, Copy)]
struct Scheduled {
    at: At,
    /// What was scheduled first happens first.
    number: u64,
    event: Event,
}

impl PartialEq for Scheduled {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.number) == (other.at, other.number)
    }
}

impl Eq for Scheduled {}

impl PartialOrd for Scheduled {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Scheduled {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.number).cmp(&(other.at, other.number))
    }
}

/// The events that are still to come.
#[derive(Debug, Default)]
pub(super) struct Events {
    heap: BinaryHeap<Reverse<Scheduled>>,
    number: u64,
}

impl Events {
    /// Something happens at a time; never, if that is the time.
    pub(super) fn add(&mut self, at: At, event: Event) {
        if at < At::NEVER {
            self.number += 1;
            self.heap.push(Reverse(Scheduled { at, number: self.number, event }));
        }
    }

    /// When the next thing happens.
    pub(super) fn next_at(&self) -> Option<At> {
        self.heap.peek().map(|Reverse(next)| next.at)
    }

    /// What happens next at this very time.
    pub(super) fn next_of(&mut self, at: At) -> Option<Event> {
        if self.next_at() != Some(at) {
            return None;
        }
        self.heap.pop().map(|Reverse(next)| next.event)
    }
}
