//! Watches the custom resources of a cluster: one list and one watch for each kind, whoever needs them.

use std::{sync::Arc, time::Duration};

use futures::{StreamExt, pin_mut};
use kube::{
    Api, Client, Resource,
    core::{ApiResource, DynamicResourceScope},
    runtime::{
        WatchStreamExt,
        watcher::{self, Event, watcher},
    },
};
use tokio::task::JoinSet;

use super::{Subject, kinds::api_resource, objects::Objects, watched::Watched};
use crate::{error_text::with_causes, world::here};

/// Which objects are watched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// Of this namespace; of all of them without one.
    pub namespace: Option<String>,
    /// Those with these labels only.
    pub selector: Option<String>,
}

impl Scope {
    pub(super) fn api<K>(&self, client: &Client, resource: &ApiResource) -> Api<K>
    where
        K: Resource<DynamicType = ApiResource, Scope = DynamicResourceScope>,
    {
        match &self.namespace {
            Some(namespace) => Api::namespaced_with(client.clone(), namespace, resource),
            None => Api::all_with(client.clone(), resource),
        }
    }
}

/// Begins to watch. What is seen is in the objects; it ends when the tasks are dropped.
pub(super) fn watch(client: &Client, scope: &Scope, objects: &Objects) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    for watched in Subject::ALL {
        let selector = match watched {
            Subject::Kind(_) => scope.selector.clone(),
            // The operator makes them, and nobody labels them.
            Subject::Plan => None,
        };
        let api = scope.api(client, &api_resource(watched));
        tasks.spawn(here(watch_kind(api, selector, watched, objects.clone())));
    }
    tasks
}

async fn watch_kind(
    api: Api<Watched>,
    selector: Option<String>,
    watched: Subject,
    objects: Objects,
) {
    let mut config = watcher::Config::default();
    if let Some(selector) = selector {
        config = config.labels(&selector);
    }
    let resource: Arc<str> = api.resource_url().into();
    let events = watcher(api, config).default_backoff();
    pin_mut!(events);
    let mut listing = Vec::new();
    let mut told = false;
    while let Some(event) = events.next().await {
        match event {
            // Begun is not done.
            Ok(Event::Init) => listing.clear(),
            Ok(event) => {
                told = false;
                match event {
                    Event::Init => {}
                    Event::InitApply(object) => listing.push(object),
                    Event::InitDone => objects.listed(watched, std::mem::take(&mut listing)),
                    Event::Apply(object) => objects.seen(watched, object),
                    Event::Delete(object) => objects.gone(watched, &object),
                }
            }
            // It is tried again by itself, more and more rarely; said once.
            Err(error) if !told => {
                told = true;
                let why = with_causes(&error);
                tracing::warn!(%resource, why, "custom resources cannot be watched: {}", help(&why));
            }
            Err(_) => {}
        }
    }
}

/// What to do about a watch that is refused.
fn help(why: &str) -> &'static str {
    if why.contains("404") || why.contains("NotFound") {
        "are the definitions there? kubectl apply --server-side -f charts/headwater/crds"
    } else if why.contains("403") || why.contains("Forbidden") {
        "the operator's role has to allow list and watch"
    } else {
        "it is tried again"
    }
}

/// Once so long nothing has changed any more, a pass begins: whoever applies one document mostly applies
/// others too.
pub(super) const QUIET: Duration = Duration::from_millis(200);
/// But after so long in any case.
pub(super) const RESTLESS: Duration = Duration::from_secs(2);
