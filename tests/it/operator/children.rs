//! What is made for site systems in the cluster is as it shall be, also when that changes.

use std::{collections::BTreeMap, sync::Arc, time::Instant};

use headwater::model::Kind;
use k8s_openapi::{
    api::{
        apps::v1::StatefulSet,
        core::v1::{ConfigMap, PersistentVolume, PersistentVolumeClaim, Secret, Service},
        networking::v1::NetworkPolicy,
        storage::v1::StorageClass,
    },
    apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition,
};
use kube::{
    Api,
    api::{DeleteParams, PostParams},
    core::{ApiResource, DynamicObject, GroupVersionKind, NamespaceResourceScope},
};
use rustls::{
    RootCertStore,
    client::{WebPkiServerVerifier, danger::ServerCertVerifier},
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject},
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{
    cluster::{Place, place},
    pods::{PATIENCE, hosted},
};

const IMAGE: [&str; 4] = ["--image", "registry.example/headwater:test", "--lease", "headwater"];

fn api<T>(place: &Place) -> Api<T>
where
    T: k8s_openapi::Metadata<Scope = NamespaceResourceScope>
        + kube::Resource<Scope = NamespaceResourceScope, DynamicType = ()>,
{
    Api::namespaced(place.client.clone(), &place.namespace)
}

async fn create<T>(api: &Api<T>, object: Value)
where
    T: Clone + DeserializeOwned + serde::Serialize + std::fmt::Debug,
{
    api.create(&PostParams::default(), &serde_json::from_value(object).unwrap()).await.unwrap();
}

