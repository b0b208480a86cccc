//! `kind: MaintenanceWindow`: when sites may be changed.

use std::{
    cell::OnceCell,
    collections::{BTreeMap, BTreeSet},
};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ActionKind, Hierarchy, Interval, Name, Schedule, SiteCode};

/// A time in which sites may be changed. A site that is named in any window, or that any window without
/// `sites` is for, is changed inside its windows only. What only looks (`VerifyPorts`,
/// `ValidateContent`) needs none, and what has begun when a window closes is not cut off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MaintenanceWindowSpec {
    /// The sites that it is for; without any, all of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("examples" = [["ams", "lis"]]))]
    pub sites: Vec<Name>,
    /// When it opens: a cron expression of five fields.
    #[schemars(example = "0 22 * * SAT")]
    pub schedule: String,
    /// How long it is open each time.
    pub duration: Interval,
    /// The time zone of `schedule`, such as `Europe/Lisbon`. UTC without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = "Europe/Lisbon", regex(pattern = r"^[A-Za-z0-9_+/-]+$"))]
    pub time_zone: Option<String>,
    /// The kinds of action that may begin in it; without any, all of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("examples" = [["DistributeContent", "UpdateContent"]]))]
    pub actions: Vec<ActionKind>,
}

impl MaintenanceWindowSpec {
    /// When it opens, as a schedule.
    pub fn opening(&self) -> Schedule {
        Schedule {
            every: None,
            cron: Some(self.schedule.clone()),
            time_zone: self.time_zone.clone(),
            start_at: None,
        }
    }
}

/// A maintenance window of a hierarchy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MaintenanceWindow {
    /// The sites that it is for; without any, all of them.
    pub sites: BTreeSet<SiteCode>,
    /// When it opens, and how long it is open each time.
    pub hours: WindowHours,
    /// The kinds of action that may begin in it; without any, all of them.
    pub actions: BTreeSet<ActionKind>,
}

/// When a window opens, and how long it is open each time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WindowHours {
    /// When it opens.
    pub opening: Schedule,
    /// How long it is open each time.
    pub duration: Interval,
    /// Whether it is suspended: then it does not open.
    pub suspended: bool,
}

/// Whether a window is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WindowState {
    /// It is.
    Open,
    /// It is not, and opens at this time.
    Opens(Timestamp),
    /// It is not, and never opens.
    Never,
}

impl WindowHours {
    /// Whether it is open at a time. It opens when clocks show the time of its schedule: what a clock that
    /// is put forward skips, when it has been; what a clock that is put back shows twice, the first
    /// time. How long it is open is counted in time that passes, whatever clocks show.
    pub fn at(&self, now: Timestamp) -> WindowState {
        let next = |after: Timestamp| {
            self.opening
                .next_after(after)
                .filter(|_| !self.suspended && self.duration.as_seconds() > 0)
        };
        // The first opening that has not closed again. It is open in its first moment, and not any more
        // in the one in which it closes.
        match now.checked_sub(self.duration.duration()).ok().and_then(next) {
            None => WindowState::Never,
            Some(opening) if opening <= now => WindowState::Open,
            Some(opening) => WindowState::Opens(opening),
        }
    }
}

/// Why an action cannot begin at a site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClosedSite {
    /// The site.
    pub site: SiteCode,
    /// The kind of action.
    pub kind: ActionKind,
    /// Its next window, and when that opens; none if no window of the site ever allows it.
    pub next: Option<(Name, Timestamp)>,
}

impl std::fmt::Display for ClosedSite {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { site, kind, next } = self;
        match next {
            Some((name, at)) => write!(
                f,
                "site {site} is changed in maintenance windows only, and the next one, `{name}`, opens \
                 at {at}"
            ),
            None => write!(f, "no maintenance window of site {site} that ever opens allows {kind}"),
        }
    }
}

/// The maintenance windows at a moment. Only those that somebody asks about are looked at, and each once.
#[derive(Debug)]
pub struct WindowsNow<'a> {
    now: Timestamp,
    windows: Vec<(&'a Name, &'a MaintenanceWindow, OnceCell<WindowState>)>,
}

