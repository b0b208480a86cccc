//! Every setting that a plan may change has a place in the manifests: where it is written, or what it
//! follows from.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    fs,
    path::Path,
    sync::Arc,
};

use headwater::{
    manifest::{Basis, Loaded, Origins, SourceText, WantedValue, load},
    model::{Hierarchy, Kind, Name, Package, ResourceId, Written},
};
use serde_json::{Value, json};

use super::world::root;

fn text(name: &str, path: &Path) -> SourceText {
    let text = fs::read_to_string(path).unwrap();
    SourceText { name: name.to_owned(), directory: Arc::from(Path::new("/manifests")), text }
}

/// Manifests, and what they mean.
struct Manifests {
    loaded: Loaded,
    hierarchy: Hierarchy,
    /// By the name of the file.
    texts: BTreeMap<String, String>,
}

impl Manifests {
    fn of(texts: Vec<SourceText>) -> Self {
        let by_name = texts.iter().map(|it| (it.name.clone(), it.text.clone())).collect();
        let loaded = load(texts);
        assert!(loaded.problems.is_empty(), "{:?}", loaded.problems);
        let hierarchy = Hierarchy::resolve(&loaded.declared).unwrap();
        Self { loaded, hierarchy, texts: by_name }
    }

    fn origins(&self) -> Origins<'_> {
        Origins::new(&self.loaded.declared, &self.loaded.source_map, &self.hierarchy)
    }
}

fn contoso() -> Manifests {
    let files = ["packages", "ports", "sites/ams", "sites/cen", "sites/lis", "sites/sea"];
    let path = |file: &str| root().join(format!("examples/contoso/{file}.yaml"));
    Manifests::of(files.map(|file| text(&format!("{file}.yaml"), &path(file))).into())
}

fn everything() -> Manifests {
    let file = "tests/origins/everything.yaml";
    Manifests::of(vec![text(file, &root().join(file))])
}

/// A setting as a plan would name it: the resource, the path, and the wanted value.
type Setting = (ResourceId, Option<Name>, String, Value);

/// The leaves of a value, as `diff` sees them: a list is one.
fn leaves(path: &str, value: &Value, found: &mut Vec<(String, Value)>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                let inside = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                leaves(&inside, value, found);
            }
        }
        value => found.push((path.to_owned(), value.clone())),
    }
}

/// All settings of all resources, and what plans say besides them.
fn settings(hierarchy: &Hierarchy) -> Vec<Setting> {
    let mut all = Vec::new();
    let mut add = |kind: Kind, name: &Name, settings: Value, besides: &[(&str, Value)]| {
        let mut found = Vec::new();
        leaves("", &settings, &mut found);
        found.extend(besides.iter().map(|(path, value)| ((*path).to_owned(), value.clone())));
        let id = ResourceId::new(kind, name);
        all.extend(found.into_iter().map(|(path, value)| (id.clone(), None, path, value)));
    };
    for (name, it) in &hierarchy.site_systems {
        let besides = [
            ("updateServices.version", json!(it.wsus_to_install())),
            ("administrationConsole", json!(true)),
            ("managementPoint.listener", json!("other")),
        ];
        add(Kind::SiteSystem, name, json!(it.settings), &besides);
    }
    for (name, it) in &hierarchy.update_points {
        let besides =
            ["listener", "catalogVersion", "siteDatabase.catalogVersion", "importFile.digest"];
        let ports = [
            "listeners.http",
            "listeners.https",
            "listeners.https.certificate.chain",
            "listeners.https.certificate.names",
            "listeners.https.certificate.validity",
            "virtualRoots.ApiRemoting30",
            "service",
        ];
        let besides = besides.into_iter().chain(ports).map(|path| (path, json!("other")));
        let besides: Vec<_> = besides.collect();
        add(Kind::SoftwareUpdatePoint, name, json!(it.settings), &besides);
        add(Kind::SoftwareUpdatePoint, name, json!({ "name": name }), &[]);
    }
    for (name, it) in &hierarchy.distribution_points {
        add(Kind::DistributionPoint, name, json!(it.settings), &[("listener", json!("open"))]);
        add(Kind::DistributionPoint, name, json!({ "name": name }), &[]);
    }
    for site in hierarchy.sites.values() {
        let policy = hierarchy.client_policy(site);
        if let Some(policy) = policy {
            add(Kind::Site, &site.name, json!(policy), &[("announced", json!("other"))]);
        }
    }
    for (name, package) in &hierarchy.packages {
        all.extend(of_package(name, package));
    }
    all
}

