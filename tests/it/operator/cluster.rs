//! A namespace of a real API server, and operators that work there.

use std::{
    env,
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use headwater::{
    model::Kind,
    operator::{ConditionStatus, ConditionType, PLAN_NAME, PlanStatus, ResourceStatus, Subject},
};
use k8s_openapi::{
    api::{
        authentication::v1::TokenRequest,
        core::v1::{Namespace, ServiceAccount},
    },
    apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition,
};
use kube::{
    Api, Client, Config, ResourceExt,
    api::{DeleteParams, Patch, PatchParams, PostParams},
    config::{KubeConfigOptions, Kubeconfig},
    core::{ApiResource, DynamicObject, GroupVersionKind},
};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::kubectl::{programs, said};

/// How long something may take that is waited for: far longer than it takes.
pub(super) const PATIENCE: Duration = Duration::from_mins(2);

/// A namespace of its own. It goes with all that is in it when the test has passed.
pub(super) struct Place {
    pub(super) client: Client,
    pub(super) namespace: String,
    /// The directory of the API server: `audit.log` has its requests.
    pub(super) server: PathBuf,
    /// What operators are told of it.
    pub(super) kubeconfig: PathBuf,
    /// A directory for what belongs to the test.
    pub(super) own: TempDir,
}

/// Where the API server is, if there is one; said if there is none.
#[expect(clippy::print_stderr, reason = "who runs the tests has to see it")]
pub(super) async fn place(name: &str) -> Option<Place> {
    let Some(server) = env::var_os("HEADWATER_KUBERNETES").map(PathBuf::from) else {
        eprintln!(
            "NOT TESTED: there is no Kubernetes API server. `scripts/test` starts one; or start one \
             with `scripts/kubernetes up DIR`, and set HEADWATER_KUBERNETES=DIR"
        );
        return None;
    };
    Some(place_at(&server, name).await)
}

/// A namespace at the API server of this directory.
pub(super) async fn place_at(server: &Path, name: &str) -> Place {
    let kubeconfig = server.join("kubeconfig");
    let own = tempfile::tempdir().unwrap();
    let read = Kubeconfig::read_from(&kubeconfig).unwrap();
    let config = Config::from_custom_kubeconfig(read, &KubeConfigOptions::default()).await.unwrap();
    let client = Client::try_from(config).unwrap();
    define(&client, server).await;
    let namespace = format!("{name}-{}", &uuid::Uuid::new_v4().simple().to_string()[..8]);
    let object = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}});
    let api: Api<Namespace> = Api::all(client.clone());
    api.create(&PostParams::default(), &serde_json::from_value(object).unwrap()).await.unwrap();
    let mut place = Place { client, namespace, server: server.to_owned(), kubeconfig, own };
    // An operator's own namespace is where its lease is.
    place.told(|config, namespace| {
        config["contexts"][0]["context"]["namespace"] = json!(namespace);
    });
    place
}

