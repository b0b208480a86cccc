//! WINDOW: maintenance windows open, close again, and let everything be done at some time.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::{
    Problem, Rule, Severity,
    declaration::Declaration,
    document::Document,
    schedules::{wrong_cron, wrong_time_zone},
};
use crate::model::{ActionKind, FieldPath, Interval, MaintenanceWindowSpec, Name};

pub(super) const RULE: Rule = Rule {
    id: "WINDOW",
    severity: Severity::Error,
    summary: "a maintenance window opens at some time, has closed before it opens again, and what no \
              window of a site allows is meant never to be done there",
    why: "A site with windows is changed inside them only. One whose window never opens would never be \
          changed, and one whose window never closes has none.",
    wrong: "\
kind: MaintenanceWindow
metadata: {name: nights}
spec: {schedule: 0 22 * * *, duration: 30h}
",
    right: "\
kind: MaintenanceWindow
metadata: {name: nights}
spec: {schedule: 0 22 * * *, duration: 6h}
",
};

/// From when on openings are compared: the same on every day, so that the same manifests are always
/// as good. A year that is not a leap year begins.
const SINCE: Timestamp = Timestamp::constant(1_798_761_600, 0);

/// So many openings of a window are compared: of one that opens each day those of three months, of one
/// that opens on two days of a month those of four years.
const OPENINGS: usize = 100;

/// So many openings of all windows together are compared: as many as take a few milliseconds.
const MOST_OPENINGS: usize = 5_000;

/// An hour that clocks skip makes a day shorter, and no window wrong.
const SKIPPED: SignedDuration = SignedDuration::from_hours(1);

type Window<'a> = Document<'a, MaintenanceWindowSpec>;

pub(super) fn check(declaration: &Declaration<'_>, problems: &mut Vec<Problem>) {
    let mut openings = MOST_OPENINGS;
    for window in declaration.windows.iter() {
        problems.extend(hours(window, &mut openings));
        let actions = window.spec().actions.iter().enumerate();
        problems.extend(actions.filter(|(_, it)| !it.changes_a_site_system()).map(
            |(index, kind)| {
                let message = format!("{kind} changes no site system: it is done at all times");
                let problem =
                    window.value(&RULE, FieldPath::new("spec.actions").index(index), message);
                problem.warning().help("remove it")
            },
        ));
    }
    problems.extend(never_allowed(declaration));
}

/// What is wrong with when a window opens and closes.
fn hours(window: Window<'_>, openings: &mut usize) -> Option<Problem> {
    let spec = window.spec();
    if let Some((message, help)) = spec.time_zone.as_deref().and_then(wrong_time_zone) {
        return Some(window.value(&RULE, "spec.timeZone", message).help(help));
    }
    if let Some((message, help)) = wrong_cron(&spec.schedule) {
        return Some(window.value(&RULE, "spec.schedule", message).help(help));
    }
    if spec.duration.as_seconds() == 0 {
        let problem = window.value(&RULE, "spec.duration", "a window of 0 seconds never opens");
        return Some(problem.help("write how long it is open, such as `6h`"));
    }
    let opening = spec.opening();
    let mut last: Option<Timestamp> = None;
    let mut shortest: Option<SignedDuration> = None;
    for _ in 0..OPENINGS.min(*openings) {
        *openings = openings.saturating_sub(1);
        let Some(next) = opening.next_after(last.unwrap_or(SINCE)) else { break };
        if let Some(last) = last.replace(next) {
            let between = next.duration_since(last);
            shortest = Some(shortest.map_or(between, |shortest| shortest.min(between)));
        }
    }
    if last.is_none() && *openings > 0 {
        let message =
            format!("`{}` is no day that ever comes: the window never opens", spec.schedule);
        let help = "write a day of the month that there is, such as `0 2 1 * *`";
        return Some(window.value(&RULE, "spec.schedule", message).help(help));
    }
    let shortest = shortest?;
    let duration = spec.duration.duration();
    let skips = spec.time_zone.is_some() && shortest >= SignedDuration::from_hours(20);
    if duration <= if skips { shortest + SKIPPED } else { shortest } {
        return None;
    }
    let between = u32::try_from(shortest.as_secs())
        .map_or_else(|_| shortest.to_string(), |seconds| Interval::seconds(seconds).to_string());
    let message = format!("it is open for {}, and opens again after {between}", spec.duration);
    Some(
        window
            .value(&RULE, "spec.duration", message)
            .related(window.place("spec.schedule"), "when it opens")
            .help(format!("write {between} at most, or let it open less often")),
    )
}

/// Kinds of action that no window of a site allows; said once of the windows that are alike in that.
fn never_allowed(declaration: &Declaration<'_>) -> Vec<Problem> {
    let windows: Vec<_> = declaration.windows.iter().collect();
    if windows.iter().any(|it| it.spec().sites.is_empty() && it.spec().actions.is_empty()) {
        return Vec::new();
    }
    let everywhere: Vec<usize> =
        (0..windows.len()).filter(|it| windows[*it].spec().sites.is_empty()).collect();
    let mut of_site: BTreeMap<&Name, Vec<usize>> = BTreeMap::new();
    if !everywhere.is_empty() {
        of_site.extend(declaration.sites.iter().map(|it| (it.document.name, Vec::new())));
    }
    for (number, window) in windows.iter().enumerate() {
        for site in &window.spec().sites {
            of_site.entry(site).or_default().push(number);
        }
    }
    let mut told = BTreeSet::new();
    let mut problems = Vec::new();
    for (site, named) in of_site {
        let its: BTreeSet<usize> = named.iter().chain(&everywhere).copied().collect();
        let its: Vec<Window<'_>> = its.into_iter().map(|it| windows[it]).collect();
        if its.iter().any(|window| window.spec().actions.is_empty()) {
            continue;
        }
        let allowed: BTreeSet<ActionKind> =
            its.iter().flat_map(|window| window.spec().actions.iter().copied()).collect();
        let mut missing = ActionKind::ALL
            .into_iter()
            // Nothing plans it.
            .filter(|it| *it != ActionKind::SynchronizeCategories)
            .filter(|it| it.changes_a_site_system() && !allowed.contains(it));
        let (Some(first), Some(window)) = (missing.next(), its.first()) else { continue };
        if !told.insert(window.name) {
            continue;
        }
        let others = match missing.count() {
            0 => String::new(),
            1 => " and another kind".to_owned(),
            many => format!(" and {many} other kinds"),
        };
        let message = format!("no window of site `{site}` ever allows {first}{others}");
        let help = "declare a window without `actions`, or leave it if they are never to be done";
        problems.push(window.key(&RULE, "spec.actions", message).warning().help(help));
    }
    problems
}
