//! Who fetches a file: one transfer at a time, so that two packages with the same file fetch it once.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::Notify;

use super::{Library, LibraryError, blocking};
use crate::model::Digest;

#[derive(Debug, Default)]
pub(super) struct Claims {
    /// Files that somebody fetches, and whether they only wait to be settled.
    held: Mutex<BTreeMap<Digest, bool>>,
    changed: Notify,
}

/// The right to fetch one file; ends when it is dropped.
#[derive(Debug)]
pub struct Claim {
    claims: Arc<Claims>,
    digest: Digest,
}

impl Claims {
    fn held(&self) -> MutexGuard<'_, BTreeMap<Digest, bool>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(self: &Arc<Self>, digest: Digest) -> Option<Claim> {
        match self.held().entry(digest) {
            Entry::Vacant(vacant) => vacant.insert(false),
            Entry::Occupied(_) => return None,
        };
        Some(Claim { claims: Arc::clone(self), digest })
    }

    /// A file was verified and waits to be settled: who waits for it can do that.
    pub(super) fn staged(&self, digest: &Digest) {
        if let Some(staged) = self.held().get_mut(digest) {
            *staged = true;
            self.changed.notify_waiters();
        }
    }
}

impl Claim {
    /// The file.
    pub fn digest(&self) -> Digest {
        self.digest
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.claims.held().remove(&self.digest);
        self.claims.changed.notify_waiters();
    }
}

impl Library {
    /// The right to fetch a file, if nobody else has it.
    pub fn try_claim(&self, digest: Digest) -> Option<Claim> {
        self.claims().take(digest)
    }

    /// Waits until nobody else fetches this file. Look again whether it is there: whoever had the
    /// claim before may have fetched it.
    ///
    /// # Errors
    ///
    /// Files of the holder could not be settled.
    pub async fn claim(&self, digest: Digest) -> Result<Claim, LibraryError> {
        let claims = self.claims();
        loop {
            let changed = claims.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if let Some(claim) = claims.take(digest) {
                return Ok(claim);
            }
            let staged = claims.held().get(&digest).copied();
            match staged {
                // The holder may not settle it before it gets a file that this very transfer holds:
                // settling on its behalf keeps both going.
                Some(true) => {
                    let library = self.clone();
                    blocking(move || library.settle()).await?;
                }
                Some(false) => changed.await,
                None => {}
            }
        }
    }
}
