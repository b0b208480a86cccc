//! The side of a pull distribution point: chooses sources, asks them, takes what they have (PDP-7).

use std::{borrow::Cow, time::Duration};

use jiff::SignedDuration;

use super::{
    job::{Doing, WaitKind},
    run::{Owner, World},
};
use crate::{
    engine::source_selection::{Choice, SourceSelection},
    model::Name,
    simulate::{
        at::At,
        network::{NOBODY, Opening},
        numbers::{float, whole},
    },
    wire::pieces::PIECE,
};

/// How long a machine is waited for that does not answer.
const CONNECT: SignedDuration = SignedDuration::from_secs(10);
/// How long a source is asked again that served and does not answer any more.
const UNANSWERED: SignedDuration = SignedDuration::from_secs(30);
/// How long a source is waited for to which what is asked for is still coming.
const COMING: SignedDuration = SignedDuration::from_mins(10);
/// After how long such a source is asked again.
const AGAIN: SignedDuration = SignedDuration::from_secs(1);
/// Connections on which the pieces of one file come: by so many pieces who takes what is coming is
/// behind. As `role::distribution_point` has it.
const CONNECTIONS: u64 = 4;

/// What a source answers.
enum Answer {
    /// It serves all of it, or what comes to this flow.
    Serves(u32),
    Lacks,
    /// It is on its way there, and will be served when more is known of it.
    Comes,
    /// Nobody is there.
    Silence(String),
}

