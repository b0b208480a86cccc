//! The custom resources of a cluster as they were seen last: what watches keep, and what passes read.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde_json::{Map, Value, json};
use tokio::sync::watch;

use super::{
    PLAN_NAME, Subject,
    status::{PlanStatus, ResourceStatus},
    watched::Watched,
};
use crate::model::{API_VERSION, DELETION_POLICY, Kind, PRUNE, SUSPEND, SYNC_REQUESTED_AT};

/// The finalizer of what stands for something at a site system.
pub const FINALIZER: &str = "headwater.dev/removal";
/// Annotation of a `Plan`: the digest of what somebody approves.
pub const APPROVE: &str = "headwater.dev/approve";

/// An object by kind and name: names of a cluster need not be those of documents.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectKey {
    /// Its kind.
    pub kind: Kind,
    /// Its name.
    pub name: String,
}

/// A custom resource, as it was seen last.
#[derive(Debug, Clone, PartialEq)]
pub struct Object {
    /// Its kind and name.
    pub key: ObjectKey,
    /// Its identity, which another object of this name does not have.
    pub uid: String,
    /// The version that was seen.
    pub resource_version: String,
    /// Counts changes of what is wanted.
    pub generation: Option<i64>,
    /// Those who have to agree before it is gone.
    pub finalizers: Vec<String>,
    /// Whether somebody has deleted it: it is gone once all finalizers are.
    pub deleted: bool,
    /// Its annotations that are Headwater's.
    pub annotations: BTreeMap<String, String>,
    /// The document that it is, as JSON.
    pub document: Arc<str>,
    /// What its status says; nothing where that cannot be read.
    pub status: ResourceStatus,
}

/// The plan of a namespace, as it was seen last.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PlanObject {
    /// Its identity.
    pub uid: String,
    /// What somebody has approved.
    pub approved: Option<String>,
    /// What its status says; none if nobody has written it yet.
    pub status: Option<PlanStatus>,
}

/// The objects of all namespaces that are watched. Clones share them.
#[derive(Debug, Clone)]
pub struct Objects(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    state: Mutex<State>,
    /// Counts changes of what is wanted, and what has been listed.
    changes: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct State {
    namespaces: BTreeMap<String, Namespace>,
    /// What has been listed whole, once.
    listed: BTreeSet<Subject>,
}

#[derive(Debug, Default, Clone)]
struct Namespace {
    objects: BTreeMap<ObjectKey, Arc<Object>>,
    plan: Option<PlanObject>,
    /// Counts changes of what is wanted here.
    revision: u64,
}

/// The objects of a namespace at a moment.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// By kind and name.
    pub objects: BTreeMap<ObjectKey, Arc<Object>>,
    /// Its plan.
    pub plan: Option<PlanObject>,
    /// Counts changes of what is wanted.
    pub revision: u64,
}

impl Default for Objects {
    fn default() -> Self {
        Self(Arc::new(Inner { state: Mutex::default(), changes: watch::Sender::new(0) }))
    }
}

