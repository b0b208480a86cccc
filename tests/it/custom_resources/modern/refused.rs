//! What the rules refuse is refused by the server, at the same fields and with the same words.

use headwater::model::Kind;
use serde_json::{Value, json};

use super::server::{Modern, causes, modern};
use crate::custom_resources::{
    agreement::servers, documents::documents, objects::broken, server::Server,
};

/// The server says what was expected of it, of an object in which nothing but rules is broken; of any
/// other it says something: where the shape is wrong, it need not look at rules. How many have refused.
async fn assert_refused(server: &Modern, expected: &Server, kind: Kind, object: &Value) -> usize {
    let verdict = expected.verdict(object, None);
    let tried = server.tried(kind, object).await;
    if verdict.is_accepted() {
        assert!(tried.is_ok(), "{tried:#?} of {object:#}");
        return 0;
    }
    let Err(refusal) = tried else { panic!("accepted, but {verdict:#?}: {object:#}") };
    if !verdict.structure.is_empty() {
        return 0;
    }
    let mut said = causes(&refusal);
    // Kubernetes has rules of its own for names.
    said.retain(|(field, _)| field != "metadata.name");
    for (field, message) in &verdict.told {
        let found = said.iter().position(|it| it.0 == *field && it.1.ends_with(message));
        let found = found.unwrap_or_else(|| panic!("{field}: {message}: {refusal:#?}"));
        said.remove(found);
    }
    assert_eq!(said, [], "{object:#}");
    verdict.told.len()
}

#[tokio::test]
async fn broken_manifests_are_refused_with_the_words_of_their_rules() {
    let Some(server) = modern("manifests").await else { return };
    let servers = servers();
    let mut refused = 0;
    for document in documents("tests/manifests") {
        let expected = &servers[&document.kind];
        refused += assert_refused(&server, expected, document.kind, &document.value).await;
    }
    assert!(refused > 50, "{refused}");
}

#[tokio::test]
async fn each_rule_refuses_with_its_own_words() {
    let Some(server) = modern("rules").await else { return };
    let servers = servers();
    let mut refused = 0;
    for (kind, spec, message) in broken() {
        let object = json!({
            "apiVersion": "headwater.dev/v1alpha1", "kind": kind, "metadata": {"name": "one"},
            "spec": spec,
        });
        let expected = &servers[&kind];
        assert!(!expected.verdict(&object, None).is_accepted(), "{message}: {object:#}");
        refused += assert_refused(&server, expected, kind, &object).await;
    }
    assert!(refused > 60, "{refused}");
    for kind in Kind::ALL {
        for name in ["One", "a.b", "-a", &"a".repeat(64)] {
            let mut object = headwater::manifest::kind_schema(kind)["examples"][0].clone();
            object["metadata"] = json!({"name": name});
            let refused = assert_refused(&server, &servers[&kind], kind, &object).await;
            assert!(refused > 0, "{object:#}");
        }
    }
}
