//! Content validation by its schedule, in the background (PDP-15).

use std::{
    ops::ControlFlow,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use tokio_util::sync::{CancellationToken, DropGuard};
use tracing::Instrument;

use super::saved::Saved;
use crate::{
    clock,
    content::{Library, LibraryError, blocking, read_json, write_json},
    error_text::with_causes,
    model::{ContentValidation, ValidationRecord},
};

/// A validation that waits for its time looks at the clock so often: clocks are set, and computers
/// sleep.
const LOOK: Duration = Duration::from_mins(1);

/// How long after a failure of the disk the next attempt is made.
const RETRY: Duration = Duration::from_hours(1);

/// A validation that keeps to its rate sees so soon that it is to end.
const SLICE: Duration = Duration::from_millis(50);

/// The validation of a library, if one is wanted. When it is dropped, one that is under way ends.
#[derive(Debug)]
pub(super) struct Validating {
    last: Arc<LastValidation>,
    _ends_when_dropped: DropGuard,
}

/// What the last validation has found, and where that is kept.
#[derive(Debug)]
struct LastValidation {
    path: PathBuf,
    record: Mutex<Option<ValidationRecord>>,
}

impl Validating {
    /// Begins to look after a library as the settings say.
    pub(super) async fn start(
        directory: &Path,
        library: &Library,
        saved: &Saved,
    ) -> Result<Self, LibraryError> {
        let path = Self::path(directory);
        let last = blocking(move || LastValidation::read(path)).await?;
        let (last, end) = (Arc::new(last), CancellationToken::new());
        if let Some(wanted) = saved.settings.content_validation.clone() {
            let validation = Validation {
                wanted,
                told: saved.settings_since.unwrap_or_else(clock::now),
                library: library.clone(),
                last: Arc::clone(&last),
                end: end.clone(),
            };
            let name = &saved.name;
            let span = tracing::info_span!("content validation", distribution_point = %name);
            tokio::spawn(validation.run().instrument(span));
        }
        Ok(Self { last, _ends_when_dropped: end.drop_guard() })
    }

    pub(super) fn path(directory: &Path) -> PathBuf {
        directory.join("validation.json")
    }

    /// What the last validation has found.
    pub(super) fn last(&self) -> Option<ValidationRecord> {
        *self.last.record()
    }
}

impl LastValidation {
    fn read(path: PathBuf) -> Result<Self, LibraryError> {
        let record = match read_json(&path) {
            Err(error @ LibraryError::Damaged { .. }) => {
                tracing::warn!(%error, "the last content validation was forgotten");
                None
            }
            read => read?,
        };
        Ok(Self { path, record: Mutex::new(record) })
    }

    fn record(&self) -> MutexGuard<'_, Option<ValidationRecord>> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn remember(&self, record: ValidationRecord) -> Result<(), LibraryError> {
        write_json(&self.path, &record)?;
        *self.record() = Some(record);
        Ok(())
    }
}

struct Validation {
    wanted: ContentValidation,
    /// When the point was told of it.
    told: Timestamp,
    library: Library,
    last: Arc<LastValidation>,
    end: CancellationToken,
}

impl Validation {
    async fn run(self) {
        let this = Arc::new(self);
        let end = this.end.clone();
        let validations = async {
            loop {
                this.until_due().await;
                let validation = Arc::clone(&this);
                if let Err(error) = blocking(move || validation.once()).await {
                    tracing::error!(error = with_causes(&error), "content was not validated");
                    tokio::time::sleep(RETRY).await;
                }
            }
        };
        tokio::select! {
            () = end.cancelled() => {}
            () = validations => {}
        }
    }

    async fn until_due(&self) {
        loop {
            let last = self.last.record().map(|record| record.finished_at);
            let left = self.wanted.next(last, self.told).duration_since(clock::now());
            if !left.is_positive() {
                return;
            }
            tokio::time::sleep(left.unsigned_abs().min(LOOK)).await;
        }
    }

    /// Validates, slowly enough for the priority. Blocks.
    fn once(&self) -> Result<(), LibraryError> {
        let begun = Instant::now();
        tracing::info!("the validation has begun");
        let found = self.library.validate(&|bytes| {
            while !self.end.is_cancelled() {
                let pause = self.wanted.pause(bytes, begun.elapsed());
                if pause.is_zero() {
                    return ControlFlow::Continue(());
                }
                thread::sleep(pause.min(SLICE));
            }
            ControlFlow::Break(())
        })?;
        let Some(found) = found else { return Ok(()) };
        tracing::info!(found.files, found.bytes, found.damaged, "the validation is complete");
        self.last.remember(ValidationRecord {
            finished_at: clock::now(),
            files: found.files,
            bytes: found.bytes,
            damaged: found.damaged,
        })
    }
}
