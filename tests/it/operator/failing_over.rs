//! One operator goes on for another one with which it shares nothing but the cluster.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::Arc,
    time::{Duration, Instant},
};

use headwater::{
    model::Kind,
    operator::{HIERARCHY, OBSERVED},
};
use k8s_openapi::{
    ByteString,
    api::core::v1::{ConfigMap, Secret},
};
use kube::{
    Api,
    api::{DeleteParams, Patch, PatchParams},
};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{
    super::receivers::{Posted, WebReceiver},
    cluster::{Operator, Place, place},
    pods::{PATIENCE, hosted, secret, start, token},
};

const IMAGE: [&str; 4] = ["--image", "registry.example/headwater:test", "--lease", "headwater"];

/// An operator on a node of its own.
struct Node {
    data: Arc<TempDir>,
    operator: Operator,
}

impl Node {
    fn new(place: &Place) -> Self {
        let data = Arc::new(tempfile::tempdir().unwrap());
        let operator = place.operator_with(&data, "examples/minimal", &IMAGE);
        Self { data, operator }
    }

    /// What it keeps of the namespace.
    fn path(&self, place: &Place) -> PathBuf {
        self.data.path().join("data").join(&place.namespace)
    }

    fn authority(&self, place: &Place) -> String {
        fs::read_to_string(self.path(place).join("certificates/authority.crt")).unwrap()
    }

    fn agents(&self, place: &Place) -> Value {
        serde_json::from_slice(&fs::read(self.path(place).join("agents.json")).unwrap()).unwrap()
    }
}

/// Runs a command on a data directory.
fn run(arguments: &[&str], data: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_headwater"));
    command.args(arguments).arg("--data").arg(data).output().unwrap()
}

/// How often each kind of action was done, by the journal of a data directory.
fn done(data: &Path) -> BTreeMap<String, u64> {
    let history = run(&["history", "--output", "json"], data);
    let history: Value = serde_json::from_slice(&history.stdout).unwrap();
    let mut done = BTreeMap::new();
    for run in history["runs"].as_array().unwrap() {
        for (kind, count) in run["done"].as_object().into_iter().flatten() {
            *done.entry(kind.clone()).or_default() += count.as_u64().unwrap();
        }
    }
    done
}

