//! What an API server refuses and what `headwater validate` calls an error is the same, with the same
//! words.

use std::{collections::BTreeMap, fmt::Write as _};

use headwater::{check::Problem, model::Kind, operator::Subject};
use kube_cel::apply_defaults;
use serde_json::{Value, json};

use super::{
    documents::{Document, documents, errors_alone, loaded},
    server::{Server, Verdict},
};

pub(super) fn servers() -> BTreeMap<Kind, Server> {
    Kind::ALL.into_iter().map(|kind| (kind, Server::new(Subject::Kind(kind)))).collect()
}

/// Of which document `validate` says something else, because it knows the others too: what a rule says,
/// and what `validate` does.
const OTHERWISE: [(&str, &str); 2] = [
    ("shuts out the clients on the intranet", "is in mixed mode and accepts no Internet clients"),
    ("is the active point of its site and cannot have", "and cannot have the source"),
];

/// What one document can know and no rule says: what it would take is not in CEL, or hidden from it, or
/// takes too long for lists and texts that have no bounds.
const BEYOND: [&str; 9] = [
    // Where it is written in other letters.
    "the update names itself among its `",
    "annotation `",
    "there is no time zone `",
    "is not a cron expression: `",
    "is no day that ever comes",
    "it is open for ",
    "there are two files `",
    "is none of the files of the update",
    "has to be there before, and is replaced",
];

/// Whether a rule says what a problem says.
fn is_told(message: &str, problem: &Problem) -> bool {
    let (what, _) = message.split_once("; ").unwrap_or((message, ""));
    problem.message.starts_with(what)
        || OTHERWISE
            .iter()
            .any(|(rule, validate)| what.contains(rule) && problem.message.contains(validate))
}

fn is_beyond(problem: &Problem) -> bool {
    let path = problem.place.path.to_string();
    // The text of a rule of applicability is XML.
    path.starts_with("spec.applicability.") || BEYOND.iter().any(|it| problem.message.contains(it))
}

/// That a document is refused only where `validate` calls it wrong, and where one document alone is
/// wrong, with the words of `validate`. Gives what was said.
pub(super) fn assert_agreement(document: &Document, server: &Server) -> Verdict {
    let Document { file, value, errors, errors_alone, .. } = document;
    let verdict = server.verdict(value, None);
    if !verdict.is_accepted() {
        assert!(!errors.is_empty(), "{file}: {verdict:#?} of {value:#}");
    }
    for message in &verdict.messages {
        let told = errors.iter().any(|problem| is_told(message, problem));
        // Where the shape is wrong, `validate` says that and looks no further.
        assert!(told || !verdict.structure.is_empty(), "{file}: {message} {errors:#?}");
    }
    for problem in errors_alone {
        let by_rule = verdict.messages.iter().any(|message| is_told(message, problem));
        let by_structure = !verdict.structure.is_empty();
        assert!(by_rule || by_structure || is_beyond(problem), "{file}: {problem:#?} {verdict:#?}");
    }
    verdict
}

#[test]
fn broken_manifests_are_refused_with_the_words_of_validate() {
    let servers = servers();
    let mut told = String::new();
    for document in documents("tests/manifests") {
        let verdict = assert_agreement(&document, &servers[&document.kind]);
        // A server that finds a wrong shape need not evaluate any rule.
        if !verdict.structure.is_empty() {
            continue;
        }
        let name = document.value["metadata"]["name"].as_str().unwrap_or("?");
        for message in verdict.messages {
            writeln!(told, "{}: {}/{name}: {message}", document.file, document.kind).unwrap();
        }
    }
    insta::assert_snapshot!(told);
}

pub(super) fn examples() -> Vec<Document> {
    let written = documents("examples");
    assert!(written.len() > 20);
    let shown = Kind::ALL.into_iter().map(|kind| {
        let value = headwater::manifest::kind_schema(kind)["examples"][0].clone();
        let errors_alone = errors_alone(&value);
        Document { file: "schema".to_owned(), value, kind, errors: Vec::new(), errors_alone }
    });
    written.into_iter().chain(shown).collect()
}

#[test]
fn examples_are_accepted() {
    let servers = servers();
    for document in examples() {
        let verdict = servers[&document.kind].verdict(&document.value, None);
        assert!(verdict.is_accepted(), "{}: {verdict:#?}", document.file);
        assert_eq!(document.errors_alone, [], "{}", document.file);
    }
}

/// What a server writes into objects means to the loader what was there already, so that no plan and no
/// digest changes by it.
#[test]
fn defaults_that_a_server_fills_in_change_nothing() {
    let servers = servers();
    let mut filled = 0;
    for document in examples() {
        let schema = &servers[&document.kind].schema;
        let mut with_defaults = apply_defaults(schema, &document.value);
        // No document has a status.
        with_defaults.as_object_mut().unwrap().remove("status");
        filled += usize::from(with_defaults != document.value);
        let digest = |value: &Value| loaded(value.to_string()).digest;
        assert_eq!(digest(&with_defaults), digest(&document.value), "{with_defaults:#}");
    }
    assert!(filled > 20, "{filled}");
}

/// The loader reads null as absent; a server removes it, because no field is nullable.
#[test]
fn null_is_absent() {
    let site = json!({
        "apiVersion": "headwater.dev/v1alpha1", "kind": "Site", "metadata": {"name": "one"},
        "spec": {
            "siteCode": "ONE", "type": "Central", "parent": null, "mode": "Mixed",
            "version": "2403", "siteServer": "server",
        },
    });
    assert_eq!(errors_alone(&site), []);
    assert!(servers()[&Kind::Site].verdict(&site, None).is_accepted());
}
