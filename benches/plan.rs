//! Plans for 5,000 distribution points and 10,000 packages, all placed on all: 50 million
//! placements, with nothing to do and with one in a hundred to do.
//!
//! ```text
//! cargo bench --bench plan [-- POINTS PACKAGES]
//! ```
#![expect(clippy::print_stdout, reason = "the figures are the result")]
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on has failed")]

use std::{collections::BTreeMap, path::Path, sync::Arc, time::Duration};

use headwater::{
    model::{
        Declared, Digest, DistributionPointState, DocumentId, Facts, Hierarchy, Known, Listener,
        Name, Observed, ObservedBuilder, PackageState, PackagesById, Resource, Since,
        SiteServerState, SiteSystemState,
    },
    plan::{Inputs, Plan, plan},
    view::{PlanView, plan_json},
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// Sites with distribution points, below the central site.
const PRIMARIES: usize = 4;
/// In each site, so many of its distribution points do not pull, and are the sources of the others.
const STANDARD: usize = 50;
/// One placement, or one package, in so many is changed.
const CHANGED: usize = 100;

fn main() {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    // `cargo test --benches` starts it too, and means only that it shall be there.
    if arguments.iter().all(|argument| argument != "--bench") {
        return;
    }
    arguments.retain(|argument| argument != "--bench");
    let mut numbers = arguments.iter().map(|argument| argument.parse::<usize>().unwrap());
    let (points, packages) = (numbers.next().unwrap_or(5_000), numbers.next().unwrap_or(10_000));
    println!("{points} distribution points, {packages} packages, all on all");

    let declared = declared(points, packages);
    let hierarchy = step("documents to a hierarchy", || Hierarchy::resolve(&declared).unwrap());
    let mut newer = declared;
    for package in newer.packages.values_mut().step_by(CHANGED) {
        package.spec.source_version = 2;
    }
    let newer = Hierarchy::resolve(&newer).unwrap();

    let (observed, lacking) = take_in(&hierarchy);
    println!("  placements: {}", observed.libraries.placements());
    let digest = step("digest of the facts", || Facts::of(&observed).digest());
    assert_ne!(digest, Facts::of(&lacking).digest());
    for (name, observed) in [("as wanted", &observed), ("one in 100 missing", &lacking)] {
        println!("{name}, as a file");
        let text = step("observed state written", || serde_json::to_string(observed).unwrap());
        println!("  {} bytes", text.len());
        let read: Observed = step("observed state read", || serde_json::from_str(&text).unwrap());
        assert_eq!(read, *observed);
    }

    let planned = |name: &str, hierarchy: &Hierarchy, observed: &Observed| {
        println!("{name}");
        let manifest_digest = Digest::of(b"");
        let now = "2026-12-01T00:00:00Z".parse().unwrap();
        let inputs = Inputs { hierarchy, manifest_digest, observed, now };
        let plan = step("planned", || plan(inputs));
        println!("  {} actions on {} targets", plan.actions.len(), targets(&plan));
        if !plan.actions.is_empty() {
            let text = step("plan written", || plan_json(&plan, PlanView::default()));
            println!("  {} bytes", text.len());
        }
        plan
    };
    let nothing = planned("no changes", &hierarchy, &observed);
    assert!(nothing.actions.is_empty() && nothing.complete, "{:#?}", nothing.waiting);
    let some = planned("one placement in 100 is missing", &hierarchy, &lacking);
    assert_eq!(targets(&some), points * packages / CHANGED);
    let some = planned("one package in 100 has a new version", &newer, &observed);
    assert_eq!(targets(&some), points * packages.div_ceil(CHANGED));
    println!("peak of memory: {} MiB", peak());
}

/// Does something, and tells how long it took and how much memory was in use at most until then.
fn step<T>(name: &str, work: impl FnOnce() -> T) -> T {
    let begun = Taken::now();
    let done = work();
    tell(name, begun.until_now());
    done
}

fn tell(name: &str, took: Taken) {
    let (wall, processor) = (took.wall.as_secs_f64(), took.processor.as_secs_f64());
    println!("  {name:<28} {wall:>8.3} s, {processor:>7.3} s of processor, peak {} MiB", peak());
}

/// Time by the clock, and time of the processor: on a computer that others use too, only the second
/// says what something costs.
#[derive(Clone, Copy)]
struct Taken {
    wall: Duration,
    processor: Duration,
}

impl Taken {
    const NONE: Self = Self { wall: Duration::ZERO, processor: Duration::ZERO };

    fn now() -> Self {
        let wall = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
        let statistics = std::fs::read_to_string("/proc/thread-self/schedstat");
        let statistics = statistics.unwrap_or_default();
        let first = statistics.split(' ').next().and_then(|number| number.parse().ok());
        Self { wall, processor: Duration::from_nanos(first.unwrap_or_default()) }
    }

    fn until_now(self) -> Self {
        let now = Self::now();
        Self {
            wall: now.wall.saturating_sub(self.wall),
            processor: now.processor.saturating_sub(self.processor),
        }
    }

    fn add(&mut self, other: Self) {
        self.wall += other.wall;
        self.processor += other.processor;
    }
}

fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    kibibytes.unwrap_or_default() / 1024
}

