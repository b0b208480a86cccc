//! Somebody else writes the same objects again and again.

use headwater::{
    model::Kind,
    operator::{ConditionStatus, ConditionType, FINALIZER},
};
use kube::{
    ResourceExt,
    api::{Patch, PatchParams},
};
use serde_json::{Value, json};

use super::cluster::{Place, is, place};

const MINIMAL: &str = include_str!("../../../examples/minimal/headwater.yaml");

/// How often each of them writes.
const WRITES: u32 = 300;

/// Writes one object as fast as the API server takes it.
async fn storm(place: &Place, kind: Kind, name: &str, change: impl Fn(u32) -> Value) {
    for number in 1..=WRITES {
        place.merge(kind, name, change(number)).await;
    }
}

/// The same, into its status.
async fn storm_of_statuses(place: &Place, kind: Kind, name: &str) {
    for number in 1..=WRITES {
        let status = json!({"status": {"progress": format!("{number}/999"), "conditions": []}});
        let patch = Patch::Merge(status);
        place.api(kind).patch_status(name, &PatchParams::default(), &patch).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_writes_the_same_objects_again_and_again_is_in_nobodys_way() {
    let Some(mut place) = place("storms").await else { return };
    let user = place.restricted().await;
    let arguments = ["--placement", "Embedded", "--lease", "headwater"];
    let operator = place.operator("examples/minimal", &arguments);
    operator.until_said("this operator holds the lease").await;
    place.create(MINIMAL).await;
    // From the first moment: finalizers are still to be set.
    tokio::join!(
        storm(&place, Kind::SiteSystem, "server", |number| {
            json!({"metadata": {"labels": {"storm": number.to_string()}}})
        }),
        storm(&place, Kind::Package, "welcome", |number| {
            json!({"spec": {"displayName": format!("Welcome {number}")}})
        }),
        storm_of_statuses(&place, Kind::DistributionPoint, "content"),
    );
    let point = place
        .until((Kind::DistributionPoint, "content"), |it| {
            is(it, ConditionType::Ready, ConditionStatus::True)
                && it.progress.as_deref() == Some("1/1")
        })
        .await;
    assert!(is(&point, ConditionType::ContentDistributed, ConditionStatus::True), "{point:#?}");
    let package = place.until_ready(Kind::Package, "welcome").await;
    assert_eq!(package.progress.as_deref(), Some("1/1"));
    place.until_ready(Kind::SiteSystem, "server").await;
    let system = place.api(Kind::SiteSystem).get("server").await.unwrap();
    assert_eq!(system.labels()["storm"], WRITES.to_string());
    assert_eq!(system.finalizers(), [FINALIZER]);
    let package = place.api(Kind::Package).get("welcome").await.unwrap();
    assert_eq!(package.data["spec"]["displayName"], format!("Welcome {WRITES}"));
    // It writes by its passes, and not by what it sees.
    let writes = place.requests(&user).into_iter().filter(|(verb, of, _)| {
        verb == "patch" && ["sitesystems", "packages", "distributionpoints"].contains(&of.as_str())
    });
    let writes = writes.count();
    assert!(writes < WRITES as usize / 3, "{writes} writes beside {}", 3 * WRITES);
}
