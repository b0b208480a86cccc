//! Content validation by its schedule, in the background (PDP-15).

use std::{
    cell::Cell,
    ops::ControlFlow,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};
use tracing::Instrument;

use super::saved::Saved;
use crate::{
    clock,
    content::{Library, LibraryError, ValidationProgress, blocking, read_json, write_json},
    error_text::with_causes,
    model::{ContentValidation, ValidationRecord},
};

/// A validation that waits for its time looks at the clock so often: clocks are set, and computers
/// sleep.
const LOOK: Duration = Duration::from_mins(1);

/// How long after a failure of the disk the next attempt is made.
const RETRY: Duration = Duration::from_hours(1);

/// How long a validation that pauses may take to notice that it shall end.
const SLICE: Duration = Duration::from_millis(50);

/// How often it is written down how far a validation is: so much is hashed again after a crash.
const KEEP: Duration = Duration::from_mins(1);

/// The validation of a library, if one is wanted. When it is dropped, one that is under way ends.
#[derive(Debug)]
pub(super) struct Validating {
    kept: Arc<Kept>,
    running: Option<JoinHandle<()>>,
    end: CancellationToken,
    _ends_when_dropped: DropGuard,
}

/// What is remembered of validations, and where.
#[derive(Debug)]
struct Kept {
    path: PathBuf,
    state: Mutex<State>,
}

/// What is remembered over restarts.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct State {
    /// What the last validation has found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last: Option<ValidationRecord>,
    /// How far the one is that has begun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    begun: Option<ValidationProgress>,
}

impl Validating {
    /// Begins to look after a library as the settings say.
    pub(super) async fn start(
        directory: &Path,
        library: &Library,
        saved: &Saved,
    ) -> Result<Self, LibraryError> {
        let path = Self::path(directory);
        let kept = Arc::new(blocking(move || Kept::read(path)).await?);
        let end = CancellationToken::new();
        let running = saved.settings.content_validation.clone().map(|wanted| {
            let validation = Validation {
                wanted,
                told: saved.settings_since.unwrap_or_else(clock::now),
                library: library.clone(),
                kept: Arc::clone(&kept),
                end: end.clone(),
            };
            let name = &saved.name;
            let span = tracing::info_span!("content validation", distribution_point = %name);
            tokio::spawn(validation.run().instrument(span))
        });
        let guard = end.clone().drop_guard();
        Ok(Self { kept, running, end, _ends_when_dropped: guard })
    }

    /// Ends a validation that is under way: from then on it touches nothing.
    pub(super) async fn stop(&mut self) {
        self.end.cancel();
        if let Some(running) = self.running.take() {
            // How it ended is in the log.
            let _ = running.await;
        }
    }

    pub(super) fn path(directory: &Path) -> PathBuf {
        directory.join("validation.json")
    }

    /// What the last validation has found.
    pub(super) fn last(&self) -> Option<ValidationRecord> {
        self.kept.state().last
    }
}

impl Kept {
    fn read(path: PathBuf) -> Result<Self, LibraryError> {
        let state = match read_json(&path) {
            Err(error @ LibraryError::Damaged { .. }) => {
                tracing::warn!(%error, "the last content validation was forgotten");
                None
            }
            read => read?,
        };
        Ok(Self { path, state: Mutex::new(state.unwrap_or_default()) })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep(&self, state: State) -> Result<(), LibraryError> {
        write_json(&self.path, &state)?;
        *self.state() = state;
        Ok(())
    }
}

struct Validation {
    wanted: ContentValidation,
    /// When the point was told of it.
    told: Timestamp,
    library: Library,
    kept: Arc<Kept>,
    end: CancellationToken,
}

impl Validation {
    async fn run(self) {
        let this = Arc::new(self);
        while !this.end.is_cancelled() {
            let pause = this.pause();
            if !pause.is_zero() {
                this.sleep(pause).await;
                continue;
            }
            let validation = Arc::clone(&this);
            // Waited for also when it is to end: who stops it may remove the library.
            if let Err(error) = blocking(move || validation.once()).await {
                tracing::error!(error = with_causes(&error), "content was not validated");
                this.sleep(RETRY).await;
            }
        }
    }

    /// How long to wait before looking whether it is time; nothing if it is.
    fn pause(&self) -> Duration {
        let State { last, begun } = *self.kept.state();
        if begun.is_some() {
            return Duration::ZERO;
        }
        let last = last.map(|record| record.finished_at);
        self.wanted.wait(last, self.told, clock::now()).min(LOOK)
    }

    async fn sleep(&self, time: Duration) {
        tokio::select! {
            () = self.end.cancelled() => {}
            () = tokio::time::sleep(time) => {}
        }
    }

    /// Validates, slowly enough for the priority. Blocks.
    fn once(&self) -> Result<(), LibraryError> {
        let state = *self.kept.state();
        let from = state.begun.unwrap_or_default();
        let (begun, reached) = (Instant::now(), Cell::new(from));
        let kept = Cell::new(begun);
        tracing::info!(from.files, "a validation begins, or goes on");
        let keep = || self.kept.keep(State { begun: Some(reached.get()), ..state });
        let found = self.library.validate(from, &|progress, bytes| {
            reached.set(*progress);
            if kept.get().elapsed() >= KEEP {
                kept.set(Instant::now());
                if let Err(error) = keep() {
                    tracing::warn!(error = with_causes(&error), "how far it is was not kept");
                }
            }
            while !self.end.is_cancelled() {
                let pause = self.wanted.pause(bytes, begun.elapsed());
                if pause.is_zero() {
                    return ControlFlow::Continue(());
                }
                thread::sleep(pause.min(SLICE));
            }
            ControlFlow::Break(())
        })?;
        let Some(found) = found else { return keep() };
        tracing::info!(found.files, found.bytes, found.damaged, "the validation is complete");
        let record = ValidationRecord {
            finished_at: clock::now(),
            files: found.files,
            bytes: found.bytes,
            damaged: found.damaged,
        };
        self.kept.keep(State { last: Some(record), begun: None })
    }
}
