//! Every rule refuses something: objects that break one each, beside the broken manifests.

use std::collections::BTreeSet;

use headwater::{check::check, model::Kind};
use serde_json::{Value, json};

use super::{
    agreement::{assert_agreement, servers},
    documents::{Document, documents, errors_alone, loaded},
    objects::broken,
};

fn document(kind: Kind, name: &str, spec: Value) -> Document {
    let mut value = json!({
        "apiVersion": "headwater.dev/v1alpha1", "kind": kind, "metadata": {"name": name},
    });
    value["spec"] = spec;
    let loaded = loaded(value.to_string());
    let mut errors = loaded.problems.clone();
    errors.extend(check(&loaded.declared));
    let errors_alone = errors_alone(&value);
    Document { file: format!("{kind} {name}"), value, kind, errors, errors_alone }
}

/// Whether a problem of a point whose site is not there would be another one: then only the message
/// itself is looked at.
fn needs_its_site(message: &str) -> bool {
    ["cannot have the source", "is a setting of the top-level point"]
        .iter()
        .any(|it| message.contains(it))
}

#[test]
fn every_rule_refuses_something() {
    let servers = servers();
    let mut refused_by = BTreeSet::new();
    for document in documents("tests/manifests") {
        let verdict = servers[&document.kind].verdict(&document.value, None);
        refused_by.extend(verdict.rules.into_iter().map(|rule| (document.kind, rule)));
    }
    for (kind, spec, message) in broken() {
        let document = document(kind, "one", spec);
        let mut verdict = servers[&kind].verdict(&document.value, None);
        if !verdict.messages.iter().any(|it| needs_its_site(it)) {
            verdict = assert_agreement(&document, &servers[&kind]);
        }
        let told = verdict.messages.iter().any(|it| it.starts_with(message));
        assert!(told, "{message}: {verdict:#?} of {:#}", document.value);
        refused_by.extend(verdict.rules.into_iter().map(|rule| (kind, rule)));
    }
    for kind in Kind::ALL {
        for name in ["One", "a.b", "-a", &"a".repeat(64)] {
            let mut document = document(kind, name, json!({}));
            let spec = headwater::manifest::kind_schema(kind)["examples"][0]["spec"].clone();
            document.value["spec"] = spec;
            let verdict = servers[&kind].verdict(&document.value, None);
            let told = format!("`{name}` is not a valid name; use 1 to 63 lower-case letters");
            assert!(verdict.messages[0].starts_with(&told), "{verdict:#?}");
            refused_by.extend(verdict.rules.into_iter().map(|rule| (kind, rule)));
        }
    }
    for (kind, server) in &servers {
        let mut rules = Vec::new();
        rules_of(&server.schema, &mut rules);
        // What compares with what was there before has tests of its own.
        for rule in rules.into_iter().filter(|rule| !rule.contains("oldSelf")) {
            assert!(refused_by.contains(&(*kind, rule.clone())), "{kind}: nothing breaks {rule}");
        }
    }
}

fn rules_of(schema: &Value, found: &mut Vec<String>) {
    let rules = schema["x-kubernetes-validations"].as_array().into_iter().flatten();
    found.extend(rules.map(|rule| rule["rule"].as_str().unwrap().to_owned()));
    let below = schema["properties"].as_object().into_iter().flat_map(|it| it.values());
    for field in below.chain(schema.get("items")) {
        rules_of(field, found);
    }
}
