//! The documents of the repository: the good ones and the broken ones.

use std::{
    fs,
    path::{Path, PathBuf},
};

use headwater::{check::Problem, manifest::kind_schema, model::Kind};
use serde_json::Value;

use super::schemas::{Schemas, loaded, wrong};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The documents of a file, as a parser reads them that knows nothing of Headwater.
pub(super) fn documents(path: &Path) -> Vec<Result<Value, serde_yaml::Error>> {
    let text = fs::read_to_string(path).unwrap();
    let parts = text.split("\n---\n").map(serde_yaml::from_str);
    parts.filter(|document| !matches!(document, Ok(Value::Null))).collect()
}

pub(super) fn manifests(directory: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut pending = vec![root().join(directory)];
    while let Some(path) = pending.pop() {
        if path.is_dir() {
            pending.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|end| end == "yaml") {
            found.push(path);
        }
    }
    found.sort();
    found
}

#[test]
fn the_examples_are_accepted_by_the_schemas_and_by_the_loader() {
    let schemas = Schemas::new();
    let mut count = 0;
    // What is for Prometheus, Kubernetes, Flux and Argo CD is no manifest of ours, and a scenario is none either.
    let other = ["gitops", "monitoring", "what-if"];
    let ours =
        |path: &PathBuf| !path.components().any(|it| other.iter().any(|no| it.as_os_str() == *no));
    for path in manifests("examples").into_iter().filter(ours) {
        for document in documents(&path) {
            let document = document.unwrap();
            assert!(schemas.accept(&document), "{}: {document:#}", path.display());
            count += 1;
        }
    }
    assert!(count > 20);
    for kind in Kind::ALL {
        let examples = kind_schema(kind)["examples"].as_array().unwrap();
        for example in examples {
            assert!(schemas.accept(example), "{example:#}");
            assert_eq!(wrong(&loaded(&example.to_string())), []);
        }
        assert!(!examples.is_empty());
    }
}

#[test]
fn broken_manifests_are_refused_exactly_where_one_document_is_broken_by_itself() {
    let schemas = Schemas::new();
    let (mut refused, mut accepted) = (0, 0);
    for path in manifests("tests/manifests") {
        let name = path.file_name().unwrap().to_str().unwrap();
        let loaded = loaded(&fs::read_to_string(&path).unwrap());
        let wrong = wrong(&loaded);
        for (number, document) in documents(&path).into_iter().enumerate() {
            let its = |problem: &&Problem| problem.place.document.index() == number;
            let Ok(document) = document else {
                // Without YAML there is no value that a schema could look at.
                let rules: Vec<_> = loaded.problems.iter().filter(its).map(|it| it.rule).collect();
                assert!(rules.iter().all(|rule| ["SYNTAX", "DUPLICATE"].contains(rule)), "{name}");
                continue;
            };
            let broken: Vec<&Problem> = wrong.iter().filter(its).collect();
            assert_eq!(schemas.accept(&document), broken.is_empty(), "{name}: {broken:#?}");
            if broken.is_empty() { accepted += 1 } else { refused += 1 }
        }
    }
    assert!(refused > 15 && accepted > 50, "{refused} refused, {accepted} accepted");
}
