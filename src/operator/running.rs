//! The operator: watches, and while it holds the lease, keeps the hierarchy of each namespace.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use futures::{StreamExt, stream::FuturesUnordered};
use kube::Client;
use tokio::{task::JoinSet, time::sleep};
use tokio_util::sync::CancellationToken;

use super::{
    admission::{AdmissionError, admit},
    connecting::Cluster,
    leasing::Leasing,
    objects::Objects,
    owned::{self, Owned},
    reconciler::{Reconciler, ReconcilerError},
    settings::OperatorSettings,
    watching::{self, Scope},
};
use crate::{
    error_text::with_causes,
    web::{TICK, Vitals},
    world::here,
};

/// The operator cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum OperatorError {
    /// The lease that makes it the only one.
    #[error(
        "the lease `{0}` cannot be had: the operator's role has to allow get, create and patch of it"
    )]
    Lease(String, #[source] Box<kube::Error>),
    /// Objects cannot be judged.
    #[error(transparent)]
    Admission(#[from] AdmissionError),
}

/// The lease by which one operator at a time works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaseSettings {
    /// Its name.
    pub name: String,
    /// Its namespace: that of the operator.
    pub namespace: String,
}

/// How soon it is tried again to keep a namespace whose hierarchy could not be kept.
const AGAIN: Duration = Duration::from_secs(10);

/// Operates until it is to end.
///
/// # Errors
///
/// The lease is refused, or objects cannot be judged.
pub async fn operate(
    cluster: Cluster,
    scope: Scope,
    lease: LeaseSettings,
    settings: OperatorSettings,
    vitals: Vitals,
    ending: CancellationToken,
) -> Result<(), OperatorError> {
    let Cluster { client, watching: patient, .. } = cluster;
    let objects = Objects::default();
    let mut watches = watching::watch(&patient, &scope, &objects);
    vitals.knows_objects(false);
    let (known, told) = (objects.clone(), vitals.clone());
    watches.spawn(here(async move {
        known.all_listed().await;
        told.knows_objects(true);
    }));
    let (owned, _made) = match settings.hosting.image {
        Some(_) => {
            let issued = settings.hosting.issuer.is_some();
            owned::watch(&patient, &scope, &objects, issued)
        }
        None => (Owned::default(), JoinSet::new()),
    };
    let content = settings.content_directory.clone();
    let _admission = match &settings.admission {
        Some(admission) => {
            Some(admit((&client, &patient), admission, objects.clone(), content).await?)
        }
        None => None,
    };
    let (leasing, mut held) = Leasing::new(client.clone(), &lease, settings.instance.clone());
    let letting_go = CancellationToken::new();
    let mut keeping = JoinSet::new();
    keeping.spawn(here(leasing.keep(letting_go.clone())));
    vitals.waits_for_its_turn(true);
    let operator = Operator { client, objects, owned, settings: Arc::new(settings), vitals };
    loop {
        tokio::select! {
            () = ending.cancelled() => break,
            Some(Ok(Err(error))) = keeping.join_next() => {
                return Err(OperatorError::Lease(lease.name, Box::new(error)));
            }
            Ok(_) = held.wait_for(|held| *held) => {}
        }
        tracing::info!(lease = lease.name, "this operator holds the lease");
        operator.vitals.waits_for_its_turn(false);
        let turn = CancellationToken::new();
        let ends = operator.lead(turn.clone());
        let ((), lost) = tokio::join!(ends, async {
            let lost = tokio::select! {
                () = ending.cancelled() => false,
                _ = held.wait_for(|held| !*held) => true,
            };
            if lost {
                tracing::warn!(lease = lease.name, "the lease is lost: another operator may go on");
            }
            turn.cancel();
            lost
        });
        if !lost {
            break;
        }
        operator.vitals.waits_for_its_turn(true);
    }
    // What is let go now need not run out first.
    letting_go.cancel();
    while keeping.join_next().await.is_some() {}
    Ok(())
}

struct Operator {
    client: Client,
    objects: Objects,
    owned: Owned,
    settings: Arc<OperatorSettings>,
    vitals: Vitals,
}

impl Operator {
    /// Keeps the hierarchy of every namespace that has objects.
    async fn lead(&self, ending: CancellationToken) {
        let mut changes = self.objects.changes();
        let mut kept = BTreeSet::new();
        let mut reconcilers = FuturesUnordered::new();
        let mut ticks = tokio::time::interval(TICK);
        loop {
            for namespace in self.objects.namespaces().unwrap_or_default() {
                if kept.insert(namespace.clone()) {
                    reconcilers.push(self.keep(namespace, ending.clone()));
                }
            }
            tokio::select! {
                () = ending.cancelled() => break,
                _ = changes.changed() => {}
                // Where there is nothing to keep, nobody else says that it moves.
                _ = ticks.tick(), if reconcilers.is_empty() => self.vitals.moves(),
                Some((namespace, ended)) = reconcilers.next() => {
                    if let Err(error) = ended {
                        tracing::error!(namespace, "{}", with_causes(&error));
                    }
                    kept.remove(&namespace);
                }
            }
        }
        while reconcilers.next().await.is_some() {}
    }

    fn keep(
        &self,
        namespace: String,
        ending: CancellationToken,
    ) -> impl Future<Output = (String, Result<(), ReconcilerError>)> {
        let reconciler = Reconciler {
            client: self.client.clone(),
            namespace: namespace.clone(),
            objects: self.objects.clone(),
            settings: self.settings.clone(),
            vitals: self.vitals.clone(),
            owned: self.owned.clone(),
        };
        async move {
            let ended = Box::pin(reconciler.run(ending.clone())).await;
            if ended.is_err() {
                tokio::select! {
                    () = ending.cancelled() => {}
                    () = sleep(AGAIN) => {}
                }
            }
            (namespace, ended)
        }
    }
}
