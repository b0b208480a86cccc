//! An operator that reaches the API server no more, while the other one does.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use headwater::model::Kind;
use serde_json::json;

use super::{
    cluster::{PATIENCE, Place, place},
    journal::{done, repeated},
    line::Line,
    tenure::assert_one_at_a_time,
};

const MINIMAL: &str = include_str!("../../../examples/minimal/headwater.yaml");

/// How often the lease was read.
fn reads(place: &Place) -> usize {
    let all = place.audit(|it| {
        let of = &it["objectRef"];
        it["verb"] == "get" && of["resource"] == "leases" && of["namespace"] == *place.namespace
    });
    all.len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_holds_the_lease_and_reaches_nobody_stops_before_another_begins() {
    let Some(mut place) = place("cut-off").await else { return };
    let direct = place.url();
    let line = Line::to(direct.rsplit(':').next().unwrap().parse().unwrap()).await;
    let data = Arc::new(tempfile::tempdir().unwrap());
    let arguments = ["--placement", "Embedded", "--log-format", "json"];
    place.reached_at(&format!("https://127.0.0.1:{}", line.port));
    let first = place.operator_with(&data, "examples/minimal", &arguments);
    first.until_said("this operator holds the lease").await;
    place.reached_at(&direct);
    let second = place.operator_with(&data, "examples/minimal", &arguments);
    place.create(MINIMAL).await;
    place.until_ready(Kind::Package, "welcome").await;
    line.freeze();
    second.until_said("this operator holds the lease").await;
    assert_one_at_a_time(&[&first, &second]);
    let patch = json!({"spec": {"sourceVersion": 2}});
    place.merge(Kind::Package, "welcome", patch).await;
    place.until_ready(Kind::Package, "welcome").await;
    // Who holds it only writes: it is the other one that reads.
    let before = reads(&place);
    line.thaw();
    let begun = Instant::now();
    while reads(&place) < before + 3 {
        assert!(begun.elapsed() < PATIENCE, "{}", first.log());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(first.log().matches("this operator holds the lease").count(), 1, "{}", first.log());
    assert!(!second.log().contains("the lease is lost"), "{}", second.log());
    let done = done(data.path(), &place.namespace);
    let repeated = repeated(&done);
    assert!(repeated.is_empty(), "{repeated:?} of {done:#?}");
}
