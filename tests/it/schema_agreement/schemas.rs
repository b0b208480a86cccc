//! The schemas and the loader as two judges of one document.

use std::path::PathBuf;

use headwater::{
    check::{Problem, Severity, check_beside},
    manifest::{Loaded, SourceText, combined_schema, kind_schema, load},
    model::Kind,
};
use jsonschema::Validator;
use serde_json::{Value, json};

pub(super) fn validator(schema: &Value) -> Validator {
    jsonschema::options().should_validate_formats(true).build(schema).unwrap()
}

/// The validators of the kinds, and the one of all kinds.
pub(super) struct Schemas {
    kinds: Vec<(Kind, Validator)>,
    pub(super) combined: Validator,
}

impl Schemas {
    pub(super) fn new() -> Self {
        let kinds = Kind::ALL.map(|kind| (kind, validator(kind_schema(kind))));
        Self { kinds: kinds.into(), combined: validator(&combined_schema()) }
    }

    /// Whether a document is accepted, which both schemas that know its kind agree on.
    pub(super) fn accept(&self, document: &Value) -> bool {
        let combined = self.combined.is_valid(document);
        let kind = Kind::ALL.into_iter().find(|kind| document["kind"] == json!(kind));
        if let Some((_, own)) = self.kinds.iter().find(|(known, _)| Some(*known) == kind) {
            assert_eq!(own.is_valid(document), combined, "{document:#}");
        }
        combined
    }
}

pub(super) fn loaded(text: &str) -> Loaded {
    let directory = PathBuf::from("/manifests").into();
    load(vec![SourceText { name: "test.yaml".to_owned(), directory, text: text.to_owned() }])
}

/// Whether one document by itself breaks a rule, so that a schema can know it: the shape, or which
/// fields belong to a source. What another document has a part in points there.
fn of_one_document(problem: &Problem) -> bool {
    let path = problem.place.path.to_string();
    let source = matches!(path.as_str(), "spec.source" | "spec.source.url" | "spec.source.file");
    let fields = matches!(problem.rule, "SYNC-1" | "SYNC-7") && source;
    let alone = problem.related.iter().all(|(place, _)| place.document == problem.place.document);
    problem.severity == Severity::Error && (problem.rule == "SCHEMA" || (fields && alone))
}

/// What is wrong with documents by themselves.
pub(super) fn wrong(loaded: &Loaded) -> Vec<Problem> {
    let mut problems = loaded.problems.clone();
    problems.extend(check_beside(&loaded.declared, &loaded.unread));
    problems.retain(of_one_document);
    problems
}

/// Whether a maintenance window is wrong by a rule that a schema knows the coarse form of: its schedule
/// and its time zone.
pub(super) fn window_is_wrong(loaded: &Loaded) -> bool {
    let problems = check_beside(&loaded.declared, &loaded.unread);
    problems.iter().any(|it| it.rule == "WINDOW" && it.severity == Severity::Error)
}
