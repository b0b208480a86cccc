//! Writes into the cluster what there is to say: statuses, the plan, events, finalizers. Only what differs
//! from what stands there is written.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures::{StreamExt, stream};
use k8s_openapi::api::core::v1::ObjectReference;
use kube::{
    Api, Client,
    api::Patch,
    core::{DynamicObject, Request},
    runtime::events::{Event, EventType},
};
use serde::{Serialize, de::IgnoredAny};
use serde_json::{Map, Value, json};

use super::{
    Subject,
    events::Events,
    kinds::{PLAN_NAME, api_resource},
    objects::{FINALIZER, Object, ObjectKey, PlanObject, Snapshot},
    status::{ConditionStatus, ConditionType, PlanStatus, ResourceStatus},
    writing::{changing, creating},
};
use crate::{error_text::with_causes, model::API_VERSION};

/// How many writes are under way at a time.
const AT_ONCE: usize = 8;
/// How often a change of finalizers is tried again when somebody else has changed them meanwhile.
const TRIES: u32 = 5;
/// The longest text of an event, in bytes: the API server takes 1 KiB.
const LONGEST_NOTE: usize = 1_000;

/// Writes into one namespace.
pub(super) struct Teller {
    client: Client,
    namespace: String,
    events: Events,
    /// The statuses that were written and not seen yet, each with the identity of its object.
    unseen: Mutex<BTreeMap<ObjectKey, (String, ResourceStatus)>>,
}

/// Something that has happened to an object.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Happened {
    pub(super) key: ObjectKey,
    /// In one word.
    pub(super) reason: String,
    pub(super) note: String,
    /// Whether somebody should look at it.
    pub(super) warning: bool,
}

impl Teller {
    pub(super) fn new(client: Client, namespace: String, instance: Option<String>) -> Self {
        let events = Events::begin(client.clone(), instance);
        Self { client, namespace, events, unseen: Mutex::default() }
    }

    /// Writes what waits, but not for long.
    pub(super) async fn end(self) {
        self.events.end().await;
    }

    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    fn api(&self, key: &ObjectKey) -> Api<DynamicObject> {
        Api::namespaced_with(
            self.client.clone(),
            &self.namespace,
            &api_resource(Subject::Kind(key.kind)),
        )
    }

    /// Writes statuses, at most so many: what somebody has to look at first. What cannot be written is written
    /// by the next pass, and is in the log.
    pub(super) async fn statuses(
        &self,
        snapshot: &Snapshot,
        statuses: BTreeMap<ObjectKey, ResourceStatus>,
        most: usize,
    ) {
        // What is gone is not remembered.
        self.unseen().retain(|key, _| snapshot.objects.contains_key(key));
        let differing = statuses.into_iter().filter_map(|(key, status)| {
            let object = snapshot.objects.get(&key)?;
            let changes = self.status_changes(object, &status)?;
            Some((object, status, changes))
        });
        let mut differing: Vec<_> = differing.collect();
        if differing.len() > most {
            differing.sort_by_key(|(_, status, _)| !has_failed(status));
            differing.truncate(most);
        }
        let written = stream::iter(differing).for_each_concurrent(
            AT_ONCE,
            |(object, status, changes)| async move {
                let patch = json!({"metadata": {"uid": object.uid}, "status": changes});
                match self.write_status(&object.key, &patch).await {
                    Ok(()) => self.wrote(object, status),
                    Err(error) => refused("the status", &object.key.to_string(), &error),
                }
            },
        );
        written.await;
    }

    /// What of a status is otherwise than what was seen, or than what was written meanwhile.
    fn status_changes(&self, object: &Object, now: &ResourceStatus) -> Option<Map<String, Value>> {
        let mut unseen = self.unseen();
        let written = unseen.get(&object.key).filter(|(uid, _)| *uid == object.uid);
        if let Some((_, written)) = written.filter(|(_, status)| *status != object.status) {
            let mut both = changes(Some(written), now).unwrap_or_default();
            both.extend(changes(Some(&object.status), now).unwrap_or_default());
            (!both.is_empty()).then_some(both)
        } else {
            unseen.remove(&object.key);
            changes(Some(&object.status), now)
        }
    }