/// Makes the committed definitions known, unless another test has.
async fn define(client: &Client, server: &Path) {
    let api: Api<CustomResourceDefinition> = Api::all(client.clone());
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("charts/headwater/crds");
    let mut names = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let text = fs::read_to_string(entry.unwrap().path()).unwrap();
        let definition: CustomResourceDefinition = serde_yaml::from_str(&text).unwrap();
        names.push(definition.name_any());
        match api.create(&PostParams::default(), &definition).await {
            Ok(_) => {}
            Err(kube::Error::Api(why)) if why.is_already_exists() => {}
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!(names.len(), Subject::ALL.len(), "a kind has no definition");
    let begun = Instant::now();
    for name in names {
        loop {
            let status = api.get(&name).await.unwrap().status.unwrap_or_default();
            let conditions = status.conditions.unwrap_or_default();
            if conditions.iter().any(|it| it.type_ == "Established" && it.status == "True") {
                break;
            }
            assert!(begun.elapsed() < PATIENCE, "{name} is not established: {conditions:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/kubernetes");
    let mut group = Command::new(script);
    group.arg("group").arg(server).arg(headwater::model::API_VERSION);
    assert!(group.status().unwrap().success());
}

pub(super) fn resource(subject: Subject) -> ApiResource {
    let kind = GroupVersionKind::gvk("headwater.dev", "v1alpha1", subject.as_str());
    ApiResource::from_gvk_with_plural(&kind, subject.plural())
}

/// The service account of the chart in a release called `headwater`.
const ACCOUNT: &str = "headwater";

impl Place {
    /// Lets operators run as the chart's service account, with the chart's role and nothing else; gives
    /// the name of that user.
    pub(super) async fn restricted(&mut self) -> String {
        self.restricted_with(&[]).await
    }

    /// The same, with values of the chart.
    pub(super) async fn restricted_with(&mut self, values: &[&str]) -> String {
        let rendered = self.chart(&["rbac", "serviceaccount"], values);
        let path = self.own.path().join("role.yaml");
        fs::write(&path, rendered).unwrap();
        self.kubectl_as_admin(&["apply", "--filename", path.to_str().unwrap()]);
        let accounts: Api<ServiceAccount> = Api::namespaced(self.client.clone(), &self.namespace);
        let request: TokenRequest = serde_json::from_value(json!({
            "spec": {"audiences": [], "expirationSeconds": 3_600},
        }))
        .unwrap();
        let token =
            accounts.create_token_request(ACCOUNT, &PostParams::default(), &request).await.unwrap();
        let token = token.status.unwrap().token;
        self.told(|config, _| config["users"][0]["user"] = json!({"token": token}));
        format!("system:serviceaccount:{}:{ACCOUNT}", self.namespace)
    }

    /// Has the lease of operators in another namespace than that of their objects.
    pub(super) fn lease_in(&mut self, namespace: &str) {
        self.told(|config, _| config["contexts"][0]["context"]["namespace"] = json!(namespace));
    }

    /// What the chart makes of some of its templates, with the values that are set.
    pub(super) fn chart(&self, templates: &[&str], values: &[&str]) -> Vec<u8> {
        let shown = templates
            .iter()
            .flat_map(|it| ["--show-only".to_owned(), format!("templates/{it}.yaml")]);
        let rendered = Command::new(programs().join("helm4"))
            .args(["template", ACCOUNT, "charts/headwater", "--namespace", &self.namespace])
            .args(shown)
            .args(values.iter().flat_map(|it| ["--set", *it]))
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .unwrap();
        assert!(rendered.status.success(), "{}", String::from_utf8_lossy(&rendered.stderr));
        rendered.stdout
    }

    /// Runs `kubectl` in this namespace, as who may do everything, and gives what it says.
    pub(super) fn kubectl_as_admin(&self, arguments: &[&str]) -> String {
        let mut command = self.command("kubectl");
        command.args(["--namespace", &self.namespace]).args(arguments);
        said(command.env("KUBECONFIG", self.server.join("kubeconfig"))).expect(0).out
    }

    /// Tells operators something else of the API server than before.
    fn told(&mut self, change: impl FnOnce(&mut Value, &str)) {
        let text = fs::read_to_string(&self.kubeconfig).unwrap();
        let mut config: Value = serde_yaml::from_str(&text).unwrap();
        change(&mut config, &self.namespace);
        self.kubeconfig = self.own.path().join("kubeconfig");
        fs::write(&self.kubeconfig, serde_yaml::to_string(&config).unwrap()).unwrap();
    }

    /// The requests of a user that have been answered, as the server has written them down: the verb, the
    /// resource and the answer.
    pub(super) fn requests(&self, user: &str) -> Vec<(String, String, u64)> {
        let answered = self.audit(|it| it["user"]["username"] == user);
        let told = answered.iter().map(|it| {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let code = it["responseStatus"]["code"].as_u64().unwrap_or_default();
            (text(&it["verb"]), text(&it["objectRef"]["resource"]), code)
        });
        told.collect()
    }

    /// The requests that have been answered, as the server has written them down.
    pub(super) fn audit(&self, holds: impl Fn(&Value) -> bool) -> Vec<Value> {
        let text = fs::read_to_string(self.server.join("audit.log")).unwrap();
        let all = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        all.filter(|it| it["stage"] != "RequestReceived" && holds(it)).collect()
    }

    /// Where operators are told that the API server is.
    pub(super) fn url(&self) -> String {
        let text = fs::read_to_string(&self.kubeconfig).unwrap();
        let config: Value = serde_yaml::from_str(&text).unwrap();
        config["clusters"][0]["cluster"]["server"].as_str().unwrap().to_owned()
    }

    /// Tells operators of another way to it.
    pub(super) fn reached_at(&mut self, url: &str) {
        self.told(|config, _| config["clusters"][0]["cluster"]["server"] = json!(url));
    }

    pub(super) fn api(&self, kind: Kind) -> Api<DynamicObject> {
        let resource = resource(Subject::Kind(kind));
        Api::namespaced_with(self.client.clone(), &self.namespace, &resource)
    }

    pub(super) fn plans(&self) -> Api<DynamicObject> {
        let resource = resource(Subject::Plan);
        Api::namespaced_with(self.client.clone(), &self.namespace, &resource)
    }

    /// Makes the objects that the documents of a text are.
    pub(super) async fn create(&self, text: &str) {
        for document in serde_yaml::Deserializer::from_str(text) {
            let value = <Value as serde::Deserialize>::deserialize(document).unwrap();
            let kind: Kind = serde_json::from_value(value["kind"].clone()).unwrap();
            let object: DynamicObject = serde_json::from_value(value).unwrap();
            self.api(kind).create(&PostParams::default(), &object).await.unwrap();
        }
    }

    pub(super) async fn merge(&self, kind: Kind, name: &str, patch: Value) {
        let patch = Patch::Merge(patch);
        self.api(kind).patch(name, &PatchParams::default(), &patch).await.unwrap();
    }

    pub(super) async fn delete(&self, kind: Kind, name: &str) {
        self.api(kind).delete(name, &DeleteParams::default()).await.unwrap();
    }

    /// Waits until something holds of an object, and gives its status.
    pub(super) async fn until(
        &self,
        (kind, name): (Kind, &str),
        holds: impl Fn(&ResourceStatus) -> bool,
    ) -> ResourceStatus {
        let begun = Instant::now();
        loop {
            let object = self.api(kind).get(name).await.unwrap();
            let status = object.data.get("status").cloned().unwrap_or_default();
            let status: ResourceStatus = serde_json::from_value(status).unwrap_or_default();
            let current = status.observed_generation == object.metadata.generation;
            if current && holds(&status) {
                return status;
            }
            assert!(begun.elapsed() < PATIENCE, "{kind}/{name}: {status:#?}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    pub(super) async fn until_ready(&self, kind: Kind, name: &str) -> ResourceStatus {
        self.until((kind, name), |it| is(it, ConditionType::Ready, ConditionStatus::True)).await
    }

    /// Waits until something holds of the plan.
    pub(super) async fn until_plan(&self, holds: impl Fn(&PlanStatus) -> bool) -> PlanStatus {
        let begun = Instant::now();
        loop {
            let object = self.plans().get_opt(PLAN_NAME).await.unwrap();
            let status = object.and_then(|it| it.data.get("status").cloned()).unwrap_or_default();
            let status: PlanStatus = serde_json::from_value(status).unwrap_or_default();
            if holds(&status) {
                return status;
            }
            assert!(begun.elapsed() < PATIENCE, "{status:#?}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Waits until an object is gone.
    pub(super) async fn until_gone(&self, kind: Kind, name: &str) {
        let begun = Instant::now();
        while let Some(object) = self.api(kind).get_opt(name).await.unwrap() {
            assert!(begun.elapsed() < PATIENCE, "{kind}/{name} is still there: {object:#?}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Starts an operator on this namespace, with a data directory of its own.
    pub(super) fn operator(&self, content: &str, more: &[&str]) -> Operator {
        self.operator_with(&Arc::new(tempfile::tempdir().unwrap()), content, more)
    }

    /// Starts an operator on this namespace that shares a data directory with others.
    pub(super) fn operator_with(
        &self,
        data: &Arc<TempDir>,
        content: &str,
        more: &[&str],
    ) -> Operator {
        let log = data.path().join(format!("{}.log", uuid::Uuid::new_v4().simple()));
        let content = Path::new(env!("CARGO_MANIFEST_DIR")).join(content);
        let every: &[&str] = if more.contains(&"--every") { &[] } else { &["--every", "1s"] };
        let own = ["--namespace", &self.namespace];
        let scope = if more.contains(&"--all-namespaces") { &[] } else { &own[..] };
        let process = Command::new(env!("CARGO_BIN_EXE_headwater"))
            .arg("operator")
            .args(every)
            .args(scope)
            .arg("--content-directory")
            .arg(content)
            .arg("--data")
            .arg(data.path().join("data"))
            .args(more)
            .env("KUBECONFIG", &self.kubeconfig)
            .env("HEADWATER_LOG", "info")
            .stdout(Stdio::null())
            .stderr(File::create(&log).unwrap())
            .spawn()
            .unwrap();
        Operator { process, log, _data: data.clone() }
    }
}

/// Whether a status has a condition.
pub(super) fn is(status: &ResourceStatus, of: ConditionType, wanted: ConditionStatus) -> bool {
    status.conditions.iter().any(|it| it.condition_type == of && it.status == wanted)
}

/// An operator. It ends with the test.
pub(super) struct Operator {
    process: Child,
    log: PathBuf,
    _data: Arc<TempDir>,
}

impl Operator {
    /// Ends it at once, as a power cut does.
    pub(super) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Sends it a signal, such as `STOP`.
    pub(super) fn signal(&self, name: &str) {
        let id = self.process.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &id]).status().unwrap().success());
    }

    /// Asks it to end, and waits until it has; how.
    pub(super) fn end(&mut self) -> std::process::ExitStatus {
        self.signal("TERM");
        self.process.wait().unwrap()
    }

    /// Waits until it has said something.
    pub(super) async fn until_said(&self, what: &str) {
        let begun = Instant::now();
        while !self.log().contains(what) {
            assert!(begun.elapsed() < PATIENCE, "it does not say `{what}`:\n{}", self.log());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// What it has said.
    pub(super) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }
}

impl Drop for Operator {
    #[expect(clippy::print_stderr, reason = "what it has said tells why the test has failed")]
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        if std::thread::panicking() {
            eprintln!("--- operator\n{}", self.log());
        }
    }
}
