//! Who fetches a file: one transfer at a time, so that two packages with the same file fetch it once.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::Notify;

use super::{Library, LibraryError, blocking};
use crate::model::Digest;

#[derive(Debug, Default)]
pub(super) struct Claims {
    held: Mutex<BTreeSet<Digest>>,
    changed: Notify,
}

/// The right to fetch one file; ends when it is dropped.
#[derive(Debug)]
pub struct Claim {
    claims: Arc<Claims>,
    digest: Digest,
}

impl Claims {
    fn take(self: &Arc<Self>, digest: Digest) -> Option<Claim> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.insert(digest).then(|| Claim { claims: Arc::clone(self), digest })
    }

    /// Somebody who waits can now do something: the file is there, or only waits to be settled.
    pub(super) fn wake(&self) {
        self.changed.notify_waiters();
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.claims.held.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.digest);
        self.claims.wake();
    }
}

impl Library {
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
            // The holder may have verified it and wait for more files to settle with it, or for a
            // file that this very transfer holds: settling on its behalf keeps both going.
            let library = self.clone();
            blocking(move || library.settle()).await?;
            if let Some(claim) = claims.take(digest) {
                return Ok(claim);
            }
            changed.await;
        }
    }
}
