//! Downloads that are under way, for those who may read what is verified of them before they have
//! ended.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicBool, Ordering},
    },
};

use super::{Download, Library};
use crate::model::Digest;

#[derive(Debug, Default)]
pub(super) struct Coming {
    /// Whether anybody may read them.
    shared: AtomicBool,
    downloads: Mutex<BTreeMap<Digest, Weak<Download>>>,
}

impl Coming {
    /// Makes a download known as long as somebody writes it.
    pub(super) fn add(&self, digest: Digest, download: &Arc<Download>) {
        let mut all = self.downloads.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, download| download.strong_count() > 0);
        all.insert(digest, Arc::downgrade(download));
    }
}

impl Library {
    /// Lets verified pieces of downloads be read before the downloads have ended, or not any more.
    pub fn share_downloads(&self, shared: bool) {
        self.downloads().shared.store(shared, Ordering::Relaxed);
    }

    /// Whether they may be.
    pub fn shares_downloads(&self) -> bool {
        self.downloads().shared.load(Ordering::Relaxed)
    }

    /// The download of a file, if it is under way and may be read.
    pub fn coming(&self, digest: &Digest) -> Option<Arc<Download>> {
        if !self.shares_downloads() {
            return None;
        }
        let all = self.downloads().downloads.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(digest)?.upgrade()
    }
}
