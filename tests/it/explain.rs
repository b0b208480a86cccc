//! `headwater explain`, and the examples that it shows: each is tried.

use std::{fs, path::Path, sync::Arc};

use assert_cmd::Command;
use headwater::{
    check::{Problem, RULES, Severity, check_beside},
    manifest::{SourceText, load},
};
use serde_json::{Map, Value, json};

fn explain(arguments: &[&str]) -> (i32, String, String) {
    let mut command = Command::cargo_bin("headwater").unwrap();
    let output = command.arg("explain").args(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// A change as in RFC 7386: what is not mentioned stays, `null` removes.
fn merge(into: &mut Value, change: Value) {
    let Value::Object(change) = change else {
        *into = change;
        return;
    };
    if !into.is_object() {
        *into = Value::Object(Map::new());
    }
    for (key, value) in change {
        if value.is_null() {
            into.as_object_mut().unwrap().remove(&key);
        } else {
            merge(&mut into[key.as_str()], value);
        }
    }
}

/// The small hierarchy, changed as an example says: documents of the same kind and name are changed
/// where the example says something of them, others are added. `# 26 such …` above a document
/// stands for 26 of them, with 01 to 26 in their names.
fn changed(example: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/hierarchy.yaml");
    let text = fs::read_to_string(path).unwrap();
    let parse = |text: &str| serde_yaml::from_str::<Value>(text);
    let mut documents: Vec<Value> =
        text.split("---\n").map(|document| parse(document).unwrap()).collect();
    let mut as_it_is = Vec::new();
    for document in example.split("---\n") {
        let number = document
            .strip_prefix("# ")
            .and_then(|line| line.split_once(" such ")?.0.parse().ok())
            .unwrap_or(1);
        for number in 1..=number {
            let document = document.replace("01", &format!("{number:02}"));
            let Ok(change) = parse(&document) else {
                as_it_is.push(document);
                continue;
            };
            let same = |it: &&mut Value| {
                it["kind"] == change["kind"] && it["metadata"]["name"] == change["metadata"]["name"]
            };
            if let Some(known) = documents.iter_mut().find(same) {
                merge(known, change);
            } else {
                let mut whole = json!({"apiVersion": "headwater.dev/v1alpha1"});
                merge(&mut whole, change);
                documents.push(whole);
            }
        }
    }
    let documents = documents.iter().map(ToString::to_string);
    documents.chain(as_it_is).collect::<Vec<_>>().join("\n---\n")
}

fn problems(text: String) -> Vec<Problem> {
    let directory: Arc<Path> = Path::new("/manifests").into();
    let loaded = load(vec![SourceText { name: "test.yaml".to_owned(), directory, text }]);
    let mut problems = loaded.problems;
    problems.extend(check_beside(&loaded.declared, &loaded.unread));
    problems
}

#[test]
fn the_hierarchy_of_the_examples_has_nothing_to_object_to() {
    assert_eq!(problems(changed("")), []);
}

#[test]
fn every_wrong_example_breaks_its_rule_and_no_other() {
    for rule in RULES {
        let found = problems(changed(rule.wrong));
        let own = found.iter().filter(|problem| problem.rule == rule.id);
        let gravest = own.map(|problem| problem.severity).min();
        assert_eq!(gravest, Some(rule.severity), "{}: {found:#?}", rule.id);
        let others: Vec<&Problem> = found
            .iter()
            .filter(|problem| problem.rule != rule.id && problem.severity != Severity::Info)
            .collect();
        assert!(others.is_empty(), "{}: {others:#?}", rule.id);
    }
}

#[test]
fn no_right_example_breaks_a_rule() {
    for rule in RULES {
        let found: Vec<Problem> = problems(changed(rule.right))
            .into_iter()
            .filter(|problem| problem.rule == rule.id || problem.severity != Severity::Info)
            .collect();
        assert!(found.is_empty(), "{}: {found:#?}", rule.id);
    }
}

#[test]
fn a_rule_is_explained_with_examples() {
    let (code, stdout, stderr) = explain(&["PDP-11"]);
    assert_eq!((code, stderr.as_str()), (0, ""));
    insta::assert_snapshot!("rule", stdout);
    assert_eq!(explain(&["pdp-11"]).1, stdout);
}

#[test]
fn all_rules_are_listed_one_a_line() {
    let (code, stdout, stderr) = explain(&[]);
    assert_eq!((code, stderr.as_str()), (0, ""));
    assert_eq!(stdout.lines().count(), RULES.len());
    insta::assert_snapshot!("rules", stdout);
}

#[test]
fn programs_get_the_same() {
    let rule: Value = serde_json::from_str(&explain(&["SUP-7", "--output", "json"]).1).unwrap();
    assert_eq!(rule["rule"], "SUP-7");
    assert_eq!(rule["severity"], "error");
    for text in ["summary", "why", "wrong", "right"] {
        assert!(rule[text].as_str().is_some_and(|text| !text.is_empty()), "{text}");
    }
    let all: Value = serde_json::from_str(&explain(&["--output", "json"]).1).unwrap();
    let all = all["rules"].as_array().unwrap();
    assert_eq!(all.len(), RULES.len());
    assert!(all.contains(&rule));
}

#[test]
fn a_rule_that_does_not_exist_is_an_error() {
    for (id, told) in [
        ("PDP-111", "error: `PDP-111` is not a rule: did you mean `PDP-11`?\n"),
        ("SYNTAKS", "error: `SYNTAKS` is not a rule: did you mean `SYNTAX`?\n"),
        ("everything", "error: `everything` is not a rule: `headwater explain` lists all\n"),
    ] {
        assert_eq!(explain(&[id]), (2, String::new(), told.to_owned()));
    }
}

#[test]
fn a_requirement_that_is_no_rule_is_told_as_such() {
    for id in ["PDP-6", "sync-12"] {
        let (code, stdout, stderr) = explain(&[id]);
        assert_eq!((code, stdout.as_str()), (2, ""));
        let told = format!("`{id}` is no rule of manifests, but how Headwater behaves");
        assert!(stderr.contains(&told) && !stderr.contains("did you mean"), "{stderr}");
    }
    assert!(explain(&["PDP-16"]).2.contains("did you mean"), "there is no such requirement");
}
