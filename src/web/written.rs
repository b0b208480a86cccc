//! What is known now, as figures. README.md has a table of all of them; a test compares.

use std::fmt;

use jiff::Timestamp;
use prometheus_client::registry::Unit;
use tokio::time::Instant;

use super::{
    figures::{Family, Figures, Labels, label, number, seconds},
    found::{Found, FoundSite, PULL_STATES},
    vitals::State,
};
use crate::model::SiteCode;

pub(super) static SECONDS: Unit = Unit::Seconds;
pub(super) static BYTES: Unit = Unit::Bytes;

const fn family(name: &'static str, help: &'static str) -> Family {
    Family { name, help, unit: None }
}

const fn family_of(name: &'static str, unit: &'static Unit, help: &'static str) -> Family {
    Family { name, help, unit: Some(unit) }
}

const PASSING: Family = family_of(
    "pass_running",
    &SECONDS,
    "For how long the present pass has gone on; 0 between passes",
);
const SUCCEEDED: Family = family_of(
    "last_successful_pass_timestamp",
    &SECONDS,
    "When a pass last ended in which nothing had failed",
);
const RUNNING: Family = family("actions_running", "Actions that are under way");
const QUEUED: Family =
    family("actions_queued", "Actions of the present pass that are not begun yet");
const COMMIT: Family = family("commit_in_force", "Which commit is in force");
const COMMIT_SINCE: Family =
    family_of("commit_in_force_timestamp", &SECONDS, "Since when this commit is in force");
const REFUSED: Family = family("commit_refused", "Whether the newest commit is refused");
const REACHABLE: Family = family("source_reachable", "Whether the manifests could be fetched last");
const LOOKED: Family =
    family_of("last_look_timestamp", &SECONDS, "When the site systems were looked at last");
const PLANNED: Family =
    family("planned_actions", "Actions that the last look has found to do, by kind");
const WAITING: Family =
    family("waiting_resources", "Resources that wait for something before anything is done");
const SYSTEMS: Family = family("site_systems", "Site systems, by whether they answer");
const SYNCHRONIZED: Family = family_of(
    "site_last_synchronization_timestamp",
    &SECONDS,
    "When the active software update point of a site was synchronized last",
);
const REVISIONS: Family = family(
    "site_catalog_revisions",
    "Revisions in the catalog of the active software update point of a site",
);
const LAG: Family = family_of(
    "site_catalog_lag",
    &SECONDS,
    "For how long the catalog of a site has been another one than that of the site above; 0 while it \
     is the same",
);
const POINTS: Family =
    family("distribution_points", "Distribution points of a site, by how content comes to them");
const PULL_JOBS: Family = family("pull_jobs", "Transfers that have not finished, by what they do");
const PULLED: Family =
    family_of("pull_jobs_received", &BYTES, "Bytes of these transfers that have come");
const MISSING: Family =
    family_of("pull_jobs_missing", &BYTES, "Bytes of these transfers that are still to come");
const DAMAGED: Family =
    family("damaged_packages", "Packages that distribution points of a site hold in part only");

impl State {
    /// Writes what is known now.
    pub(super) fn write(
        &self,
        figures: &mut Figures<'_>,
        now: Timestamp,
        instant: Instant,
    ) -> fmt::Result {
        let passing = self.health.passing(instant).unwrap_or_default().as_secs_f64();
        figures.gauge(PASSING, Some(passing))?;
        figures.gauge(SUCCEEDED, self.succeeded.map(seconds))?;
        let running = u64::try_from(self.running.len()).unwrap_or(u64::MAX);
        figures.gauge(RUNNING, Some(number(running)))?;
        figures.gauge(QUEUED, Some(number(self.queued)))?;
        self.write_git(figures)?;
        match &self.found {
            None => Ok(()),
            Some(found) => self.write_found(figures, found, now),
        }
    }

    fn write_git(&self, figures: &mut Figures<'_>) -> fmt::Result {
        let Some(git) = &self.git else { return Ok(()) };
        let info = git.commit.as_ref().map(|commit| {
            vec![("commit", commit.id.as_str().into()), ("source", git.source.to_string().into())]
        });
        figures.info(COMMIT, info)?;
        figures.gauge(COMMIT_SINCE, git.commit.as_ref().map(|commit| seconds(commit.since)))?;
        figures.gauge(REFUSED, Some(yes(git.refused.is_some())))?;
        figures.gauge(REACHABLE, Some(yes(git.unreachable.is_none())))
    }

    fn write_found(&self, figures: &mut Figures<'_>, found: &Found, now: Timestamp) -> fmt::Result {
        figures.gauge(LOOKED, Some(seconds(found.at)))?;
        let planned = found.planned.iter();
        let planned =
            planned.map(|(kind, count)| (label("kind", kind.to_string()), number(*count)));
        figures.gauges(PLANNED, planned)?;
        figures.gauge(WAITING, Some(number(found.waiting)))?;
        let systems = [("answering", found.answering), ("silent", found.silent)];
        let systems = systems.map(|(state, count)| (label("state", state), number(count)));
        figures.gauges(SYSTEMS, systems)?;
        let catalogs =
            || found.sites.iter().filter_map(|(site, it)| Some((site, it.catalog.as_ref()?)));
        let synchronized = catalogs()
            .filter_map(|(site, catalog)| Some((of(site), seconds(catalog.synchronized?))));
        figures.gauges(SYNCHRONIZED, synchronized)?;
        let revisions = catalogs().map(|(site, catalog)| (of(site), number(catalog.revisions)));
        figures.gauges(REVISIONS, revisions)?;
        let lags = self.lags.0.iter().map(|(site, since)| {
            let lag = since.map(|since| now.duration_since(since).as_secs_f64().max(0.0));
            (of(site), lag.unwrap_or_default())
        });
        figures.gauges(LAG, lags)?;
        write_content(figures, found)
    }
}

fn write_content(figures: &mut Figures<'_>, found: &Found) -> fmt::Result {
    let points = found.sites.iter().flat_map(|(site, it)| {
        let manners = [("standard", it.standard_points), ("pull", it.pull_points)];
        manners.map(|(manner, count)| (with(site, "manner", manner), number(count)))
    });
    figures.gauges(POINTS, points)?;
    // Sites where nothing is ever pulled have none of these.
    let pulling = || found.sites.iter().filter(|(_, it)| it.pull_points > 0);
    let jobs = pulling().flat_map(|(site, it)| {
        PULL_STATES.map(|state| {
            let count = it.pull_jobs.get(state).copied().unwrap_or_default();
            (with(site, "state", state), number(count))
        })
    });
    figures.gauges(PULL_JOBS, jobs)?;
    figures.gauges(PULLED, pulling().map(|(site, it)| (of(site), number(it.pulled))))?;
    figures.gauges(MISSING, pulling().map(|(site, it)| (of(site), number(it.missing))))?;
    let with_points = |(_, it): &(&SiteCode, &FoundSite)| it.standard_points + it.pull_points > 0;
    let damaged = found.sites.iter().filter(with_points);
    figures.gauges(DAMAGED, damaged.map(|(site, it)| (of(site), number(it.damaged))))
}

fn of(site: &SiteCode) -> Labels<'_> {
    label("site", site.as_str())
}

fn with<'a>(site: &'a SiteCode, name: &'static str, value: &'static str) -> Labels<'a> {
    vec![("site", site.as_str().into()), (name, value.into())]
}

const fn yes(is_so: bool) -> f64 {
    if is_so { 1.0 } else { 0.0 }
}
