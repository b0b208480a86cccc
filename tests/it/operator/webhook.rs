//! The admission webhook, asked by the API server itself, with the chart's configuration and role.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
    time::{Duration, Instant},
};

use headwater::model::Kind;
use k8s_openapi::api::{
    admissionregistration::v1::ValidatingWebhookConfiguration, coordination::v1::Lease,
    core::v1::Namespace,
};
use kube::{
    Api, ResourceExt,
    api::{DeleteParams, ListParams, Patch, PatchParams, PostParams},
    core::DynamicObject,
};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{
    broken_sets::{self, DENIED},
    cluster::{Operator, PATIENCE, Place, place},
};

const MINIMAL: &str = include_str!("../../../examples/minimal/headwater.yaml");
/// Where it listens.
const LISTEN: &str = "127.77.81.1:9443";
const VALUES: [&str; 3] =
    ["admission.enabled=true", "operator.allNamespaces=true", "admission.failurePolicy=Fail"];
/// The label of the namespaces for which it is asked: others have tests of their own.
pub(super) const JUDGED: &str = "tests.headwater.dev/judged-by";

struct Hook {
    place: Place,
    data: Arc<TempDir>,
    /// The name of the configuration.
    name: String,
}

impl Hook {
    async fn new(mut place: Place) -> Self {
        place.restricted_with(&VALUES).await;
        // Somebody else holds the lease for good: nothing is done in anybody's namespace.
        let leases: Api<Lease> = Api::namespaced(place.client.clone(), &place.namespace);
        let held = json!({
            "metadata": {"name": "headwater"},
            "spec": {"holderIdentity": "somebody", "leaseDurationSeconds": 86_400},
        });
        leases
            .create(&PostParams::default(), &serde_json::from_value(held).unwrap())
            .await
            .unwrap();
        let namespaces: Api<Namespace> = Api::all(place.client.clone());
        let label = json!({"metadata": {"labels": {JUDGED: place.namespace}}});
        let params = PatchParams::default();
        namespaces.patch(&place.namespace, &params, &Patch::Merge(label)).await.unwrap();
        let mut hook =
            Self { place, data: Arc::new(tempfile::tempdir().unwrap()), name: String::new() };
        hook.name = hook.configure().await;
        hook
    }

    fn configurations(&self) -> Api<ValidatingWebhookConfiguration> {
        Api::all(self.place.client.clone())
    }

    /// Installs the chart's configuration, but for where the operator is: in no pod.
    async fn configure(&self) -> String {
        let rendered = self.place.chart(&["validatingwebhookconfiguration"], &VALUES);
        let mut configuration: Value = serde_yaml::from_slice(&rendered).unwrap();
        let webhook = &mut configuration["webhooks"][0];
        webhook["clientConfig"] = json!({"url": format!("https://{LISTEN}/validate")});
        webhook["namespaceSelector"] = json!({"matchLabels": {JUDGED: self.place.namespace}});
        let configuration = serde_json::from_value(configuration).unwrap();
        let made = self.configurations().create(&PostParams::default(), &configuration).await;
        made.unwrap().name_any()
    }

    fn operator(&self) -> Operator {
        let more = [
            "--all-namespaces",
            "--lease=headwater",
            &format!("--webhook-listen={LISTEN}"),
            &format!("--webhook-configuration={}", self.name),
        ];
        self.place.operator_with(&self.data, "examples/minimal", &more)
    }

    /// How many authorities the API server trusts.
    async fn authorities(&self) -> usize {
        let configuration = self.configurations().get(&self.name).await.unwrap();
        let webhook = configuration.webhooks.unwrap().remove(0);
        let bundle = webhook.client_config.ca_bundle.map(|it| it.0).unwrap_or_default();
        String::from_utf8(bundle).unwrap().matches("BEGIN CERTIFICATE").count()
    }

