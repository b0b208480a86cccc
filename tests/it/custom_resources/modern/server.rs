//! A namespace of the newer server, in which the committed definitions are established.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use axum::http;
use headwater::{model::Kind, operator::Subject};
use k8s_openapi::{
    api::core::v1::Namespace,
    apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition,
};
use kube::{
    Api, Client, Config, ResourceExt,
    api::{ApiResource, DynamicObject, Patch, PatchParams, PostParams},
    config::{KubeConfigOptions, Kubeconfig},
    core::{GroupVersionKind, Status},
    runtime::wait::{await_condition, conditions::is_crd_established},
};
use serde_json::{Value, json};
use tokio::sync::OnceCell;

/// How long something may take that is waited for: far longer than it takes.
const PATIENCE: Duration = Duration::from_mins(2);

pub(super) struct Modern {
    pub(super) client: Client,
    pub(super) namespace: String,
    /// Where the server keeps what it has.
    pub(super) directory: PathBuf,
}

/// A namespace of its own, where there is such a server; said where there is none.
#[expect(clippy::print_stderr, reason = "who runs the tests has to see it")]
pub(super) async fn modern(name: &str) -> Option<Modern> {
    static DEFINED: OnceCell<()> = OnceCell::const_new();
    let Some(directory) = env::var_os("HEADWATER_KUBERNETES_MODERN").map(PathBuf::from) else {
        eprintln!(
            "NOT TESTED: there is no Kubernetes API server that evaluates rules. `scripts/test` starts \
             one; or start one with `scripts/kubernetes up DIR --modern`, and set \
             HEADWATER_KUBERNETES_MODERN=DIR"
        );
        return None;
    };
    let read = Kubeconfig::read_from(directory.join("kubeconfig")).unwrap();
    let config = Config::from_custom_kubeconfig(read, &KubeConfigOptions::default()).await.unwrap();
    let client = Client::try_from(config).unwrap();
    DEFINED.get_or_init(|| define(&client, &directory)).await;
    let namespace = format!("{name}-{}", &uuid::Uuid::new_v4().simple().to_string()[..8]);
    let object = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}});
    let api: Api<Namespace> = Api::all(client.clone());
    api.create(&PostParams::default(), &serde_json::from_value(object).unwrap()).await.unwrap();
    Some(Modern { client, namespace, directory })
}

/// The definitions that are committed.
pub(super) fn committed() -> Vec<CustomResourceDefinition> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("charts/headwater/crds");
    let entries = fs::read_dir(directory).unwrap();
    let texts = entries.map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap());
    let all: Vec<_> = texts.map(|text| serde_yaml::from_str(&text).unwrap()).collect();
    assert_eq!(all.len(), Subject::ALL.len(), "a kind has no definition");
    all
}

/// Applies a definition as the documentation says: server-side.
pub(super) async fn apply(
    client: &Client,
    definition: &CustomResourceDefinition,
) -> CustomResourceDefinition {
    let api: Api<CustomResourceDefinition> = Api::all(client.clone());
    let name = definition.name_any();
    let parameters = PatchParams::apply("headwater-tests").force();
    let applied = api.patch(&name, &parameters, &Patch::Apply(definition)).await;
    applied.unwrap_or_else(|error| panic!("{name}: {error:#?}"))
}

async fn define(client: &Client, directory: &Path) {
    let api: Api<CustomResourceDefinition> = Api::all(client.clone());
    for definition in committed() {
        apply(client, &definition).await;
        let name = definition.name_any();
        let established = await_condition(api.clone(), &name, is_crd_established());
        tokio::time::timeout(PATIENCE, established).await.unwrap().unwrap();
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/kubernetes");
    let served = Command::new(script)
        .arg("group")
        .arg(directory)
        .arg(headwater::model::API_VERSION)
        .status()
        .unwrap();
    assert!(served.success());
}

impl Modern {
    pub(super) fn api(&self, kind: Kind) -> Api<DynamicObject> {
        let subject = Subject::Kind(kind);
        let kind = GroupVersionKind::gvk("headwater.dev", "v1alpha1", subject.as_str());
        let resource = ApiResource::from_gvk_with_plural(&kind, subject.plural());
        Api::namespaced_with(self.client.clone(), &self.namespace, &resource)
    }

    pub(super) async fn create(&self, kind: Kind, object: &Value) -> DynamicObject {
        let object = serde_json::from_value(object.clone()).unwrap();
        self.api(kind).create(&PostParams::default(), &object).await.unwrap()
    }

    /// What an object would be if it were made, or why it would not be, as `kubectl` asks for it: unknown
    /// fields are refused too.
    pub(super) async fn tried(&self, kind: Kind, object: &Value) -> Result<Value, Box<Status>> {
        let mut object = object.clone();
        // Documents may be for another namespace.
        if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.remove("namespace");
        }
        let (namespace, plural) = (&self.namespace, Subject::Kind(kind).plural());
        let path = format!("/apis/headwater.dev/v1alpha1/namespaces/{namespace}/{plural}");
        let request = http::Request::post(format!("{path}?dryRun=All&fieldValidation=Strict"))
            .header("Content-Type", "application/json")
            .body(object.to_string().into_bytes())
            .unwrap();
        self.client.request(request).await.map_err(|error| match error {
            kube::Error::Api(status) => status,
            error => panic!("{error}: {object:#}"),
        })
    }
}

/// The fields that a refusal is about, with what is said of each: before the message of a rule stands its
/// reason, and perhaps the value.
pub(super) fn causes(refusal: &Status) -> Vec<(String, String)> {
    let details = refusal.details.as_ref().unwrap_or_else(|| panic!("{refusal:#?}"));
    details.causes.iter().map(|it| (it.field.clone(), it.message.clone())).collect()
}
