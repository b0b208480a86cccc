//! Every example is taken by the API server as it is, and the operator has nothing against it.

use headwater::{
    model::Kind,
    operator::{ConditionType, ResourceStatus},
};
use kube::{ResourceExt, api::ListParams};

use super::{
    cluster::{Place, place},
    contoso::Contoso,
};

/// What `kubectl apply` is given, and where relative paths begin.
struct Example<'a> {
    name: &'a str,
    directories: &'a [&'a str],
    content: &'a str,
}

/// All objects of a namespace have been judged: how.
async fn judged(place: &Place) -> Vec<(String, ResourceStatus)> {
    let mut judged = Vec::new();
    for kind in Kind::ALL {
        for object in place.api(kind).list(&ListParams::default()).await.unwrap().items {
            let name = object.name_any();
            let status = place.until((kind, &name), |it| !it.conditions.is_empty()).await;
            judged.push((format!("{kind}/{name}"), status));
        }
    }
    judged
}

#[tokio::test]
async fn every_example_is_applied_as_it_is_and_judged_without_an_error() {
    let contoso = Contoso::new();
    let of_contoso = contoso.content.to_str().unwrap();
    let examples = [
        Example { name: "minimal", directories: &["minimal"], content: "examples/minimal" },
        Example { name: "contoso", directories: &["contoso", "windows"], content: of_contoso },
        Example { name: "remote", directories: &["remote"], content: "examples/remote" },
        Example {
            name: "publisher",
            directories: &["local-updates", "notifications"],
            content: "examples/local-updates",
        },
    ];
    let mut running = Vec::new();
    for example in &examples {
        let Some(place) = place(example.name).await else { return };
        for directory in example.directories {
            let path = format!("examples/{directory}");
            place.kubectl_as_admin(&["apply", "--recursive", "--filename", &path]);
        }
        let arguments = ["--mode", "observe", "--placement", "Embedded"];
        running.push((place.operator(example.content, &arguments), place));
    }
    let mut kinds = std::collections::BTreeSet::new();
    for (operator, place) in running {
        let judged = judged(&place).await;
        // All of them are in one category.
        let shown = place.kubectl_as_admin(&["get", "headwater", "--output", "name"]);
        let shown = shown.lines().filter(|it| !it.starts_with("plan.")).count();
        assert_eq!(shown, judged.len(), "{}", place.namespace);
        for (object, status) in judged {
            let wrong = status.conditions.iter().find(|it| {
                it.condition_type == ConditionType::Ready && it.reason.contains("Invalid")
            });
            assert!(wrong.is_none(), "{object} in {}: {wrong:#?}", place.namespace);
            kinds.insert(object.split('/').next().unwrap().to_owned());
        }
        assert!(!operator.log().contains("not valid"), "{}", operator.log());
    }
    assert_eq!(kinds.len(), Kind::ALL.len(), "some kind is in no example: {kinds:?}");
}