impl WindowsNow<'_> {
    /// Why an action cannot begin at a site now; none if it may.
    pub fn closed(&self, site: &SiteCode, kind: ActionKind) -> Option<ClosedSite> {
        if !kind.changes_a_site_system() {
            return None;
        }
        let mut next: Option<(&Name, Timestamp)> = None;
        let mut any = false;
        for (name, window, state) in &self.windows {
            if !window.sites.is_empty() && !window.sites.contains(site) {
                continue;
            }
            any = true;
            if !window.actions.is_empty() && !window.actions.contains(&kind) {
                continue;
            }
            match *state.get_or_init(|| window.hours.at(self.now)) {
                WindowState::Open => return None,
                WindowState::Opens(at) if next.is_none_or(|(_, first)| at < first) => {
                    next = Some((name, at));
                }
                WindowState::Opens(_) | WindowState::Never => {}
            }
        }
        let next = next.map(|(name, at)| (name.clone(), at));
        any.then(|| ClosedSite { site: site.clone(), kind, next })
    }
}

impl Hierarchy {
    /// The maintenance windows at a moment.
    pub fn windows_at(&self, now: Timestamp) -> WindowsNow<'_> {
        let windows = self.maintenance_windows.iter();
        let windows = windows.map(|(name, window)| (name, window, OnceCell::new())).collect();
        WindowsNow { now, windows }
    }

    /// The same hierarchy, whose sites may be changed at all times.
    #[must_use]
    pub fn outside_windows(mut self) -> Self {
        self.maintenance_windows = BTreeMap::new();
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn hours(cron: &str, duration: &str, zone: Option<&str>) -> WindowHours {
        let opening = Schedule {
            every: None,
            cron: Some(cron.to_owned()),
            time_zone: zone.map(str::to_owned),
            start_at: None,
        };
        WindowHours { opening, duration: duration.parse().unwrap(), suspended: false }
    }

    /// Whether it is open, or when it opens.
    fn shown(hours: &WindowHours, now: &str) -> String {
        match hours.at(at(now)) {
            WindowState::Open => "open".to_owned(),
            WindowState::Opens(at) => at.to_string(),
            WindowState::Never => "never".to_owned(),
        }
    }

    #[test]
    fn a_window_is_open_from_its_first_moment_until_the_last_one() {
        let nightly = hours("0 22 * * *", "2h", None);
        for (now, expected) in [
            ("2026-12-01T21:59:59.999Z", "2026-12-01T22:00:00Z"),
            ("2026-12-01T22:00:00Z", "open"),
            ("2026-12-01T23:59:59.999Z", "open"),
            ("2026-12-02T00:00:00Z", "2026-12-02T22:00:00Z"),
        ] {
            assert_eq!(shown(&nightly, now), expected, "{now}");
        }
        let over_the_weekend = hours("0 22 * * FRI", "2d", Some("Europe/Lisbon"));
        assert_eq!(shown(&over_the_weekend, "2026-12-06T21:59:00Z"), "open");
        assert_eq!(shown(&over_the_weekend, "2026-12-06T22:00:00Z"), "2026-12-11T22:00:00Z");
    }

    /// Lisbon puts its clocks from 1:00 to 2:00 on 29 March and from 2:00 to 1:00 on 25 October 2026, each
    /// at 1:00 UTC.
    #[test]
    fn a_window_whose_opening_is_skipped_opens_when_clocks_have_been_put() {
        let skipped = hours("30 1 * * *", "1h", Some("Europe/Lisbon"));
        for (now, expected) in [
            ("2026-03-28T01:30:00Z", "open"),
            ("2026-03-28T02:30:00Z", "2026-03-29T01:30:00Z"),
            ("2026-03-29T01:29:59Z", "2026-03-29T01:30:00Z"),
            ("2026-03-29T01:30:00Z", "open"),
            ("2026-03-29T02:20:00Z", "open"),
            ("2026-03-29T02:30:00Z", "2026-03-30T00:30:00Z"),
        ] {
            assert_eq!(shown(&skipped, now), expected, "{now}");
        }
    }

    #[test]
    fn a_window_whose_opening_repeats_opens_the_first_time_only() {
        let repeated = hours("30 1 * * *", "30m", Some("Europe/Lisbon"));
        for (now, expected) in [
            ("2026-10-25T00:29:59Z", "2026-10-25T00:30:00Z"),
            ("2026-10-25T00:30:00Z", "open"),
            ("2026-10-25T00:59:59Z", "open"),
            ("2026-10-25T01:00:00Z", "2026-10-26T01:30:00Z"),
            ("2026-10-25T01:30:00Z", "2026-10-26T01:30:00Z"),
        ] {
            assert_eq!(shown(&repeated, now), expected, "{now}");
        }
    }

    #[test]
    fn a_duration_is_time_that_passes_also_where_clocks_are_put() {
        // From 0:00 by summer time: three hours of the night are 0:00 to 2:00 in March on the wall.
        let night = hours("0 0 * * *", "3h", Some("Europe/Lisbon"));
        assert_eq!(shown(&night, "2026-03-29T02:59:59Z"), "open");
        assert_eq!(shown(&night, "2026-03-29T03:00:00Z"), "2026-03-29T23:00:00Z");
        assert_eq!(shown(&night, "2026-10-25T01:59:59Z"), "open");
        assert_eq!(shown(&night, "2026-10-25T02:00:00Z"), "2026-10-26T00:00:00Z");
    }

    #[test]
    fn what_never_opens_never_opens() {
        let mut never = vec![hours("0 2 30 2 *", "1h", None), hours("0 2 * * *", "0s", None)];
        never.push(WindowHours { suspended: true, ..hours("* * * * *", "1m", None) });
        for hours in never {
            assert_eq!(shown(&hours, "2026-12-01T02:00:00Z"), "never", "{hours:?}");
        }
    }

    #[test]
    fn of_several_windows_the_one_that_opens_first_and_allows_the_action_counts() {
        use ActionKind::{RemoveContent, Synchronize, VerifyPorts};
        let names: Vec<Name> = ["a", "b", "c"].iter().map(|it| it.parse().unwrap()).collect();
        let code = |text: &str| text.parse::<SiteCode>().unwrap();
        let window = |sites: &[&str], cron, actions: &[ActionKind]| MaintenanceWindow {
            sites: sites.iter().map(|it| code(it)).collect(),
            hours: hours(cron, "1h", None),
            actions: actions.iter().copied().collect(),
        };
        let (late, early) =
            (window(&["ONE"], "0 4 * * *", &[]), window(&["ONE"], "0 2 * * *", &[Synchronize]));
        let other = window(&["TWO"], "0 0 * * *", &[Synchronize]);
        let now = at("2026-12-01T00:30:00Z");
        let windows = names.iter().zip([&late, &early, &other]);
        let windows = windows.map(|(name, window)| (name, window, OnceCell::new())).collect();
        let now = WindowsNow { now, windows };
        let told = |site, kind| now.closed(&code(site), kind).map(|it| it.to_string());
        let opens = |name: &str, at: &str| {
            Some(format!(
                "site ONE is changed in maintenance windows only, and the next one, `{name}`, opens at {at}"
            ))
        };
        assert_eq!(told("ONE", Synchronize), opens("b", "2026-12-01T02:00:00Z"));
        assert_eq!(told("ONE", RemoveContent), opens("a", "2026-12-01T04:00:00Z"));
        assert_eq!(told("ONE", VerifyPorts), None, "it only looks");
        assert_eq!(told("TWO", Synchronize), None, "its window is open");
        assert_eq!(
            told("TWO", RemoveContent).as_deref(),
            Some("no maintenance window of site TWO that ever opens allows RemoveContent")
        );
        assert_eq!(told("SIX", RemoveContent), None, "it has no window");
    }
}
