//! Objects are made, and the hierarchy becomes as they say.

use std::collections::BTreeSet;

use headwater::{
    model::Kind,
    operator::{ConditionStatus, ConditionType},
};
use k8s_openapi::{api::events::v1::Event, apimachinery::pkg::apis::meta::v1::ManagedFieldsEntry};
use kube::{Api, api::ListParams};
use serde_json::json;

use super::cluster::{is, place};

const MINIMAL: &str = include_str!("../../../examples/minimal/headwater.yaml");

#[tokio::test]
async fn what_is_applied_is_brought_about_and_stands_in_the_conditions() {
    let Some(place) = place("converging").await else { return };
    place.create(MINIMAL).await;
    let operator = place.operator("examples/minimal", &["--placement", "Embedded"]);
    let point = place.until_ready(Kind::SoftwareUpdatePoint, "updates").await;
    assert!(point.catalog_version.is_some());
    assert!(is(&point, ConditionType::Synchronized, ConditionStatus::True), "{point:#?}");
    let package = place.until_ready(Kind::Package, "welcome").await;
    assert_eq!(package.progress.as_deref(), Some("1/1"));
    assert!(is(&package, ConditionType::ContentDistributed, ConditionStatus::True));
    assert_eq!(package.reconciliations.len(), 1, "{package:#?}");
    for (kind, name) in [
        (Kind::Site, "one"),
        (Kind::SiteSystem, "server"),
        (Kind::DistributionPoint, "content"),
        (Kind::PortSettings, "content"),
    ] {
        let status = place.until_ready(kind, name).await;
        assert!(is(&status, ConditionType::Stalled, ConditionStatus::False), "{status:#?}");
        assert!(is(&status, ConditionType::Reconciling, ConditionStatus::False), "{status:#?}");
    }
    let plan =
        place.until_plan(|it| it.conditions.iter().any(|it| it.reason == "NothingToDo")).await;
    assert_eq!(plan.actions_total, 0);
    let events: Api<Event> = Api::namespaced(place.client.clone(), &place.namespace);
    let events = events.list(&ListParams::default()).await.unwrap();
    let reasons: Vec<_> = events.items.iter().filter_map(|it| it.reason.clone()).collect();
    assert!(reasons.iter().any(|it| it == "DistributeContent"), "{reasons:?}");
    // Whatever the operator has written stands under its one name.
    let object = place.api(Kind::Package).get("welcome").await.unwrap();
    let of = |field: &str| -> BTreeSet<Option<String>> {
        let all = object.metadata.managed_fields.iter().flatten();
        let fields = |it: &ManagedFieldsEntry| serde_json::to_string(&it.fields_v1).unwrap();
        all.filter(|it| fields(it).contains(field)).map(|it| it.manager.clone()).collect()
    };
    let ours = Some("headwater".to_owned());
    assert_eq!(of("f:finalizers"), BTreeSet::from([ours.clone()]), "{object:#?}");
    // A server of 1.20 gives what did not change back to whoever made the object.
    assert!(of("f:conditions").contains(&ours), "{object:#?}");
    // The number alone may be part of a time.
    assert!(!operator.log().contains("Forbidden"), "{}", operator.log());
}

#[tokio::test]
async fn what_no_operator_has_seen_yet_is_not_taken_for_ready() {
    let Some(place) = place("unseen").await else { return };
    place.create(MINIMAL).await;
    let object = place.api(Kind::Package).get("welcome").await.unwrap();
    assert_eq!(object.metadata.generation, Some(1));
    assert_eq!(object.data["status"], json!({"observedGeneration": -1}));
}

#[tokio::test]
async fn objects_that_are_not_valid_together_say_so_and_nothing_is_done() {
    let Some(place) = place("refused").await else { return };
    let _operator = place.operator("examples/minimal", &["--placement", "Embedded"]);
    place.create(MINIMAL).await;
    place.until_ready(Kind::Package, "welcome").await;
    let patch = json!({"spec": {"distributeTo": {"distributionPoints": ["contents"]}}});
    place.merge(Kind::Package, "welcome", patch).await;
    let stalled = place
        .until((Kind::Package, "welcome"), |it| {
            is(it, ConditionType::Stalled, ConditionStatus::True)
        })
        .await;
    let stalled = stalled.conditions.iter().find(|it| it.reason == "Invalid").unwrap();
    assert!(stalled.message.contains("did you mean `content`?"), "{stalled:#?}");
    // Its neighbours wait for it.
    place
        .until((Kind::Site, "one"), |it| {
            it.conditions.iter().any(|it| it.reason == "OthersInvalid")
        })
        .await;
    let patch = json!({"spec": {"distributeTo": {"distributionPoints": ["content"]}}});
    place.merge(Kind::Package, "welcome", patch).await;
    place.until_ready(Kind::Package, "welcome").await;
    place.until_ready(Kind::Site, "one").await;
}
