//! The tokens by which hosted agents join: each is in a Secret that only its pod mounts, for as long as it
//! waits.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use jiff::SignedDuration;
use k8s_openapi::{
    ByteString, api::core::v1::Secret, apimachinery::pkg::apis::meta::v1::OwnerReference,
};
use kube::{
    Api, Client,
    api::{DeleteParams, ObjectMeta, Patch},
};

use super::{
    children::join_secret,
    objects::Snapshot,
    placing::{PlacingError, failed, owner},
    writing::applying,
};
use crate::{clock, model::Name, net::Registry};

/// How long a token waits for an agent: an image may have to be pulled over a slow line.
const TOKEN: SignedDuration = SignedDuration::from_hours(24);

/// The tokens of a namespace.
pub(super) struct Tokens {
    secrets: Api<Secret>,
    /// Whose token is known to be there, or to be gone.
    there: Mutex<BTreeMap<Name, bool>>,
}

impl Tokens {
    pub(super) fn new(client: Client, namespace: &str) -> Self {
        Self { secrets: Api::namespaced(client, namespace), there: Mutex::default() }
    }

    /// Gives those a token that have not joined, and takes it away from those that have, and from those that
    /// are hosted no longer.
    pub(super) async fn give(
        &self,
        hosted: &[&Name],
        snapshot: &Snapshot,
        registry: &Registry,
    ) -> Result<(), PlacingError> {
        let now = clock::now();
        let known: BTreeMap<Name, _> =
            registry.agents()?.into_iter().map(|it| (it.name.clone(), it)).collect();
        for name in hosted {
            let agent = known.get(*name);
            let joined = agent.is_some_and(|it| it.joined.is_some() && it.revoked.is_none());
            if joined {
                self.forget(name).await?;
                continue;
            }
            let Some(owner) = owner(snapshot, name) else { continue };
            let waits = agent.and_then(|it| it.token_ends).is_some_and(|ends| ends > now);
            let token = match registry.token(name)?.filter(|_| waits) {
                Some(_) if self.there().get(*name) == Some(&true) => continue,
                // Whoever has made it may not have come to put it there.
                Some(token) => token,
                None => registry.make_token(name, TOKEN, now).await?,
            };
            self.put(name, &token.to_text(), owner.reference).await?;
        }
        let left: BTreeSet<Name> = {
            let there = self.there();
            let left = there.iter().filter(|(name, is_there)| **is_there && !hosted.contains(name));
            left.map(|(name, _)| name.clone()).collect()
        };
        for name in left {
            self.forget(&name).await?;
        }
        Ok(())
    }

    async fn put(
        &self,
        name: &Name,
        token: &str,
        owner: OwnerReference,
    ) -> Result<(), PlacingError> {
        let secret = Secret {
            metadata: ObjectMeta {
                name: Some(join_secret(name)),
                owner_references: Some(vec![owner]),
                ..ObjectMeta::default()
            },
            data: Some(BTreeMap::from([(
                "token".to_owned(),
                ByteString(token.as_bytes().to_vec()),
            )])),
            ..Secret::default()
        };
        let put = self.secrets.patch(&join_secret(name), &applying(), &Patch::Apply(&secret)).await;
        put.map_err(|error| failed(format!("the token of `{name}` cannot be applied"), error))?;
        self.there().insert(name.clone(), true);
        Ok(())
    }

    /// Takes a token away that is of no use any more.
    pub(super) async fn forget(&self, name: &Name) -> Result<(), PlacingError> {
        if self.there().get(name) == Some(&false) {
            return Ok(());
        }
        match self.secrets.delete(&join_secret(name), &DeleteParams::default()).await {
            Ok(_) => {}
            Err(kube::Error::Api(why)) if why.is_not_found() => {}
            Err(error) => {
                let what = format!("the token of `{name}`, which is used, cannot be deleted");
                return Err(failed(what, error));
            }
        }
        self.there().insert(name.clone(), false);
        Ok(())
    }

    fn there(&self) -> MutexGuard<'_, BTreeMap<Name, bool>> {
        self.there.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
