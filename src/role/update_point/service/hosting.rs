//! What is told of the files of updates: whether there are any, where they are, and that some are wanted.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::{
    content::UpdateFiles,
    model::{ContentStore, UpdatePointSettings},
    role::update_point::content::Fetching,
    wire::update_content::Sha1,
};

/// The files of updates as the services know them.
#[derive(Debug)]
pub(in crate::role::update_point) struct Hosting {
    pub(super) files: UpdateFiles,
    fetching: Fetching,
    told: Mutex<Told>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Told {
    store: ContentStore,
    http: u16,
}

impl Hosting {
    pub(in crate::role::update_point) fn new(files: UpdateFiles, fetching: Fetching) -> Self {
        Self { files, fetching, told: Mutex::default() }
    }

    /// It is as these settings say from now on.
    pub(super) fn demand(&self, settings: &UpdatePointSettings) {
        let (store, http) = (settings.content.store, settings.ports.http.get());
        *self.told() = Told { store, http };
    }

    /// Whether downstream servers take files from here.
    pub(super) fn is_catalog_only(&self) -> bool {
        self.told().store == ContentStore::None
    }

    /// Whether files come only once they are approved or asked for.
    pub(super) fn is_lazy(&self) -> bool {
        self.told().store == ContentStore::Approved
    }

    /// The address of a file that is here, for who has come to this host; it is over HTTP in any case.
    pub(super) fn url(&self, sha1: &[u8], host: &str) -> Option<String> {
        let held = self.files.find(Sha1::from_slice(sha1)?)?;
        let http = self.told().http;
        Some(format!("http://{host}:{http}{}", held.name.path()))
    }

    /// Downstream servers want more.
    pub(super) fn wanted(&self) {
        self.fetching.wake();
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
