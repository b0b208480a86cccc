//! What all transfers of a distribution point share.

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::Semaphore;

use super::{
    job::{Job, JobRecord, Status},
    logs::Logs,
    patched::Patching,
    removal::remove_file,
    source::Source,
};
use crate::{
    clock,
    content::{Library, LibraryError},
    engine::source_selection::{Choice, SourceHealth, SourceSelection},
    model::{Name, PackageId, PullSelection, PullSettings, PullSourceSettings},
    net::{Addresses, http::Client},
};

/// Connections of all transfers together. Each file takes part of the memory and, above a certain
/// size, a thread; sources serve more than one pull point.
const CONNECTIONS: usize = 16;

/// What transfers work with.
#[derive(Debug)]
pub(super) struct Means {
    pub(super) library: Library,
    pub(super) client: Client,
    pub(super) addresses: Addresses,
    pub(super) sources: Vec<PullSourceSettings>,
    pub(super) connections: Semaphore,
    /// How files are made of patches.
    pub(super) patching: Patching,
    /// What administrators read (PDP-12).
    pub(super) logs: Logs,
    /// Where the records of transfers lie.
    directory: PathBuf,
    jobs: Mutex<BTreeMap<PackageId, Arc<Job>>>,
    /// What is remembered of the sources over all transfers, with `pull.selection: Adaptive`.
    health: Option<Mutex<SourceHealth>>,
}

impl Means {
    pub(super) fn new(
        library: Library,
        client: Client,
        addresses: Addresses,
        pull: Option<&PullSettings>,
        directory: PathBuf,
        logs: Logs,
    ) -> Self {
        let connections = Semaphore::new(CONNECTIONS);
        let jobs = Mutex::default();
        let sources = pull.map(|pull| pull.sources.clone()).unwrap_or_default();
        let adaptive = pull.is_some_and(|pull| pull.selection == PullSelection::Adaptive);
        let health = adaptive.then(Mutex::default);
        let patching = Patching::default();
        Self {
            library,
            client,
            addresses,
            sources,
            connections,
            patching,
            logs,
            directory,
            jobs,
            health,
        }
    }

    /// What a transfer does next (PDP-7).
    pub(super) fn choose(&self, selection: &mut SourceSelection) -> Choice {
        match &self.health {
            Some(health) => {
                let mut health = health.lock().unwrap_or_else(PoisonError::into_inner);
                selection.choose_adaptively(clock::now(), &mut health)
            }
            None => selection.choose(clock::now()),
        }
    }

    /// What sources gave in a transfer that is over now, well or not.
    pub(super) fn measured<'a>(&self, sources: impl Iterator<Item = &'a Source<'a>>) {
        let Some(health) = &self.health else { return };
        let mut health = health.lock().unwrap_or_else(PoisonError::into_inner);
        for source in sources {
            let (bytes, took) = source.measured();
            if bytes > 0 {
                health.served(&source.name, bytes, took, clock::now());
            }
        }
    }

    /// A source failed.
    pub(super) fn failed(&self, source: &Name) {
        if let Some(health) = &self.health {
            let mut health = health.lock().unwrap_or_else(PoisonError::into_inner);
            health.failed(source, clock::now());
        }
    }

    /// Where the records of transfers lie.
    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    /// The transfers that there are.
    pub(super) fn all(&self) -> MutexGuard<'_, BTreeMap<PackageId, Arc<Job>>> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes down that content came from a source. Blocks.
    pub(super) fn write(&self, record: &JobRecord) -> Result<(), LibraryError> {
        record.write(&self.directory)
    }

    /// Removes the record of a transfer. Blocks.
    pub(super) fn forget(&self, package: &PackageId) -> Result<(), LibraryError> {
        remove_file(&JobRecord::path(&self.directory, package))
    }

    /// The package is available: the transfer is over.
    pub(super) fn finished(&self, job: &Arc<Job>) {
        let mut jobs = self.all();
        if jobs.get(&job.record.package).is_some_and(|it| Arc::ptr_eq(it, job)) {
            jobs.remove(&job.record.package);
        }
        job.status.send_replace(Status::Finished);
    }
}

pub(super) fn io_error(doing: &'static str, path: &Path, source: io::Error) -> LibraryError {
    LibraryError::io(doing, path)(source)
}
