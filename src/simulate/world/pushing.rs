//! Distribution Manager: what a site server sends to standard distribution points (PDP-1), when and
//! how fast it may.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};

use super::{
    actions::Work,
    events::Event,
    job::{Doing, Job, Manager, WaitKind},
    run::{Owner, World},
};
use crate::{
    engine::{
        DistributionCommand, DistributionEvent, DistributionJob,
        distribution_pacing::Opening as Hours,
    },
    model::{DistributionSettings, Pacing, Pulse},
    simulate::{
        network::{NOBODY, Opening},
        numbers::float,
    },
};

/// How the site server of a site sends.
#[derive(Debug, Default)]
pub(super) struct Sending {
    pub(super) settings: DistributionSettings,
    /// How many packages are being sent.
    packages: u32,
    /// Actions whose package waits for a place.
    waiting: VecDeque<u32>,
}

impl Sending {
    pub(super) fn new(settings: DistributionSettings) -> Self {
        Self { settings, ..Self::default() }
    }
}

impl World<'_> {
    /// Sends a package to so many distribution points of an action as may be sent to at a time.
    pub(super) fn send_more(&mut self, action: u32) {
        loop {
            let it = &mut self.actions.all[action as usize];
            let Work::Bring(package, _) = it.work else { return };
            let site = self.packages[package as usize].site as usize;
            let threads = self.sending[site].settings.threads_per_package.max(1);
            if it.sending >= usize::try_from(threads).unwrap_or(usize::MAX) {
                return;
            }
            if it.to_send.is_empty() || !self.take_place(action, site) {
                return;
            }
            let it = &mut self.actions.all[action as usize];
            let Some(point) = it.to_send.pop() else { return };
            it.sending += 1;
            self.prepare(package);
            let settings = self.sending[site].settings.clone();
            let manager = Manager::Distribution(DistributionJob::new(settings));
            let job = self.jobs.add(Job::new((package, point, action), manager, self.now));
            self.packages[package as usize].jobs[point as usize] = job;
            self.distribution(job, DistributionEvent::Distribute);
        }
    }

    /// A package takes its place among those that a site sends, if there is one.
    fn take_place(&mut self, action: u32, site: usize) -> bool {
        let sending = &mut self.sending[site];
        let it = &mut self.actions.all[action as usize];
        if it.has_place {
            return true;
        }
        if sending.packages < sending.settings.maximum_packages.max(1) {
            sending.packages += 1;
            it.has_place = true;
        } else if !sending.waiting.contains(&action) {
            sending.waiting.push_back(action);
        }
        it.has_place
    }

    /// A transfer of an action has ended or waits: the last one leaves the place of its package.
    pub(super) fn left_sending(&mut self, action: u32) {
        let it = &mut self.actions.all[action as usize];
        let Work::Bring(package, _) = it.work else { return };
        it.sending = it.sending.saturating_sub(1);
        if it.sending > 0 || !it.to_send.is_empty() || !std::mem::take(&mut it.has_place) {
            return;
        }
        let site = self.packages[package as usize].site as usize;
        self.sending[site].packages = self.sending[site].packages.saturating_sub(1);
        if let Some(next) = self.sending[site].waiting.pop_front() {
            self.sends.push_back(next);
        }
    }

    /// Something happens to the job of sending a package, and it says what is to be done.
    pub(super) fn distribution(&mut self, job: u32, event: DistributionEvent) {
        let mut events = VecDeque::from([event]);
        while let Some(event) = events.pop_front() {
            let time = self.time();
            let Some(it) = self.jobs.get_mut(job) else { return };
            let Manager::Distribution(manager) = &mut it.manager else { return };
            for command in manager.handle(event, time) {
                match command {
                    DistributionCommand::Send => events.extend(self.send(job)),
                    DistributionCommand::Message(id, _) => self.tally.message(id),
                    DistributionCommand::Wait(until, why) => {
                        self.manager_at(job, until);
                        self.sending_waits(job, WaitKind::Retry, why);
                    }
                    DistributionCommand::Cancelled(why) => {
                        self.tally.cancelled += 1;
                        self.in_next_pass(job);
                        self.sending_waits(job, WaitKind::Retry, why);
                    }
                    // Whoever brought it says so.
                    DistributionCommand::Complete => {}
                }
            }
        }
    }

    fn sending_waits(&mut self, job: u32, kind: WaitKind, why: String) {
        if let Some(it) = self.jobs.get_mut(job) {
            it.why = why.into();
            it.wait_for(kind, self.now);
        }
        self.settle(job, false);
    }

    /// The time has come to send again.
    pub(super) fn send_again(&mut self, job: u32) {
        if let Some(it) = self.jobs.get_mut(job) {
            it.go_on(self.now);
        }
        self.distribution(job, DistributionEvent::Distribute);
    }

    /// Begins to send, or goes on; what came of it, if that is known at once.
    fn send(&mut self, job: u32) -> Option<DistributionEvent> {
        let it = self.jobs.get(job)?;
        let (package, point, flow) = (it.package, it.point, it.flow);
        let (server, own) =
            (self.packages[package as usize].server, self.points[point as usize].machine);
        let pacing = self.pacing(package, point);
        let most = match self.most(server, package, pacing.as_ref()) {
            Ok(most) => most,
            Err(closed) => {
                self.wait_for_hours(job, server, closed);
                return None;
            }
        };
        if let Some(why) = self.ground.obstacle(server, own) {
            return Some(DistributionEvent::Failed(why));
        }
        let size = self.packages[package as usize].bytes;
        let flow = if flow == NOBODY {
            self.network.open(Opening { most, ..Opening::of(size) }, self.now)
        } else {
            self.network.set_most(flow, most);
            flow
        };
        self.own(flow, Owner::Job(job));
        let path = self.path_of_content(server, own);
        self.network.resume(flow, &path, NOBODY, self.now);
        let it = self.jobs.get_mut(job)?;
        (it.flow, it.doing) = (flow, Doing::Downloading);
        it.record.began = it.record.began.min(self.now);
        if pacing.is_some() {
            self.look_at_the_hour(job, server);
        }
        None
    }

    fn pacing(&self, package: u32, point: u32) -> Option<Pacing> {
        let priority = self.packages[package as usize].priority;
        self.points[point as usize].settings.pacing(priority)
    }

    /// How fast a package may be sent now, or when the next open hour is.
    fn most(
        &self,
        server: u32,
        package: u32,
        pacing: Option<&Pacing>,
    ) -> Result<f64, Option<Timestamp>> {
        let Some(pacing) = pacing else { return Ok(f64::INFINITY) };
        let site = self.ground.machines[server as usize].site as usize;
        let (time, zone) = (self.time_at(server), &self.ground.zones[site]);
        match pacing.opening(self.packages[package as usize].priority, time, zone) {
            Hours::Open => {}
            Hours::ClosedUntil(until) => return Err(Some(until)),
            Hours::Never => return Err(None),
        }
        let rate = pacing.bytes_a_second(time, zone).map_or(f64::INFINITY, float);
        let pulse = pacing.rate_limit.as_ref().and_then(|limit| limit.pulse.as_ref());
        Ok(rate.min(pulse.map_or(f64::INFINITY, of_pulse)))
    }

    fn wait_for_hours(&mut self, job: u32, server: u32, until: Option<Timestamp>) {
        let why = match until {
            Some(until) => {
                let at = self.moment_at(server, until);
                self.manager_at(job, at.timestamp(self.begin));
                "it is no open hour of the distribution point"
            }
            None => "its settings leave no hour in which it may be sent",
        };
        self.sending_waits(job, WaitKind::Hours, why.to_owned());
    }

    /// Comes back at the next full hour by the clock of the sender.
    fn look_at_the_hour(&mut self, job: u32, server: u32) {
        const HOUR: i64 = 3_600;
        let seconds = self.time_at(server).as_second();
        let next = seconds - seconds.rem_euclid(HOUR) + HOUR;
        let next = Timestamp::from_second(next).unwrap_or(Timestamp::MAX);
        let at = self.moment_at(server, next).max(self.now.plus(SignedDuration::from_secs(1)));
        let stamp = self.stamp();
        if let Some(it) = self.jobs.get_mut(job) {
            it.point_stamp = stamp;
        }
        self.events.add(at, Event::Hour { job, stamp });
    }

    /// It is another hour: what may be sent may be another amount.
    pub(super) fn hour_has_come(&mut self, job: u32, stamp: u64) {
        let Some(it) = self.jobs.get(job).filter(|it| it.point_stamp == stamp) else { return };
        let (package, point, flow) = (it.package, it.point, it.flow);
        if flow == NOBODY || !self.network.flow(flow).is_open() {
            return;
        }
        let server = self.packages[package as usize].server;
        let pacing = self.pacing(package, point);
        match self.most(server, package, pacing.as_ref()) {
            Ok(most) => {
                self.network.set_most(flow, most);
                self.look_at_the_hour(job, server);
            }
            Err(closed) => {
                self.network.pause(flow, self.now);
                self.wait_for_hours(job, server, closed);
            }
        }
    }

    /// The way of what is sent is interrupted.
    pub(super) fn sending_failed(&mut self, job: u32, why: &str) {
        if let Some(it) = self.jobs.get(job) {
            self.network.pause(it.flow, self.now);
        }
        self.distribution(job, DistributionEvent::Failed(why.to_owned()));
    }
}

/// Bytes a second of a pulse: its blocks follow each other after the pause.
fn of_pulse(pulse: &Pulse) -> f64 {
    let block = f64::from(pulse.block_kilobytes) * 1_000.0;
    block / f64::from(pulse.delay.as_seconds().max(1))
}
