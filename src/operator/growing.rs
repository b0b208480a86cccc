//! Volumes that shall be larger than they are. A claim is looked at when another size is wanted than was seen
//! there last, and not again.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use k8s_openapi::api::core::v1::PersistentVolumeClaim;
use kube::{Api, Client, api::Patch};
use serde_json::Value;
use tokio::time::Instant;

use super::{
    children::{claim_name, grown_claim, wanted_size},
    placing::{PlacingError, failed},
    writing::applying,
};
use crate::model::Name;

/// How soon it is tried again to make a claim larger that could not be: most classes of volumes never can.
const AGAIN: Duration = Duration::from_mins(10);

/// The claims of a namespace.
pub(super) struct Claims {
    api: Api<PersistentVolumeClaim>,
    seen: Mutex<BTreeMap<Name, Seen>>,
}

/// What was wanted of a claim last.
struct Seen {
    size: String,
    /// When it is tried again, if it could not be done.
    again: Option<Instant>,
}

impl Claims {
    pub(super) fn new(client: Client, namespace: &str) -> Self {
        Self { api: Api::namespaced(client, namespace), seen: Mutex::default() }
    }

    /// Makes the claim of a site system as large as its stateful set says.
    pub(super) async fn grow(&self, system: &Name, set: &Value) -> Result<(), PlacingError> {
        let Some(size) = wanted_size(set) else { return Ok(()) };
        let is_seen = |it: &Seen| it.size == size && it.again.is_none_or(|at| at > Instant::now());
        if self.seen().get(system).is_some_and(is_seen) {
            return Ok(());
        }
        let grown = self.grow_to(system, set, size).await;
        let again = grown.is_err().then(|| Instant::now() + AGAIN);
        self.seen().insert(system.clone(), Seen { size: size.to_owned(), again });
        grown
    }

    async fn grow_to(&self, system: &Name, set: &Value, size: &str) -> Result<(), PlacingError> {
        let name = claim_name(system);
        let cannot = |error| {
            failed(format!("the volume of `{system}` cannot be made as large as {size}"), error)
        };
        // One that is not there yet is made as it shall be.
        let Some(there) = self.api.get_opt(&name).await.map_err(cannot)? else { return Ok(()) };
        let there = serde_json::to_value(there).unwrap_or_default();
        let Some(grown) = grown_claim(system, set, &there) else { return Ok(()) };
        self.api.patch(&name, &applying(), &Patch::Apply(&grown.object)).await.map_err(cannot)?;
        tracing::info!(site_system = %system, size, "its volume grows");
        Ok(())
    }

    fn seen(&self) -> MutexGuard<'_, BTreeMap<Name, Seen>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
