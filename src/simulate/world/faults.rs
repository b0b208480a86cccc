//! What goes wrong when, and what comes of it for what is under way.

use jiff::SignedDuration;

use super::{
    events::{Event, Events},
    job::Doing,
    run::{Owner, World},
};
use crate::{
    model::{Interval, Name, PackageId},
    simulate::{
        at::At,
        ground::Ground,
        numbers::{float, short},
        scenario::Scenario,
    },
};

/// What goes wrong.
#[derive(Debug, Clone, Copy)]
enum Fault {
    LineCut(u32),
    Down(u32),
    /// A place in [`Trouble::lacking`].
    Lacks(usize),
    SlowDisk(u32, f64),
}

/// A source that lacks content.
#[derive(Debug, Clone, Copy)]
struct Lacking {
    point: u32,
    /// All packages, if it is none.
    package: Option<u32>,
    now: bool,
}

/// What goes wrong in a scenario.
#[derive(Debug, Default)]
pub(super) struct Trouble {
    faults: Vec<Fault>,
    lacking: Vec<Lacking>,
    /// How many synchronizations with servers outside still fail.
    pub(super) upstream_fails: u32,
}

impl Trouble {
    /// Whether a source lacks a package now, whatever anybody knows of it.
    pub(super) fn lacks(&self, point: u32, package: u32) -> bool {
        let is =
            |it: &Lacking| it.now && it.point == point && it.package.is_none_or(|it| it == package);
        self.lacking.iter().any(is)
    }

    /// That of a scenario, whose beginnings and ends become events.
    pub(super) fn of(
        scenario: &Scenario,
        ground: &Ground,
        point: impl Fn(&Name) -> Option<u32>,
        package: impl Fn(&PackageId) -> Option<u32>,
        events: &mut Events,
    ) -> Self {
        let faults = &scenario.faults;
        let upstream_fails = faults.upstream_fails.as_ref().map_or(0, |it| it.times);
        let mut trouble = Self { upstream_fails, ..Self::default() };
        let mut add = |fault: Fault, from: Interval, to: Option<Interval>| {
            let number = short(trouble.faults.len());
            trouble.faults.push(fault);
            events.add(At::after(from.duration()), Event::Fault { number, begins: true });
            if let Some(to) = to {
                events.add(At::after(to.duration()), Event::Fault { number, begins: false });
            }
        };
        for cut in &faults.link_cuts {
            if let Some(line) = ground.line(&cut.between) {
                add(Fault::LineCut(line), cut.from, cut.to);
            }
        }
        for down in &faults.site_systems_down {
            if let Some(machine) = ground.machine(&down.site_system) {
                add(Fault::Down(machine), down.from, down.to);
            }
        }
        for slow in &faults.slow_disks {
            if let Some(machine) = ground.machine(&slow.site_system) {
                add(Fault::SlowDisk(machine, float(slow.disk.bytes())), slow.from, slow.to);
            }
        }
        let mut lacking = Vec::new();
        for lacks in &faults.lacks_content {
            let Some(point) = point(&lacks.distribution_point) else { continue };
            let package = lacks.package.as_ref().and_then(&package);
            let from = lacks.from.unwrap_or(Interval::seconds(0));
            add(Fault::Lacks(lacking.len()), from, lacks.to);
            lacking.push(Lacking { point, package, now: false });
        }
        trouble.lacking = lacking;
        trouble
    }
}

impl World<'_> {
    /// A fault begins or ends.
    pub(super) fn fault(&mut self, number: u32, begins: bool) {
        match self.trouble.faults[number as usize] {
            Fault::Lacks(place) => self.trouble.lacking[place].now = begins,
            Fault::LineCut(line) => {
                let it = &mut self.ground.lines[line as usize];
                it.cut = if begins { it.cut + 1 } else { it.cut.saturating_sub(1) };
                if begins {
                    self.line_is_gone(line);
                }
            }
            Fault::SlowDisk(machine, disk) => {
                let it = &self.ground.machines[machine as usize];
                let disk = if begins { disk.min(it.disk) } else { it.disk };
                for resource in [it.out, it.into] {
                    self.network.set_capacity(resource, it.network.min(disk));
                }
            }
            Fault::Down(machine) => {
                let it = &mut self.ground.machines[machine as usize];
                it.down = if begins { it.down + 1 } else { it.down.saturating_sub(1) };
                let [out, into] = [it.out, it.into];
                let is_up = it.down == 0;
                if begins {
                    let why = format!("`{}` is down", it.name);
                    self.interrupt(&[out, into], &why);
                    self.stay_with_none_of(machine);
                } else if is_up {
                    self.comes_up(machine);
                }
            }
        }
    }

    /// An hour at a line with hours.
    pub(super) fn line_hour(&mut self, line: u32) {
        const HOUR: i64 = 3_600;
        let time = self.time();
        let it = &mut self.ground.lines[line as usize];
        let closed = !it.opens_at(time);
        if std::mem::replace(&mut it.closed, closed) != closed && closed {
            self.line_is_gone(line);
        }
        let left = HOUR - time.as_second().rem_euclid(HOUR);
        let left = SignedDuration::from_secs(left);
        self.events.add(self.now.plus(left), Event::LineHour { line });
    }

    fn line_is_gone(&mut self, line: u32) {
        let why = if self.ground.lines[line as usize].cut > 0 {
            format!("the line {} is cut", self.ground.line_name(line))
        } else {
            format!("the line {} is closed at this hour", self.ground.line_name(line))
        };
        let resources = self.ground.lines[line as usize].resources;
        self.interrupt(&resources, &why);
    }

    /// What goes through these is interrupted.
    fn interrupt(&mut self, resources: &[u32], why: &str) {
        let mut flows: Vec<u32> = Vec::new();
        for resource in resources {
            flows.extend(self.network.resource(*resource).flows());
        }
        flows.sort_unstable();
        flows.dedup();
        for flow in flows {
            match self.owners[flow as usize] {
                Owner::Job(job) if self.jobs.get(job).is_some_and(super::job::Job::pulls) => {
                    self.interrupted(job);
                }
                Owner::Job(job) => self.sending_failed(job, why),
                Owner::Sync(site) => self.sync_interrupted(site, why),
                Owner::Replication(site, child) => self.replication_failed(site, child, flow, why),
                Owner::Nobody => {}
            }
        }
    }

    /// Nobody stays for what a computer does that is down.
    fn stay_with_none_of(&mut self, machine: u32) {
        for job in self.jobs_on(machine) {
            self.settle(job, false);
            self.end_turn(job);
        }
    }

    /// A computer is up again, and goes on with what it was doing.
    fn comes_up(&mut self, machine: u32) {
        for job in self.jobs_on(machine) {
            if let Some(it) = self.jobs.get_mut(job) {
                it.go_on(self.now);
            }
            self.begin_again(job);
        }
    }

    /// The transfers that a pull distribution point on a machine has begun.
    fn jobs_on(&self, machine: u32) -> Vec<u32> {
        let mut numbers = self.jobs.numbers();
        numbers.retain(|job| {
            self.jobs.get(*job).is_some_and(|it| {
                let point = &self.points[it.point as usize];
                it.pulls() && it.doing != Doing::Nothing && point.machine == machine
            })
        });
        numbers
    }
}
