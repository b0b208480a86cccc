//! What a synchronization moves: catalogs from point to point, metadata into databases.

use jiff::SignedDuration;

use super::{
    events::Event,
    run::{Owner, World},
    synchronizing::{Moving, Upstream},
};
use crate::{
    engine::SyncEvent,
    model::Name,
    simulate::{
        at::At,
        network::{NOBODY, Opening},
    },
};

/// A point takes what its upstream stores in such steps while that one synchronizes itself: a
/// hundred updates, compressed.
const BATCH: f64 = 100_000.0;

impl World<'_> {
    /// So much is moved for a site. Within a machine it is read and written only.
    pub(super) fn move_for(&mut self, site: u32, from: u32, to: u32, amount: f64) {
        if from == to {
            let disk = self.ground.machines[to as usize].disk;
            let at = self.now.plus_seconds(amount.max(0.0) / disk);
            return self.step_at(site, at);
        }
        if let Some(why) = self.ground.obstacle(from, to) {
            return self.call_again(site, why);
        }
        let Some(it) = &self.syncs[site as usize] else { return };
        let flow = it.flow;
        let flow = if flow == NOBODY {
            self.network.open(Opening::of(amount.max(0.0)), self.now)
        } else {
            flow
        };
        let path = self.path(from, to);
        self.own(flow, Owner::Sync(site));
        self.network.resume(flow, &path, NOBODY, self.now);
        if let Some(it) = &mut self.syncs[site as usize] {
            it.flow = flow;
        }
    }

    /// What lies between two machines, both included.
    pub(super) fn path(&mut self, from: u32, to: u32) -> Vec<u32> {
        let route = self.ground.route(from, to).unwrap_or_default();
        let machines = &self.ground.machines;
        let (out, into) = (machines[from as usize].out, machines[to as usize].into);
        // And one more for what comes into a site.
        let mut path = Vec::with_capacity(route.resources.len() + 3);
        path.extend([out].iter().chain(&route.resources).chain(&[into]));
        path
    }

    /// The same for content, which is counted where it comes in.
    pub(super) fn path_of_content(&mut self, from: u32, to: u32) -> Vec<u32> {
        let mut path = self.path(from, to);
        let site = self.ground.machines[to as usize].site;
        path.push(self.ground.incoming[site as usize]);
        path
    }

    /// While the parent synchronizes, a child takes what is stored there already.
    pub(super) fn take_ahead(&mut self, site: u32) {
        let Some(it) = &self.syncs[site as usize] else { return };
        let Upstream::Site(above) = it.active.upstream else { return };
        let (has, machine, busy) = (it.active.has, it.active.machine, it.moving);
        let Some(above) = &self.syncs[above as usize] else { return };
        let flows = matches!(above.moving, Moving::Services(false) | Moving::Ahead);
        if busy != Moving::Nothing || !flows || above.flow == NOBODY {
            return;
        }
        let (from, leader, goal) = (above.active.machine, above.flow, above.goal);
        let lag = BATCH - (above.active.has - has);
        if from == machine || self.ground.obstacle(from, machine).is_some() || goal <= has {
            return;
        }
        let opening = Opening { lag, ..Opening::of(goal - has) };
        let flow = self.network.open(opening, self.now);
        self.own(flow, Owner::Sync(site));
        let path = self.path(from, machine);
        self.network.resume(flow, &path, leader, self.now);
        if let Some(it) = &mut self.syncs[site as usize] {
            (it.moving, it.flow, it.goal) = (Moving::Ahead, flow, goal);
            it.began = it.began.min(self.now);
        }
    }

    /// A flow of a site's synchronization is complete.
    pub(super) fn synchronized(&mut self, site: u32, flow: u32) {
        self.network.complete(flow, self.now);
        if let Some(it) = &mut self.syncs[site as usize] {
            it.flow = NOBODY;
        }
        self.moved(site);
    }

    pub(super) fn step_later(&mut self, site: u32, span: SignedDuration) {
        self.step_at(site, self.now.plus(span));
    }

    pub(super) fn step_at(&mut self, site: u32, at: At) {
        let stamp = self.stamp();
        if let Some(it) = &mut self.syncs[site as usize] {
            it.stamp = stamp;
            self.events.add(at, Event::SyncStep { site, stamp });
        }
    }

    /// What needs no line is done; or the server outside has failed.
    pub(super) fn sync_step(&mut self, site: u32, stamp: u64) {
        let Some(it) = self.syncs[site as usize].as_ref().filter(|it| it.stamp == stamp) else {
            return;
        };
        let (point, failed) = match it.moving {
            Moving::Services(of) => {
                let point = it.point(of);
                (point.name.clone(), point.upstream == Upstream::Outside)
            }
            _ => (it.active.name.clone(), false),
        };
        if failed {
            self.give_up(site, &point, "the upstream server fails".to_owned());
        } else {
            self.moved(site);
        }
    }

    pub(super) fn moved(&mut self, site: u32) {
        let Some(it) = &mut self.syncs[site as usize] else { return };
        let goal = it.goal;
        match std::mem::replace(&mut it.moving, Moving::Nothing) {
            Moving::Nothing => {}
            Moving::Services(internet_based) => {
                let place = match &mut it.internet_based {
                    Some(other) if internet_based => other,
                    _ => &mut it.active,
                };
                place.has = goal;
                let name = place.name.clone();
                self.sync(site, SyncEvent::PointSynchronized(name));
            }
            Moving::Ahead => {
                it.active.has = goal;
                if std::mem::take(&mut it.asked) {
                    let name = it.active.name.clone();
                    self.services(site, &name);
                }
            }
            Moving::Database => {
                it.database = goal;
                self.sync(site, SyncEvent::SiteDatabaseUpdated);
            }
        }
    }

    /// A call did not get through: it is made again, as an update point does.
    pub(super) fn call_again(&mut self, site: u32, why: String) {
        let dice = self.random.dice();
        let Some(it) = &mut self.syncs[site as usize] else { return };
        if let Some(wait) = it.call.after(None, dice) {
            let stamp = self.stamp();
            let at = self.now.plus(wait);
            if let Some(it) = &mut self.syncs[site as usize] {
                it.stamp = stamp;
            }
            return self.events.add(at, Event::SyncCall { site, stamp });
        }
        if it.moving == Moving::Database {
            it.moving = Moving::Nothing;
            return self.sync(site, SyncEvent::SiteDatabaseFailed(why));
        }
        let internet_based = it.moving == Moving::Services(true);
        let name = it.point(internet_based).name.clone();
        self.give_up(site, &name, why);
    }

    pub(super) fn give_up(&mut self, site: u32, point: &Name, why: String) {
        let now = self.now;
        let Some(it) = &mut self.syncs[site as usize] else { return };
        // What has come is kept: the next synchronization takes the rest.
        let flow = std::mem::replace(&mut it.flow, NOBODY);
        it.moving = Moving::Nothing;
        if flow != NOBODY {
            let missing = self.network.flow(flow).missing(now);
            let kept = it.goal - missing;
            if it.active.name == *point {
                it.active.has = it.active.has.max(kept);
            }
            self.abandon(flow);
        }
        self.sync(site, SyncEvent::PointFailed(point.clone(), why));
    }

    /// An update point calls its upstream server again.
    pub(super) fn sync_call(&mut self, site: u32, stamp: u64) {
        let Some(it) = self.syncs[site as usize].as_ref().filter(|it| it.stamp == stamp) else {
            return;
        };
        match it.moving {
            Moving::Services(internet_based) => self.begin_services(site, internet_based),
            Moving::Database => {
                let (from, to) = (it.active.machine, it.server);
                let amount = it.goal - it.database;
                self.move_for(site, from, to, amount);
            }
            Moving::Nothing | Moving::Ahead => {}
        }
    }

    /// The way of a synchronization is interrupted.
    pub(super) fn sync_interrupted(&mut self, site: u32, why: &str) {
        let Some(it) = &mut self.syncs[site as usize] else { return };
        self.network.pause(it.flow, self.now);
        if it.moving != Moving::Ahead {
            return self.call_again(site, why.to_owned());
        }
        // What was taken ahead is there; the request brings the rest.
        let flow = std::mem::replace(&mut it.flow, NOBODY);
        it.moving = Moving::Nothing;
        it.active.has = it.goal - self.network.flow(flow).missing(self.now);
        let asked = std::mem::take(&mut it.asked).then(|| it.active.name.clone());
        self.abandon(flow);
        if let Some(name) = asked {
            self.services(site, &name);
        }
    }

    /// A flow ends before it is complete, and those that took ahead what it brought.
    pub(super) fn abandon(&mut self, flow: u32) {
        for follower in self.network.flow(flow).followers().to_vec() {
            if let Owner::Sync(child) = self.owners[follower as usize] {
                self.sync_interrupted(child, "its upstream has stopped");
            }
        }
        self.network.abandon(flow, self.now);
        self.own(flow, Owner::Nobody);
    }
}
