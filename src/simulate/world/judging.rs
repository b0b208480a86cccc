//! From the world at its end to what comes of the simulation.

use std::collections::BTreeMap;

use super::{
    content::PackagePlace,
    job::{Record, WaitKind},
    run::World,
    tally::Chain,
    windows::Windows,
};
use crate::{
    model::{Hierarchy, Name, SiteCode},
    simulate::{
        Policy,
        at::At,
        frames::carried,
        network::{History, Limit, NOBODY},
        numbers::{float, short, whole},
        outcome::{
            Curve, LinkOutcome, Outcome, PackageOutcome, PathStep, PointOutcome, SiteOutcome,
            SourceOutcome, Spread, StepKind, SyncOutcome, Unfinished, WaitOutcome, Waited,
        },
    },
};

/// As many distribution points are named that lack something.
const NAMED: usize = 5;

impl World<'_> {
    /// What has come of it.
    pub(crate) fn outcome(mut self, hierarchy: &Hierarchy, policy: Policy, seed: u64) -> Outcome {
        let unfinished = self.unfinished();
        self.network.count_all();
        for number in self.jobs.numbers() {
            if let Some(mut job) = self.jobs.take(number) {
                job.go_on(self.now);
                let records = &mut self.packages[job.package as usize].records;
                records.push((job.point, job.record));
            }
        }
        for package in 0..self.packages.len() {
            if !self.packages[package].records.is_empty() {
                self.conclude(short(package));
            }
        }
        let placements: usize = self.packages.iter().map(|it| it.wanted).sum();
        let done: usize = self.packages.iter().map(|it| it.done).sum();
        let last = self.packages.iter().filter(|it| it.done > 0).map(|it| it.last).max();
        let syncs = self.syncs.iter().flatten().filter(|it| it.wanted);
        let synchronized = syncs.map(|it| it.first).max().unwrap_or(At::BEGIN);
        Outcome {
            policy,
            seed,
            begins_at: self.begin,
            seconds: seconds(self.now),
            synchronized_after: (synchronized < At::NEVER).then(|| seconds(synchronized)),
            distributed_after: (done == placements).then(|| seconds(last.unwrap_or(At::BEGIN))),
            placements,
            done,
            sites: self.sites(hierarchy),
            packages: self.packages(),
            links: self.links(),
            sources: self.sources(),
            critical_path: self.critical_path(),
            waits: self.waits(),
            window_waits: self.windows.as_ref().map(Windows::outcome).unwrap_or_default(),
            status_messages: self.messages(),
            cancelled: self.tally.cancelled,
            sources_left: self.tally.sources_left,
            unfinished,
            distribution_points: self.distribution_points(),
        }
    }

    fn sites(&self, hierarchy: &Hierarchy) -> Vec<SiteOutcome> {
        let mut sites = Vec::with_capacity(self.ground.sites.len());
        for (number, code) in self.ground.sites.iter().enumerate() {
            let points = self.points.iter().filter(|it| it.site as usize == number);
            let (mut wanted, mut done, mut last) = (0, 0, At::BEGIN);
            for point in points {
                wanted += point.wanted;
                done += point.took.len();
                last = last.max(point.last);
            }
            let sync = self.syncs[number].as_ref().filter(|sync| sync.wanted || sync.runs > 0);
            let history = self.network.history(self.ground.incoming[number]);
            let incoming = history.map(curve).unwrap_or_default();
            sites.push(SiteOutcome {
                site: code.clone(),
                parent: hierarchy.sites.get(code).and_then(|site| site.parent.clone()),
                synchronization: sync.map(|sync| SyncOutcome {
                    began: (sync.began < At::NEVER).then(|| seconds(sync.began)),
                    complete: (sync.first < At::NEVER).then(|| seconds(sync.first)),
                    runs: sync.runs,
                    failed: sync.failed,
                }),
                placements: wanted,
                done,
                content_from: first_of(&incoming),
                content_until: (wanted > 0 && done == wanted).then(|| seconds(last)),
                incoming,
            });
        }
        sites
    }

    fn packages(&self) -> Vec<PackageOutcome> {
        let with = self.packages.iter().filter(|it| it.wanted > 0);
        let mut packages: Vec<_> = with
            .map(|it| PackageOutcome {
                package: it.id.clone(),
                name: it.name.clone(),
                bytes: whole(it.bytes),
                released: seconds(it.released),
                wanted: it.wanted,
                done: it.done,
                took: it.spread,
            })
            .collect();
        packages.sort_by(|one, other| one.package.cmp(&other.package));
        packages
    }

    fn distribution_points(&mut self) -> Vec<PointOutcome> {
        let sites: Vec<SiteCode> = self.ground.sites.clone();
        let with = self.points.iter_mut().filter(|it| it.wanted > 0);
        with.map(|it| PointOutcome {
            name: it.name.clone(),
            site: sites[it.site as usize].clone(),
            wanted: it.wanted,
            done: it.took.len(),
            took: Spread::of(&mut it.took),
        })
        .collect()
    }

    fn links(&self) -> Vec<LinkOutcome> {
        let mut links = Vec::new();
        for line in &self.ground.lines {
            let [one, other] = line.between.map(|site| &self.ground.sites[site as usize]);
            for (resource, from, to) in
                [(line.resources[0], one, other), (line.resources[1], other, one)]
            {
                let it = self.network.resource(resource);
                if it.bytes() > 0.0 {
                    links.push(LinkOutcome {
                        from: from.clone(),
                        to: to.clone(),
                        capacity: whole(carried(it.capacity()).round()),
                        bytes: whole(carried(it.bytes()).round()),
                        content: whole(it.bytes().round()),
                        peak: whole(carried(it.peak()).round()),
                        curve: self
                            .network
                            .history(resource)
                            .map(carried_curve)
                            .unwrap_or_default(),
                    });
                }
            }
        }
        links.sort_by(|one, other| (&one.from, &one.to).cmp(&(&other.from, &other.to)));
        links
    }

    fn sources(&self) -> Vec<SourceOutcome> {
        let all = self.ground.machines.iter().map(|it| (it, self.network.resource(it.out)));
        let with = all.filter(|(_, out)| out.bytes() > 0.0);
        with.map(|(machine, out)| SourceOutcome {
            site_system: machine.name.clone(),
            bytes: whole(out.bytes().round()),
            peak: whole(out.peak().round()),
            transfers: out.most_flows(),
        })
        .collect()
    }

    fn waits(&self) -> Vec<WaitOutcome> {
        let waits = self.tally.waits.iter().map(|(kind, waits)| WaitOutcome {
            what: waited_of(*kind),
            transfers: waits.transfers,
            total: float(waits.total) / 1e9,
            longest: float(waits.longest) / 1e9,
            at: self.points[waits.at as usize].name.clone(),
            package: waits.package.clone(),
        });
        waits.collect()
    }

    fn messages(&self) -> BTreeMap<u16, u64> {
        self.tally.messages.iter().map(|(id, count)| (u16::from(*id), *count)).collect()
    }

    /// What never comes: by what and why, with those to whom it does not come.
    fn unfinished(&self) -> Vec<Unfinished> {
        let mut found: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
        let window = |package: &Name| self.windows.as_ref()?.why(package);
        for package in self.packages.iter().filter(|it| it.done < it.wanted) {
            let mut known = 0;
            let jobs = package.jobs.iter().enumerate();
            for (point, job) in jobs.filter(|(_, job)| **job != NOBODY) {
                let Some(job) = self.jobs.get(*job) else { continue };
                let why = if job.why.is_empty() { "it is still on its way" } else { &*job.why };
                let key = (package.id.to_string(), why.to_owned());
                found.entry(key).or_default().push(self.points[point].name.to_string());
                known += 1;
            }
            let left = package.wanted - package.done - known;
            if left > 0 {
                let why = if package.released > self.now {
                    "it is not released before the end".to_owned()
                } else {
                    window(&package.name).unwrap_or_else(|| {
                        "it has not been its turn: what comes before it in the plan is not done"
                            .to_owned()
                    })
                };
                let key = (package.id.to_string(), why);
                found.entry(key).or_default().extend(vec![String::new(); left]);
            }
        }
        for (number, sync) in self.syncs.iter().enumerate() {
            let Some(sync) = sync.as_ref().filter(|it| it.wanted && it.first == At::NEVER) else {
                continue;
            };
            let why = if sync.why.is_empty() {
                "it has not been asked to synchronize, or is still doing it"
            } else {
                &sync.why
            };
            let what = format!("site {}", self.ground.sites[number]);
            found.entry((what, why.to_owned())).or_default();
        }
        for never in self.windows.iter().flat_map(Windows::never) {
            found.entry(never).or_default();
        }
        let found = found.into_iter().map(|((what, why), mut at)| {
            let count = at.len();
            at.retain(|name| !name.is_empty());
            at.truncate(NAMED);
            Unfinished { what, count, at, why, chosen: false }
        });
        let planned = self.tally.plan_waits.iter().map(|waiting| Unfinished {
            what: waiting.resource.to_string(),
            count: 0,
            at: Vec::new(),
            why: waiting.on.clone(),
            chosen: waiting.chosen,
        });
        found.chain(planned).collect()
    }

    /// The way of the package that arrived last, from its release on.
    fn critical_path(&self) -> Vec<PathStep> {
        let Some(chain) = &self.tally.chain else { return Vec::new() };
        let package = &self.packages[chain.package as usize];
        let mut steps: Vec<PathStep> = Vec::new();
        if package.taken > package.released {
            let server = self.ground.machines[package.server as usize].name.clone();
            let span = (package.released, package.taken);
            let whose = (&package.name, None);
            for (from, to, what) in self.windows_within(whose, span, StepKind::Taken) {
                let (from, to) = (seconds(from), seconds(to));
                let (package, at) = (package.id.clone(), server.clone());
                steps.push(PathStep { from, to, package, at, what });
            }
        }
        let Chain { transfers, .. } = chain;
        let mut before = package.taken.max(package.released);
        for (point, record) in transfers.iter().rev() {
            before = self.transfer_steps(package, *point, record, before, &mut steps);
        }
        steps
    }

    /// A span of the way of a package: what it waited for a maintenance window, and the rest.
    fn windows_within(
        &self,
        whose: (&Name, Option<&Name>),
        span: (At, At),
        rest: StepKind,
    ) -> Vec<(At, At, StepKind)> {
        let windows = self.windows.as_ref();
        let steps = windows.map(|it| it.steps(whose, span, rest.clone()));
        let steps = steps.unwrap_or_else(|| vec![(span.0, span.1, rest)]);
        steps.into_iter().filter(|(from, to, _)| to > from).collect()
    }

    fn transfer_steps(
        &self,
        package: &PackagePlace,
        point: u32,
        record: &Record,
        before: At,
        steps: &mut Vec<PathStep>,
    ) -> At {
        let name = self.points[point as usize].name.to_string();
        let mut add = |from: At, to: At, what: StepKind| {
            let (from, to) = (seconds(from), seconds(to));
            // What takes no time is no step.
            if to - from >= 1e-3 {
                steps.push(PathStep {
                    from,
                    to,
                    package: package.id.clone(),
                    at: name.clone(),
                    what,
                });
            }
        };
        if record.asked > before {
            let whose = (&package.name, Some(&self.points[point as usize].name));
            let span = (before, record.asked);
            for (from, to, what) in self.windows_within(whose, span, StepKind::Planned) {
                add(from, to, what);
            }
        }
        let mut at = record.asked.max(before);
        let longest = WaitKind::ALL.into_iter().max_by_key(|kind| record.waited[*kind as usize]);
        let waited = longest.filter(|kind| record.waited[*kind as usize] > 0);
        if let Some(kind) = waited
            && record.began > at
        {
            add(at, record.began, StepKind::Waited(waited_of(kind)));
            at = record.began;
        }
        let source = if let Some(point) = self.points.get(record.source as usize) {
            point.name.to_string()
        } else {
            self.ground.machines[package.server as usize].name.clone()
        };
        let limit = self.limit(record.limit);
        add(at, record.finished, StepKind::Came { source, limit });
        record.finished.max(at)
    }

    fn limit(&self, limit: Limit) -> String {
        let resource = match limit {
            Limit::Leader => return "as it came to its source".to_owned(),
            Limit::Sender => return "the rate limit of the distribution point".to_owned(),
            Limit::Resource(resource) => resource,
        };
        for (number, line) in self.ground.lines.iter().enumerate() {
            if line.resources.contains(&resource) {
                return format!("the line {}", self.ground.line_name(short(number)));
            }
        }
        for machine in &self.ground.machines {
            if [machine.out, machine.into].contains(&resource) {
                let what = if machine.disk < machine.network { "disk" } else { "network card" };
                return format!("the {what} of `{}`", machine.name);
            }
        }
        "the network".to_owned()
    }
}

