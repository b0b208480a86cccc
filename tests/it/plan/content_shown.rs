//! What is shown of content: package by package, distribution point by distribution point.

use headwater::{
    model::{Digest, Hierarchy, Name, Observed, PackageId, PullJob, TransferNote, TransferPhase},
    view::{
        ContentFilter, ContentInputs, ContentReport, ContentState, Placement, content_json,
        content_text,
    },
};
use serde_json::{Value, json};

use super::{
    contoso::{contoso, name},
    world::World,
};
use crate::content_schemas::content_is_valid;

const CATALOG: &str = "CEN00001";

fn id(text: &str) -> PackageId {
    text.parse().unwrap()
}

fn pull_job(value: &Value) -> PullJob {
    let mut job = json!({
        "version": 1, "digest": Digest::of(b"files"), "bytesDone": 0, "bytesTotal": 0,
    });
    job.as_object_mut().unwrap().extend(value.as_object().unwrap().clone());
    serde_json::from_value(job).unwrap()
}

fn note(point: &str, phase: TransferPhase, tries: u32, due: Option<&str>) -> TransferNote {
    TransferNote {
        package: id(CATALOG),
        version: 1,
        digest: Digest::of(b"files"),
        point: name(point),
        site: "AMS".parse().unwrap(),
        phase,
        tries,
        since: "2026-11-30T23:00:00Z".parse().unwrap(),
        due: due.map(|due| due.parse().unwrap()),
        why: "no answer".to_owned(),
    }
}

fn report(
    observed: &Observed,
    hierarchy: Option<&Hierarchy>,
    transfers: &[TransferNote],
    filter: &ContentFilter,
) -> ContentReport {
    let now = "2026-12-01T00:00:00Z".parse().unwrap();
    ContentReport::of(ContentInputs { observed, hierarchy, transfers, now }, filter)
}

/// How the catalog stands at a distribution point.
fn at(report: &ContentReport, point: &str) -> Placement {
    let mut placements = report.placements.iter();
    let found = placements
        .find(|it| it.distribution_point.as_str() == point && it.package.as_str() == CATALOG);
    found.unwrap_or_else(|| panic!("{point}: {:#?}", report.placements)).clone()
}

fn forget(world: &mut World, point: &str) {
    let state = world.system(&name(point)).distribution_point.as_mut().unwrap();
    state.packages.remove(&id(CATALOG)).unwrap();
}

/// Every state at once: two packages on four points, and a third package that nobody declares.
fn mixed() -> (World, Hierarchy, Vec<TransferNote>) {
    let hierarchy = contoso(|_| ());
    let mut world = World::of(&hierarchy);
    for point in ["ams-dp1", "ams-dp2", "ams-dp3", "lis-dp"] {
        forget(&mut world, point);
    }
    let point = |world: &mut World, point: &str, package: &str, job: Value| {
        let state = world.system(&name(point)).distribution_point.as_mut().unwrap();
        state.pull_jobs.insert(id(package), pull_job(&job));
    };
    let downloading = json!({
        "state": {"downloading": "ams-dp1"}, "bytesDone": 1 << 20, "bytesTotal": 9 << 20,
        "bytesComing": 2 << 20, "rate": 1 << 19, "attempts": 2, "since": "2026-11-30T23:59:00Z",
        "lastFailure": "ams-dp1: it broke off",
    });
    point(&mut world, "ams-dp2", CATALOG, downloading);
    let waiting = json!({"state": {"waitingForSource": {
        "until": "2026-12-01T00:12:30Z", "reasons": ["ams-dp2: it does not have the package (404)"],
    }}});
    point(&mut world, "lis-dp", CATALOG, waiting);
    let stopped = json!({"state": {"stopped": "the disk is full"}});
    point(&mut world, "ams-dp3", "CEN00009", stopped);
    let state = world.system(&name("ams-dp1")).distribution_point.as_mut().unwrap();
    let mut extra = state.packages[&id("AMS00001")].clone();
    state.packages.get_mut(&id("AMS00001")).unwrap().damaged = 2;
    extra.version = 7;
    state.packages.insert(id("CEN00007"), extra.clone());
    let state = world.system(&name("ams-dp2")).distribution_point.as_mut().unwrap();
    state.packages.insert(id("AMS00001"), extra);
    let notes = vec![note("ams-dp3", TransferPhase::Notifying, 3, Some("2026-12-01T00:20:00Z"))];
    (world, hierarchy, notes)
}

