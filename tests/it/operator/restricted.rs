//! The operator runs with the chart's own role, and asks for nothing without a reason.

use std::time::Duration;

use headwater::model::Kind;

use super::cluster::place;

const MINIMAL: &str = include_str!("../../../examples/minimal/headwater.yaml");

#[tokio::test]
async fn with_the_charts_role_nothing_is_refused_and_nothing_is_asked_when_nothing_happens() {
    let Some(mut place) = place("restricted").await else { return };
    let user = place.restricted().await;
    place.create(MINIMAL).await;
    let operator =
        place.operator("examples/minimal", &["--placement", "Embedded", "--lease", "headwater"]);
    place.until_ready(Kind::Package, "welcome").await;
    place.until_plan(|it| it.conditions.iter().any(|it| it.reason == "NothingToDo")).await;
    // What was still on its way when everything was ready has been written.
    tokio::time::sleep(Duration::from_secs(5)).await;
    let before = place.requests(&user);
    let refused: Vec<_> = before.iter().filter(|it| it.2 == 403 || it.2 == 401).collect();
    assert!(refused.is_empty(), "{refused:?}\n{}", operator.log());
    // It looks at its site systems every second.
    tokio::time::sleep(Duration::from_secs(10)).await;
    let after = place.requests(&user);
    let new = &after[before.len()..];
    // The lease is the operator's, and watches end and begin again by themselves. One that still goes on is
    // not written down yet: a server writes down what it answers, and it has nothing to answer.
    let asked: Vec<_> = new.iter().filter(|it| it.1 != "leases" && it.0 != "watch").collect();
    assert!(asked.is_empty(), "{asked:?}");
    // What was deleted goes, with the same role.
    place.delete(Kind::Package, "welcome").await;
    place.until_gone(Kind::Package, "welcome").await;
    let refused: Vec<_> =
        place.requests(&user).into_iter().filter(|it| it.2 == 403 || it.2 == 401).collect();
    assert!(refused.is_empty(), "{refused:?}\n{}", operator.log());
}
