//! Site systems that run in the cluster.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use headwater::model::Kind;
use k8s_openapi::api::{apps::v1::StatefulSet, core::v1::Service, networking::v1::NetworkPolicy};
use kube::{
    Api,
    api::{DeleteParams, Patch, PatchParams},
};
use serde_json::json;

use super::{
    cluster::place,
    pods::{PATIENCE, hosted, secret, start},
};

/// The address of the pod.
const IP: &str = "127.77.80.1";

#[tokio::test]
async fn a_site_system_is_hosted_joins_and_is_kept_as_wanted() {
    let Some(mut place) = place("hosted").await else { return };
    let user = place.restricted().await;
    place.create(&hosted(IP)).await;
    let image = "registry.example/headwater:test";
    let operator = place.operator("examples/minimal", &["--image", image, "--lease", "headwater"]);
    let directory = tempfile::tempdir().unwrap();
    let _pod = start(&place, IP, directory.path()).await;
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
