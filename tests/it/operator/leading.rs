//! One operator at a time works.

use std::{process::Command, sync::Arc};

use headwater::model::Kind;
use serde_json::{Value, json};

use super::cluster::place;

const MINIMAL: &str = include_str!("../../../examples/minimal/headwater.yaml");

#[tokio::test]
async fn when_the_leader_is_killed_the_other_goes_on_and_does_nothing_twice() {
    let Some(place) = place("leading").await else { return };
    let data = Arc::new(tempfile::tempdir().unwrap());
    let start = || place.operator_with(&data, "examples/minimal", &["--placement", "Embedded"]);
    let mut first = start();
    first.until_said("this operator holds the lease").await;
    let second = start();
    place.create(MINIMAL).await;
    place.until_ready(Kind::Package, "welcome").await;
    assert!(!second.log().contains("holds the lease"), "{}", second.log());
    first.kill();
    let patch = json!({"spec": {"sourceVersion": 2}});
    place.merge(Kind::Package, "welcome", patch).await;
    place.until_ready(Kind::Package, "welcome").await;
    assert!(second.log().contains("holds the lease"), "{}", second.log());
    // The journal has every action that was done, by whichever of the two.
    let history = Command::new(env!("CARGO_BIN_EXE_headwater"))
        .args(["history", "--output", "json", "--data"])
        .arg(data.path().join("data").join(&place.namespace))
        .output()
        .unwrap();
    let history: Value = serde_json::from_slice(&history.stdout).unwrap();
    let mut done = std::collections::BTreeMap::<String, u64>::new();
    for run in history["runs"].as_array().unwrap() {
        for (kind, count) in run["done"].as_object().into_iter().flatten() {
            *done.entry(kind.clone()).or_default() += count.as_u64().unwrap();
        }
    }
    for kind in
        ["CreateSiteSystem", "AddSoftwareUpdatePoint", "AddDistributionPoint", "ImportUpdates"]
    {
        assert_eq!(done.get(kind), Some(&1), "{done:?}");
    }
}

#[tokio::test]
async fn who_is_asked_to_end_lets_the_lease_go() {
    let Some(place) = place("ending").await else { return };
    let data = Arc::new(tempfile::tempdir().unwrap());
    let start = || place.operator_with(&data, "examples/minimal", &["--placement", "Embedded"]);
    let mut first = start();
    first.until_said("this operator holds the lease").await;
    let second = start();
    second.until_said("it operates on").await;
    assert!(first.end().success(), "{}", first.log());
    second.until_said("this operator holds the lease").await;
}