/// Distribution points that are brought something; a package that goes into its site's own library
/// has no target.
fn targets(plan: &Plan) -> usize {
    plan.actions.iter().map(|action| action.targets.len()).sum()
}

fn add<Spec: DeserializeOwned>(to: &mut BTreeMap<Name, Resource<Spec>>, called: &str, spec: Value) {
    let resource = Resource {
        document: DocumentId(0),
        directory: Arc::from(Path::new("/manifests")),
        metadata: serde_json::from_value(json!({ "name": called })).unwrap(),
        spec: serde_json::from_value(spec).unwrap(),
    };
    to.insert(called.parse().unwrap(), resource);
}

fn declared(points: usize, packages: usize) -> Declared {
    let mut all = Declared::default();
    let server = |all: &mut Declared, site: &str, spec: Value| {
        add(&mut all.sites, site, spec);
        let address = format!("{site}-srv.example");
        let spec = json!({"site": site, "address": address, "software": {"wsus": "10.0"}});
        add(&mut all.site_systems, &format!("{site}-srv"), spec);
    };
    let spec = json!({"siteCode": "CEN", "type": "Central", "mode": "Mixed", "version": "2403",
        "siteServer": "cen-srv"});
    server(&mut all, "cen", spec);
    for number in 0..PRIMARIES {
        let site = format!("p{number:02}");
        let spec = json!({"siteCode": site.to_uppercase(), "type": "Primary", "mode": "Mixed",
            "version": "2403", "parent": "cen", "siteServer": format!("{site}-srv")});
        server(&mut all, &site, spec);
    }
    let mut members = Vec::new();
    for number in 0..points {
        let (site, within) = (format!("p{:02}", number % PRIMARIES), number / PRIMARIES);
        let called = format!("dp-{number:05}");
        let system = json!({"site": site, "address": format!("{called}.example")});
        add(&mut all.site_systems, &format!("s-{called}"), system);
        let mut point = json!({"site": site, "siteSystem": format!("s-{called}")});
        if within >= STANDARD {
            // Two sources, of the same site.
            let source = |which: usize| {
                let standard = (within + which) % STANDARD;
                let name = format!("dp-{:05}", standard * PRIMARIES + number % PRIMARIES);
                json!({"distributionPoint": name, "priority": which + 1})
            };
            point["pull"] = json!({"sources": [source(0), source(1)]});
        }
        add(&mut all.distribution_points, &called, point);
        members.push(called);
    }
    add(&mut all.distribution_point_groups, "all", json!({ "members": members }));
    for number in 0..packages {
        let spec = json!({"packageId": format!("CEN{number:05}"), "source": {"path": "content"},
            "distributeTo": {"groups": ["all"]}});
        add(&mut all.packages, &format!("package-{number:05}"), spec);
    }
    all
}

