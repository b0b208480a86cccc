//! The world, and how time passes in it.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};

use super::{
    actions::Actions,
    content::{Lists, PackagePlace, PointPlace},
    events::{Event, Events},
    faults::Trouble,
    job::Jobs,
    pushing::Sending,
    synchronizing::SiteSync,
    tally::Tally,
    turns::Turns,
    windows::Windows,
};
use crate::{
    engine::TransferEvent,
    simulate::{
        at::At,
        ground::Ground,
        network::{Due, Network},
        policy::Rules,
        random::Random,
        scenario::Scenario,
    },
};

/// Whose a flow is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    Nobody,
    Job(u32),
    /// What a site synchronizes.
    Sync(u32),
    /// The metadata that a site brings to a child.
    Replication(u32, u32),
}

/// The virtual world.
pub(crate) struct World<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) rules: Rules,
    pub(super) begin: Timestamp,
    /// When nobody looks on any more.
    pub(super) end: At,
    pub(super) now: At,
    pub(super) events: Events,
    pub(super) ground: Ground,
    pub(super) network: Network,
    pub(super) owners: Vec<Owner>,
    pub(super) points: Vec<PointPlace>,
    pub(super) packages: Vec<PackagePlace>,
    pub(super) spare: Vec<Lists>,
    pub(super) jobs: Jobs,
    pub(super) actions: Actions,
    /// The maintenance windows; none: everything may begin at all times.
    pub(super) windows: Option<Windows<'a>>,
    pub(super) turns: Turns,
    /// How the site server of each site sends.
    pub(super) sending: Vec<Sending>,
    pub(super) syncs: Vec<Option<SiteSync>>,
    pub(super) trouble: Trouble,
    pub(super) tally: Tally,
    pub(super) random: Random,
    pub(super) stamps: u64,
    /// What goes on before time does: sources of which something has become, points beside which a turn
    /// is free, actions that may send more.
    pub(super) woken: VecDeque<(u32, u32)>,
    pub(super) freed: VecDeque<u32>,
    /// What happens to a transfer; empty between, and kept for its memory.
    pub(super) happened: VecDeque<TransferEvent>,
    pub(super) sends: VecDeque<u32>,
    /// Packages and first synchronizations that are still to come.
    pub(super) open: usize,
}

impl World<'_> {
    /// Lets time pass until everything is done, or nothing happens any more, or the end has come.
    pub(crate) fn run(&mut self) {
        let mut dues: Vec<Due> = Vec::new();
        // What is wrong from the beginning is so before anything begins.
        while let Some(event) = self.events.next_of(At::BEGIN) {
            self.happens(event);
        }
        self.pump();
        loop {
            self.network.settle(self.now, &mut dues);
            for due in dues.drain(..) {
                let Due { at, flow, stamp } = due;
                self.events.add(at, Event::Flow { flow, stamp });
            }
            if self.open == 0 {
                break;
            }
            let Some(next) = self.events.next_at().filter(|next| *next <= self.end) else { break };
            self.now = next;
            while let Some(event) = self.events.next_of(next) {
                self.happens(event);
                self.pump();
            }
        }
        if self.open > 0 {
            // What is still under way is so until the end.
            self.now = self.now.max(self.end.min(self.events.next_at().unwrap_or(self.now)));
        }
    }

    fn happens(&mut self, event: Event) {
        match event {
            Event::Flow { flow, stamp } => self.flow_is_due(flow, stamp),
            Event::Manager { job, stamp } => self.manager_is_due(job, stamp),
            Event::Point { job, stamp } => self.point_is_due(job, stamp),
            Event::Hour { job, stamp } => self.hour_has_come(job, stamp),
            Event::Taken { action } => self.taken(action),
            Event::NextPass { action } => self.next_pass(action),
            Event::Release { package } => self.release(package),
            Event::WindowOpens { action } => self.actions.may_begin(action),
            Event::Fault { number, begins } => self.fault(number, begins),
            Event::LineHour { line } => self.line_hour(line),
            Event::SyncTimer { site } => self.sync_timer(site),
            Event::SyncDue { site } => self.sync_due(site),
            Event::SyncCall { site, stamp } => self.sync_call(site, stamp),
            Event::SyncStep { site, stamp } => self.sync_step(site, stamp),
            Event::SyncPass { site, child } => self.sync_pass(site, child),
        }
    }

    fn flow_is_due(&mut self, flow: u32, stamp: u64) {
        if !self.network.is_due(flow, stamp) {
            return;
        }
        if !self.network.is_complete(flow, self.now) {
            return self.network.touch(flow);
        }
        let owner = std::mem::replace(&mut self.owners[flow as usize], Owner::Nobody);
        match owner {
            Owner::Job(job) => self.arrived(job),
            Owner::Sync(site) => self.synchronized(site, flow),
            Owner::Replication(site, child) => self.replicated(site, child, flow),
            Owner::Nobody => self.network.complete(flow, self.now),
        }
    }

    /// What a true clock shows.
    pub(super) fn time(&self) -> Timestamp {
        self.now.timestamp(self.begin)
    }

    /// What the clock of a machine shows.
    pub(super) fn time_at(&self, machine: u32) -> Timestamp {
        let skew = self.ground.machines[machine as usize].skew;
        self.time().saturating_add(skew).unwrap_or(Timestamp::MAX)
    }

    /// The moment at which the clock of a machine shows a time.
    pub(super) fn moment_at(&self, machine: u32, time: Timestamp) -> At {
        let skew = self.ground.machines[machine as usize].skew;
        At::of(time.saturating_sub(skew).unwrap_or(Timestamp::MAX), self.begin)
    }

    /// A stamp that no event has.
    pub(super) fn stamp(&mut self) -> u64 {
        self.stamps += 1;
        self.stamps
    }

    /// A flow belongs to somebody.
    pub(super) fn own(&mut self, flow: u32, owner: Owner) {
        if self.owners.len() <= flow as usize {
            self.owners.resize(flow as usize + 1, Owner::Nobody);
        }
        self.owners[flow as usize] = owner;
    }

    /// A point goes on with a job after a while, unless something else comes before that.
    pub(super) fn point_later(&mut self, job: u32, span: SignedDuration) {
        self.point_at(job, self.now.plus(span));
    }

    pub(super) fn point_at(&mut self, job: u32, at: At) {
        let stamp = self.stamp();
        if let Some(it) = self.jobs.get_mut(job) {
            it.point_stamp = stamp;
            self.events.add(at, Event::Point { job, stamp });
        }
    }

    /// The manager of a job is woken at a time by a true clock.
    pub(super) fn manager_at(&mut self, job: u32, time: Timestamp) {
        let at = At::of(time, self.begin);
        let stamp = self.stamp();
        if let Some(it) = self.jobs.get_mut(job) {
            it.manager_stamp = stamp;
            self.events.add(at, Event::Manager { job, stamp });
        }
    }
}