fn of_package(name: &Name, package: &Package) -> Vec<Setting> {
    let libraries = package.distribute_to.iter().map(|it| Some(it.clone())).chain([None]);
    let values =
        [("version", json!(package.version)), ("damaged", json!(0)), ("digest", json!("x"))];
    libraries
        .flat_map(|library| {
            let id = ResourceId::new(Kind::Package, name);
            values
                .clone()
                .map(|(path, value)| (id.clone(), library.clone(), path.to_owned(), value))
        })
        .collect()
}

fn wanted<'a>(settings: &'a [Setting], before: &'a Value) -> Vec<WantedValue<'a>> {
    settings
        .iter()
        .map(|(resource, point, path, after)| WantedValue {
            resource,
            point: point.as_ref(),
            path,
            before,
            after,
        })
        .collect()
}

fn written(it: &Manifests, settings: &[Setting]) -> Vec<Vec<Written>> {
    it.origins().written(&wanted(settings, &Value::Null))
}

#[test]
fn every_setting_comes_from_somewhere() {
    for world in [contoso(), everything()] {
        let settings = settings(&world.hierarchy);
        assert!(settings.len() > 100, "{}", settings.len());
        for (setting, written) in settings.iter().zip(written(&world, &settings)) {
            assert!(!written.is_empty(), "{setting:?} comes from nowhere");
            for it in written {
                let file = &world.texts[&it.file];
                let line = file.lines().nth(it.line - 1).unwrap();
                assert!(it.column <= line.chars().count(), "{setting:?}: {it:?}");
            }
        }
    }
}

/// What is not wanted any more has a place too: that of the field that is missing.
#[test]
fn a_setting_that_is_gone_comes_from_the_field_that_is_missing() {
    let minimal = contoso();
    let whole = everything();
    let names = |kind: Kind| match kind {
        Kind::SiteSystem => "sea-wsus",
        Kind::SoftwareUpdatePoint => "sea-active",
        Kind::DistributionPoint => "ams-dp1",
        _ => "sea",
    };
    let gone: BTreeSet<(Kind, String)> = settings(&whole.hierarchy)
        .into_iter()
        .filter(|(id, ..)| id.kind != Kind::Package)
        .map(|(id, _, path, _)| (id.kind, path))
        .collect();
    let value = json!("was there");
    for (kind, path) in gone {
        let resource = ResourceId::new(kind, &names(kind).parse().unwrap());
        let wanted = WantedValue {
            resource: &resource,
            point: None,
            path: &path,
            before: &value,
            after: &Value::Null,
        };
        let written = minimal.origins().written(&[wanted]).remove(0);
        assert!(!written.is_empty(), "{kind} {path} comes from nowhere");
    }
}

/// What stands at the places is the value itself.
#[test]
fn the_value_stands_where_it_is_said_to_stand() {
    let world = everything();
    let settings = settings(&world.hierarchy);
    let origins = world.origins().of(&wanted(&settings, &Value::Null));
    let mut compared = 0;
    for ((id, _, path, value), origins) in settings.iter().zip(origins) {
        // That a resource is kept stands there as `disabled`.
        let elsewhere = ["listener", "damaged", "keep"].contains(&path.as_str());
        if elsewhere || value == "other" || value == "x" {
            continue;
        }
        let texts: Vec<String> = origins
            .iter()
            .filter(|origin| matches!(origin.basis, Basis::Field(_)))
            .filter(|origin| world.loaded.source_map.locator().is_written(&origin.place))
            .map(|origin| {
                let location = world.loaded.source_map.locate(&origin.place).unwrap();
                let file = &world.texts[&*location.file];
                file[location.bytes].trim_matches('"').to_owned()
            })
            .collect();
        let stands = match value {
            // Addresses are put together, and paths begin at the file that names them.
            Value::String(value) => texts.iter().any(|text| value.contains(text.as_str())),
            Value::Number(number) => texts.contains(&number.to_string()),
            Value::Bool(value) => texts.contains(&value.to_string()),
            // The locations of lists are their beginnings.
            _ => true,
        };
        let follows = texts.is_empty();
        assert!(stands || follows, "{id} {path}: {value} is not in {texts:?}");
        compared += usize::from(!follows);
    }
    assert!(compared > 80, "{compared}");
}

