//! What the logs have to say in which order, and when: one run of a site's synchronization at a time, sources
//! before those who pull, and the times of SYNC-8, PDP-5 and PDP-7.

use std::{collections::BTreeMap, time::Duration};

use super::events::Event;

/// After a failure a site synchronizes again after this time, and not before (SYNC-8).
const SYNC_AGAIN: Duration = Duration::from_hours(1);

/// Where no source has the content, a pull distribution point starts over after this time (PDP-7).
const PULL_AGAIN: Duration = Duration::from_mins(30);

/// The controller looks again whether a source has the content after this time (PDP-5).
const LOOK_AGAIN: Duration = Duration::from_mins(20);

/// What has gone on so far.
#[derive(Debug, Default)]
pub(crate) struct Order {
    /// Sites whose synchronization goes on, and since when.
    running: BTreeMap<String, Duration>,
    /// When the synchronization of a site has failed.
    failed: BTreeMap<String, Duration>,
    /// Until when a package waits at a computer, by the clock of the simulation.
    waiting: BTreeMap<(&'static str, String), Duration>,
    /// When the controller found the content of a package at no source of a point.
    lacked: BTreeMap<(String, String), Duration>,
    /// The last pass has found everything as it is wanted.
    pub(crate) complete: bool,
    pub(crate) synchronized: u64,
    pub(crate) failures: u64,
    pub(crate) pulls: u64,
    pub(crate) waits: u64,
    pub(crate) looks: u64,
}

impl Order {
    /// A program has ended, however it did: what it was doing does not go on.
    pub(crate) fn ended(&mut self, computer: &'static str, controller: bool) {
        if controller {
            // The times of the next tries are in its memory.
            self.running.clear();
            self.failed.clear();
            self.lacked.clear();
        }
        self.waiting.retain(|(at, _), _| *at != computer);
    }

    /// The clock of a computer goes another way: what waits there waits for its clock.
    pub(crate) fn clock_changed(&mut self, computer: &'static str) {
        self.failed.clear();
        self.lacked.clear();
        self.waiting.retain(|(at, _), _| *at != computer);
    }

    /// The manifests have changed: a package that waits may be another one.
    pub(crate) fn manifests_changed(&mut self) {
        self.waiting.clear();
        self.lacked.clear();
        self.complete = false;
    }

    /// Takes a line in; what is wrong, in words.
    pub(crate) fn take(&mut self, event: &Event) -> Result<(), String> {
        if event.text == "status messages are lost" {
            return Ok(());
        }
        let site = event.field("site").to_owned();
        match (event.field("id"), event.text.as_str()) {
            ("6701", _) => {
                if let Some(since) = self.running.insert(site.clone(), event.at) {
                    return Err(format!("a run of {site} goes on since {since:?}: {event}"));
                }
                if let Some(failed) = self.failed.remove(&site)
                    && event.at < failed + SYNC_AGAIN
                {
                    return Err(format!("{site} failed at {failed:?}, before its time: {event}"));
                }
                self.synchronized += 1;
            }
            ("6702", _) => drop(self.running.remove(&site)),
            ("6703", _) => {
                self.running.remove(&site);
                self.failed.insert(site, event.at);
                self.failures += 1;
            }
            ("8212", _) => {
                let key = (package_of(event), event.field("subject").to_owned());
                if let Some(before) = self.lacked.insert(key, event.at)
                    && event.at < before + LOOK_AGAIN
                {
                    return Err(format!("it was looked for at {before:?}, too soon: {event}"));
                }
                self.looks += 1;
            }
            // Whoever is told of a package again tries at once.
            ("2357", _) => {
                let package = package_of(event);
                self.waiting.retain(|it, _| (it.0, &it.1) != (event.field("subject"), &package));
            }
            (_, "the pass has ended") => self.complete = event.field("outcome") == "complete",
            (_, "no source has the content yet") => {
                let package = event.field("package").to_owned();
                self.waiting.insert((event.computer, package), event.at + PULL_AGAIN);
                self.waits += 1;
            }
            (_, "the site asks for the package again") => {
                self.waiting.remove(&(event.computer, event.field("package").to_owned()));
            }
            (_, "pulling") => {
                let place = (event.computer, event.field("package").to_owned());
                if let Some(until) = self.waiting.remove(&place)
                    && event.at < until
                {
                    return Err(format!("it was to wait until {until:?}: {event}"));
                }
                self.pulls += 1;
            }
            _ => {}
        }
        Ok(())
    }
}

/// The package that a status message of the controller begins with: `package CEN00001: …`.
fn package_of(event: &Event) -> String {
    event.text.split(' ').nth(1).unwrap_or_default().trim_end_matches(':').to_owned()
}
