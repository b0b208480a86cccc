//! Maintenance windows: what waits for them, and what comes of that.

use crate::{
    model::{ActionKind, Hierarchy, MaintenanceWindow, Schedule, WindowHours},
    simulate::{
        Outcome, Policy, StepKind, Waited,
        fixture::{Documents, chain, run, under},
    },
};

/// A package of 1 GB, lines that are slower than everything else. It begins at midnight.
const PLAIN: &str = "
defaults: {link: 80Mbit, latency: 0ms, network: 1Gbit, disk: 1GB, package: 1GB, internet: 80Mbit}
catalogs: {first: 100MB, change: 1MB}
";

const HOUR: f64 = 3_600.0;

/// The same hierarchy, in which a site is changed in this window only.
fn with_window(
    mut hierarchy: Hierarchy,
    site: &str,
    (cron, duration): (&str, &str),
    actions: &[ActionKind],
) -> Hierarchy {
    let opening =
        Schedule { every: None, cron: Some(cron.to_owned()), time_zone: None, start_at: None };
    let window = MaintenanceWindow {
        sites: [site.parse().unwrap()].into(),
        hours: WindowHours { opening, duration: duration.parse().unwrap(), suspended: false },
        actions: actions.iter().copied().collect(),
    };
    let name = format!("{}-nights", site.to_lowercase());
    hierarchy.maintenance_windows.insert(name.parse().unwrap(), window);
    hierarchy
}

/// When the content of a site was there, and when it had synchronized.
fn ends(outcome: &Outcome, code: &str) -> (Option<f64>, Option<f64>) {
    let site = outcome.sites.iter().find(|site| site.site.as_str() == code).unwrap();
    (site.content_until, site.synchronization.as_ref().and_then(|it| it.complete))
}

fn near(found: Option<f64>, wanted: f64) {
    let found = found.unwrap();
    // Site systems take their time to be made, and frames have headers.
    assert!((found - wanted).abs() <= 30.0, "{found} instead of {wanted}");
}

#[test]
fn content_waits_for_the_window_of_its_site_and_then_is_not_cut_off() {
    // A minute is less than it takes.
    let hierarchy = with_window(chain(), "TWO", ("0 22 * * *", "1m"), &[]);
    let outcome = run(&hierarchy, PLAIN);
    near(ends(&outcome, "ONE").0, 9.0);
    near(outcome.distributed_after, 22.0 * HOUR + 100.0);
    // Its site system is made first.
    let wait = outcome.window_waits.iter().find(|it| it.kind == ActionKind::CreateSiteSystem);
    let wait = wait.unwrap();
    assert_eq!((wait.site.as_str(), wait.actions), ("TWO", 1));
    assert_eq!(wait.window.as_ref().unwrap().as_str(), "two-nights");
    assert_eq!(wait.opens_at.unwrap().to_string(), "2026-01-05T22:00:00Z");
    assert!(outcome.window_waits.iter().all(|it| it.site.as_str() == "TWO"));
    let mut path = outcome.critical_path.iter();
    let waited = path.find(|step| step.what == StepKind::Waited(Waited::Window)).unwrap();
    assert_eq!((waited.at.as_str(), waited.to), ("last", 22.0 * HOUR));
    // Another beginning, another wait.
    let later = run(&hierarchy, &format!("{PLAIN}startAt: 2026-01-05T22:00:30Z"));
    near(later.distributed_after, 109.0);
    // Half a minute is enough for content to begin, and not for what comes after it.
    let mut waits = later.window_waits.iter();
    assert!(waits.all(|it| it.kind == ActionKind::Synchronize), "{:?}", later.window_waits);
}

