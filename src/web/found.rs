//! What the last look of the controller has found, as numbers. There are as many as there are sites and
//! kinds of actions, however many site systems and packages there are.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::{
    model::{
        CatalogVersion, Known, Observed, ObservedPoint, ObservedSystem, PullJobState, SiteCode,
        UpdatePointRole,
    },
    plan::{ActionKind, Plan},
};

/// What a look has found.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// When.
    pub(super) at: Timestamp,
    /// What has to be done, by kind.
    pub(super) planned: BTreeMap<ActionKind, u64>,
    /// How much waits for something else.
    pub(super) waiting: u64,
    /// Site systems that answer.
    pub(super) answering: u64,
    /// Site systems that do not.
    pub(super) silent: u64,
    pub(super) sites: BTreeMap<SiteCode, FoundSite>,
}

/// What a look has found of a site.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct FoundSite {
    /// The catalog of its active software update point.
    pub(super) catalog: Option<FoundCatalog>,
    /// The site above it.
    parent: Option<SiteCode>,
    /// Distribution points that take what is sent to them.
    pub(super) standard_points: u64,
    /// Distribution points that pull.
    pub(super) pull_points: u64,
    /// Transfers that have not finished, by what they do.
    pub(super) pull_jobs: BTreeMap<&'static str, u64>,
    /// Bytes of these that have come.
    pub(super) pulled: u64,
    /// Bytes of these that are missing.
    pub(super) missing: u64,
    /// Packages of distribution points that are there in part.
    pub(super) damaged: u64,
}

/// The catalog of a site's active software update point.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct FoundCatalog {
    version: Option<CatalogVersion>,
    /// How many revisions it holds.
    pub(super) revisions: u64,
    /// When it was synchronized last.
    pub(super) synchronized: Option<Timestamp>,
}

/// What transfers do: the states that are told apart.
pub(super) const PULL_STATES: [&str; 3] = ["downloading", "waiting_for_source", "stopped"];

impl Found {
    /// Puts together what was found.
    pub(super) fn of(observed: &Observed, plan: &Plan, at: Timestamp) -> Self {
        let mut found = Self {
            at,
            planned: BTreeMap::new(),
            waiting: count(plan.waiting.len()),
            answering: 0,
            silent: 0,
            sites: BTreeMap::new(),
        };
        for action in &plan.actions {
            *found.planned.entry(action.kind).or_default() += 1;
        }
        for known in observed.site_systems.values() {
            match known {
                Known::Present(system) => found.add(system),
                Known::Unknown(_) => found.silent += 1,
                Known::Absent => {}
            }
        }
        found
    }

    fn add(&mut self, system: &ObservedSystem) {
        self.answering += 1;
        let site = self.sites.entry(system.settings.site.clone()).or_default();
        if let Some(server) = &system.settings.site_server {
            site.parent.clone_from(&server.parent);
        }
        if let Some(point) = &system.update_point
            && point.settings.role == UpdatePointRole::Active
        {
            site.catalog = Some(FoundCatalog {
                version: point.catalog_version,
                revisions: point.revisions,
                synchronized: point.last_synchronization.as_ref().map(|it| it.finished_at),
            });
        }
        if let Some(point) = &system.distribution_point {
            site.add(point);
        }
    }

    /// The sites whose catalog is not what the one above holds, each with the time at which that one was
    /// synchronized.
    fn behind(&self) -> impl Iterator<Item = (&SiteCode, bool, Option<Timestamp>)> {
        self.sites.iter().filter_map(|(code, site)| {
            let above = self.sites.get(site.parent.as_ref()?)?.catalog.as_ref()?;
            let version = site.catalog.as_ref()?.version;
            Some((code, version != above.version, above.synchronized))
        })
    }
}

impl FoundSite {
    fn add(&mut self, point: &ObservedPoint) {
        if point.settings.pulls() {
            self.pull_points += 1;
        } else {
            self.standard_points += 1;
        }
        self.damaged = self.damaged.saturating_add(count(point.packages.damaged));
        for job in point.pull_jobs.values() {
            let [downloading, waiting, stopped] = PULL_STATES;
            let state = match job.state {
                PullJobState::Downloading(_) => downloading,
                PullJobState::WaitingForSource { .. } => waiting,
                PullJobState::Stopped(_) => stopped,
            };
            *self.pull_jobs.entry(state).or_default() += 1;
            self.pulled = self.pulled.saturating_add(job.bytes_here());
            let missing = job.bytes_total.saturating_sub(job.bytes_here());
            self.missing = self.missing.saturating_add(missing);
        }
    }
}

/// Since when the catalogs of sites have been other than those above them; of those that are the same,
/// none. A site is in it only if there is one above it.
#[derive(Debug, Default)]
pub(super) struct Lags(pub(super) BTreeMap<SiteCode, Option<Timestamp>>);

impl Lags {
    /// Goes on from one look to the next.
    pub(super) fn look(&mut self, found: &Found) {
        let mut before = std::mem::take(&mut self.0);
        self.0 = found
            .behind()
            .map(|(code, is_behind, above)| {
                let since = before.remove(code).flatten();
                // Nobody looked when it began: then it began when the one above got something new.
                let began = || above.map_or(found.at, |above| above.min(found.at));
                (code.clone(), is_behind.then(|| since.unwrap_or_else(began)))
            })
            .collect();
    }
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
