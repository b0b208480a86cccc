//! What is told of a synchronization while it goes on: to whoever asked for it, and to whoever looks.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use crate::{
    clock,
    model::{SynchronizationProgress, SynchronizationWait},
    role::Reporter,
    wire::agent::ProgressUnit,
};

/// How far the synchronization is that goes on, if one does. Clones are the same.
#[derive(Debug, Clone, Default)]
pub(super) struct Underway(Arc<Mutex<Option<SynchronizationProgress>>>);

/// Tells how far one synchronization is. It is over when this is dropped.
#[derive(Debug)]
pub(super) struct Telling {
    report: Reporter,
    underway: Underway,
}

impl Underway {
    /// A synchronization begins.
    pub(super) fn begin(&self, from: &str, report: &Reporter) -> Telling {
        *self.lock() = Some(SynchronizationProgress {
            began_at: clock::now(),
            from: from.to_owned(),
            done: 0,
            total: 0,
            rate: 0,
            waits: None,
        });
        Telling { report: report.clone(), underway: self.clone() }
    }

    /// How far it is now.
    pub(super) fn now(&self) -> Option<SynchronizationProgress> {
        let mut progress = self.lock().clone()?;
        let seconds = clock::now().duration_since(progress.began_at).as_secs().max(1);
        progress.rate = progress.done / seconds.unsigned_abs();
        Some(progress)
    }

    fn lock(&self) -> MutexGuard<'_, Option<SynchronizationProgress>> {
        // Nothing that holds this lock can leave the value half changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Telling {
    /// Tells nobody.
    pub(super) fn nobody() -> Self {
        Underway::default().begin("nowhere", &Reporter::silent())
    }

    /// So many of so many revisions have come.
    pub(super) fn progress(&self, done: u64, total: u64) {
        self.report.progress(done, total, ProgressUnit::Updates);
        if let Some(progress) = self.underway.lock().as_mut() {
            (progress.done, progress.total, progress.waits) = (done, total, None);
        }
    }

    /// Nothing can be done before this time.
    pub(super) fn waits(&self, until: Timestamp, why: &str) {
        self.report.waiting(until, why);
        if let Some(progress) = self.underway.lock().as_mut() {
            progress.waits = Some(SynchronizationWait { until, why: why.to_owned() });
        }
    }
}

impl Drop for Telling {
    fn drop(&mut self) {
        *self.underway.lock() = None;
    }
}
