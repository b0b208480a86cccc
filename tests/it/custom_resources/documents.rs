//! The documents of the repository, and what the loader and `check` say of them.

use std::{
    fs,
    path::{Path, PathBuf},
};

use headwater::{
    check::{Meant, Problem, Severity, Unread, check_beside},
    manifest::{Loaded, SourceText, load},
    model::Kind,
};
use serde_json::{Value, json};

/// A document as any reader of YAML takes it, and what is wrong with it: as one of its file, and when
/// nothing is known of all the others.
pub(super) struct Document {
    pub(super) file: String,
    pub(super) value: Value,
    pub(super) kind: Kind,
    pub(super) errors: Vec<Problem>,
    pub(super) errors_alone: Vec<Problem>,
}

pub(super) fn kind(document: &Value) -> Option<Kind> {
    Kind::ALL.into_iter().find(|kind| document["kind"] == json!(kind))
}

pub(super) fn loaded(text: String) -> Loaded {
    let directory = PathBuf::from("/manifests").into();
    load(vec![SourceText { name: "test.yaml".to_owned(), directory, text }])
}

fn errors(loaded: &Loaded, unread: &Unread) -> Vec<Problem> {
    let mut problems = loaded.problems.clone();
    problems.extend(check_beside(&loaded.declared, unread));
    problems.retain(|it| it.severity == Severity::Error);
    problems
}

/// What is wrong with a document whatever the others say.
pub(super) fn errors_alone(document: &Value) -> Vec<Problem> {
    let mut anything = Unread::default();
    anything.insert(&Meant::default());
    errors(&loaded(document.to_string()), &anything)
}

/// The documents of all files in a directory and below it.
pub(super) fn documents(directory: &str) -> Vec<Document> {
    let mut files = Vec::new();
    let mut pending = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(directory)];
    while let Some(path) = pending.pop() {
        if path.is_dir() {
            pending.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|end| end == "yaml") {
            files.push(path);
        }
    }
    files.sort();
    files.iter().flat_map(|path| of_file(path)).collect()
}

fn of_file(path: &Path) -> Vec<Document> {
    let text = fs::read_to_string(path).unwrap();
    let loaded = loaded(text.clone());
    let all = errors(&loaded, &loaded.unread);
    let mut found = Vec::new();
    let mut number = 0;
    for part in text.split("\n---\n") {
        let value: Result<Value, _> = serde_yaml::from_str(part);
        if matches!(value, Ok(Value::Null)) {
            continue;
        }
        let errors: Vec<Problem> =
            all.iter().filter(|it| it.place.document.index() == number).cloned().collect();
        number += 1;
        // What is no YAML, or of no kind of ours, never comes to a server.
        let Ok(value) = value else { continue };
        let ours = value["apiVersion"] == headwater::model::API_VERSION;
        let Some(kind) = kind(&value).filter(|_| ours) else { continue };
        let errors_alone = errors_alone(&value);
        let file = path.file_name().unwrap().to_str().unwrap().to_owned();
        found.push(Document { file, value, kind, errors, errors_alone });
    }
    found
}
