//! One transfer: what was asked, how far it is, and how it is stopped.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
    time::Duration,
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::{
    sync::{Notify, watch},
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;

use super::rate::Rate;
use crate::{
    clock,
    content::{LibraryError, write_json},
    model::{Digest, Name, PackageId, PullJob, PullJobState},
};

/// The longest that a notification waits for a transfer to take notice of it.
const AT_ONCE: Duration = Duration::from_secs(5);

/// The longest reason that is kept of why a source was given up, in characters: it may quote what
/// another computer says.
const LONGEST_REASON: usize = 1_000;

/// A transfer as it is kept over restarts (PDP-5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct JobRecord {
    pub(super) package: PackageId,
    pub(super) version: u32,
    /// The digest of the list of files, as the site gave it: nothing else is accepted.
    pub(super) digest: Digest,
    /// Sources that content has come from so far.
    pub(super) sources: BTreeSet<Name>,
}

impl JobRecord {
    pub(super) fn path(directory: &Path, package: &PackageId) -> PathBuf {
        directory.join(format!("{package}.json"))
    }

    pub(super) fn write(&self, directory: &Path) -> Result<(), LibraryError> {
        write_json(&Self::path(directory, &self.package), self)
    }
}

/// How a transfer goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Status {
    /// It goes on, or stopped.
    Unfinished(PullJobState),
    /// The package is available.
    Finished,
}

/// A transfer that this process knows.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) record: JobRecord,
    pub(super) status: watch::Sender<Status>,
    /// When the status changed last.
    since: Mutex<Timestamp>,
    pub(super) progress: Progress,
    /// How many times a source was tried.
    attempts: AtomicU32,
    /// Why a source was given up last.
    last_failure: Mutex<Option<String>>,
    /// Ends the transfer; what has been downloaded stays.
    pub(super) stop: CancellationToken,
    /// There is news: a transfer that waits for a source starts over.
    pub(super) news: Notify,
    pub(super) task: Mutex<Option<JoinHandle<()>>>,
}

/// How far a transfer is.
#[derive(Debug)]
pub(super) struct Progress {
    pub(super) total: AtomicU64,
    /// Bytes of files that were verified.
    pub(super) verified: AtomicU64,
    /// Bytes of files that are still coming.
    pub(super) coming: AtomicU64,
    /// How fast bytes come from a source.
    pub(super) rate: Rate,
}

impl Job {
    pub(super) fn new(record: JobRecord, state: PullJobState, stop: CancellationToken) -> Self {
        Self {
            record,
            status: watch::Sender::new(Status::Unfinished(state)),
            since: Mutex::new(clock::now()),
            progress: Progress::new(),
            attempts: AtomicU32::new(0),
            last_failure: Mutex::default(),
            stop,
            news: Notify::new(),
            task: Mutex::default(),
        }
    }

    pub(super) fn set(&self, state: PullJobState) {
        let state = Status::Unfinished(state);
        self.status.send_if_modified(|status| {
            let changes = *status != state;
            if changes {
                *self.since.lock().unwrap_or_else(PoisonError::into_inner) = clock::now();
                *status = state;
            }
            changes
        });
    }

    /// A source is tried.
    pub(super) fn tries(&self) {
        self.attempts.fetch_add(1, Ordering::Relaxed);
        self.progress.rate.begin();
    }

    /// A source was given up.
    pub(super) fn gave_up(&self, source: &Name, reason: &str) {
        let reason: String = reason.chars().take(LONGEST_REASON).collect();
        let reason = format!("{source}: {reason}");
        *self.last_failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(reason);
    }

    /// Has a transfer that waits for a source start over, and comes back when it does: whoever follows
    /// it then is not told what it has waited for.
    pub(super) async fn start_over(&self) {
        let mut status = self.status.subscribe();
        let waits = |status: &Status| {
            matches!(status, Status::Unfinished(PullJobState::WaitingForSource { .. }))
        };
        let waited = waits(&status.borrow_and_update());
        self.news.notify_one();
        if waited {
            // It does at once. If its task has ended meanwhile, nobody needs to wait for it.
            let _ = tokio::time::timeout(AT_ONCE, status.changed()).await;
        }
    }

    /// Whether it is downloading or waiting for a source.
    pub(super) fn active(&self) -> bool {
        !matches!(
            *self.status.borrow(),
            Status::Finished | Status::Unfinished(PullJobState::Stopped(_))
        )
    }

    /// Whether it stopped, and no longer ago than that.
    pub(super) fn stopped_within(&self, span: Duration) -> bool {
        let stopped = matches!(*self.status.borrow(), Status::Unfinished(PullJobState::Stopped(_)));
        let since = *self.since.lock().unwrap_or_else(PoisonError::into_inner);
        stopped && clock::now().duration_since(since).unsigned_abs() < span
    }

    /// What is reported of it; `None` once it has finished.
    pub(super) fn report(&self) -> Option<PullJob> {
        let Status::Unfinished(state) = self.status.borrow().clone() else { return None };
        let downloads = matches!(state, PullJobState::Downloading(_));
        Some(PullJob {
            version: self.record.version,
            digest: self.record.digest,
            state,
            bytes_done: self.progress.verified.load(Ordering::Relaxed),
            bytes_total: self.progress.total.load(Ordering::Relaxed),
            bytes_coming: self.progress.coming.load(Ordering::Relaxed),
            rate: self.progress.rate.per_second().filter(|_| downloads),
            since: Some(*self.since.lock().unwrap_or_else(PoisonError::into_inner)),
            attempts: self.attempts.load(Ordering::Relaxed),
            last_failure: self.last_failure.lock().unwrap_or_else(PoisonError::into_inner).clone(),
        })
    }

    /// Stops it and waits until it does nothing any more.
    pub(super) async fn stop(&self) {
        self.stop.cancel();
        let task = self.task.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(task) = task
            && let Err(error) = task.await
        {
            tracing::error!(package = %self.record.package, %error, "a transfer was cut off");
        }
    }
}

impl Progress {
    fn new() -> Self {
        let none = || AtomicU64::new(0);
        Self { total: none(), verified: none(), coming: none(), rate: Rate::new() }
    }

    /// Bytes that have come, whether verified or not, of so many.
    pub(super) fn so_far(&self) -> (u64, u64) {
        let total = self.total.load(Ordering::Relaxed);
        let verified = self.verified.load(Ordering::Relaxed);
        let done = verified.saturating_add(self.coming.load(Ordering::Relaxed));
        (done.min(total), total)
    }
}
