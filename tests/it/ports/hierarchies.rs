//! Hierarchies whose ports are derived: the examples, and one for each scenario of PORT-1.

use std::{fs, path::Path, sync::Arc};

use headwater::{
    check::{Severity, check},
    manifest::{SourceText, load},
    model::Hierarchy,
};

use crate::world::root;

/// All of them, by their paths below the repository.
pub(super) const ALL: [&str; 5] = [
    "examples/contoso",
    "examples/minimal",
    "tests/ports/mixed.yaml",
    "tests/ports/mixed-ssl.yaml",
    "tests/ports/native-ssl.yaml",
];

pub(super) fn hierarchy(path: &str) -> Hierarchy {
    let mut texts = Vec::new();
    read(&root().join(path), &mut texts);
    let loaded = load(texts);
    assert!(loaded.problems.is_empty(), "{path}: {:?}", loaded.problems);
    let problems = check(&loaded.declared);
    let errors: Vec<_> = problems.iter().filter(|it| it.severity == Severity::Error).collect();
    assert!(errors.is_empty(), "{path}: {errors:?}");
    Hierarchy::resolve(&loaded.declared).unwrap()
}

fn read(path: &Path, texts: &mut Vec<SourceText>) {
    if path.is_dir() {
        let mut inside: Vec<_> =
            fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
        inside.sort();
        // Content is not for here, and has no manifests.
        inside.iter().filter(|it| !it.ends_with("content")).for_each(|it| read(it, texts));
    } else if path.extension().is_some_and(|end| end == "yaml") {
        let text = fs::read_to_string(path).unwrap();
        let directory = Arc::from(Path::new("/manifests"));
        texts.push(SourceText { name: path.display().to_string(), directory, text });
    }
}
