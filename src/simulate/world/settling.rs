//! Jobs that have come to an end, or that nobody stays for any more.

use std::mem::take;

use super::{content::Lists, job::Doing, run::World};
use crate::{
    engine::{DistributionEvent, TransferEvent},
    simulate::{network::NOBODY, outcome::Spread},
};

impl World<'_> {
    /// Its action waits for a job no longer.
    pub(super) fn settle(&mut self, job: u32, done: bool) {
        let Some(it) = self.jobs.get_mut(job) else { return };
        if std::mem::replace(&mut it.settled, true) {
            return;
        }
        let (action, pulls) = (it.action, it.pulls());
        if !pulls {
            self.left_sending(action);
        }
        self.settled(action, done);
        if !pulls {
            self.sends.push_back(action);
        }
    }

    /// All of a package has come to a distribution point.
    pub(super) fn arrived(&mut self, job: u32) {
        let Some(it) = self.jobs.get_mut(job) else { return };
        it.go_on(self.now);
        let (package, point, flow) = (it.package, it.point, it.flow);
        it.flow = NOBODY;
        it.record.finished = self.now;
        it.record.limit = self.network.flow(flow).longest_limit();
        let pulls = it.pulls();
        self.network.complete(flow, self.now);
        self.packages[package as usize].holders.add(point);
        if pulls {
            self.measured(job);
            self.transfer(job, [TransferEvent::Finished]);
        } else {
            self.distribution(job, DistributionEvent::Sent);
        }
        self.end_turn(job);
        self.settle(job, true);
        self.forget(job);
        self.count(package, point);
        self.woken.push_back((package, point));
    }

    /// A job has ended; what is remembered of it stays with its package.
    fn forget(&mut self, job: u32) {
        let Some(it) = self.jobs.take(job) else { return };
        let package = &mut self.packages[it.package as usize];
        package.jobs[it.point as usize] = NOBODY;
        package.records.push((it.point, it.record));
        let point = &mut self.points[it.point as usize];
        if it.pulls() && it.doing != Doing::Nothing {
            point.unfinished = point.unfinished.saturating_sub(1);
        }
        if let Some(mut selection) = it.selection {
            selection.start_over();
            point.spare.push(selection);
        }
    }

    /// One more placement is as wanted.
    fn count(&mut self, package: u32, point: u32) {
        self.open = self.open.saturating_sub(1);
        let took = self.took(package);
        let place = &mut self.points[point as usize];
        place.took.push(took);
        place.last = self.now;
        let it = &mut self.packages[package as usize];
        it.done += 1;
        it.last = self.now;
        if it.done == it.wanted {
            self.conclude(package);
        }
    }

    /// A package is where it shall be, or will be nowhere else: what is remembered of its transfers is
    /// summed up.
    pub(super) fn conclude(&mut self, package: u32) {
        self.tally.conclude(package, &self.packages[package as usize]);
        let it = &mut self.packages[package as usize];
        let released = it.released;
        let took = it.records.iter().filter(|(_, record)| record.finished >= released);
        let mut took: Vec<u32> = took
            .map(|(_, record)| {
                let milliseconds = record.finished.since(released) / 1_000_000;
                u32::try_from(milliseconds).unwrap_or(u32::MAX)
            })
            .collect();
        it.spread = Spread::of(&mut took);
        let (mut jobs, mut records) = (take(&mut it.jobs), take(&mut it.records));
        let mut watchers = take(&mut it.watchers);
        jobs.clear();
        records.clear();
        watchers.iter_mut().for_each(Vec::clear);
        self.spare.push(Lists { jobs, records, watchers });
    }
}