#[test]
fn what_is_not_available_is_listed_with_its_reason() {
    let (world, hierarchy, notes) = mixed();
    let observed = world.observed();
    let report = report(&observed, Some(&hierarchy), &notes, &ContentFilter::default());
    insta::assert_snapshot!("content", content_text(&report));
    let states = |package: &str| -> Vec<(String, ContentState)> {
        let of = report.placements.iter().filter(|it| it.package.as_str() == package);
        of.map(|it| (it.distribution_point.to_string(), it.state)).collect()
    };
    let named = |all: &[(&str, ContentState)]| -> Vec<(String, ContentState)> {
        all.iter().map(|(point, state)| ((*point).to_owned(), *state)).collect()
    };
    assert_eq!(
        states(CATALOG),
        named(&[
            ("ams-dp1", ContentState::Missing),
            ("ams-dp2", ContentState::Downloading),
            ("ams-dp3", ContentState::WaitingForTime),
            ("lis-dp", ContentState::WaitingForSource),
        ])
    );
    assert_eq!(
        states("AMS00001"),
        named(&[("ams-dp1", ContentState::Damaged), ("ams-dp2", ContentState::Outdated)])
    );
    assert_eq!(states("CEN00007"), named(&[("ams-dp1", ContentState::NotWanted)]));
    assert_eq!(states("CEN00009"), named(&[("ams-dp3", ContentState::Stopped)]));
    assert_eq!(report.counts[&ContentState::Available], 2);
    let downloading = at(&report, "ams-dp2");
    assert_eq!(downloading.seconds_left, Some(12), "6 MiB at half a MiB a second");
    assert_eq!((downloading.bytes_done, downloading.attempts), (Some(3 << 20), Some(2)));
}

#[test]
fn what_waits_for_its_first_client_is_counted_and_what_was_asked_for_is_listed() {
    let hierarchy = contoso(|it| {
        it.distribution_points.get_mut(&name("lis-dp")).unwrap().spec.on_demand = true;
        it.distribution_points.get_mut(&name("ams-dp3")).unwrap().spec.on_demand = true;
    });
    let mut world = World::of(&hierarchy);
    let asked = |world: &mut World, point: &str| {
        let now = world.now;
        let state = world.system(&name(point)).distribution_point.as_mut().unwrap();
        state.on_demand.get_mut(&id(CATALOG)).unwrap().requested = Some(now);
    };
    asked(&mut world, "lis-dp");
    // Told of a version that is wanted no longer.
    let state = world.system(&name("ams-dp3")).distribution_point.as_mut().unwrap();
    state.on_demand.get_mut(&id("AMS00001")).unwrap().content.version = 7;
    let observed = world.observed();
    let report_of = |hierarchy, filter: &ContentFilter| report(&observed, hierarchy, &[], filter);
    let found = report_of(Some(&hierarchy), &ContentFilter::default());
    assert_eq!(found.counts[&ContentState::OnDemand], 2, "{:#?}", found.placements);
    assert_eq!((found.counts[&ContentState::Missing], found.placements.len()), (2, 2));
    let lisbon = at(&found, "lis-dp");
    assert_eq!((lisbon.state, lisbon.since), (ContentState::Missing, Some(world.now)));
    let reason = format!("a client asked for it at {}: it has not been notified yet", world.now);
    assert_eq!(lisbon.reason, Some(reason));
    let all = report_of(Some(&hierarchy), &ContentFilter { all: true, ..Default::default() });
    assert_eq!(all.counts, found.counts);
    let waits = at(&all, "ams-dp3");
    assert_eq!(waits.state, ContentState::OnDemand);
    assert_eq!(waits.reason.as_deref(), Some("it waits for the first request of a client"));
    let other = all
        .placements
        .iter()
        .find(|it| it.distribution_point == name("ams-dp3") && it.package == id("AMS00001"));
    let why = other.unwrap().reason.as_deref();
    assert_eq!(why, Some("it has not been told yet that a client may ask for it"));
    assert!(content_is_valid(&serde_json::from_str(&content_json(&all)).unwrap()));
    // Without manifests it is known from those that were told.
    let told = report_of(None, &ContentFilter::default());
    assert_eq!(told.counts[&ContentState::OnDemand], 3);
}

