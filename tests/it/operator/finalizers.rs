//! Objects are deleted in bad orders, with their namespace, and while nobody could remove anything.

use std::{fs, sync::Arc, time::Instant};

use headwater::{
    model::Kind,
    operator::{ConditionStatus, ConditionType},
};
use k8s_openapi::api::core::v1::Namespace;
use kube::{Api, api::DeleteParams};
use serde_json::json;

use super::{
    cluster::{PATIENCE, is, place},
    contoso::{Contoso, left},
    journal::done,
};

const MINIMAL: &str = include_str!("../../../examples/minimal/headwater.yaml");

#[tokio::test]
async fn three_tiers_that_are_deleted_from_above_go_from_below() {
    let Some(place) = place("from-above").await else { return };
    let contoso = Contoso::new();
    let data = Arc::new(tempfile::tempdir().unwrap());
    let content = contoso.content.to_str().unwrap();
    let operator = place.operator_with(&data, content, &["--placement", "Embedded"]);
    place.create(&contoso.documents).await;
    contoso.until_ready(&place).await;
    // The sites first, then the computers, and what is on them last.
    let mut objects = contoso.objects();
    objects.sort_by_key(|(kind, _)| match kind {
        Kind::Site => 0,
        Kind::SiteSystem => 1,
        Kind::PortSettings => 2,
        _ => 3,
    });
    for (kind, name) in &objects {
        place.delete(*kind, name).await;
    }
    for (kind, name) in &objects {
        place.until_gone(*kind, name).await;
    }
    let removed = done(data.path(), &place.namespace);
    let systems = objects.iter().filter(|(kind, _)| *kind == Kind::SiteSystem);
    for (_, name) in systems {
        let id = format!("RemoveSiteSystem:SiteSystem/{name}");
        assert_eq!(removed.get(&id), Some(&1), "{removed:#?}");
    }
    let systems = data.path().join("data").join(&place.namespace).join("site-systems");
    assert_eq!(fs::read_dir(systems).unwrap().count(), 0, "{removed:#?}");
    assert!(!operator.log().contains("cannot be written"), "{}", operator.log());
}

#[tokio::test]
async fn a_namespace_that_is_deleted_goes_whether_the_lease_is_in_it_or_not() {
    let Some(inside) = place("goes-inside").await else { return };
    let Some(mut outside) = place("goes-outside").await else { return };
    let Some(other) = place("stays").await else { return };
    outside.lease_in(&other.namespace);
    let data = [(); 2].map(|()| Arc::new(tempfile::tempdir().unwrap()));
    let mut operators = Vec::new();
    for (place, data) in [&inside, &outside].into_iter().zip(&data) {
        place.create(MINIMAL).await;
        operators.push(place.operator_with(data, "examples/minimal", &["--placement", "Embedded"]));
    }
    let namespaces: Api<Namespace> = Api::all(inside.client.clone());
    for place in [&inside, &outside] {
        place.until_ready(Kind::Package, "welcome").await;
        namespaces.delete(&place.namespace, &DeleteParams::default()).await.unwrap();
    }
    let begun = Instant::now();
    for (place, data) in [&inside, &outside].into_iter().zip(&data) {
        while let Some(there) = namespaces.get_opt(&place.namespace).await.unwrap() {
            let left = left(place).await;
            assert!(begun.elapsed() < PATIENCE, "{left:?} {:#?}", there.status);
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        }
        // It is not only forgotten.
        let removed = done(data.path(), &place.namespace);
        assert_eq!(removed.get("RemoveSiteSystem:SiteSystem/server"), Some(&1), "{removed:#?}");
    }
}

#[tokio::test]
async fn what_an_agent_that_never_answers_should_remove_is_let_go_as_an_orphan() {
    let Some(place) = place("silent").await else { return };
    // Nobody is there, and nobody ever will be.
    let remote = "  placement: Remote\n  agent:\n    url: https://127.77.82.1:8550\n  software:\n";
    place.create(&MINIMAL.replace("  software:\n", remote)).await;
    let _operator = place.operator("examples/minimal", &[]);
    let all = [(Kind::DistributionPoint, "content"), (Kind::SiteSystem, "server")];
    let policy = |policy: &str| json!({"metadata": {"annotations": {"headwater.dev/deletion-policy": policy}}});
    for (kind, name) in all {
        place
            .until((kind, name), |it| is(it, ConditionType::Ready, ConditionStatus::Unknown))
            .await;
        place.merge(kind, name, policy("Delete")).await;
    }
    for (kind, name) in all {
        place.delete(kind, name).await;
    }
    let others =
        [(Kind::Package, "welcome"), (Kind::SoftwareUpdatePoint, "updates"), (Kind::Site, "one")];
    for (kind, name) in others {
        place.delete(kind, name).await;
        place.until_gone(kind, name).await;
    }
    for (kind, name) in all {
        // It is not forgotten, and it says what is left to do.
        place
            .until((kind, name), |it| {
                let ready = it.conditions.iter().find(|it| it.reason == "Unreachable");
                ready.is_some_and(|it| it.message.contains("headwater.dev/deletion-policy: Orphan"))
            })
            .await;
        place.merge(kind, name, policy("Orphan")).await;
    }
    for (kind, name) in all {
        place.until_gone(kind, name).await;
    }
}

#[tokio::test]
async fn without_an_operator_the_documented_way_out_lets_all_go() {
    let Some(place) = place("nobody").await else { return };
    place.create(MINIMAL).await;
    let mut operator = place.operator("examples/minimal", &["--placement", "Embedded"]);
    place.until_ready(Kind::Package, "welcome").await;
    operator.kill();
    place.kubectl_as_admin(&[
        "delete",
        "--wait=false",
        "--filename",
        "examples/minimal/headwater.yaml",
    ]);
    let held = left(&place).await;
    assert!(held.len() >= 4, "{held:?}");
    // As the readme has it, for each of them.
    for object in held {
        let (kind, name) = object.split_once('/').unwrap();
        let finalizers = r#"{"metadata":{"finalizers":null}}"#;
        place.kubectl_as_admin(&["patch", kind, name, "--type=merge", "-p", finalizers]);
    }
    assert_eq!(left(&place).await, Vec::<String>::new());
}