#[test]
fn the_source_of_a_package_waits_too() {
    let hierarchy = with_window(chain(), "ONE", ("0 6 * * *", "1h"), &[]);
    let outcome = run(&hierarchy, PLAIN);
    near(outcome.distributed_after, 6.0 * HOUR + 109.0);
    let [first, second, ..] = &outcome.critical_path[..] else {
        panic!("{:?}", outcome.critical_path)
    };
    assert_eq!((&first.what, first.to), (&StepKind::Waited(Waited::Window), 6.0 * HOUR));
    assert_eq!((&second.what, second.from), (&StepKind::Taken, 6.0 * HOUR));
}

#[test]
fn updates_flow_down_when_both_may_be_changed() {
    let mut documents = Documents::default();
    documents.site("ONE", None, "");
    for code in ["TWO", "SIX"] {
        documents.site(code, Some("ONE"), "");
    }
    for name in ["one", "two", "six"] {
        let spec = format!("site: {name}, siteSystem: {name}-srv, role: Active");
        documents.add("SoftwareUpdatePoint", &format!("{name}-sup"), &spec);
    }
    let hierarchy = with_window(documents.hierarchy(), "TWO", ("0 3 * * *", "1h"), &[]);
    let outcome = run(&hierarchy, PLAIN);
    // Ten seconds for the catalog and ten for the replication of the database, and ten below. The plan
    // has the server of a child made before its parent synchronizes.
    near(ends(&outcome, "ONE").1, 3.0 * HOUR + 20.0);
    near(ends(&outcome, "SIX").1, 3.0 * HOUR + 30.0);
    near(ends(&outcome, "TWO").1, 3.0 * HOUR + 30.0);
    let hierarchy = with_window(hierarchy, "ONE", ("0 2 * * *", "30m"), &[]);
    let outcome = run(&hierarchy, PLAIN);
    near(ends(&outcome, "ONE").1, 26.0 * HOUR + 20.0);
    near(ends(&outcome, "SIX").1, 26.0 * HOUR + 30.0);
    near(ends(&outcome, "TWO").1, 27.0 * HOUR + 20.0);
    assert!(outcome.unfinished.is_empty(), "{:?}", outcome.unfinished);
}

#[test]
fn synchronization_waits_for_the_window_in_which_its_point_may_be_made() {
    let making = [
        ActionKind::CreateSiteSystem,
        ActionKind::InstallUpdateServices,
        ActionKind::AddSoftwareUpdatePoint,
    ];
    let mut hierarchy = with_window(chain(), "ONE", ("0 5 * * *", "1h"), &making);
    let always = with_window(chain(), "ONE", ("* * * * *", "1m"), &[ActionKind::Synchronize]);
    let always = always.maintenance_windows.into_values().next().unwrap();
    hierarchy.maintenance_windows.insert("always".parse().unwrap(), always);
    let outcome = run(&hierarchy, PLAIN);
    near(ends(&outcome, "ONE").1, 5.0 * HOUR + 20.0);
}

#[test]
fn what_no_window_allows_never_comes_and_the_reason_is_told() {
    let removals = [ActionKind::RemoveContent];
    let hierarchy = with_window(chain(), "TWO", ("0 22 * * *", "2h"), &removals);
    let outcome = run(&hierarchy, PLAIN);
    assert_eq!((outcome.distributed_after, outcome.done), (None, 2));
    let why = "no maintenance window of site TWO that ever opens allows ";
    let never = |what: &str| {
        let mut found = outcome.unfinished.iter();
        found.any(|it| it.what.contains(what) && it.why.starts_with(why))
    };
    for what in ["CreateSiteSystem:SiteSystem/two-srv", "ONE00001"] {
        assert!(never(what), "{what}: {:?}", outcome.unfinished);
    }
    assert!(outcome.window_waits.iter().all(|it| it.opens_at.is_none()));
}

#[test]
fn rules_that_plan_nothing_have_no_windows() {
    let hierarchy = with_window(chain(), "TWO", ("0 22 * * *", "2h"), &[]);
    let outcome = under(&hierarchy, PLAIN, Policy::Field, 7);
    assert!(outcome.distributed_after.unwrap() < HOUR);
    assert!(outcome.window_waits.is_empty());
}
