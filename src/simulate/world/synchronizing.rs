//! Update metadata from site to site, by the sync manager of each (SYNC-1..8).

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};

use super::{
    events::Event,
    run::{Owner, World},
};
use crate::{
    engine::{CallRetry, SyncCommand, SyncEvent, SyncManager},
    model::{Name, Schedule},
    simulate::{
        at::At,
        network::{NOBODY, Opening},
        numbers::float,
    },
};

/// How long after one pass the next one looks for a child that was not reached.
const PASS: SignedDuration = SignedDuration::from_secs(30);
/// How long a server outside takes to fail.
const FAILING: SignedDuration = SignedDuration::from_secs(1);
/// Where a point takes its updates from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Upstream {
    /// A server outside of the hierarchy.
    Outside,
    /// The active point of a site.
    Site(u32),
    /// A file on its own disk.
    File,
    Nothing,
}

/// A software update point.
#[derive(Debug, Clone)]
pub(super) struct UpdatePlace {
    pub(super) name: Name,
    pub(super) machine: u32,
    pub(super) upstream: Upstream,
    /// How much of the catalog it has, in bytes.
    pub(super) has: f64,
}

/// What is moved for a site now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Moving {
    Nothing,
    /// The catalog of its active or, with `true`, its Internet-based point.
    Services(bool),
    /// That of its active point, while the parent still synchronizes.
    Ahead,
    /// Metadata into its database.
    Database,
}

/// The synchronization of a site.
#[derive(Debug)]
pub(super) struct SiteSync {
    pub(super) manager: SyncManager,
    pub(super) active: UpdatePlace,
    pub(super) internet_based: Option<UpdatePlace>,
    /// The machine of its site server.
    pub(super) server: u32,
    pub(super) parent: Option<u32>,
    pub(super) database: f64,
    pub(super) schedule: Option<Schedule>,
    pub(super) moving: Moving,
    pub(super) goal: f64,
    pub(super) flow: u32,
    /// The update services were asked while they took ahead.
    pub(super) asked: bool,
    /// A request came while it was busy.
    pub(super) missed: bool,
    pub(super) call: CallRetry,
    pub(super) stamp: u64,
    /// Whether it has to synchronize at all.
    pub(super) wanted: bool,
    pub(super) began: At,
    pub(super) first: At,
    pub(super) runs: u32,
    pub(super) failed: u32,
    pub(super) why: String,
}

impl SiteSync {
    pub(super) fn new(manager: SyncManager, active: UpdatePlace, server: u32) -> Self {
        Self {
            manager,
            active,
            internet_based: None,
            server,
            parent: None,
            database: 0.0,
            schedule: None,
            moving: Moving::Nothing,
            goal: 0.0,
            flow: NOBODY,
            asked: false,
            missed: false,
            call: CallRetry::default(),
            stamp: 0,
            wanted: false,
            began: At::NEVER,
            first: At::NEVER,
            runs: 0,
            failed: 0,
            why: String::new(),
        }
    }

    pub(super) fn point(&self, internet_based: bool) -> &UpdatePlace {
        let other = self.internet_based.as_ref().filter(|_| internet_based);
        other.unwrap_or(&self.active)
    }
}