async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !holds().await {
        assert!(begun.elapsed() < PATIENCE, "it never holds that {what}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn the_next_one_has_the_same_authority_and_agents_and_does_nothing_twice() {
    let ip = "127.77.84.1";
    let Some(mut place) = place("next").await else { return };
    let user = place.restricted().await;
    place.create(&hosted(ip)).await;
    let mut first = Node::new(&place);
    first.operator.until_said("this operator holds the lease").await;
    let second = Node::new(&place);
    let directory = tempfile::tempdir().unwrap();
    let _pod = start(&place, ip, directory.path()).await;
    place.until_ready(Kind::Package, "welcome").await;
    assert!(!second.operator.log().contains("holds the lease"), "{}", second.operator.log());
    let authority = first.authority(&place);
    first.operator.kill();
    let patch = json!({"spec": {"sourceVersion": 2}});
    place.merge(Kind::Package, "welcome", patch).await;
    place.until_ready(Kind::Package, "welcome").await;
    assert!(second.operator.log().contains("holds the lease"), "{}", second.operator.log());
    assert_eq!(second.authority(&place), authority);
    // The agent joined once, and counts by the same key.
    assert_eq!(second.agents(&place)["agents"], first.agents(&place)["agents"]);
    let said = fs::read_to_string(directory.path().join("agent.log")).unwrap();
    assert!(!said.contains("turned away"), "{said}");
    assert!(secret(&place, "server-join").await.is_none(), "nobody waits for it to join again");
    let (before, after) = (done(&first.path(&place)), done(&second.path(&place)));
    for kind in ["AddSoftwareUpdatePoint", "AddDistributionPoint", "ImportUpdates"] {
        let times = [&before, &after].map(|it| it.get(kind).copied().unwrap_or_default());
        assert_eq!(times, [1, 0], "{kind}: {before:?} {after:?}");
    }
    let refused: Vec<_> =
        place.requests(&user).into_iter().filter(|it| it.2 == 403 || it.2 == 401).collect();
    assert!(refused.is_empty(), "{refused:?}\n{}", second.operator.log());
}

#[tokio::test]
async fn a_token_that_was_made_and_not_put_there_is_put_there_by_the_next_one() {
    let Some(place) = place("token").await else { return };
    place.create(&hosted("127.77.84.2")).await;
    let mut first = Node::new(&place);
    let made = token(&place).await;
    first.operator.kill();
    // As if it had been killed between the two.
    let secrets: Api<Secret> = Api::namespaced(place.client.clone(), &place.namespace);
    secrets.delete("server-join", &DeleteParams::default()).await.unwrap();
    let _second = Node::new(&place);
    assert_eq!(token(&place).await, made);
}

#[tokio::test]
async fn what_is_kept_there_is_put_back_and_what_somebody_else_has_put_there_is_taken_over() {
    let ip = "127.77.84.3";
    let Some(place) = place("kept").await else { return };
    place.create(&hosted(ip)).await;
    let node = Node::new(&place);
    let directory = tempfile::tempdir().unwrap();
    token(&place).await;
    // Somebody deletes it: what comes next is kept all the same, and all that was known.
    let secrets: Api<Secret> = Api::namespaced(place.client.clone(), &place.namespace);
    let before = secret(&place, HIERARCHY).await.unwrap();
    assert_eq!(before.metadata.managed_fields.unwrap().len(), 1, "one manager");
    secrets.delete(HIERARCHY, &DeleteParams::default()).await.unwrap();
    let _pod = start(&place, ip, directory.path()).await;
    place.until_ready(Kind::Package, "welcome").await;
    let kept = secret(&place, HIERARCHY).await.unwrap().data.unwrap();
    assert_eq!(kept["authority.pem"], before.data.unwrap()["authority.pem"]);
    // A label of somebody is no reason for anything.
    let labels = Patch::Merge(json!({"metadata": {"labels": {"backup": "daily"}}}));
    secrets.patch(HIERARCHY, &PatchParams::default(), &labels).await.unwrap();
    let revoked = run(&["revoke", "server"], &node.path(&place));
    let said = String::from_utf8_lossy(&revoked.stderr).into_owned();
    assert!(said.contains("nobody talks to `server` any more"), "{said}");
    // What a command has changed beside the operator is kept too.
    until("the Secret is another one", async || {
        let now = secret(&place, HIERARCHY).await.unwrap().data.unwrap();
        now["agents.json.gz"] != kept["agents.json.gz"]
    })
    .await;
    assert!(!node.operator.log().contains("somebody else has changed"), "{}", node.operator.log());
    // An older one is put back: it is what counts now.
    let data: BTreeMap<String, ByteString> = kept.clone();
    let patch = Patch::Merge(json!({"data": data}));
    secrets.patch(HIERARCHY, &PatchParams::default(), &patch).await.unwrap();
    // Something to write down, if it has not found out already.
    run(&["join-token", "other"], &node.path(&place));
    node.operator.until_said("somebody else has changed the Secret").await;
    until("the agent counts again", async || {
        node.agents(&place)["agents"]["server"]["revoked"].is_null()
    })
    .await;
}

#[tokio::test]
async fn agents_are_not_changed_where_nobody_leads() {
    let Some(place) = place("behind").await else { return };
    place.create(&hosted("127.77.84.4")).await;
    let mut node = Node::new(&place);
    token(&place).await;
    node.operator.kill();
    let revoked = run(&["revoke", "server"], &node.path(&place));
    let said = String::from_utf8_lossy(&revoked.stderr).into_owned();
    assert!(!revoked.status.success() && said.contains("which does not lead"), "{said}");
}

#[tokio::test]
async fn what_one_has_told_the_next_one_does_not_tell_again() {
    let ip = "127.77.84.5";
    let Some(mut place) = place("told").await else { return };
    let user = place.restricted().await;
    let receiver = WebReceiver::start();
    let hook = format!(
        "---\napiVersion: headwater.dev/v1alpha1\nkind: Notification\nmetadata: {{name: hook}}\nspec:\n  \
         to: {{webhook: {{url: 'http://{}/'}}}}\n  on: [ManifestsInForce, Converged]\n  after: 0s\n",
        receiver.address
    );
    place.create(&(hosted(ip) + &hook)).await;
    let mut first = Node::new(&place);
    let directory = tempfile::tempdir().unwrap();
    let _pod = start(&place, ip, directory.path()).await;
    let converged = |it: &Posted| it.events().iter().any(|(event, ..)| event == "Converged");
    receiver.until(converged);
    // What nobody knows to have arrived is told again.
    until("all is delivered, and that is written down", async || {
        let file = fs::read(first.path(&place).join("notifications.json")).unwrap();
        let told: Value = serde_json::from_slice(&file).unwrap();
        let outbox = &told["receivers"]["hook"]["outbox"];
        outbox["waiting"].is_null() && outbox["deliveredAt"].is_string()
    })
    .await;
    first.operator.kill();
    receiver.so_far();
    let maps: Api<ConfigMap> = Api::namespaced(place.client.clone(), &place.namespace);
    let before = maps.get(OBSERVED).await.unwrap().metadata.resource_version;
    let second = Node::new(&place);
    until("the second one has looked", async || {
        maps.get(OBSERVED).await.unwrap().metadata.resource_version != before
    })
    .await;
    // Other objects are news, and the first that there are.
    let patch = json!({"spec": {"sourceVersion": 2}});
    place.merge(Kind::Package, "welcome", patch).await;
    let mut told = Vec::new();
    receiver.until(|it| {
        told.extend(it.events().into_iter().map(|(event, ..)| event));
        converged(it)
    });
    assert_eq!(told, ["ManifestsInForce", "Converged"]);
    let refused: Vec<_> =
        place.requests(&user).into_iter().filter(|it| it.2 == 403 || it.2 == 401).collect();
    assert!(refused.is_empty(), "{refused:?}\n{}", second.operator.log());
}