impl Objects {
    /// Hears of changes of what is wanted, whoever made them; not of those of statuses.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.0.changes.subscribe()
    }

    /// The namespaces that have objects, once everything has been listed.
    pub fn namespaces(&self) -> Option<BTreeSet<String>> {
        let state = self.state();
        let all = Subject::ALL.into_iter().all(|it| state.listed.contains(&it));
        let used = state.namespaces.iter().filter(|(_, it)| !it.objects.is_empty());
        all.then(|| used.map(|(name, _)| name.clone()).collect())
    }

    /// Waits until everything has been listed.
    pub(super) async fn all_listed(&self) {
        let mut changes = self.changes();
        while self.namespaces().is_none() && changes.changed().await.is_ok() {}
    }

    /// What a namespace has now.
    pub fn of(&self, namespace: &str) -> Snapshot {
        let state = self.state();
        let here = state.namespaces.get(namespace).cloned().unwrap_or_default();
        Snapshot { objects: here.objects, plan: here.plan, revision: here.revision }
    }

    /// Counts changes of what is wanted in a namespace.
    pub fn revision(&self, namespace: &str) -> u64 {
        self.state().namespaces.get(namespace).map_or(0, |it| it.revision)
    }

    /// An object is there, or is otherwise than before.
    pub(super) fn seen(&self, watched: Subject, object: Watched) {
        let namespace = object.metadata.namespace.clone().unwrap_or_default();
        let mut state = self.state();
        let here = state.namespaces.entry(namespace).or_default();
        if here.see(watched, object) {
            here.revision += 1;
            drop(state);
            self.tell();
        }
    }

    /// An object is gone.
    pub(super) fn gone(&self, watched: Subject, object: &Watched) {
        let namespace = object.metadata.namespace.clone().unwrap_or_default();
        let name = object.metadata.name.clone().unwrap_or_default();
        let mut state = self.state();
        let Some(here) = state.namespaces.get_mut(&namespace) else { return };
        if here.lose(watched, &name) {
            here.revision += 1;
            drop(state);
            self.tell();
        }
    }

    /// Everything of this kind has been listed: what is not among it is gone.
    pub(super) fn listed(&self, watched: Subject, all: Vec<Watched>) {
        let mut state = self.state();
        let there: BTreeSet<(String, String)> = all
            .iter()
            .map(|it| {
                let it = it.metadata.clone();
                (it.namespace.unwrap_or_default(), it.name.unwrap_or_default())
            })
            .collect();
        for (namespace, here) in &mut state.namespaces {
            let mut changed = false;
            for name in here.names(watched) {
                if !there.contains(&(namespace.clone(), name.clone())) {
                    changed |= here.lose(watched, &name);
                }
            }
            here.revision += u64::from(changed);
        }
        for object in all {
            let namespace = object.metadata.namespace.clone().unwrap_or_default();
            let here = state.namespaces.entry(namespace).or_default();
            here.revision += u64::from(here.see(watched, object));
        }
        state.listed.insert(watched);
        drop(state);
        self.tell();
    }

    /// Something in a namespace that belongs to its objects has changed.
    pub(super) fn touch(&self, namespace: &str) {
        let mut state = self.state();
        let Some(here) = state.namespaces.get_mut(namespace) else { return };
        here.revision += 1;
        drop(state);
        self.tell();
    }

    /// The same, for all namespaces.
    pub(super) fn touch_all(&self) {
        for here in self.state().namespaces.values_mut() {
            here.revision += 1;
        }
        self.tell();
    }

    fn tell(&self) {
        self.0.changes.send_modify(|count| *count += 1);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Namespace {
    /// Takes an object as it is now; whether something else is wanted than before.
    fn see(&mut self, watched: Subject, object: Watched) -> bool {
        match watched {
            Subject::Kind(kind) => {
                let object = Arc::new(Object::of(kind, object));
                let before = self.objects.insert(object.key.clone(), object.clone());
                before.is_none_or(|before| before.wants_otherwise(&object))
            }
            Subject::Plan => {
                if object.metadata.name.as_deref() != Some(PLAN_NAME) {
                    return false;
                }
                let plan = PlanObject::of(object);
                let approved = plan.approved.clone();
                let before = self.plan.replace(plan).and_then(|it| it.approved);
                approved.is_some() && approved != before
            }
        }
    }

    fn lose(&mut self, watched: Subject, name: &str) -> bool {
        match watched {
            Subject::Kind(kind) => {
                self.objects.remove(&ObjectKey { kind, name: name.to_owned() }).is_some()
            }
            Subject::Plan => {
                if name == PLAN_NAME {
                    self.plan = None;
                }
                false
            }
        }
    }

    fn names(&self, watched: Subject) -> Vec<String> {
        match watched {
            Subject::Kind(kind) => {
                let keys = self.objects.keys().filter(|key| key.kind == kind);
                keys.map(|key| key.name.clone()).collect()
            }
            Subject::Plan => self.plan.iter().map(|_| PLAN_NAME.to_owned()).collect(),
        }
    }
}

impl Object {
    pub(super) fn of(kind: Kind, object: Watched) -> Self {
        let Watched { metadata, spec, status } = object;
        let name = metadata.name.unwrap_or_default();
        let mut annotations = metadata.annotations.unwrap_or_default();
        annotations.retain(|key, _| key.starts_with("headwater.dev/"));
        let document = document(kind, &name, &annotations, &spec);
        Self {
            key: ObjectKey { kind, name },
            uid: metadata.uid.unwrap_or_default(),
            resource_version: metadata.resource_version.unwrap_or_default(),
            generation: metadata.generation,
            finalizers: metadata.finalizers.unwrap_or_default(),
            deleted: metadata.deletion_timestamp.is_some(),
            annotations,
            document: document.into(),
            // Another version may have written it.
            status: serde_json::from_value(status).unwrap_or_default(),
        }
    }

    /// Whether it has our finalizer.
    pub fn is_held(&self) -> bool {
        self.finalizers.iter().any(|it| it == FINALIZER)
    }

    fn wants_otherwise(&self, now: &Self) -> bool {
        (&self.uid, self.deleted, &self.annotations, &self.document)
            != (&now.uid, now.deleted, &now.annotations, &now.document)
    }
}

/// The document that an object is: of its metadata only what documents have.
fn document(
    kind: Kind,
    name: &str,
    annotations: &BTreeMap<String, String>,
    spec: &Value,
) -> String {
    let mut metadata = Map::new();
    metadata.insert("name".to_owned(), json!(name));
    let read = [SUSPEND, PRUNE, SYNC_REQUESTED_AT, DELETION_POLICY];
    let read: BTreeMap<_, _> =
        annotations.iter().filter(|(key, _)| read.contains(&key.as_str())).collect();
    if !read.is_empty() {
        metadata.insert("annotations".to_owned(), json!(read));
    }
    json!({"apiVersion": API_VERSION, "kind": kind, "metadata": metadata, "spec": spec}).to_string()
}

impl PlanObject {
    fn of(object: Watched) -> Self {
        let Watched { metadata, status, spec: _ } = object;
        Self {
            uid: metadata.uid.unwrap_or_default(),
            approved: metadata.annotations.unwrap_or_default().remove(APPROVE),
            status: serde_json::from_value(status).ok(),
        }
    }
}