/// What the site systems report where everything is as wanted, and where one placement in a hundred
/// is missing; taken in one by one, as they come in from the network.
fn take_in(hierarchy: &Hierarchy) -> (Observed, Observed) {
    let packages: PackagesById = hierarchy
        .packages
        .values()
        .map(|package| {
            let state = PackageState {
                version: package.version,
                digest: Digest::of(package.id.as_str().as_bytes()),
                files: 3,
                bytes: 300,
                damaged: 0,
                sources: vec!["source".to_owned()],
            };
            (package.id.clone(), state)
        })
        .collect();
    let (mut all, mut some) = (ObservedBuilder::default(), ObservedBuilder::default());
    let (mut taking_all, mut taking_some) = (Taken::NONE, Taken::NONE);
    let points: BTreeMap<&Name, (usize, &Name)> = (hierarchy.distribution_points.iter())
        .enumerate()
        .map(|(number, (name, point))| (&point.site_system, (number, name)))
        .collect();
    // Answers do not come in the order of names.
    let mut systems: Vec<&Name> = hierarchy.site_systems.keys().collect();
    systems.sort_by_cached_key(|name| Digest::of(name.as_str().as_bytes()));
    for name in systems {
        let point = points.get(name);
        let report = report(hierarchy, name, point.map(|(_, point)| *point), &packages);
        let mut less = report.clone();
        if let Some((number, _)) = point {
            let held = &mut less.distribution_point.as_mut().unwrap().packages;
            let mut package = 0;
            held.retain(|_, _| {
                package += 1;
                // Spread, and for each package others.
                !(package * 7_919 + number).is_multiple_of(CHANGED)
            });
        }
        taking_all.add(taken(&mut all, name, report));
        taking_some.add(taken(&mut some, name, less));
    }
    println!("as wanted");
    let begun = Taken::now();
    let all = all.finish();
    taking_all.add(begun.until_now());
    tell("reports taken in", taking_all);
    println!("one in 100 missing");
    let begun = Taken::now();
    let some = some.finish();
    taking_some.add(begun.until_now());
    tell("reports taken in", taking_some);
    (all, some)
}

fn taken(builder: &mut ObservedBuilder, name: &Name, report: SiteSystemState) -> Taken {
    let begun = Taken::now();
    builder.insert(name.clone(), Known::Present(report));
    begun.until_now()
}

fn report(
    hierarchy: &Hierarchy,
    name: &Name,
    point: Option<&Name>,
    packages: &PackagesById,
) -> SiteSystemState {
    let settings = hierarchy.site_systems[name].settings.clone();
    let owns = settings.site.as_str() == "CEN";
    let site_server = settings.site_server.as_ref().map(|_| SiteServerState {
        catalog_version: None,
        revisions: 0,
        waiting: 0,
        seen: None,
        client_policy: None,
        announced: None,
        management_point: None,
        packages: if owns { packages.clone() } else { PackagesById::new() },
        package_origins: std::collections::BTreeMap::new(),
        validated: None,
        status_messages: Vec::new(),
    });
    let distribution_point = point.map(|point| DistributionPointState {
        name: point.clone(),
        settings: hierarchy.distribution_points[point].settings.clone(),
        listener: Listener::Open("127.0.0.1:80".to_owned()),
        packages: packages.clone(),
        pull_jobs: BTreeMap::new(),
        validated: None,
        on_demand: BTreeMap::new(),
        unique_clients: BTreeMap::new(),
    });
    SiteSystemState {
        since: Since::default(),
        settings,
        listens_on: "127.0.0.1".to_owned(),
        administration_console: false,
        site_server,
        update_services: None,
        update_point: None,
        distribution_point,
    }
}