#[test]
fn the_json_form_is_as_its_schema_says() {
    let (world, hierarchy, notes) = mixed();
    let observed = world.observed();
    let filter = ContentFilter { all: true, ..ContentFilter::default() };
    let report = report(&observed, Some(&hierarchy), &notes, &filter);
    assert_eq!(report.placements.len(), report.counts.values().sum::<usize>());
    let json: Value = serde_json::from_str(&content_json(&report)).unwrap();
    assert!(content_is_valid(&json), "{json:#}");
    let mut wrong = json.clone();
    wrong["placements"][0]["state"] = "lost".into();
    assert!(!content_is_valid(&wrong));
    let mut wrong = json;
    wrong["formatVersion"] = "2.0".into();
    assert!(!content_is_valid(&wrong));
}

#[test]
fn a_filter_shows_a_part_and_counts_it() {
    let (world, hierarchy, notes) = mixed();
    let observed = world.observed();
    let shown = |filter: ContentFilter| -> Vec<String> {
        let inputs = ContentInputs {
            observed: &observed,
            hierarchy: Some(&hierarchy),
            transfers: &notes,
            now: jiff::Timestamp::UNIX_EPOCH,
        };
        filter.check(&inputs).unwrap();
        let report = ContentReport::of(inputs, &filter);
        let placements = report.placements.iter();
        placements.map(|it| format!("{} {}", it.package, it.distribution_point)).collect()
    };
    let filter = |packages: &[&str], points: &[&str], sites: &[&str]| ContentFilter {
        packages: packages.iter().map(|it| it.parse().unwrap()).collect(),
        points: points.iter().map(|it| name(it)).collect(),
        sites: sites.iter().map(|it| it.parse().unwrap()).collect(),
        all: false,
    };
    assert_eq!(
        shown(filter(&["printer-definitions"], &[], &[])),
        ["AMS00001 ams-dp1", "AMS00001 ams-dp2"]
    );
    assert_eq!(shown(filter(&["ams00001"], &["ams-dp2"], &[])), ["AMS00001 ams-dp2"]);
    assert_eq!(shown(filter(&[], &[], &["LIS"])), ["CEN00001 lis-dp"]);
    let inputs = ContentInputs {
        observed: &observed,
        hierarchy: Some(&hierarchy),
        transfers: &[],
        now: jiff::Timestamp::UNIX_EPOCH,
    };
    let refused = |it: ContentFilter| it.check(&inputs).unwrap_err().to_string();
    let said = refused(filter(&["CEN00002"], &[], &[]));
    assert!(said.starts_with("there is no package `CEN00002`"), "{said}");
    let said = refused(filter(&[], &["ams-dp22"], &[]));
    assert_eq!(said, "there is no distribution point `ams-dp22`: did you mean `ams-dp2`?");
    assert_eq!(refused(filter(&[], &[], &["XYZ"])), "there is no site `XYZ`");
}

#[test]
fn without_manifests_nothing_is_missing_and_nothing_unwanted() {
    let (world, _, notes) = mixed();
    let observed = world.observed();
    let report = report(&observed, None, &notes, &ContentFilter::default());
    let states: Vec<ContentState> = report.placements.iter().map(|it| it.state).collect();
    assert!(!states.contains(&ContentState::NotWanted) && !states.contains(&ContentState::Missing));
    assert_eq!(at(&report, "ams-dp3").state, ContentState::WaitingForTime, "by its note");
    assert_eq!(at(&report, "ams-dp2").state, ContentState::Downloading);
    assert!(content_text(&report).contains("Without manifests"));
}

