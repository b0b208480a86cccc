//! The objects of whole hierarchies: what they are, that a cluster takes them, and that they are known again.

mod clusters;
mod contoso;
mod known_again;
mod settings;

use std::{fs, net::Ipv4Addr, path::Path, sync::Arc};

use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use serde_json::Value;

use super::{Child, Children, Hosting, Owner};
use crate::{
    check::{Severity, check},
    manifest::{SourceText, load},
    model::{Hierarchy, Name},
};

fn hosting() -> Hosting {
    Hosting {
        namespace: "contoso".to_owned(),
        instance: "contoso".to_owned(),
        image: "headwater.example/headwater:0.1.0".to_owned(),
        image_pull_secrets: Vec::new(),
        cluster_domain: "cluster.local".to_owned(),
        operator_namespace: "headwater-system".to_owned(),
        listen: Ipv4Addr::UNSPECIFIED.into(),
        log: None,
        issuer: None,
    }
}

fn owner(name: &Name) -> Owner {
    let reference = OwnerReference {
        api_version: "headwater.dev/v1alpha1".to_owned(),
        block_owner_deletion: Some(true),
        controller: Some(true),
        kind: "SiteSystem".to_owned(),
        name: name.to_string(),
        uid: format!("uid-of-{name}"),
    };
    Owner { reference, removes_data: false }
}

/// A hierarchy out of a text.
fn hierarchy(text: &str) -> Hierarchy {
    resolve(vec![source("manifests.yaml", text.to_owned())])
}

/// An example of the repository.
fn example(name: &str) -> Hierarchy {
    let mut texts = Vec::new();
    read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name), &mut texts);
    resolve(texts)
}

fn source(name: &str, text: String) -> SourceText {
    let directory = Arc::from(Path::new("/manifests"));
    SourceText { name: name.to_owned(), directory, text }
}

fn read(path: &Path, texts: &mut Vec<SourceText>) {
    let mut inside: Vec<_> =
        fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
    inside.sort();
    for path in inside {
        if path.is_dir() {
            read(&path, texts);
        } else if path.extension().is_some_and(|end| end == "yaml") {
            texts.push(source(path.to_str().unwrap(), fs::read_to_string(&path).unwrap()));
        }
    }
}

fn resolve(texts: Vec<SourceText>) -> Hierarchy {
    let loaded = load(texts);
    assert!(loaded.problems.is_empty(), "{:?}", loaded.problems);
    let problems = check(&loaded.declared);
    let errors: Vec<_> = problems.iter().filter(|it| it.severity == Severity::Error).collect();
    assert!(errors.is_empty(), "{errors:?}");
    Hierarchy::resolve(&loaded.declared).unwrap()
}

/// All objects of a site system.
fn wanted(hierarchy: &Hierarchy, hosting: &Hosting, system: &str) -> Vec<Child> {
    let name = system.parse().unwrap();
    Children::of(hierarchy, hosting).wanted(&name, &owner(&name))
}

/// All objects of all site systems.
fn all_wanted(hierarchy: &Hierarchy, hosting: &Hosting) -> Vec<Child> {
    let children = Children::of(hierarchy, hosting);
    children.hosted().flat_map(|name| children.wanted(name, &owner(name))).collect()
}

/// The one object of that kind and name.
fn object<'a>(children: &'a [Child], kind: &str, name: &str) -> &'a Value {
    let mut found = children.iter().filter(|it| it.kind.kind == kind && it.name == name);
    let one = found.next().unwrap_or_else(|| panic!("no {kind} {name}"));
    assert!(found.next().is_none(), "two of {kind} {name}");
    &one.object
}

fn yaml(children: &[Child]) -> String {
    let objects: Vec<_> =
        children.iter().map(|it| serde_yaml::to_string(&it.object).unwrap()).collect();
    objects.join("---\n")
}