async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !holds().await {
        assert!(begun.elapsed() < PATIENCE, "it never holds that {what}");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn what_is_wanted_no_longer_goes_and_what_is_somebody_elses_stays() {
    let Some(mut place) = place("pruned").await else { return };
    let user = place.restricted().await;
    place.create(&hosted("127.77.85.1")).await;
    let operator = place.operator("examples/minimal", &IMAGE);
    let (services, sets) = (api::<Service>(&place), api::<StatefulSet>(&place));
    until("the site system is made", async || {
        let made = sets.get_opt("server").await.unwrap().is_some();
        made && services.get_opt("server").await.unwrap().is_some()
    })
    .await;
    let made = services.get("server").await.unwrap();
    // Somebody has copied everything but the owner, and somebody else nothing.
    let (labels, annotations) = (made.metadata.labels.clone(), made.metadata.annotations.clone());
    let spec = json!({"ports": [{"port": 80}]});
    let copied = json!({"name": "copied", "labels": labels, "annotations": annotations});
    create(&services, json!({"metadata": copied, "spec": spec})).await;
    let owned = json!({"name": "owned", "ownerReferences": made.metadata.owner_references});
    create(&services, json!({"metadata": owned, "spec": spec})).await;
    // Without roles there is nothing to serve.
    for (kind, name) in [
        (Kind::Package, "welcome"),
        (Kind::DistributionPoint, "content"),
        (Kind::SoftwareUpdatePoint, "updates"),
    ] {
        place.delete(kind, name).await;
    }
    until("the service of the roles is gone", async || {
        services.get_opt("server").await.unwrap().is_none()
    })
    .await;
    assert!(services.get_opt("server-agent").await.unwrap().is_some(), "the agent is still asked");
    assert!(sets.get_opt("server").await.unwrap().is_some());
    // It runs somewhere else from now on.
    let patch = json!({"spec": {"placement": "Remote"}});
    place.merge(Kind::SiteSystem, "server", patch).await;
    let (maps, policies) = (api::<ConfigMap>(&place), api::<NetworkPolicy>(&place));
    until("nothing is left of it", async || {
        sets.get_opt("server").await.unwrap().is_none()
            && services.get_opt("server-agent").await.unwrap().is_none()
            && maps.get_opt("server-names").await.unwrap().is_none()
            && policies.get_opt("server").await.unwrap().is_none()
            && api::<Secret>(&place).get_opt("server-join").await.unwrap().is_none()
    })
    .await;
    for name in ["copied", "owned"] {
        assert!(services.get_opt(name).await.unwrap().is_some(), "`{name}` is somebody else's");
    }
    let refused: Vec<_> =
        place.requests(&user).into_iter().filter(|it| it.2 == 403 || it.2 == 401).collect();
    assert!(refused.is_empty(), "{refused:?}\n{}", operator.log());
}

#[tokio::test]
async fn a_volume_grows_where_its_class_allows_that() {
    let Some(mut place) = place("grown").await else { return };
    let class = format!("growing-{}", place.namespace);
    let classes: Api<StorageClass> = Api::all(place.client.clone());
    let growing = json!({
        "metadata": {"name": class},
        "provisioner": "headwater.dev/none",
        "allowVolumeExpansion": true,
    });
    create(&classes, growing).await;
    let volumes: Api<PersistentVolume> = Api::all(place.client.clone());
    let volume = json!({
        "metadata": {"name": class},
        "spec": {
            "storageClassName": class,
            "capacity": {"storage": "20Gi"},
            "accessModes": ["ReadWriteOnce"],
            "hostPath": {"path": "/nowhere"},
        },
    });
    create(&volumes, volume).await;
    let user = place.restricted().await;
    let storage = format!(
        "  placement: Kubernetes\n  kubernetes:\n    storage: {{size: 20Gi, className: {class}}}\n"
    );
    place.create(&hosted("127.77.85.2").replace("  placement: Kubernetes\n", &storage)).await;
    let operator = place.operator("examples/minimal", &IMAGE);
    let (sets, claims) = (api::<StatefulSet>(&place), api::<PersistentVolumeClaim>(&place));
    // The cluster makes the claim, and binds it.
    until("there is a volume", async || {
        let claim = claims.get_opt("data-server-0").await.unwrap();
        claim.is_some_and(|it| it.status.unwrap().phase.as_deref() == Some("Bound"))
    })
    .await;
    let before = sets.get("server").await.unwrap();
    let patch = json!({"spec": {"kubernetes": {"storage": {"size": "30Gi"}}}});
    place.merge(Kind::SiteSystem, "server", patch).await;
    let size = |claim: PersistentVolumeClaim| {
        let requests = claim.spec.unwrap().resources.unwrap().requests.unwrap();
        requests["storage"].0.clone()
    };
    until("the claim is larger", async || {
        size(claims.get("data-server-0").await.unwrap()) == "30Gi"
    })
    .await;
    until("the stateful set is another one", async || {
        let now = sets.get_opt("server").await.unwrap();
        now.is_some_and(|it| it.metadata.uid != before.metadata.uid)
    })
    .await;
    operator.until_said("its volume grows").await;
    // It is asked for when another size is wanted, and not in each pass.
    let asked = place.requests(&user).into_iter().filter(|it| it.1 == "persistentvolumeclaims");
    let verbs: Vec<String> = asked.map(|it| it.0).collect();
    assert_eq!(verbs, ["get", "get", "patch"]);
    let refused: Vec<_> =
        place.requests(&user).into_iter().filter(|it| it.2 == 403 || it.2 == 401).collect();
    assert!(refused.is_empty(), "{refused:?}\n{}", operator.log());
    volumes.delete(&class, &DeleteParams::default()).await.unwrap();
    classes.delete(&class, &DeleteParams::default()).await.unwrap();
}

/// The kinds of cert-manager, as far as it matters here.
fn certificates() -> Value {
    let any = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
    json!({
        "metadata": {
            "name": "certificates.cert-manager.io",
            "annotations": {"api-approved.kubernetes.io": "unapproved, a test"},
        },
        "spec": {
            "group": "cert-manager.io",
            "names": {"kind": "Certificate", "listKind": "CertificateList", "plural": "certificates",
                "singular": "certificate"},
            "scope": "Namespaced",
            "versions": [
                {"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": any}}
            ],
        },
    })
}

/// Content over HTTPS, with a certificate in a secret.
async fn with_secret(place: &Place, secret: &str) {
    place.merge(Kind::Site, "one", json!({"spec": {"enhancedHttp": true}})).await;
    let patch = json!({"spec": {"https": 8081}});
    place.merge(Kind::PortSettings, "content", patch).await;
    let certificate = json!({"secretRef": {"name": secret}});
    let patch = json!({"spec": {"protocol": "HTTPS", "certificate": certificate}});
    place.merge(Kind::DistributionPoint, "content", patch).await;
}