#[test]
fn a_site_system_that_cannot_be_asked_is_unknown_and_not_missing() {
    let (mut world, hierarchy, notes) = mixed();
    world.unknown.insert(name("ams-dp3"));
    let observed = world.observed();
    let report = report(&observed, Some(&hierarchy), &notes, &ContentFilter::default());
    let placement = at(&report, "ams-dp3");
    assert_eq!(placement.state, ContentState::Unknown);
    assert!(placement.reason.unwrap().contains("no answer"));
    assert_eq!(report.counts[&ContentState::Unknown], 2, "both packages");
}

#[test]
fn a_cancelled_job_of_a_point_that_goes_on_is_told() {
    let (world, hierarchy, _) = mixed();
    let observed = world.observed();
    let notes = [note("ams-dp2", TransferPhase::Cancelled, 0, None)];
    let report = report(&observed, Some(&hierarchy), &notes, &ContentFilter::default());
    let placement = at(&report, "ams-dp2");
    assert_eq!(placement.state, ContentState::Downloading);
    let reason = placement.reason.unwrap();
    assert!(reason.ends_with("the transfer job was cancelled: no answer"), "{reason}");
}

#[test]
fn what_others_say_is_shown_and_not_done() {
    let (mut world, hierarchy, _) = mixed();
    let state = world.system(&name("ams-dp3")).distribution_point.as_mut().unwrap();
    let job = state.pull_jobs.get_mut(&id("CEN00009")).unwrap();
    job.last_failure = Some("\u{1b}[2J http://ada:s3cret@a\n".to_owned());
    job.state = serde_json::from_value(json!({"downloading": "ams-dp1"})).unwrap();
    let observed = world.observed();
    let report = report(&observed, Some(&hierarchy), &[], &ContentFilter::default());
    let text = content_text(&report);
    assert!(text.contains("\\u{1b}[2J http://***@a"), "{text}");
    assert!(!text.contains('\u{1b}') && !text.contains("s3cret"), "{text}");
    assert!(!content_json(&report).contains("s3cret"));
}

#[test]
fn what_the_site_server_may_not_send_yet_waits_for_its_time() {
    let (world, hierarchy, _) = mixed();
    let observed = world.observed();
    let mut notes = [note("ams-dp1", TransferPhase::Sending, 0, Some("2026-12-01T06:00:00Z"))];
    notes[0].why = "it is open from 6 to 8".to_owned();
    let waiting = report(&observed, Some(&hierarchy), &notes, &ContentFilter::default());
    let placement = at(&waiting, "ams-dp1");
    assert_eq!(placement.state, ContentState::WaitingForTime);
    assert_eq!(placement.next_try, notes[0].due);
    assert_eq!(placement.reason.as_deref(), Some("it is open from 6 to 8"));
    // One that failed and goes on by nobody's doing is missing, and says why.
    notes[0].due = None;
    let failed = report(&observed, Some(&hierarchy), &notes, &ContentFilter::default());
    let placement = at(&failed, "ams-dp1");
    assert_eq!(placement.state, ContentState::Missing);
    assert_eq!(placement.reason.as_deref(), Some("it is open from 6 to 8"));
}

#[test]
fn a_hierarchy_that_is_as_wanted_is_one_line() {
    let hierarchy = contoso(|_| ());
    let observed = World::of(&hierarchy).observed();
    let report = report(&observed, Some(&hierarchy), &[], &ContentFilter::default());
    let text = content_text(&report);
    assert_eq!(text, "2 packages on 4 distribution points: 8 available.\n");
    let none = Observed::default();
    let names: Vec<Name> = hierarchy.distribution_points.keys().cloned().collect();
    let filter = ContentFilter { points: names, ..ContentFilter::default() };
    let report = super::content_shown::report(&none, Some(&hierarchy), &[], &filter);
    assert_eq!(report.counts, [(ContentState::Missing, 8)].into());
}
