//! The objects that the operator has made for site systems, as they were seen last: what is otherwise than
//! wanted is seen without asking.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures::{StreamExt, pin_mut};
use kube::{
    Api, Client,
    core::{ApiResource, DynamicObject, GroupVersionKind},
    runtime::{
        WatchStreamExt,
        watcher::{self, Event, watcher},
    },
};
use serde_json::Value;
use tokio::task::JoinSet;

use super::{children::MADE, objects::Objects, watching::Scope};
use crate::{error_text::with_causes, world::here};

/// What is watched: group, version, kind, and the name in paths.
const KINDS: [(&str, &str, &str, &str); 6] = [
    ("apps", "v1", "StatefulSet", "statefulsets"),
    ("", "v1", "Service", "services"),
    ("", "v1", "ConfigMap", "configmaps"),
    ("networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies"),
    ("policy", "v1", "PodDisruptionBudget", "poddisruptionbudgets"),
    ("cert-manager.io", "v1", CERTIFICATE, "certificates"),
];
/// What is only watched where somebody issues certificates.
const CERTIFICATE: &str = "Certificate";

/// The resource of a kind that is made for site systems; none if there is no such.
pub(super) fn resource(kind: &GroupVersionKind) -> Option<ApiResource> {
    let (group, version, kind, plural) = KINDS.iter().find(|it| it.2 == kind.kind)?;
    Some(ApiResource::from_gvk_with_plural(&GroupVersionKind::gvk(group, version, kind), plural))
}

/// Namespace, kind and name of an object.
type Key = (String, String, String);

/// The objects that were made. Clones share them.
#[derive(Debug, Clone, Default)]
pub(super) struct Owned(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    objects: BTreeMap<Key, Value>,
    /// The kinds that were listed whole.
    listed: BTreeSet<&'static str>,
}

impl Owned {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An object as it was seen last.
    pub(super) fn get(&self, namespace: &str, kind: &str, name: &str) -> Option<Value> {
        let key = (namespace.to_owned(), kind.to_owned(), name.to_owned());
        self.state().objects.get(&key).cloned()
    }

    /// All objects of a namespace, each with its kind.
    pub(super) fn all(&self, namespace: &str) -> Vec<(String, Value)> {
        let state = self.state();
        let all = state.objects.iter().filter(|((of, _, _), _)| of == namespace);
        all.map(|((_, kind, _), object)| (kind.clone(), object.clone())).collect()
    }

    /// Whether all objects of a kind are known. Those of a kind that the cluster does not have are not, until
    /// it has it.
    pub(super) fn knows(&self, kind: &str) -> bool {
        self.state().listed.contains(kind)
    }
}

/// Begins to watch what was made, and certificates if somebody issues any. Whoever hears of objects hears of
/// changes here too.
pub(super) fn watch(
    client: &Client,
    scope: &Scope,
    objects: &Objects,
    with_certificates: bool,
) -> (Owned, JoinSet<()>) {
    let owned = Owned::default();
    let mut tasks = JoinSet::new();
    // Labels of objects are not those of what is made for them.
    let scope = Scope { selector: None, ..scope.clone() };
    for (_, _, kind, _) in KINDS.into_iter().filter(|it| with_certificates || it.2 != CERTIFICATE) {
        let Some(resource) = resource(&GroupVersionKind::gvk("", "", kind)) else { continue };
        let api = scope.api::<DynamicObject>(client, &resource);
        tasks.spawn(here(watch_kind(kind, api, owned.clone(), objects.clone())));
    }
    (owned, tasks)
}

/// Watches one kind, also one that the cluster does not have yet: it is asked for again and again, more and
/// more rarely, and at least twice a minute.
async fn watch_kind(kind: &'static str, api: Api<DynamicObject>, owned: Owned, objects: Objects) {
    let labels: Vec<String> = MADE.iter().map(|(key, value)| format!("{key}={value}")).collect();
    let config = watcher::Config::default().labels(&labels.join(","));
    let events = watcher(api, config).default_backoff();
    pin_mut!(events);
    let mut listing = Vec::new();
    let mut told = false;
    while let Some(event) = events.next().await {
        match event {
            Ok(Event::Init) => listing.clear(),
            Ok(Event::InitApply(object)) => listing.push(object),
            Ok(Event::InitDone) => {
                owned.list(kind, std::mem::take(&mut listing));
                objects.touch_all();
                if std::mem::take(&mut told) {
                    tracing::info!(kind, "objects of site systems are seen now");
                }
            }
            Ok(Event::Apply(object)) => {
                let namespace = owned.see(kind, object);
                objects.touch(&namespace);
            }
            Ok(Event::Delete(object)) => {
                let (namespace, name) = named(&object);
                owned.state().objects.remove(&(namespace.clone(), kind.to_owned(), name));
                objects.touch(&namespace);
            }
            // What was seen is too old to go on from: all is listed again.
            Err(watcher::Error::WatchError(why)) if why.code == 410 => {}
            Err(error) => {
                if is_no_such_kind(&error) {
                    owned.forget(kind);
                }
                if !std::mem::replace(&mut told, true) {
                    let why = with_causes(&error);
                    tracing::warn!(kind, "objects of site systems are not seen, nor made: {why}");
                }
            }
        }
    }
}

/// Whether the cluster has no such objects: it is too old, or what brings them is not installed.
fn is_no_such_kind(error: &watcher::Error) -> bool {
    use watcher::Error::{InitialListFailed, WatchError, WatchFailed, WatchStartFailed};
    match error {
        InitialListFailed(kube::Error::Api(why))
        | WatchStartFailed(kube::Error::Api(why))
        | WatchFailed(kube::Error::Api(why))
        | WatchError(why) => why.is_not_found(),
        _ => false,
    }
}

impl Owned {
    fn see(&self, kind: &'static str, object: DynamicObject) -> String {
        let (namespace, name) = named(&object);
        // What an API server has read is JSON.
        let value = serde_json::to_value(object).unwrap_or_default();
        let key = (namespace.clone(), kind.to_owned(), name);
        self.state().objects.insert(key, value);
        namespace
    }

    /// There are no objects of this kind.
    fn forget(&self, kind: &'static str) {
        let mut state = self.state();
        state.listed.remove(kind);
        state.objects.retain(|(_, of, _), _| of != kind);
    }

    fn list(&self, kind: &'static str, all: Vec<DynamicObject>) {
        let mut state = self.state();
        state.objects.retain(|(_, of, _), _| of != kind);
        for object in all {
            let (namespace, name) = named(&object);
            let value = serde_json::to_value(object).unwrap_or_default();
            state.objects.insert((namespace, kind.to_owned(), name), value);
        }
        state.listed.insert(kind);
    }
}

fn named(object: &DynamicObject) -> (String, String) {
    let metadata = object.metadata.clone();
    (metadata.namespace.unwrap_or_default(), metadata.name.unwrap_or_default())
}
