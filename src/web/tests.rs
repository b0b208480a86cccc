use std::{collections::BTreeSet, fs, path::Path};

use serde_json::{Value, json};

use super::{PassEnd, Vitals};
use crate::{
    apply::{ApplyEvent, Outcome},
    model::{Digest, Known, Observed, SiteSystemState},
    plan::{ActionId, FORMAT_VERSION, Plan},
};

fn site_server(site: &str, parent: Option<&str>, catalog: &[u8], pulling: bool) -> Value {
    let mut settings = json!({
        "name": site.to_lowercase(), "type": "Primary", "mode": "Mixed", "version": "2403",
    });
    if let Some(parent) = parent {
        settings["parent"] = parent.into();
    }
    let pull = json!({
        "state": {"downloading": "ams-dp"}, "version": 2, "digest": Digest::of(b"list"),
        "bytesDone": 40, "bytesTotal": 100,
    });
    let package = json!({"version": 1, "digest": Digest::of(b"first"), "files": 2, "bytes": 700,
        "damaged": u64::from(!pulling), "sources": []});
    json!({
        "settings": {"site": site, "address": format!("{site}.contoso.example"), "software": {},
            "siteServer": settings},
        "listensOn": "127.0.0.1", "administrationConsole": false,
        "updatePoint": {
            "name": format!("{}-active", site.to_lowercase()),
            "settings": {
                "site": site, "role": "Active", "ssl": false, "clientConnections": "Intranet",
                "ports": {"webSite": "Default", "http": 80, "https": 443},
                "source": {"type": "None"}, "classifications": [], "products": [],
                "selection": "Exact", "languages": [], "publishers": [],
            },
            "listener": {"open": "127.0.0.1:80"}, "catalogVersion": Digest::of(catalog),
            "revisions": catalog.len(),
            "lastSynchronization": {"finishedAt": "2026-11-29T12:00:00Z", "from": "",
                "newRevisions": 0},
        },
        "distributionPoint": {
            "name": "dp", "listener": {"open": "127.0.0.1:80"},
            "settings": {
                "site": site, "type": "Standard", "protocol": "HTTP",
                "ports": {"webSite": "Default", "http": 80, "https": 443},
                "prestaged": false, "onDemand": false,
                "pull": {"enabled": true, "sources": []},
            },
            "packages": {"CEN00001": package},
            "pullJobs": if pulling { json!({"CEN00002": pull}) } else { json!({}) },
        },
    })
}

fn observed(lis: &Value) -> Observed {
    let present = |state: &Value| -> Known<SiteSystemState> {
        Known::Present(serde_json::from_value(state.clone()).unwrap())
    };
    let away = Known::Unknown("no answer".to_owned());
    let all = [
        ("ams-srv", present(&site_server("AMS", None, b"new catalog", true))),
        ("lis-srv", present(lis)),
        ("sea-srv", away),
    ];
    all.into_iter().map(|(name, known)| (name.parse().unwrap(), known)).collect()
}

fn plan(actions: &[&str]) -> Plan {
    let digest = Digest::of(b"");
    let actions: Vec<Value> = actions
        .iter()
        .map(|id| {
            let kind = id.split(':').next().unwrap();
            json!({"id": id, "kind": kind, "resource": "Package/a", "site": "LIS",
                "requirement": "PDP-1", "reason": "", "after": [], "targets": [], "diff": []})
        })
        .collect();
    serde_json::from_value(json!({
        "formatVersion": FORMAT_VERSION.to_string(), "manifestDigest": digest,
        "observedDigest": digest, "complete": true,
        "summary": {"create": 0, "change": 0, "remove": 0, "synchronize": 0, "distribute": 0},
        "actions": actions, "waiting": [], "diagnostics": [],
    }))
    .unwrap()
}

const DISTRIBUTE: &str = "DistributeContent:Package/a";

/// A controller of which everything is known.
fn known() -> Vitals {
    let vitals = Vitals::new();
    let manifests = Digest::of(b"manifests");
    let source = "git+https://git.contoso.example/a.git#main";
    let git = |refused: Value, unreachable: Value| {
        let mut git = json!({
            "source": source,
            "commit": {"id": "1".repeat(40), "since": "2026-11-29T12:00:00Z"},
        });
        if refused != Value::Null {
            git["refused"] = refused;
            git["unreachable"] = unreachable;
        }
        serde_json::from_value(git).unwrap()
    };
    vitals.git(&git(Value::Null, Value::Null));
    let refused = json!({"id": "2".repeat(40), "at": "2026-11-29T13:00:00Z", "why": "x"});
    let unreachable = json!({"since": "2026-11-29T13:00:00Z", "why": "x"});
    for _ in 0..2 {
        vitals.git(&git(refused.clone(), unreachable.clone()));
    }
    vitals.hook("fetched");

    vitals.pass_begins(manifests);
    vitals.looked(&observed(&site_server("LIS", Some("AMS"), b"new catalog", false)), &plan(&[]));
    vitals.pass_ends(PassEnd::Complete);
    vitals.pass_begins(manifests);
    let lis = site_server("LIS", Some("AMS"), b"old", true);
    let (behind, to_do) = (observed(&lis), plan(&[DISTRIBUTE, "VerifyPorts:Package/b"]));
    vitals.looked(&behind, &to_do);
    let id = ActionId::from(DISTRIBUTE.to_owned());
    vitals.happens(&ApplyEvent::Begun { actions: 2 });
    vitals.happens(&ApplyEvent::Started(id.clone()));
    vitals.happens(&ApplyEvent::Finished(id, Outcome::Done(String::new())));
    let mut lis = lis;
    lis["distributionPoint"]["packages"]["CEN00003"] = json!({"version": 1,
        "digest": Digest::of(b"third"), "files": 1, "bytes": 5000, "damaged": 0, "sources": []});
    vitals.looked(&observed(&lis), &to_do);
    vitals
}

