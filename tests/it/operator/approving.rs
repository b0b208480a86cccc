//! What somebody has to approve, and what is only told.

use headwater::{
    model::Kind,
    operator::{ConditionType, PLAN_NAME},
};
use kube::api::{Patch, PatchParams};
use serde_json::json;

use super::cluster::place;

const MINIMAL: &str = include_str!("../../../examples/minimal/headwater.yaml");

#[tokio::test]
async fn a_plan_waits_until_its_digest_stands_in_the_annotation() {
    let Some(place) = place("approving").await else { return };
    place.create(MINIMAL).await;
    let _operator =
        place.operator("examples/minimal", &["--placement", "Embedded", "--require-approval=all"]);
    let waiting = place.until_plan(|it| it.digest_to_approve.is_some()).await;
    assert!(waiting.actions.iter().any(|it| it.to_approve), "{waiting:#?}");
    let system = place
        .until((Kind::SiteSystem, "server"), |it| {
            it.conditions.iter().any(|it| it.reason == "WaitingForApproval")
        })
        .await;
    assert!(system.reconciliations.is_empty(), "{system:#?}");
    // Another plan's approval is none for this one.
    let approve = async |digest: String| {
        let patch = json!({"metadata": {"annotations": {"headwater.dev/approve": digest}}});
        let params = PatchParams::default();
        place.plans().patch(PLAN_NAME, &params, &Patch::Merge(patch)).await.unwrap();
    };
    approve(format!("sha256:{}", "0".repeat(64))).await;
    let still = place.until_plan(|it| it.digest_to_approve.is_some()).await;
    assert_eq!(still.digest_to_approve, waiting.digest_to_approve);
    approve(waiting.digest_to_approve.unwrap().to_string()).await;
    place.until_ready(Kind::Package, "welcome").await;
    let plan = place.plans().get(PLAN_NAME).await.unwrap();
    assert!(plan.metadata.annotations.unwrap_or_default().is_empty(), "an approval counts once");
}

#[tokio::test]
async fn who_only_observes_says_what_would_be_done() {
    let Some(place) = place("observing").await else { return };
    place.create(MINIMAL).await;
    let _operator =
        place.operator("examples/minimal", &["--placement", "Embedded", "--mode", "observe"]);
    let told = place.until_plan(|it| it.actions_total > 0).await;
    assert!(told.actions.iter().all(|it| !it.to_approve), "{told:#?}");
    let package = place
        .until((Kind::Package, "welcome"), |it| {
            it.conditions
                .iter()
                .any(|it| it.condition_type == ConditionType::Ready && it.reason == "OnlyObserved")
        })
        .await;
    assert_eq!(package.progress.as_deref(), Some("0/1"));
}
