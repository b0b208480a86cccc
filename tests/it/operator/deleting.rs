//! Objects are deleted, and what they stand for is removed in the right order.

use headwater::{
    model::Kind,
    operator::{ConditionStatus, ConditionType, FINALIZER},
};
use kube::ResourceExt;
use serde_json::json;

use super::cluster::{is, place};

const MINIMAL: &str = include_str!("../../../examples/minimal/headwater.yaml");

const ALL: [(Kind, &str); 6] = [
    (Kind::Site, "one"),
    (Kind::SiteSystem, "server"),
    (Kind::SoftwareUpdatePoint, "updates"),
    (Kind::DistributionPoint, "content"),
    (Kind::PortSettings, "content"),
    (Kind::Package, "welcome"),
];

#[tokio::test]
async fn what_is_deleted_is_removed_once_nothing_needs_it() {
    let Some(place) = place("deleting").await else { return };
    place.create(MINIMAL).await;
    let _operator = place.operator("examples/minimal", &["--placement", "Embedded"]);
    place.until_ready(Kind::Package, "welcome").await;
    // The package still goes there.
    place.delete(Kind::DistributionPoint, "content").await;
    let needed = place
        .until((Kind::DistributionPoint, "content"), |it| {
            it.conditions.iter().any(|it| it.reason == "StillNeeded")
        })
        .await;
    assert!(is(&needed, ConditionType::Ready, ConditionStatus::False));
    place.delete(Kind::Package, "welcome").await;
    place.until_gone(Kind::Package, "welcome").await;
    place.until_gone(Kind::DistributionPoint, "content").await;
    place.until_ready(Kind::SiteSystem, "server").await;
}

#[tokio::test]
async fn what_is_deleted_goes_with_the_pass_that_removes_it() {
    let Some(place) = place("deleted").await else { return };
    place.create(MINIMAL).await;
    // Nobody looks a second time.
    let often = ["--placement", "Embedded", "--every", "10h"];
    let _operator = place.operator("examples/minimal", &often);
    place.until_ready(Kind::Package, "welcome").await;
    // What somebody else writes to it meanwhile is no reason to wait either.
    place.merge(Kind::Package, "welcome", json!({"metadata": {"labels": {"a": "b"}}})).await;
    place.delete(Kind::Package, "welcome").await;
    place.until_gone(Kind::Package, "welcome").await;
}

#[tokio::test]
async fn a_whole_hierarchy_that_is_deleted_at_once_goes() {
    let Some(place) = place("all-gone").await else { return };
    place.create(MINIMAL).await;
    let operator = place.operator("examples/minimal", &["--placement", "Embedded"]);
    place.until_ready(Kind::Package, "welcome").await;
    for (kind, name) in ALL {
        place.delete(kind, name).await;
    }
    for (kind, name) in ALL {
        place.until_gone(kind, name).await;
    }
    assert!(!operator.log().contains("cannot be written"), "{}", operator.log());
}

#[tokio::test]
async fn an_orphan_goes_at_once_and_what_it_stands_for_stays() {
    let Some(place) = place("orphans").await else { return };
    place.create(MINIMAL).await;
    let mut operator = place.operator("examples/minimal", &["--placement", "Embedded"]);
    place.until_ready(Kind::Package, "welcome").await;
    let package = place.api(Kind::Package).get("welcome").await.unwrap();
    assert_eq!(package.finalizers(), [FINALIZER]);
    // With nobody there who could remove anything, it waits.
    operator.kill();
    place.delete(Kind::Package, "welcome").await;
    assert!(place.api(Kind::Package).get_opt("welcome").await.unwrap().is_some());
    let patch = json!({"metadata": {"annotations": {"headwater.dev/deletion-policy": "Orphan"}}});
    place.merge(Kind::Package, "welcome", patch).await;
    let _operator = place.operator("examples/minimal", &["--placement", "Embedded"]);
    place.until_gone(Kind::Package, "welcome").await;
    // The documented way out, when no operator will ever come back.
    let patch = json!({"metadata": {"finalizers": null}});
    place.delete(Kind::DistributionPoint, "content").await;
    place.merge(Kind::DistributionPoint, "content", patch).await;
    place.until_gone(Kind::DistributionPoint, "content").await;
}
