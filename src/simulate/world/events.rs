//! What happens when.

use std::collections::{BTreeMap, VecDeque};

use crate::simulate::at::At;

/// Something that happens at its time. A stamp tells whether it is still meant.
#[derive(Debug, Clone, Copy)]
pub(super) enum Event {
    /// A flow is complete, or its rate changes.
    Flow { flow: u32, stamp: u64 },
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

/// The events that are still to come. Thousands happen at one moment, when all take the same way:
/// those of a moment stand in one line, in which what was scheduled first happens first.
#[derive(Debug, Default)]
pub(super) struct Events {
    moments: BTreeMap<At, VecDeque<Event>>,
    /// A line in which nobody stands any more, kept for its memory.
    spare: VecDeque<Event>,
}

impl Events {
    /// Something happens at a time; never, if that is the time.
    pub(super) fn add(&mut self, at: At, event: Event) {
        if at < At::NEVER {
            let spare = &mut self.spare;
            self.moments.entry(at).or_insert_with(|| std::mem::take(spare)).push_back(event);
        }
    }

    /// When the next thing happens.
    pub(super) fn next_at(&self) -> Option<At> {
        self.moments.first_key_value().map(|(at, _)| *at)
    }

    /// What happens next at this very time.
    pub(super) fn next_of(&mut self, at: At) -> Option<Event> {
        let mut first = self.moments.first_entry().filter(|first| *first.key() == at)?;
        let event = first.get_mut().pop_front();
        if first.get().is_empty() {
            let line = first.remove();
            if line.capacity() > self.spare.capacity() {
                self.spare = line;
            }
        }
        event
    }
}
