//! When an operator is ready: what probes, `helm install --wait` and `helm test` go by.

use std::time::{Duration, Instant};

use headwater::model::Kind;
use serde_json::Value;

use super::{
    cluster::place,
    kubectl::{programs, said},
};
use crate::{http::get, world::PATIENCE};

const MINIMAL: &str = include_str!("../../../examples/minimal/headwater.yaml");

/// What the pod of `helm test` runs: its command line.
fn test_pod(namespace: &str) -> Vec<String> {
    let rendered = said(
        std::process::Command::new(programs().join("helm4"))
            .args(["template", "headwater", "charts/headwater", "--namespace", namespace])
            .args(["--show-only", "templates/tests/ready.yaml"])
            .current_dir(env!("CARGO_MANIFEST_DIR")),
    );
    let pod: Value = serde_yaml::from_str(&rendered.expect(0).out).unwrap();
    let container = &pod["spec"]["containers"][0];
    let words = |field: &str| {
        let words = container[field].as_array().unwrap().iter();
        words.map(|it| it.as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let mut command = words("command");
    command.extend(words("args"));
    command
}

#[tokio::test]
async fn without_any_object_an_operator_is_ready_and_helm_test_says_so() {
    let Some(mut place) = place("readiness").await else { return };
    // With the rights of the operator, which the pod has.
    place.restricted().await;
    let mut command = test_pod(&place.namespace);
    let program = command.remove(0).replace("/usr/bin/", "");
    let timeout = command.iter_mut().find(|it| it.starts_with("--timeout=")).unwrap();
    "--timeout=1s".clone_into(timeout);
    let before = said(place.command(&program).args(&command)).expect(1);
    assert!(before.out.contains("not ready  there is no lease headwater in"), "{before:#?}");

    let more = ["--placement", "Embedded", "--lease", "headwater", "--listen", "127.0.0.1:0"];
    let mut operator = place.operator("examples/minimal", &more);
    operator.until_said("this operator holds the lease").await;
    *command.last_mut().unwrap() = "--timeout=60s".to_owned();
    let tested = said(place.command(&program).args(&command)).expect(0);
    assert!(tested.out.contains("ready      the lease headwater is held by"), "{tested:#?}");
    assert!(tested.out.contains("there are no objects for it"), "{tested:#?}");
    let log = operator.log();
    let address = log.split("watch it at http://").nth(1).unwrap().lines().next().unwrap();
    // It may have the lease before it has listed everything.
    let begun = Instant::now();
    while get(address, "/readyz", &[]).status != 200 {
        assert!(begun.elapsed() < PATIENCE, "{}", get(address, "/readyz", &[]).text());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(get(address, "/livez", &[]).status, 200);

    place.create(MINIMAL).await;
    let tested = said(place.command(&program).args(&command)).expect(0);
    assert!(tested.out.contains("has looked at all 6 objects"), "{tested:#?}");
    place.until_ready(Kind::Package, "welcome").await;
    assert_eq!(get(address, "/readyz", &[]).text(), "ready\n");

    // Somebody else's lease, and one that nobody renews any more.
    let other = place.plugin(&["ready", "--lease", "other"]).expect(1);
    assert!(other.err.contains("you may not do that in namespace"), "{other:#?}");
    assert!(!other.err.contains("Status {"), "{other:#?}");
    operator.kill();
    let patch = r#"{"spec": {"renewTime": "2020-01-01T00:00:00.000000Z"}}"#;
    place.kubectl(&["patch", "lease", "headwater", "--type=merge", "--patch", patch]).expect(0);
    let gone = place.plugin(&["ready"]).expect(1);
    assert!(gone.out.contains("seconds ago, and not since"), "{gone:#?}");
}