impl World<'_> {
    pub(super) fn sync(&mut self, site: u32, event: SyncEvent) {
        let mut events = VecDeque::from([(site, event)]);
        while let Some((site, event)) = events.pop_front() {
            let time = self.time();
            let Some(it) = &mut self.syncs[site as usize] else { continue };
            let requested = event == SyncEvent::Requested;
            let commands = it.manager.handle(event, time);
            it.missed |= requested && commands.is_empty();
            for command in commands {
                self.do_for_sync(site, command, &mut events);
            }
        }
    }

    fn do_for_sync(
        &mut self,
        site: u32,
        command: SyncCommand,
        events: &mut VecDeque<(u32, SyncEvent)>,
    ) {
        match command {
            SyncCommand::SynchronizeUpdateServices(point) => self.services(site, &point),
            SyncCommand::LetFlow(child) => {
                let child = self.ground.site(&child);
                events.extend(child.map(|child| (child, SyncEvent::ParentFlows)));
            }
            SyncCommand::TakeAhead(_) => self.take_ahead(site),
            SyncCommand::UpdateSiteDatabase(_) | SyncCommand::AddToSiteDatabase(_) => {
                let Some(it) = &mut self.syncs[site as usize] else { return };
                let (from, to) = (it.active.machine, it.server);
                let amount = it.active.has - it.database;
                (it.moving, it.goal) = (Moving::Database, it.active.has);
                self.move_for(site, from, to, amount);
            }
            SyncCommand::Replicate(child) => {
                if let Some(child) = self.ground.site(&child) {
                    self.replicate(site, child);
                }
            }
            SyncCommand::RequestChild(child) => {
                let Some(child) = self.ground.site(&child) else { return };
                match self.sync_waits(child) {
                    None => events.push_back((child, SyncEvent::Requested)),
                    Some(opening) => {
                        if let Some(it) = &mut self.syncs[child as usize] {
                            it.missed = true;
                        }
                        self.events.add(opening, Event::SyncPass { site, child });
                    }
                }
            }
            SyncCommand::Message(id, _, _) => self.tally.message(id),
            SyncCommand::SetTimer(at) => {
                let at = At::of(at, self.begin);
                self.events.add(at, Event::SyncTimer { site });
            }
            SyncCommand::Complete(point) => self.sync_complete(site, &point, events),
            SyncCommand::Failed(_, why) => {
                let Some(it) = &mut self.syncs[site as usize] else { return };
                it.failed += 1;
                it.why = why;
            }
        }
    }

    /// The update services of a point synchronize.
    pub(super) fn services(&mut self, site: u32, point: &Name) {
        let Some(it) = &mut self.syncs[site as usize] else { return };
        let internet_based = it.active.name != *point;
        it.began = it.began.min(self.now);
        if it.moving == Moving::Ahead {
            it.asked = true;
            return;
        }
        it.moving = Moving::Services(internet_based);
        it.call = CallRetry::default();
        self.begin_services(site, internet_based);
    }

    pub(super) fn begin_services(&mut self, site: u32, internet_based: bool) {
        let Some(it) = &self.syncs[site as usize] else { return };
        let point = it.point(internet_based);
        let (has, machine, upstream) = (point.has, point.machine, point.upstream);
        let (from, goal) = match upstream {
            Upstream::Site(above) => {
                let Some(above) = &self.syncs[above as usize] else { return };
                (above.active.machine, above.active.has)
            }
            Upstream::Outside => {
                if self.trouble.upstream_fails > 0 {
                    self.trouble.upstream_fails -= 1;
                    return self.step_later(site, FAILING);
                }
                let catalogs = &self.scenario.catalogs;
                let more = if has > 0.0 { catalogs.change } else { catalogs.first };
                (self.ground.internet, has + float(more.bytes()))
            }
            Upstream::File => (machine, float(self.scenario.catalogs.first.bytes()).max(has)),
            Upstream::Nothing => (machine, has),
        };
        let Some(it) = &mut self.syncs[site as usize] else { return };
        it.goal = goal;
        self.move_for(site, from, machine, goal - has);
    }

    pub(super) fn replicate(&mut self, site: u32, child: u32) {
        let (Some(own), Some(other)) = (&self.syncs[site as usize], &self.syncs[child as usize])
        else {
            return;
        };
        let (from, to) = (own.server, other.server);
        let missing = (own.database - other.database).max(0.0);
        if let Some(opening) = self.sync_waits(child) {
            // As `apply` does it: the child asks for it when a window of its own is open.
            self.events.add(opening, Event::SyncPass { site, child });
            let why = "its maintenance window is closed".to_owned();
            let code = self.ground.sites[child as usize].clone();
            return self.sync(site, SyncEvent::ReplicationFailed(code, why));
        }
        if let Some(why) = self.ground.obstacle(from, to) {
            return self.not_replicated(site, child, why);
        }
        let flow = self.network.open(Opening::of(missing), self.now);
        self.own(flow, Owner::Replication(site, child));
        let path = self.path(from, to);
        self.network.resume(flow, &path, NOBODY, self.now);
    }

    /// Metadata has come to the database of a child.
    pub(super) fn replicated(&mut self, site: u32, child: u32, flow: u32) {
        self.network.complete(flow, self.now);
        let has = self.syncs[site as usize].as_ref().map_or(0.0, |it| it.database);
        if let Some(child) = &mut self.syncs[child as usize] {
            child.database = has;
        }
        let code = self.ground.sites[child as usize].clone();
        self.sync(site, SyncEvent::Replicated(code));
    }

    pub(super) fn replication_failed(&mut self, site: u32, child: u32, flow: u32, why: &str) {
        self.network.abandon(flow, self.now);
        self.own(flow, Owner::Nobody);
        self.not_replicated(site, child, why.to_owned());
    }

    fn not_replicated(&mut self, site: u32, child: u32, why: String) {
        if let Some(it) = &mut self.syncs[child as usize] {
            it.why = format!("the parent site did not reach it: {why}");
        }
        self.events.add(self.now.plus(PASS), Event::SyncPass { site, child });
        let code = self.ground.sites[child as usize].clone();
        self.sync(site, SyncEvent::ReplicationFailed(code, why));
    }

    /// The next pass finds that a child is behind.
    pub(super) fn sync_pass(&mut self, site: u32, child: u32) {
        let (Some(own), Some(other)) = (&self.syncs[site as usize], &self.syncs[child as usize])
        else {
            return;
        };
        if other.active.has >= own.database && other.first < At::NEVER && !other.missed {
            return;
        }
        let reached = self.ground.obstacle(own.server, other.server).is_none();
        let idle = own.moving == Moving::Nothing && other.moving == Moving::Nothing;
        if !reached || !idle {
            self.events.add(self.now.plus(PASS), Event::SyncPass { site, child });
            return;
        }
        if let Some(opening) = self.sync_waits(child) {
            return self.events.add(opening, Event::SyncPass { site, child });
        }
        if let Some(other) = &mut self.syncs[child as usize] {
            other.missed = false;
        }
        let code = self.ground.sites[child as usize].clone();
        self.sync(site, SyncEvent::ChildMissedRequest(code));
    }

    /// A site's sync manager tries again.
    pub(super) fn sync_timer(&mut self, site: u32) {
        match self.sync_waits(site) {
            None => self.sync(site, SyncEvent::TimeReached),
            Some(opening) => self.events.add(opening, Event::SyncTimer { site }),
        }
    }

    /// The schedule of the top says so, or it synchronizes for the first time.
    pub(super) fn sync_due(&mut self, site: u32) {
        match self.sync_waits(site) {
            None => self.sync(site, SyncEvent::Run),
            Some(opening) => self.events.add(opening, Event::SyncDue { site }),
        }
    }

    fn sync_complete(&mut self, site: u32, point: &Name, events: &mut VecDeque<(u32, SyncEvent)>) {
        let now = self.now;
        let Some(it) = &mut self.syncs[site as usize] else { return };
        if it.active.name != *point {
            return;
        }
        it.runs += 1;
        it.why.clear();
        if it.first == At::NEVER {
            it.first = now;
            if it.wanted {
                self.open = self.open.saturating_sub(1);
            }
        }
        if it.internet_based.is_some() {
            events.push_back((site, SyncEvent::RunInternetBased));
        }
        if let Some(parent) = it.parent.filter(|_| it.missed) {
            self.events.add(now.plus(PASS), Event::SyncPass { site: parent, child: site });
        }
        self.schedule(site);
    }

    /// When the schedule of a site at the top is due next.
    pub(super) fn schedule(&mut self, site: u32) {
        let Some(it) = &self.syncs[site as usize] else { return };
        let (server, schedule) = (it.server, it.schedule.as_ref());
        let time = self.time_at(server);
        if let Some(next) = schedule.and_then(|it| it.next_after(time)) {
            let at = self.moment_at(server, next.max(Timestamp::MIN));
            self.events.add(at, Event::SyncDue { site });
        }
    }
}
