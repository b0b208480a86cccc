//! What a cluster would run: no pod ever starts here, so the test starts the agent that one would have run,
//! with the token out of the secret that it would have mounted.

use std::{
    fs::{self, File},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use k8s_openapi::api::{apps::v1::StatefulSet, core::v1::Secret};
use kube::Api;

use super::cluster::Place;

const MINIMAL: &str = include_str!("../../../examples/minimal/headwater.yaml");
/// How long something may take that is waited for.
pub(super) const PATIENCE: Duration = Duration::from_mins(2);

/// The smallest example, with its site system in the cluster and its pod at this address.
pub(super) fn hosted(ip: &str) -> String {
    let placed =
        format!("  address: {ip}\n  placement: Kubernetes\n  agent:\n    url: https://{ip}:8550\n");
    MINIMAL.replace("  address: server.contoso.example\n", &placed)
}

/// What a pod runs. It ends with the test.
pub(super) struct Pod(Child);

impl Drop for Pod {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub(super) async fn secret(place: &Place, name: &str) -> Option<Secret> {
    let api: Api<Secret> = Api::namespaced(place.client.clone(), &place.namespace);
    api.get_opt(name).await.unwrap()
}

/// Waits for the stateful set of `server` and for its token.
pub(super) async fn token(place: &Place) -> Vec<u8> {
    let sets: Api<StatefulSet> = Api::namespaced(place.client.clone(), &place.namespace);
    let begun = Instant::now();
    loop {
        let made = sets.get_opt("server").await.unwrap();
        if let (Some(_), Some(secret)) = (made, secret(place, "server-join").await) {
            return secret.data.unwrap()["token"].0.clone();
        }
        assert!(begun.elapsed() < PATIENCE, "there is no stateful set, or no token");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Does what a cluster does with the stateful set of `server`.
pub(super) async fn start(place: &Place, ip: &str, directory: &Path) -> Pod {
    let file = directory.join("token");
    fs::write(&file, token(place).await).unwrap();
    let process = Command::new(env!("CARGO_BIN_EXE_headwater"))
        .args(["agent", "--name", "server", "--listen", &format!("{ip}:8550")])
        .arg("--join-token-file")
        .arg(file)
        .arg("--data")
        .arg(directory.join("data"))
        .env("HEADWATER_LOG", "info")
        .stdout(Stdio::null())
        .stderr(File::create(directory.join("agent.log")).unwrap())
        .spawn()
        .unwrap();
    Pod(process)
}