fn waited_of(kind: WaitKind) -> Waited {
    match kind {
        WaitKind::Turn => Waited::Turn,
        WaitKind::Look => Waited::SourceContent,
        WaitKind::Notification => Waited::Notification,
        WaitKind::Sources => Waited::Sources,
        WaitKind::Hours => Waited::Hours,
        WaitKind::Retry => Waited::Retry,
        WaitKind::Place => Waited::Place,
        WaitKind::Answer => Waited::Answer,
    }
}

pub(super) fn seconds(at: At) -> f64 {
    // To the millisecond: nobody reads more, and all programs read these the same.
    float(whole((at.seconds_since(At::BEGIN) * 1e3).round())) / 1e3
}

fn curve(history: &History) -> Curve {
    let (span, bytes) = history.spans();
    Curve { span, bytes: bytes.iter().map(|it| whole(it.round())).collect() }
}

/// What content was carried with.
fn carried_curve(history: &History) -> Curve {
    let (span, bytes) = history.spans();
    Curve { span, bytes: bytes.iter().map(|it| whole(carried(*it).round())).collect() }
}

fn first_of(curve: &Curve) -> Option<f64> {
    let first = curve.bytes.iter().position(|bytes| *bytes > 0)?;
    Some(curve.span * f64::from(short(first)))
}