    fn wrote(&self, object: &Object, status: ResourceStatus) {
        self.unseen().insert(object.key.clone(), (object.uid.clone(), status));
    }

    fn unseen(&self) -> MutexGuard<'_, BTreeMap<ObjectKey, (String, ResourceStatus)>> {
        self.unseen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes the status of an object. What it is then comes with the watch, and is not asked for here.
    async fn write_status(&self, key: &ObjectKey, patch: &Value) -> Result<(), kube::Error> {
        let object = format!("{}/{}", self.api(key).resource_url(), key.name);
        let patch = Patch::Merge(patch);
        let request = Request::new(object).patch_metadata("status", &changing(), &patch);
        let request = request.map_err(kube::Error::BuildRequest)?;
        self.client.request::<IgnoredAny>(request).await.map(drop)
    }

    /// Writes the plan, whose object is made when there is none.
    pub(super) async fn plan(&self, before: Option<&PlanObject>, status: &PlanStatus) {
        let resource = api_resource(Subject::Plan);
        let api: Api<DynamicObject> =
            Api::namespaced_with(self.client.clone(), &self.namespace, &resource);
        if before.is_none() {
            let object = DynamicObject::new(PLAN_NAME, &resource);
            match api.create(&creating(), &object).await {
                Ok(_) => {}
                Err(kube::Error::Api(error)) if error.is_already_exists() => {}
                Err(error) => return refused("the plan", PLAN_NAME, &error),
            }
        }
        let written = before.and_then(|it| it.status.as_ref());
        let Some(changes) = changes(written, status) else { return };
        let patch = Patch::Merge(json!({"status": changes}));
        if let Err(error) = api.patch_status(PLAN_NAME, &changing(), &patch).await {
            refused("the plan", PLAN_NAME, &error);
        }
    }

    /// Takes an approval away that was used, or that is for another plan.
    pub(super) async fn used(&self, annotation: &str) {
        let api: Api<DynamicObject> = Api::namespaced_with(
            self.client.clone(),
            &self.namespace,
            &api_resource(Subject::Plan),
        );
        let mut annotations = Map::new();
        annotations.insert(annotation.to_owned(), Value::Null);
        let patch = Patch::Merge(json!({"metadata": {"annotations": annotations}}));
        if let Err(error) = api.patch(PLAN_NAME, &changing(), &patch).await {
            refused("the approval of", PLAN_NAME, &error);
        }
    }

    /// Holds objects until what they stand for is removed, before anything of it is made.
    ///
    /// # Errors
    ///
    /// One of them cannot be held.
    pub(super) async fn hold(&self, objects: Vec<Arc<Object>>) -> Result<(), kube::Error> {
        let held =
            stream::iter(objects).map(|object| async move { self.finalizers(&object, true).await });
        let held: Vec<_> = held.buffer_unordered(AT_ONCE).collect().await;
        held.into_iter().collect()
    }

    /// Lets objects go, and tells which of them are.
    pub(super) async fn let_go(&self, objects: Vec<Arc<Object>>) -> BTreeSet<ObjectKey> {
        let gone = stream::iter(objects).map(|object| async move {
            match self.finalizers(&object, false).await {
                Ok(()) => Some(object.key.clone()),
                Err(error) => {
                    refused("the finalizer", &object.key.to_string(), &error);
                    None
                }
            }
        });
        let gone = gone.buffer_unordered(AT_ONCE);
        gone.filter_map(|it| async move { it }).collect().await
    }