/// Where a value comes from, a line for each place.
fn places(
    it: &Manifests,
    (kind, name, path): (Kind, &str, &str),
    before: &Value,
    after: &Value,
) -> String {
    let resource = ResourceId::new(kind, &name.parse().unwrap());
    let wanted = WantedValue { resource: &resource, point: None, path, before, after };
    let written = it.origins().written(&[wanted]).remove(0);
    let because = |it: &Written| it.default.as_ref().map(|why| format!(", because {why}"));
    let line = |it: &Written| {
        let because = because(it).unwrap_or_default();
        format!("{} {} {}:{}{because}\n", it.resource, it.field, it.file, it.line)
    };
    written.iter().map(line).collect()
}

#[test]
fn of_an_address_only_the_parts_count_that_differ() {
    let world = contoso();
    let field = (Kind::SoftwareUpdatePoint, "ams-active", "source.url");
    let wanted = json!("https://cen-wsus.contoso.example:8531");
    let mut text = String::new();
    for before in [
        "https://cen-wsus.contoso.example:8541",
        "https://elsewhere.contoso.example:8531",
        "http://cen-wsus.contoso.example:8530",
    ] {
        let _ =
            write!(text, "instead of {before}\n{}", places(&world, field, &json!(before), &wanted));
    }
    insta::assert_snapshot!(text);
}

#[test]
fn of_a_list_of_sources_only_those_count_that_differ() {
    let world = contoso();
    let field = (Kind::DistributionPoint, "lis-dp", "pull.sources");
    let of_point = &world.hierarchy.distribution_points[&"lis-dp".parse().unwrap()].settings;
    let wanted = json!(of_point.pull.as_ref().unwrap().sources);
    let mut text = format!("wanted {wanted}\n");
    let mut instead_of = |what: &str, change: &dyn Fn(&mut Vec<Value>)| {
        let mut before = wanted.as_array().unwrap().clone();
        change(&mut before);
        let _ = write!(text, "{what}\n{}", places(&world, field, &json!(before), &wanted));
    };
    instead_of("another port", &|list| list[0]["url"] = json!("http://ams-dp2.contoso.example:80"));
    instead_of("another priority", &|list| list[0]["priority"] = json!(9));
    instead_of("one too few", &|list| drop(list.remove(0)));
    let other = json!({ "priority": 1, "distributionPoint": "other", "url": "http://other:80" });
    instead_of("one too many", &|list| list.push(other.clone()));
    instead_of("none", &Vec::clear);
    insta::assert_snapshot!(text);
}

#[test]
fn a_default_that_nobody_wrote_says_why_it_is_wanted() {
    let world = contoso();
    let point = Kind::SoftwareUpdatePoint;
    let mut text = String::new();
    for field in [
        (point, "cen-active", "ports.http"),
        (point, "ams-active", "ssl"),
        (point, "cen-internet", "languages"),
        (point, "cen-active", "downstreamServers"),
        (point, "ams-active", "source.type"),
        (point, "cen-internet", "source.type"),
        (point, "ams-active", "clientConnections"),
        (point, "ams-active", "schedule.every"),
        (Kind::DistributionPoint, "ams-dp1", "protocol"),
        (Kind::DistributionPoint, "ams-dp1", "pull.sources"),
        (Kind::SiteSystem, "sea-wsus", "siteServer.mode"),
        (Kind::SiteSystem, "sea-srv", "updateServices.version"),
        (Kind::Site, "sea", "agent.scanEvery"),
    ] {
        let _ = write!(text, "{} {}: ", field.1, field.2);
        text += &places(&world, field, &Value::Null, &Value::Null);
    }
    insta::assert_snapshot!(text);
}