#[tokio::test]
async fn cert_manager_is_noticed_when_it_comes_later_and_holds_nothing_up_before() {
    let Some(place) = place("issued").await else { return };
    let definitions: Api<CustomResourceDefinition> = Api::all(place.client.clone());
    let gone = definitions.delete("certificates.cert-manager.io", &DeleteParams::default()).await;
    drop(gone);
    place.create(&hosted("127.77.85.3")).await;
    with_secret(&place, "web").await;
    let issuer = ["--issuer", "ClusterIssuer/contoso"];
    let operator = place.operator("examples/minimal", &[&IMAGE[..], &issuer].concat());
    let sets = api::<StatefulSet>(&place);
    // Neither they nor budgets, which this server may be too old for, are known.
    until("the site system is made", async || sets.get_opt("server").await.unwrap().is_some())
        .await;
    operator.until_said("are not seen, nor made").await;
    assert!(api::<Secret>(&place).get_opt("web").await.unwrap().is_none(), "somebody else issues");
    create(&definitions, certificates()).await;
    let kind = GroupVersionKind::gvk("cert-manager.io", "v1", "Certificate");
    let resource = ApiResource::from_gvk_with_plural(&kind, "certificates");
    let made: Api<DynamicObject> =
        Api::namespaced_with(place.client.clone(), &place.namespace, &resource);
    until("the certificate is asked for", async || made.get("web").await.is_ok()).await;
    let certificate = made.get("web").await.unwrap();
    assert_eq!(certificate.data["spec"]["issuerRef"]["name"], "contoso");
    assert_eq!(certificate.data["spec"]["ipAddresses"], json!(["127.77.85.3"]));
    definitions.delete("certificates.cert-manager.io", &DeleteParams::default()).await.unwrap();
}

#[tokio::test]
async fn secrets_that_roles_name_are_filled_unless_somebody_else_has() {
    let Some(mut place) = place("filled").await else { return };
    let user = place.restricted().await;
    place.create(&hosted("127.77.85.4")).await;
    with_secret(&place, "web").await;
    let operator = place.operator("examples/minimal", &IMAGE);
    let secrets = api::<Secret>(&place);
    until("the secret is filled", async || secrets.get_opt("web").await.unwrap().is_some()).await;
    let filled = secrets.get("web").await.unwrap();
    assert_eq!(filled.type_.as_deref(), Some("kubernetes.io/tls"));
    let owner = &filled.metadata.owner_references.as_ref().unwrap()[0];
    assert_eq!((owner.kind.as_str(), owner.name.as_str()), ("SiteSystem", "server"));
    let data: BTreeMap<String, String> = filled
        .data
        .unwrap()
        .into_iter()
        .map(|(key, value)| (key, String::from_utf8(value.0).unwrap()))
        .collect();
    assert!(data["tls.key"].contains("PRIVATE KEY") && data["ca.crt"].contains("CERTIFICATE"));
    let of = |key: &str| CertificateDer::from_pem_slice(data[key].as_bytes()).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(of("ca.crt")).unwrap();
    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider);
    let verifier = verifier.build().unwrap();
    for name in ["127.77.85.4".to_owned(), format!("server.{}.svc", place.namespace)] {
        let name = ServerName::try_from(name).unwrap();
        let now = UnixTime::now();
        verifier.verify_server_cert(&of("tls.crt"), &[], &name, &[], now).unwrap();
    }
    // Another one, which somebody has made.
    let theirs = json!({
        "metadata": {"name": "theirs"},
        "type": "Opaque",
        "stringData": {"tls.crt": "theirs", "tls.key": "theirs"},
    });
    create(&secrets, theirs).await;
    let before = secrets.get("theirs").await.unwrap();
    with_secret(&place, "theirs").await;
    until("the one before is gone", async || secrets.get_opt("web").await.unwrap().is_none()).await;
    let after = secrets.get("theirs").await.unwrap();
    assert_eq!(after.metadata.resource_version, before.metadata.resource_version);
    let refused: Vec<_> =
        place.requests(&user).into_iter().filter(|it| it.2 == 403 || it.2 == 401).collect();
    assert!(refused.is_empty(), "{refused:?}\n{}", operator.log());
}