    /// Holds an object, or lets it go. Only another change of its finalizers is in the way, so that those who
    /// write something else again and again hold nothing up.
    async fn finalizers(&self, object: &Object, held: bool) -> Result<(), kube::Error> {
        let (api, name) = (self.api(&object.key), &object.key.name);
        let mut there = object.finalizers.clone();
        let mut tries = TRIES;
        loop {
            let mut wanted = there.clone();
            wanted.retain(|it| it != FINALIZER);
            if held {
                wanted.push(FINALIZER.to_owned());
            }
            if wanted.len() == there.len() {
                return Ok(());
            }
            let before = if there.is_empty() { Value::Null } else { json!(there) };
            let changes = json!([
                {"op": "test", "path": "/metadata/uid", "value": object.uid},
                {"op": "test", "path": "/metadata/finalizers", "value": before},
                {"op": "add", "path": "/metadata/finalizers", "value": wanted},
            ]);
            let changes = serde_json::from_value(changes).map_err(kube::Error::SerdeError)?;
            let patch = Patch::<()>::Json(changes);
            match api.patch_metadata(name, &changing(), &patch).await {
                Ok(_) => return Ok(()),
                // It is gone.
                Err(kube::Error::Api(answer)) if answer.is_not_found() => return Ok(()),
                Err(kube::Error::Api(answer))
                    if tries > 0 && (answer.is_invalid() || answer.is_conflict()) => {}
                Err(error) => return Err(error),
            }
            tries -= 1;
            let Some(now) = api.get_metadata_opt(name).await? else { return Ok(()) };
            if now.metadata.uid.as_ref() != Some(&object.uid) {
                return Ok(());
            }
            there = now.metadata.finalizers.unwrap_or_default();
        }
    }

    /// Tells of what has happened, as events of the objects.
    pub(super) fn happened(&self, snapshot: &Snapshot, happened: Vec<Happened>) {
        for it in happened {
            let Some(object) = snapshot.objects.get(&it.key) else { continue };
            let reference = ObjectReference {
                api_version: Some(API_VERSION.to_owned()),
                kind: Some(object.key.kind.to_string()),
                name: Some(object.key.name.clone()),
                namespace: Some(self.namespace.clone()),
                uid: Some(object.uid.clone()),
                ..ObjectReference::default()
            };
            let event = Event {
                type_: if it.warning { EventType::Warning } else { EventType::Normal },
                action: it.reason.clone(),
                reason: it.reason,
                note: Some(bounded(it.note)),
                secondary: None,
            };
            self.events.tell(event, reference);
        }
    }
}

/// Whether somebody should look at an object.
fn has_failed(status: &ResourceStatus) -> bool {
    status.next_retry.is_some()
        || status.conditions.iter().any(|it| {
            it.condition_type == ConditionType::Stalled && it.status == ConditionStatus::True
        })
}

/// What of a status is otherwise than before; `None` if nothing is. What is not there any more is null.
fn changes<T: Serialize + PartialEq>(before: Option<&T>, now: &T) -> Option<Map<String, Value>> {
    if before == Some(now) {
        return None;
    }
    let map = |it| match serde_json::to_value(it) {
        Ok(Value::Object(map)) => Some(map),
        _ => None,
    };
    let (before, mut now) = (before.map_or(Some(Map::new()), map)?, map(now)?);
    for key in before.keys() {
        now.entry(key).or_insert(Value::Null);
    }
    now.retain(|key, value| before.get(key).unwrap_or(&Value::Null) != value);
    (!now.is_empty()).then_some(now)
}

fn bounded(mut text: String) -> String {
    if text.len() > LONGEST_NOTE {
        let end = (0..=LONGEST_NOTE).rev().find(|at| text.is_char_boundary(*at));
        text.truncate(end.unwrap_or_default());
    }
    text
}

/// Whether something is refused because its namespace is being deleted, with all that is in it.
pub(super) fn is_namespace_going(answer: &kube::core::Status) -> bool {
    let causes = answer.details.iter().flat_map(|it| &it.causes);
    answer.is_forbidden() && causes.into_iter().any(|it| it.reason == "NamespaceTerminating")
}

/// Says what could not be written.
pub(super) fn refused(what: &str, of: &str, error: &kube::Error) {
    // It is gone, or goes, or another object has its name: nothing is to be said of it any more.
    if let kube::Error::Api(answer) = error
        && (answer.is_not_found() || answer.is_conflict() || is_namespace_going(answer))
    {
        tracing::debug!("{what} of {of} is not written: {}", with_causes(error));
        return;
    }
    tracing::warn!(
        "{what} of {of} cannot be written: {}; the next pass tries again",
        with_causes(error)
    );
}