    async fn until_trusted(&self, authorities: usize, operator: &Operator) {
        let begun = Instant::now();
        while self.authorities().await < authorities {
            assert!(begun.elapsed() < PATIENCE, "{}", operator.log());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    async fn set_policy(&self, policy: &str) {
        let patch =
            json!([{"op": "replace", "path": "/webhooks/0/failurePolicy", "value": policy}]);
        let patch = Patch::<()>::Json(serde_json::from_value(patch).unwrap());
        self.configurations().patch(&self.name, &PatchParams::default(), &patch).await.unwrap();
    }

    /// What the API server says when a package shall be there: nothing, if it may.
    async fn asked(&self, package: &DynamicObject) -> Option<String> {
        let params = PostParams { dry_run: true, ..PostParams::default() };
        match self.place.api(Kind::Package).create(&params, package).await {
            Ok(_) => None,
            Err(kube::Error::Api(answer)) => Some(answer.message.clone()),
            Err(error) => panic!("{error}"),
        }
    }

    /// Asks until the answer is such a one: what has just been written is known everywhere a little later.
    async fn until_answered(&self, package: &DynamicObject, such: impl Fn(Option<&str>) -> bool) {
        let begun = Instant::now();
        loop {
            let answer = self.asked(package).await;
            if such(answer.as_deref()) {
                return;
            }
            assert!(begun.elapsed() < PATIENCE, "{answer:?}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Makes an object once the API server trusts whoever judges it.
    async fn create_once_trusted(&self, package: &DynamicObject) {
        let begun = Instant::now();
        let api = self.place.api(Kind::Package);
        while let Err(error) = api.create(&PostParams::default(), package).await {
            assert!(error.to_string().contains("unknown authority"), "{error}");
            assert!(begun.elapsed() < PATIENCE, "{error}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    async fn until_refused(&self, package: &DynamicObject) {
        self.until_answered(package, |it| {
            it.is_some_and(|it| it.starts_with(DENIED) && it.contains("[DUPLICATE]"))
        })
        .await;
    }
}

/// Another package with the same ID.
fn duplicate() -> (String, DynamicObject) {
    let text = MINIMAL.rsplit("---").next().unwrap().replace("welcome", "second");
    let object = serde_yaml::from_str(&text).unwrap();
    (text, object)
}

/// What `headwater validate` says of the duplicate beside the others, in one line.
fn validated(directory: &Path, text: &str) -> String {
    let file = directory.join("all.yaml");
    fs::write(&file, format!("{MINIMAL}\n---\n{text}")).unwrap();
    let said = Command::new(env!("CARGO_BIN_EXE_headwater"))
        .args(["validate", "--output", "json"])
        .arg(&file)
        .output()
        .unwrap();
    let said: Value = serde_json::from_slice(&said.stdout).unwrap();
    let problems = said["diagnostics"].as_array().unwrap();
    let problem = problems.iter().find(|it| it["rule"] == "DUPLICATE").unwrap();
    problem["message"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_breaks_a_rule_across_objects_is_refused_and_nothing_that_is_deleted_ever_is() {
    let Some(place) = place("webhook").await else { return };
    let hook = Hook::new(place).await;
    let mut operator = hook.operator();
    hook.until_trusted(1, &operator).await;
    let sets = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/manifests");
    let files: Vec<PathBuf> = fs::read_dir(sets).unwrap().map(|it| it.unwrap().path()).collect();
    let refused = broken_sets::refused(&hook.place, files).await;
    assert!(refused > 40, "{refused} sets were refused by the webhook");

    let place = &hook.place;
    let package = place.api(Kind::Package);
    place.create(MINIMAL).await;
    let (text, second) = duplicate();
    hook.until_refused(&second).await;
    let why = validated(hook.data.path(), &text);
    hook.until_answered(&second, |it| it.is_some_and(|it| it.contains(&why))).await;

    // Nobody answers: it is as the configuration says, and what is deleted goes.
    operator.kill();
    hook.until_answered(&second, |it| {
        it.is_some_and(|it| it.starts_with("Internal error occurred: failed calling webhook"))
    })
    .await;
    place.delete(Kind::PortSettings, "content").await;
    place.until_gone(Kind::PortSettings, "content").await;
    hook.set_policy("Ignore").await;
    hook.until_answered(&second, |it| it.is_none()).await;
    package.create(&PostParams::default(), &second).await.unwrap();

    // What is there and wrong may be labelled, mended and deleted, and not be made wrong otherwise.
    let operator = hook.operator();
    hook.set_policy("Fail").await;
    let (_, mut third) = duplicate();
    third.metadata.name = Some("third".to_owned());
    hook.until_refused(&third).await;
    let label =
        json!({"metadata": {"labels": {"a": "b"}, "finalizers": ["tests.headwater.dev/a"]}});
    place.merge(Kind::Package, "second", label).await;
    let other = json!({"spec": {"displayName": "Still the same ID"}});
    let params = PatchParams::default();
    let refused = package.patch("second", &params, &Patch::Merge(&other)).await.unwrap_err();
    assert!(refused.to_string().contains("[DUPLICATE]"), "{refused}");
    place.delete(Kind::Package, "second").await;
    place.merge(Kind::Package, "second", json!({"metadata": {"finalizers": null}})).await;
    place.until_gone(Kind::Package, "second").await;
    for kind in [Kind::Site, Kind::SiteSystem, Kind::Package] {
        for object in place.api(kind).list(&ListParams::default()).await.unwrap() {
            place.delete(kind, &object.name_any()).await;
        }
    }

    // Whoever installs the configuration anew does not know the certificate.
    hook.configurations().delete(&hook.name, &DeleteParams::default()).await.unwrap();
    hook.configure().await;
    hook.until_trusted(1, &operator).await;
    let first = serde_yaml::from_str(MINIMAL.rsplit("---").next().unwrap()).unwrap();
    hook.create_once_trusted(&first).await;
    hook.until_refused(&second).await;
    // Nor does it know that of an operator with a new data directory.
    drop(operator);
    fs::remove_dir_all(hook.data.path().join("data/webhook")).unwrap();
    let operator = hook.operator();
    hook.until_trusted(2, &operator).await;
    hook.until_refused(&second).await;
    hook.configurations().delete(&hook.name, &DeleteParams::default()).await.unwrap();
}
