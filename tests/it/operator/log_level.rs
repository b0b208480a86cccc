//! What an operator logs is changed while it runs, and there is no secret in it at any level.

use std::fs;

use headwater::{
    model::Kind,
    operator::{ConditionStatus, ConditionType},
};
use serde_json::{Value, json};

use super::cluster::{is, place};
use crate::http::{get, request};

const MINIMAL: &str = include_str!("../../../examples/minimal/headwater.yaml");

/// All that nobody else may know, below a directory.
fn secrets(directory: &std::path::Path) -> Vec<String> {
    let mut secrets = Vec::new();
    crate::world::walk(directory, &mut |path| {
        let name = path.file_name().unwrap().to_str().unwrap();
        let text = fs::read_to_string(path).unwrap_or_default();
        if name.contains("token") {
            secrets.extend(text.lines().map(str::to_owned));
        }
        // A line of a key is enough to say that it was there.
        if let Some((_, key)) = text.split_once("PRIVATE KEY-----\n") {
            secrets.extend(key.lines().take(1).map(str::to_owned));
        }
    });
    secrets.retain(|it| it.len() >= 16);
    secrets
}

#[tokio::test]
async fn the_level_is_changed_live_and_shows_no_secret() {
    let Some(place) = place("log-level").await else { return };
    let data = std::sync::Arc::new(tempfile::tempdir().unwrap());
    let more = ["--placement", "Embedded", "--listen", "127.0.0.1:0"];
    let operator = place.operator_with(&data, "examples/minimal", &more);
    operator.until_said("watch it at http://").await;
    let log = operator.log();
    let address = log.split("watch it at http://").nth(1).unwrap().lines().next().unwrap();
    assert_eq!(get(address, "/log-level", &[]).text(), "info\n");
    let refused = request(address, "PUT", "/log-level", &[], "debg").unwrap();
    assert_eq!(refused.status, 400);
    assert!(refused.text().contains("`debg` is not understood"), "{}", refused.text());
    assert!(!operator.log().contains("DEBUG") && !operator.log().contains("TRACE"));
    let changed = request(address, "PUT", "/log-level", &[], "trace").unwrap();
    assert_eq!((changed.status, &*changed.text()), (200, "trace\n"));

    // Everything there is to log: objects, a token to join with, and a password in an address.
    place.create(MINIMAL).await;
    place.until_ready(Kind::Package, "welcome").await;
    let secret = "a-password-that-nobody-may-read";
    let address_with = json!({"spec": {"source": {"type": "UpstreamServer", "file": null,
        "url": format!("http://somebody:{secret}@127.0.0.1:9")}}});
    place.merge(Kind::SoftwareUpdatePoint, "updates", address_with).await;
    place
        .until((Kind::SoftwareUpdatePoint, "updates"), |it| {
            is(it, ConditionType::Ready, ConditionStatus::False)
        })
        .await;
    let log = operator.log();
    assert!(log.contains(" DEBUG ") && log.contains("requesting"), "libraries are heard too");
    assert!(log.contains(" TRACE "), "the level is the lowest");

    let kubeconfig: Value =
        serde_yaml::from_str(&fs::read_to_string(&place.kubeconfig).unwrap()).unwrap();
    let token = kubeconfig["users"][0]["user"]["token"].as_str().unwrap().to_owned();
    let mut all = secrets(&data.path().join("data"));
    assert!(all.len() >= 2, "tokens and keys: {}", all.len());
    all.extend([token, secret.to_owned()]);
    for secret in all {
        assert!(!log.contains(&secret), "a secret is in the log");
    }

    let back = request(address, "DELETE", "/log-level", &[], "").unwrap();
    assert_eq!((back.status, &*back.text()), (200, "info\n"));
}
