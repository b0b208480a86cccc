//! Site systems that run in the cluster. No pod ever starts here: where one would, the test starts the
//! agent that it would run, with the token out of the secret that it would have mounted.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use headwater::model::Kind;
use k8s_openapi::api::{
    apps::v1::StatefulSet,
    core::v1::{Secret, Service},
    networking::v1::NetworkPolicy,
};
use kube::{
    Api,
    api::{DeleteParams, Patch, PatchParams},
};
use serde_json::json;

use super::cluster::{Place, place};

const MINIMAL: &str = include_str!("../../../examples/minimal/headwater.yaml");
/// The address of the pod.
const IP: &str = "127.77.80.1";
/// How long something may take that is waited for.
const PATIENCE: Duration = Duration::from_mins(2);

/// The smallest example, with its site system in the cluster.
fn hosted() -> String {
    let placed =
        format!("  address: {IP}\n  placement: Kubernetes\n  agent:\n    url: https://{IP}:8550\n");
    MINIMAL.replace("  address: server.contoso.example\n", &placed)
}

/// What a pod runs. It ends with the test.
struct Pod(Child);

impl Drop for Pod {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

async fn secret(place: &Place, name: &str) -> Option<Secret> {
    let api: Api<Secret> = Api::namespaced(place.client.clone(), &place.namespace);
    api.get_opt(name).await.unwrap()
}

/// Does what a cluster does with the stateful set of `server`.
async fn start(place: &Place, directory: &Path) -> Pod {
    let sets: Api<StatefulSet> = Api::namespaced(place.client.clone(), &place.namespace);
    let begun = Instant::now();
    let token = loop {
        let made = sets.get_opt("server").await.unwrap();
        if let (Some(_), Some(secret)) = (made, secret(place, "server-join").await) {
            break secret.data.unwrap()["token"].clone();
        }
        assert!(begun.elapsed() < PATIENCE, "there is no stateful set, or no token");
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    let file = directory.join("token");
    fs::write(&file, token.0).unwrap();
    let process = Command::new(env!("CARGO_BIN_EXE_headwater"))
        .args(["agent", "--name", "server", "--listen", &format!("{IP}:8550")])
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

#[tokio::test]
async fn a_site_system_is_hosted_joins_and_is_kept_as_wanted() {
    let Some(mut place) = place("hosted").await else { return };
    let user = place.restricted().await;
    place.create(&hosted()).await;
    let image = "registry.example/headwater:test";
    let operator = place.operator("examples/minimal", &["--image", image, "--lease", "headwater"]);
    let directory = tempfile::tempdir().unwrap();
    let _pod = start(&place, directory.path()).await;
    place.until_ready(Kind::Package, "welcome").await;
    // A used token is of no use to anybody.
    let begun = Instant::now();
    while secret(&place, "server-join").await.is_some() {
        assert!(begun.elapsed() < PATIENCE, "the used token is still there\n{}", operator.log());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let sets: Api<StatefulSet> = Api::namespaced(place.client.clone(), &place.namespace);
    let set = sets.get("server").await.unwrap();
    let owner = &set.metadata.owner_references.unwrap()[0];
    assert_eq!((owner.kind.as_str(), owner.name.as_str()), ("SiteSystem", "server"));
    let services: Api<Service> = Api::namespaced(place.client.clone(), &place.namespace);
    let ports = |service: Service| {
        let ports = service.spec.unwrap().ports.unwrap();
        ports.iter().map(|it| it.port).collect::<BTreeSet<_>>()
    };
    assert_eq!(ports(services.get("server").await.unwrap()), BTreeSet::from([8080, 8530]));
    // What somebody takes away or changes is put back.
    let policies: Api<NetworkPolicy> = Api::namespaced(place.client.clone(), &place.namespace);
    policies.delete("server", &DeleteParams::default()).await.unwrap();
    let patch = Patch::Merge(json!({"spec": {"replicas": 0}}));
    sets.patch("server", &PatchParams::default(), &patch).await.unwrap();
    let begun = Instant::now();
    loop {
        let there = policies.get_opt("server").await.unwrap().is_some();
        let replicas = sets.get("server").await.unwrap().spec.unwrap().replicas;
        if there && replicas == Some(1) {
            break;
        }
        assert!(begun.elapsed() < PATIENCE, "{there} {replicas:?}\n{}", operator.log());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    // With another port the service has it too.
    place
        .merge(Kind::PortSettings, "content", json!({"spec": {"http": 8081, "https": 8082}}))
        .await;
    let (begun, wanted) = (Instant::now(), BTreeSet::from([8081, 8530]));
    while ports(services.get("server").await.unwrap()) != wanted {
        assert!(begun.elapsed() < PATIENCE, "the service has other ports\n{}", operator.log());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let refused: Vec<_> =
        place.requests(&user).into_iter().filter(|it| it.2 == 403 || it.2 == 401).collect();
    assert!(refused.is_empty(), "{refused:?}\n{}", operator.log());
}