/// The lines of a figure, without those that say what it is.
fn lines<'a>(text: &'a str, name: &str) -> Vec<&'a str> {
    let is_it = |line: &&str| {
        let rest = line.strip_prefix(name);
        rest.is_some_and(|rest| rest.starts_with(['{', ' ']))
    };
    text.lines().filter(is_it).collect()
}

#[test]
fn what_happens_is_what_is_told() {
    let text = known().text().unwrap();
    let has = |line: &str| assert!(text.lines().any(|it| it == line), "{line}\n{text}");
    has("headwater_passes_total{outcome=\"complete\"} 1");
    has("headwater_pass_duration_seconds_count 1");
    has("headwater_actions_total{kind=\"DistributeContent\",outcome=\"done\"} 1");
    has("headwater_action_duration_seconds_count{kind=\"DistributeContent\"} 1");
    has("headwater_actions_queued 1.0");
    has("headwater_actions_running 0.0");
    // Both were found although nothing was left before: only by the first look of the pass.
    has("headwater_drift_actions_total{kind=\"DistributeContent\"} 1");
    has("headwater_drift_actions_total{kind=\"VerifyPorts\"} 1");
    has("headwater_planned_actions{kind=\"VerifyPorts\"} 1.0");
    has("headwater_commits_refused_total 1");
    has("headwater_commit_refused 1.0");
    has("headwater_source_reachable 0.0");
    has("headwater_hooks_total{outcome=\"fetched\"} 1");
    has("headwater_site_systems{state=\"answering\"} 2.0");
    has("headwater_site_systems{state=\"silent\"} 1.0");
    has("headwater_site_catalog_revisions{site=\"LIS\"} 3.0");
    has("headwater_site_last_synchronization_timestamp_seconds{site=\"AMS\"} 1795953600.0");
    has("headwater_pull_jobs{site=\"LIS\",state=\"downloading\"} 1.0");
    has("headwater_pull_jobs{site=\"LIS\",state=\"stopped\"} 0.0");
    has("headwater_pull_jobs_missing_bytes{site=\"LIS\"} 60.0");
    has("headwater_content_received_bytes_total{site=\"LIS\"} 5000");
    assert_eq!(lines(&text, "headwater_content_received_bytes_total").len(), 1);
    let commit = lines(&text, "headwater_commit_in_force_info");
    assert!(commit[0].contains(&format!("commit=\"{}\"", "1".repeat(40))), "{commit:?}");
    // The one at the top is behind nobody.
    let lag = lines(&text, "headwater_site_catalog_lag_seconds");
    let [lag] = lag.as_slice() else { panic!("{lag:?}") };
    let seconds = lag.strip_prefix("headwater_site_catalog_lag_seconds{site=\"LIS\"} ").unwrap();
    assert!(seconds.parse::<f64>().unwrap() > 0.0, "{lag}");
}

#[test]
fn thousands_of_points_are_no_more_figures_than_one() {
    let count = |points: usize| {
        let vitals = Vitals::new();
        let state = site_server("LIS", Some("AMS"), b"old", true);
        let state: SiteSystemState = serde_json::from_value(state).unwrap();
        let many = (0..points)
            .map(|number| (format!("dp{number}").parse().unwrap(), Known::Present(state.clone())));
        vitals.looked(&many.collect(), &plan(&[]));
        vitals.text().unwrap().lines().count()
    };
    assert_eq!(count(1), count(2000));
}

/// The names of all families: what stands behind `# TYPE`, with what their samples have behind it.
fn families(text: &str) -> BTreeSet<String> {
    let mut families = BTreeSet::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            let end = match kind {
                "counter" => "_total",
                "info" => "_info",
                "gauge" | "histogram" => "",
                _ => panic!("{line}"),
            };
            assert!(families.insert(format!("{name}{end}")), "{name} is there twice");
            assert_eq!(text.matches(&format!("# HELP {name} ")).count(), 1, "{name} says nothing");
        }
    }
    families
}

#[test]
fn the_readme_has_all_figures_and_no_others() {
    let told = families(&known().text().unwrap());
    assert!(known().text().unwrap().ends_with("# EOF\n"));
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = fs::read_to_string(readme).unwrap();
    let (_, section) = readme.split_once("## Watching the controller").unwrap();
    let section = section.split("\n## ").next().unwrap();
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `"));
    let names = rows.filter_map(|row| row.split(['{', '`']).next());
    let written: BTreeSet<String> =
        names.filter(|it| it.contains('_')).map(str::to_owned).collect();
    assert_eq!(told, written);
}