impl World<'_> {
    /// A point has been notified: it begins.
    pub(super) fn begin_to_pull(&mut self, job: u32) {
        let Some(it) = self.jobs.get(job) else { return };
        let (package, point) = (it.package, it.point);
        let seed = self.random.next();
        let place = &mut self.points[point as usize];
        place.unfinished += 1;
        let selection = place.spare.pop();
        let selection = selection.unwrap_or_else(|| SourceSelection::new(&place.sources, seed));
        if let Some(it) = self.jobs.get_mut(job) {
            it.selection = Some(selection);
            it.doing = Doing::Asking;
        }
        self.choose(job);
        self.woken.push_back((package, point));
    }

    /// There is news: the sources are asked anew.
    pub(super) fn start_over(&mut self, job: u32) {
        if let Some(selection) = self.jobs.get_mut(job).and_then(|it| it.selection.as_mut()) {
            selection.start_over();
        }
        self.choose(job);
    }

    /// The computer has come up again, and knows of its transfers but not what their sources said.
    pub(super) fn begin_again(&mut self, job: u32) {
        let seed = self.random.next();
        let Some(it) = self.jobs.get_mut(job) else { return };
        let place = &self.points[it.point as usize];
        it.selection = Some(SourceSelection::new(&place.sources, seed));
        self.choose(job);
    }

    /// Asks sources until one serves, or one is waited for, or none is left.
    fn choose(&mut self, job: u32) {
        loop {
            let Some(it) = self.jobs.get(job) else { return };
            let point = it.point;
            let time = self.time_at(self.points[point as usize].machine);
            let health = self.points[point as usize].health.as_mut();
            let Some(it) = self.jobs.get_mut(job) else { return };
            it.doing = Doing::Asking;
            let Some(selection) = it.selection.as_mut() else { return };
            let choice = match health {
                Some(health) => selection.choose_adaptively(time, health),
                None => selection.choose(time),
            };
            let source = match choice {
                Choice::Try(source) => source.distribution_point,
                Choice::Wait { until, reasons } => {
                    it.doing = Doing::Waiting;
                    it.why = format!("no source has it: {}", reasons.join("; ")).into();
                    it.wait_for(WaitKind::Sources, self.now);
                    let at = self.moment_at(self.points[point as usize].machine, until);
                    self.point_at(job, at);
                    self.settle(job, false);
                    self.end_turn(job);
                    return self.starve(job);
                }
            };
            let Some(from) = self.place_of(point, &source) else { return };
            match self.ask(job, from) {
                Answer::Serves(leader) => return self.take_from(job, from, leader),
                Answer::Lacks => self.lacks(job, &source, "it does not have the package"),
                Answer::Comes => {
                    if let Some(it) = self.jobs.get_mut(job) {
                        (it.source, it.patience) = (from, self.now.plus(COMING));
                        it.wait_for(WaitKind::Answer, self.now);
                    }
                    return self.point_later(job, AGAIN);
                }
                Answer::Silence(why) => {
                    if let Some(it) = self.jobs.get_mut(job) {
                        (it.source, it.why) = (from, why.into());
                        it.wait_for(WaitKind::Answer, self.now);
                    }
                    return self.point_later(job, CONNECT);
                }
            }
        }
    }

    fn place_of(&self, point: u32, source: &Name) -> Option<u32> {
        let place = &self.points[point as usize];
        let both = place.sources.iter().zip(&place.source_places);
        both.into_iter().find(|(it, _)| it.distribution_point == *source).map(|(_, at)| *at)
    }

    fn ask(&mut self, job: u32, from: u32) -> Answer {
        let Some(it) = self.jobs.get(job) else { return Answer::Lacks };
        let (package, point) = (it.package, it.point);
        let (machine, own) =
            (self.points[from as usize].machine, self.points[point as usize].machine);
        if let Some(why) = self.ground.obstacle(machine, own) {
            return Answer::Silence(why);
        }
        if self.trouble.lacks(from, package) {
            return Answer::Lacks;
        }
        let package = &self.packages[package as usize];
        if package.holders.has(from) {
            return Answer::Serves(NOBODY);
        }
        let coming = self.jobs.get(package.job(from));
        match coming.filter(|_| self.points[from as usize].cuts_through) {
            Some(it) if it.doing == Doing::Downloading => Answer::Serves(it.flow),
            Some(it) if it.doing == Doing::Asking => Answer::Comes,
            _ => Answer::Lacks,
        }
    }

    fn lacks(&mut self, job: u32, source: &Name, why: &str) {
        let Some(it) = self.jobs.get_mut(job) else { return };
        self.tally.sources_left += 1;
        if let Some(selection) = &mut it.selection {
            selection.lacks(source, why);
        }
    }

    fn failed(&mut self, job: u32, source: u32, why: &str) {
        let Some(it) = self.jobs.get(job) else { return };
        let name = self.points[source as usize].name.clone();
        let place = &mut self.points[it.point as usize];
        let time = self.now.timestamp(self.begin);
        if let Some(health) = &mut place.health {
            health.failed(&name, time);
        }
        self.lacks(job, &name, why);
    }

    /// Bytes come from a source, after what it takes to ask for them.
    fn take_from(&mut self, job: u32, from: u32, leader: u32) {
        let Some(it) = self.jobs.get(job) else { return };
        let (package, point, flow) = (it.package, it.point, it.flow);
        let (source, own) =
            (self.points[from as usize].machine, self.points[point as usize].machine);
        let Some(route) = self.ground.route(source, own) else { return };
        let size = self.packages[package as usize].bytes;
        let lag = float(CONNECTIONS * PIECE).min(size);
        let flow = if flow == NOBODY {
            self.network.open(Opening { lag, ..Opening::of(size) }, self.now)
        } else {
            flow
        };
        self.own(flow, Owner::Job(job));
        // The list of files and then the files: two questions and their answers.
        let asking = route.latency.saturating_mul(4);
        let Some(it) = self.jobs.get_mut(job) else { return };
        it.go_on(self.now);
        (it.source, it.flow, it.doing) = (from, flow, Doing::Downloading);
        it.record.source = from;
        it.record.began = it.record.began.min(self.now);
        if asking.is_zero() {
            return self.flow_from(job, from, leader);
        }
        (it.doing, it.patience) = (Doing::Asking, self.now.plus(COMING));
        it.why = Cow::default();
        self.point_later(job, asking);
    }

    fn flow_from(&mut self, job: u32, from: u32, leader: u32) {
        let Some(it) = self.jobs.get_mut(job) else { return };
        it.doing = Doing::Downloading;
        let flow = it.flow;
        let own = self.points[it.point as usize].machine;
        let (source, own) = (self.points[from as usize].machine, own);
        let path = self.path_of_content(source, own);
        self.network.resume(flow, &path, leader, self.now);
    }

    /// A point goes on with a job: an answer has come, or has not, or half an hour has passed.
    pub(super) fn point_is_due(&mut self, job: u32, stamp: u64) {
        let Some(it) = self.jobs.get(job) else { return };
        let own = self.points[it.point as usize].machine;
        // While the computer is down nothing happens on it; when it is up again it begins anew.
        if it.point_stamp != stamp || !self.ground.is_up(own) {
            return;
        }
        let (from, doing, flow, patience) = (it.source, it.doing, it.flow, it.patience);
        match doing {
            Doing::Nothing => {}
            Doing::Waiting => {
                if let Some(it) = self.jobs.get_mut(job) {
                    it.go_on(self.now);
                }
                self.choose(job);
            }
            Doing::Asking => match self.ask(job, from) {
                Answer::Serves(leader) if flow != NOBODY => {
                    if let Some(it) = self.jobs.get_mut(job) {
                        it.go_on(self.now);
                    }
                    self.flow_from(job, from, leader);
                }
                Answer::Serves(leader) => self.take_from(job, from, leader),
                Answer::Comes if patience > self.now => self.point_later(job, AGAIN),
                Answer::Lacks | Answer::Comes => {
                    self.failed(job, from, "it does not have the package");
                    self.choose(job);
                }
                Answer::Silence(why) => {
                    if let Some(it) = self.jobs.get_mut(job) {
                        it.go_on(self.now);
                    }
                    self.failed(job, from, &why);
                    self.choose(job);
                }
            },
            Doing::Downloading => {
                // It has waited long for what its source does not get.
                if self.network.flow(flow).is_open() && self.network.flow(flow).rate() > 0.0 {
                    return;
                }
                self.network.pause(flow, self.now);
                self.failed(job, from, "what it is still taking does not come");
                self.choose(job);
            }
        }
    }

    /// What comes to a job stops. Those that take it along wait for a while.
    pub(super) fn starve(&mut self, job: u32) {
        let Some(flow) = self.jobs.get(job).map(|it| it.flow).filter(|it| *it != NOBODY) else {
            return;
        };
        for follower in self.network.flow(flow).followers().to_vec() {
            if let Owner::Job(follower) = self.owners[follower as usize] {
                let waits = |it: &super::job::Job| it.doing == Doing::Downloading;
                if self.jobs.get(follower).is_some_and(waits) {
                    self.point_later(follower, COMING);
                }
            }
        }
    }

    /// The way of a pull is interrupted: the source is asked again for a while.
    pub(super) fn interrupted(&mut self, job: u32) {
        let Some(it) = self.jobs.get_mut(job) else { return };
        (it.doing, it.patience) = (Doing::Asking, At::BEGIN);
        it.wait_for(WaitKind::Answer, self.now);
        self.network.pause(it.flow, self.now);
        self.point_later(job, UNANSWERED);
        self.starve(job);
    }

    /// What a source gave is remembered of it.
    pub(super) fn measured(&mut self, job: u32) {
        let Some(it) = self.jobs.get(job) else { return };
        let (source, point, began) = (it.source, it.point, it.record.began);
        if source == NOBODY {
            return;
        }
        let bytes = whole(self.packages[it.package as usize].bytes);
        let name = self.points[source as usize].name.clone();
        let time = self.now.timestamp(self.begin);
        let took = Duration::from_nanos(self.now.since(began.min(self.now)).max(1));
        if let Some(health) = &mut self.points[point as usize].health {
            health.served(&name, bytes, took, time);
        }
    }
}
