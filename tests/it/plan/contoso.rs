//! The Contoso example, and ways to change it.

use std::{fs, path::Path, sync::Arc};

use headwater::{
    check::{Severity, check},
    manifest::{Loaded, SourceText, load},
    model::{
        Declared, Digest, DocumentId, Hierarchy, Name, Port, PortSettingsSpec, Resource, SUSPEND,
        SYNC_REQUESTED_AT, WebSite,
    },
};

/// The files of the example, in any order that is asked for.
pub(super) fn texts() -> Vec<SourceText> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/contoso");
    let files = ["packages", "ports", "sites/ams", "sites/cen", "sites/lis", "sites/sea"];
    files
        .into_iter()
        .map(|file| {
            let text = fs::read_to_string(root.join(format!("{file}.yaml"))).unwrap();
            // A directory that is the same on every computer: paths enter plans.
            let inside = format!("/contoso/{file}");
            let directory = Path::new(&inside).parent().unwrap();
            SourceText { name: file.to_owned(), directory: Arc::from(directory), text }
        })
        .collect()
}

pub(super) fn loaded() -> Loaded {
    let loaded = load(texts());
    assert!(loaded.problems.is_empty(), "{:?}", loaded.problems);
    loaded
}

pub(super) fn declared() -> Declared {
    loaded().declared
}

pub(super) fn valid(declared: &Declared) -> bool {
    check(declared).iter().all(|problem| problem.severity != Severity::Error)
}

pub(super) fn hierarchy(declared: &Declared) -> Hierarchy {
    Hierarchy::resolve(declared).unwrap()
}

/// The example after some changes, which must leave it valid.
pub(super) fn contoso(change: impl FnOnce(&mut Declared)) -> Hierarchy {
    let mut declared = declared();
    change(&mut declared);
    let problems = check(&declared);
    assert!(valid(&declared), "{problems:?}");
    hierarchy(&declared)
}

/// The example after some changes that break one rule and no other: planning does not rely on it.
pub(super) fn contoso_despite(rule: &str, change: impl FnOnce(&mut Declared)) -> Hierarchy {
    let mut declared = declared();
    change(&mut declared);
    let problems = check(&declared);
    let errors = problems.iter().filter(|problem| problem.severity == Severity::Error);
    let broken: std::collections::BTreeSet<&str> = errors.map(|problem| problem.rule).collect();
    assert_eq!(broken, std::collections::BTreeSet::from([rule]), "{problems:?}");
    hierarchy(&declared)
}

pub(super) fn name(text: &str) -> Name {
    text.parse().unwrap()
}

pub(super) fn names(texts: &[&str]) -> Vec<Name> {
    texts.iter().map(|text| name(text)).collect()
}

/// Any digest: plans only carry that of the manifests.
pub(super) fn manifest_digest() -> Digest {
    Digest::of(b"manifests")
}

pub(super) fn port_settings(declared: &mut Declared, called: &str, http: u16) {
    let settings = Resource {
        document: DocumentId(0),
        directory: Arc::from(Path::new("/contoso")),
        metadata: serde_json::from_value(serde_json::json!({ "name": called })).unwrap(),
        spec: PortSettingsSpec { web_site: WebSite::Custom, http: Port::new(http), https: None },
    };
    declared.port_settings.insert(name(called), settings);
}

pub(super) fn suspend<Spec>(resource: Option<&mut Resource<Spec>>) {
    annotate(resource, SUSPEND, "true");
}

pub(super) fn request_synchronization<Spec>(resource: Option<&mut Resource<Spec>>, at: &str) {
    annotate(resource, SYNC_REQUESTED_AT, at);
}

fn annotate<Spec>(resource: Option<&mut Resource<Spec>>, key: &str, value: &str) {
    resource.unwrap().metadata.annotations.insert(key.to_owned(), value.to_owned());
}

/// Removes a site and everything that belongs to it.
pub(super) fn remove_site(declared: &mut Declared, site: &str) {
    let site = name(site);
    declared.sites.remove(&site);
    declared.site_systems.retain(|_, it| it.spec.site != site);
    declared.software_update_points.retain(|_, it| it.spec.site != site);
    let gone: Vec<Name> = declared
        .distribution_points
        .iter()
        .filter(|(_, it)| it.spec.site == site)
        .map(|(name, _)| name.clone())
        .collect();
    for point in gone {
        remove_distribution_point(declared, point.as_str());
    }
}

/// Removes a distribution point and everything that refers to it; its computer stays.
pub(super) fn remove_distribution_point(declared: &mut Declared, point: &str) {
    let point = name(point);
    declared.distribution_points.remove(&point);
    for group in declared.distribution_point_groups.values_mut() {
        group.spec.members.retain(|it| *it != point);
    }
    for package in declared.packages.values_mut() {
        package.spec.distribute_to.distribution_points.retain(|it| *it != point);
    }
    for other in declared.distribution_points.values_mut() {
        if let Some(pull) = &mut other.spec.pull {
            pull.sources.retain(|it| it.distribution_point != point);
            if pull.sources.is_empty() {
                other.spec.pull = None;
            }
        }
    }
}
