//! The operator: watches, and while it holds the lease, keeps the hierarchy of each namespace.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use futures::{StreamExt, stream::FuturesUnordered};
use kube::Client;
use kube_lease_manager::{LeaseManagerBuilder, LeaseManagerError};
use tokio::{sync::watch, task::JoinSet, time::sleep};
use tokio_util::sync::CancellationToken;

use super::{
    admission::{AdmissionError, admit},
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
    Lease(String, #[source] Box<LeaseManagerError>),
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

/// How long a lease counts after it was renewed last, in seconds: another operator takes over after that.
const LEASE: u64 = 15;
/// How long before its end it is renewed, in seconds. So much may clocks differ.
const RENEWED_BEFORE: u64 = 10;
/// How soon it is tried again to keep a namespace whose hierarchy could not be kept.
const AGAIN: Duration = Duration::from_secs(10);

/// Operates until it is to end.
///
/// # Errors
///
/// The lease cannot be had.
pub async fn operate(
    client: Client,
    scope: Scope,
    lease: LeaseSettings,
    settings: OperatorSettings,
    vitals: Vitals,
    ending: CancellationToken,
) -> Result<(), OperatorError> {
    let objects = Objects::default();
    let mut watches = watching::watch(&client, &scope, &objects);
    vitals.knows_objects(false);
    let (known, told) = (objects.clone(), vitals.clone());
    watches.spawn(here(async move {
        known.all_listed().await;
        told.knows_objects(true);
    }));
    let (owned, _made) = match settings.hosting.image {
        Some(_) => owned::watch(&client, &scope, &objects),
        None => (Owned::default(), JoinSet::new()),
    };
    let content = settings.content_directory.clone();
    let _admission = match &settings.admission {
        Some(admission) => Some(admit(&client, admission, objects.clone(), content).await?),
        None => None,
    };
    let failed = |error| OperatorError::Lease(lease.name.clone(), Box::new(error));
    let builder = LeaseManagerBuilder::new(client.clone(), &lease.name)
        .with_identity(&settings.instance)
        .with_duration(LEASE)
        .with_grace(RENEWED_BEFORE)
        .with_namespace(&lease.namespace);
    let manager = builder.build().await.map_err(failed)?;
    vitals.waits_for_its_turn(true);
    let (mut held, leasing) = manager.watch().await;
    let operator = Operator { client, objects, owned, settings: Arc::new(settings), vitals };
    let stopped = loop {
        tokio::select! {
            () = ending.cancelled() => break None,
            leads = leads(&mut held, true) => if !leads { break Some(()) },
        }
        tracing::info!(lease = lease.name, "this operator holds the lease");
        operator.vitals.waits_for_its_turn(false);
        let leading = CancellationToken::new();
        let (ends, lost) = tokio::join!(operator.lead(leading.clone()), async {
            let lost = tokio::select! {
                () = ending.cancelled() => false,
                _ = leads(&mut held, false) => true,
            };
            leading.cancel();
            lost
        });
        let () = ends;
        if !lost {
            break None;
        }
        operator.vitals.waits_for_its_turn(true);
        tracing::warn!(lease = lease.name, "the lease is lost: another operator goes on");
    };
    drop(held);
    // What is let go now need not run out first.
    match leasing.await {
        Ok(Ok(manager)) if stopped.is_none() => {
            if let Err(error) = manager.release().await {
                tracing::debug!("the lease is not released: {}", with_causes(&error));
            }
            Ok(())
        }
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(failed(error)),
        Err(error) => {
            tracing::warn!("the lease is kept by nobody: {error}");
            Ok(())
        }
    }
}

/// Waits until the lease is held, or is not; false if nobody tries for it any more.
async fn leads(held: &mut watch::Receiver<bool>, wanted: bool) -> bool {
    held.wait_for(|held| *held == wanted).await.is_ok()
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
            let ended = reconciler.run(ending.clone()).await;
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
