//! Package Transfer Manager's side of a pull (PDP-5): looks, notifies, polls.

use std::{borrow::Cow, collections::VecDeque};

use jiff::SignedDuration;

use super::{
    actions::PAUSE,
    content::Lists,
    job::{Doing, Job, Manager, WaitKind},
    run::World,
};
use crate::{
    engine::{TransferCommand, TransferEvent, TransferJob, has_room},
    model::TransferPhase,
    simulate::network::NOBODY,
};

/// How long a source that cuts through may take to begin to pull itself, as `apply` grants it.
const BEGINNING: SignedDuration = SignedDuration::from_secs(30);

/// Whether one of the sources has the content.
enum Available {
    Yes,
    /// One that cuts through has a job of its own, which may begin any moment.
    Soon,
    No,
}

impl World<'_> {
    /// A package shall be on a distribution point that pulls.
    pub(super) fn begin_pull(&mut self, package: u32, point: u32, action: u32) {
        self.prepare(package);
        let settings = self.points[point as usize].transfers.clone();
        let manager = Manager::Transfer(TransferJob::new(settings));
        let job = self.jobs.add(Job::new((package, point, action), manager, self.now));
        self.packages[package as usize].jobs[point as usize] = job;
        if self.rules.planned && matches!(self.available(job), Available::No) {
            // The plan has nothing to do for it before one of its sources has something.
            if let Some(it) = self.jobs.get_mut(job) {
                it.why = "none of its sources has the package".into();
                it.wait_for(WaitKind::Look, self.now);
            }
            self.watch(job);
            return self.settle(job, false);
        }
        self.ask_for_turn(job);
    }

    /// It goes on when it is its turn.
    fn ask_for_turn(&mut self, job: u32) {
        let Some(it) = self.jobs.get_mut(job) else { return };
        if !self.rules.turns || it.turn.is_some() {
            return self.turn_has_come(job);
        }
        let (package, point) = (it.package, it.point);
        it.wait_for(WaitKind::Turn, self.now);
        let place = &self.points[point as usize];
        let id = &self.packages[package as usize].id;
        let ticket = self.turns.ask((point, place), id, job);
        if let Some(it) = self.jobs.get_mut(job) {
            it.turn = ticket;
        }
        if ticket.is_none() {
            return self.turn_has_come(job);
        }
        self.freed.push_back(point);
    }

    /// Those go on whose turn it is, beside this point.
    pub(super) fn next_turns(&mut self, point: u32) {
        for job in self.turns.begin(point) {
            self.turn_has_come(job);
        }
    }

    /// As `apply` begins: what the manager waited for may be over, and if not, it is asked anew.
    fn turn_has_come(&mut self, job: u32) {
        if let Some(it) = self.jobs.get_mut(job) {
            it.go_on(self.now);
        }
        self.transfer(job, [TransferEvent::TimeReached, TransferEvent::Distribute]);
    }

    /// A turn that is over, or not used.
    pub(super) fn end_turn(&mut self, job: u32) {
        let Some(it) = self.jobs.get_mut(job) else { return };
        let point = it.point;
        if let Some(ticket) = it.turn.take() {
            self.turns.end(point, ticket);
            self.freed.push_back(point);
        }
    }

    /// Something happens to the manager's job, and it says what is to be done.
    pub(super) fn transfer(&mut self, job: u32, happened: impl IntoIterator<Item = TransferEvent>) {
        let mut events = std::mem::take(&mut self.happened);
        events.extend(happened);
        self.let_happen(job, &mut events);
        events.clear();
        self.happened = events;
    }

    fn let_happen(&mut self, job: u32, events: &mut VecDeque<TransferEvent>) {
        while let Some(event) = events.pop_front() {
            let time = self.time();
            let Some(it) = self.jobs.get_mut(job) else { return };
            let Manager::Transfer(manager) = &mut it.manager else { return };
            for command in manager.handle(event, time) {
                match command {
                    TransferCommand::Look => match self.available(job) {
                        Available::Yes => {
                            events.push_back(TransferEvent::Looked { available: true });
                        }
                        Available::No => {
                            events.push_back(TransferEvent::Looked { available: false });
                        }
                        Available::Soon => {
                            self.watch(job);
                            if let Some(it) = self.jobs.get_mut(job) {
                                it.wait_for(WaitKind::Look, self.now);
                            }
                            let until = time.saturating_add(BEGINNING).unwrap_or(time);
                            self.manager_at(job, until);
                        }
                    },
                    TransferCommand::Notify => events.push_back(self.notify(job)),
                    TransferCommand::Poll => events.push_back(TransferEvent::StillPulling),
                    TransferCommand::Message(id, _) => self.tally.message(id),
                    TransferCommand::SetTimer(until, why) => self.manager_waits(job, until, why),
                    TransferCommand::Cancelled(why) => self.cancelled(job, why),
                    // Whoever brought it says so.
                    TransferCommand::Complete => {}
                }
            }
        }
    }

    fn manager_waits(&mut self, job: u32, until: jiff::Timestamp, why: Cow<'static, str>) {
        self.manager_at(job, until);
        let Some(it) = self.jobs.get_mut(job) else { return };
        if it.doing != Doing::Nothing {
            return;
        }
        let Manager::Transfer(manager) = &it.manager else { return };
        let kind = match manager.standing() {
            Some((TransferPhase::Notifying, _)) => WaitKind::Notification,
            _ => WaitKind::Look,
        };
        it.why = why;
        it.wait_for(kind, self.now);
        self.settle(job, false);
        self.end_turn(job);
    }

    /// The manager has given up; the point may go on (PDP-6).
    fn cancelled(&mut self, job: u32, why: String) {
        self.tally.cancelled += 1;
        let Some(it) = self.jobs.get_mut(job) else { return };
        it.why = why.into();
        if it.doing == Doing::Nothing {
            it.wait_for(WaitKind::Notification, self.now);
            self.in_next_pass(job);
        }
        self.settle(job, false);
        self.end_turn(job);
    }

    /// The plan of the next pass wants again what was given up. The field does not.
    pub(super) fn in_next_pass(&mut self, job: u32) {
        if self.rules.planned {
            let until = self.now.plus(PAUSE).timestamp(self.begin);
            self.manager_at(job, until);
        }
    }

    /// A manager wanted to be woken.
    pub(super) fn manager_is_due(&mut self, job: u32, stamp: u64) {
        let Some(it) = self.jobs.get_mut(job) else { return };
        if it.manager_stamp != stamp {
            return;
        }
        let looking = match &it.manager {
            Manager::Distribution(_) => return self.send_again(job),
            Manager::Transfer(manager) => {
                manager.due().is_none()
                    && matches!(manager.standing(), Some((TransferPhase::Looking, _)))
            }
        };
        if looking {
            // The source that was to begin any moment has not begun.
            let available = !matches!(self.available(job), Available::No | Available::Soon);
            return self.transfer(job, [TransferEvent::Looked { available }]);
        }
        if it.doing == Doing::Nothing {
            return self.ask_for_turn(job);
        }
        self.transfer(job, [TransferEvent::TimeReached]);
    }

    /// Whether one of the sources has the content, by what the site knows.
    fn available(&self, job: u32) -> Available {
        let Some(it) = self.jobs.get(job) else { return Available::No };
        let package = &self.packages[it.package as usize];
        let mut available = Available::No;
        for source in &self.points[it.point as usize].source_places {
            if package.holders.has(*source) {
                return Available::Yes;
            }
            if !self.points[*source as usize].cuts_through {
                continue;
            }
            let Some(job) = self.jobs.get(package.job(*source)) else { continue };
            match job.doing {
                Doing::Downloading | Doing::Asking => return Available::Yes,
                Doing::Nothing if job.waits.is_none_or(|(kind, _)| kind == WaitKind::Turn) => {
                    available = Available::Soon;
                }
                Doing::Nothing | Doing::Waiting => {}
            }
        }
        available
    }

    /// A job hears of it when something becomes of one of its sources.
    fn watch(&mut self, job: u32) {
        let Some(it) = self.jobs.get(job) else { return };
        let watchers = &mut self.packages[it.package as usize].watchers;
        for source in &self.points[it.point as usize].source_places {
            if let Some(watchers) = watchers.get_mut(*source as usize) {
                watchers.push(job);
            }
        }
    }

    /// Something has become of a source: who waited for it looks again.
    pub(super) fn tell_watchers(&mut self, package: u32, source: u32) {
        let watchers = &mut self.packages[package as usize].watchers;
        let Some(watchers) = watchers.get_mut(source as usize) else { return };
        let mut told = std::mem::take(watchers);
        for job in told.drain(..) {
            let Some(it) = self.jobs.get(job) else { continue };
            let Manager::Transfer(manager) = &it.manager else { continue };
            // Its number may be that of another job by now.
            if it.package != package || it.doing != Doing::Nothing {
                continue;
            }
            match manager.standing() {
                None if it.turn.is_none() => self.ask_for_turn(job),
                Some((TransferPhase::Looking, _)) if manager.due().is_none() => {
                    if let Some(it) = self.jobs.get_mut(job) {
                        it.go_on(self.now);
                    }
                    self.transfer(job, [TransferEvent::Looked { available: true }]);
                }
                _ => {}
            }
        }
        // The list is kept: the next package needs room again.
        let watchers = self.packages[package as usize].watchers.get_mut(source as usize);
        if let Some(watchers) = watchers.filter(|it| it.is_empty()) {
            *watchers = told;
        }
    }

    /// Notifies a pull distribution point, from the site server at the top.
    fn notify(&mut self, job: u32) -> TransferEvent {
        let Some(it) = self.jobs.get(job) else { return TransferEvent::StillPulling };
        let (point, doing) = (it.point, it.doing);
        let place = &self.points[point as usize];
        if let Some(why) = self.ground.obstacle(self.tally.controller, place.machine) {
            return TransferEvent::NotificationFailed(why);
        }
        match doing {
            Doing::Nothing => {}
            Doing::Waiting => {
                // A new notification is news.
                self.start_over(job);
                return TransferEvent::Notified;
            }
            Doing::Asking | Doing::Downloading => return TransferEvent::Notified,
        }
        if !has_room(place.unfinished) {
            let active = place.unfinished;
            return TransferEvent::AtCapacity(format!(
                "it is at capacity: {active} transfers are active"
            ));
        }
        self.begin_to_pull(job);
        TransferEvent::Notified
    }

    /// Makes room for what is remembered of a package while it is on its way.
    pub(super) fn prepare(&mut self, package: u32) {
        let count = self.points.len();
        let package = &mut self.packages[package as usize];
        if package.jobs.is_empty() {
            let Lists { jobs, records, watchers } = self.spare.pop().unwrap_or_default();
            (package.jobs, package.records, package.watchers) = (jobs, records, watchers);
            package.jobs.resize(count, NOBODY);
            package.records.reserve(package.wanted);
            package.watchers.resize_with(count, Vec::new);
        }
    }
}
