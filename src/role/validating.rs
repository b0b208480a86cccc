//! Content validation of a role's library (PDP-15): by its schedule in the background, and whenever
//! somebody asks for it.

use std::{
    cell::Cell,
    collections::BTreeSet,
    ops::ControlFlow,
    path::PathBuf,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};
use tracing::{Instrument, Span};

use super::Reporter;
use crate::{
    clock,
    content::{Library, LibraryError, ValidationProgress, blocking, read_json, write_json},
    engine::time_of_bytes,
    error_text::with_causes,
    model::{ContentValidation, PackageId, ValidationFindings, ValidationRecord},
    wire::agent::ProgressUnit,
    world::spawn,
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

/// How often whoever asked for a validation hears how far it is, in milliseconds.
const TELL: u64 = 100;

/// The validations of a library. When it is dropped, those that are under way end.
#[derive(Debug)]
pub(in crate::role) struct Validating {
    at_once: ValidatingAtOnce,
    running: Option<JoinHandle<()>>,
    _ends_when_dropped: DropGuard,
}

/// What validates a library when somebody asks for it. Clones are the same.
#[derive(Debug, Clone)]
pub(in crate::role) struct ValidatingAtOnce {
    library: Library,
    kept: Arc<Kept>,
    end: CancellationToken,
    /// One at a time: two would only take the disk from each other.
    one: Arc<tokio::sync::Mutex<()>>,
}

/// What is asked for.
#[derive(Debug)]
pub(in crate::role) struct Asked {
    /// The packages; none: all.
    pub(in crate::role) packages: BTreeSet<PackageId>,
    /// At most so many bytes a second; otherwise as fast as it goes.
    pub(in crate::role) bytes_per_second: Option<u64>,
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
    /// How far the one is that has begun by the schedule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    begun: Option<ValidationProgress>,
    /// Since when there is a schedule, where nobody else remembers that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    since: Option<Timestamp>,
}

impl Validating {
    /// Begins to look after a library, with the schedule that is wanted, if one is, and since when; absent:
    /// since it was wanted first. What it does is kept in `path`.
    pub(in crate::role) async fn start(
        path: PathBuf,
        library: &Library,
        schedule: Option<(ContentValidation, Option<Timestamp>)>,
        span: Span,
    ) -> Result<Self, LibraryError> {
        let kept = Arc::new(blocking(move || Kept::read(path)).await?);
        let end = CancellationToken::new();
        let running = match schedule {
            None => None,
            Some((wanted, told)) => {
                let told = match told {
                    Some(told) => told,
                    None => Kept::since(&kept).await?,
                };
                let (library, kept, end) = (library.clone(), Arc::clone(&kept), end.clone());
                let validation = Validation { wanted, told, library, kept, end };
                Some(spawn(validation.run().instrument(span)))
            }
        };
        let guard = end.clone().drop_guard();
        let (library, one) = (library.clone(), Arc::default());
        let at_once = ValidatingAtOnce { library, kept, end, one };
        Ok(Self { at_once, running, _ends_when_dropped: guard })
    }

    /// Ends validations that are under way: from then on they touch nothing.
    pub(in crate::role) async fn stop(&mut self) {
        self.at_once.end.cancel();
        if let Some(running) = self.running.take() {
            // How it ended is in the log.
            let _ = running.await;
        }
        drop(self.at_once.one.lock().await);
    }

    /// What the last validation has found.
    pub(in crate::role) fn last(&self) -> Option<ValidationRecord> {
        self.at_once.kept.state().last
    }

    /// What validates when it is asked for.
    pub(in crate::role) fn at_once(&self) -> ValidatingAtOnce {
        self.at_once.clone()
    }
}

impl ValidatingAtOnce {
    /// Validates now, as fast as it goes or may. One of all packages counts as the last validation, so
    /// that the next one by the schedule comes as long after it as after any other.
    ///
    /// It ends early when nobody listens any more.
    pub(in crate::role) async fn run(
        self,
        asked: Asked,
        report: &Reporter,
    ) -> Result<ValidationFindings, LibraryError> {
        let one = Arc::clone(&self.one).lock_owned().await;
        // Stopped since somebody asked.
        if self.end.is_cancelled() {
            return Err(LibraryError::ValidationEnded);
        }
        let report = report.clone();
        blocking(move || {
            let findings = self.validate(&asked, &report);
            // Whoever stops it waits until it touches nothing any more.
            drop(one);
            findings
        })
        .await
    }

    fn validate(
        &self,
        asked: &Asked,
        report: &Reporter,
    ) -> Result<ValidationFindings, LibraryError> {
        let (begun, told) = (Instant::now(), AtomicU64::new(0));
        let ended = || self.end.is_cancelled() || !report.is_heard();
        let found = self.library.validate_at_once(&asked.packages, &|done, total| {
            let now = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
            let before = told.load(Ordering::Relaxed);
            if now >= before.saturating_add(TELL) || done == total {
                told.store(now, Ordering::Relaxed);
                report.progress(done, total, ProgressUnit::Bytes);
            }
            let least = asked.bytes_per_second.map(|rate| time_of_bytes(done, rate));
            pause_until(ended, || least.unwrap_or_default().saturating_sub(begun.elapsed()))
        })?;
        let mut found = found.ok_or(LibraryError::ValidationEnded)?;
        found.milliseconds = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        let ValidationFindings { files, bytes, damaged, missing, milliseconds, .. } = found;
        tracing::info!(files, bytes, damaged, missing, milliseconds, "content was validated");
        if asked.packages.is_empty() {
            let finished_at = clock::now();
            let record = ValidationRecord { finished_at, files, bytes, damaged };
            self.kept.change(|state| state.last = Some(record))?;
        }
        Ok(found)
    }
}

/// Sleeps as long as is left, in slices, unless it ends before.
fn pause_until(ended: impl Fn() -> bool, left: impl Fn() -> Duration) -> ControlFlow<()> {
    loop {
        if ended() {
            return ControlFlow::Break(());
        }
        let pause = left();
        if pause.is_zero() {
            return ControlFlow::Continue(());
        }
        thread::sleep(pause.min(SLICE));
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

    fn change(&self, change: impl FnOnce(&mut State)) -> Result<(), LibraryError> {
        let mut state = self.state();
        let mut changed = *state;
        change(&mut changed);
        write_json(&self.path, &changed)?;
        *state = changed;
        Ok(())
    }

    /// Since when there is a schedule.
    async fn since(kept: &Arc<Self>) -> Result<Timestamp, LibraryError> {
        let known = kept.state().since;
        if let Some(since) = known {
            return Ok(since);
        }
        let (kept, now) = (Arc::clone(kept), clock::now());
        blocking(move || kept.change(|state| state.since = Some(now))).await?;
        Ok(now)
    }
}

struct Validation {
    wanted: ContentValidation,
    /// When the role was told of it.
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
        let State { last, begun, .. } = *self.kept.state();
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
        let from = self.kept.state().begun.unwrap_or_default();
        let (begun, reached) = (Instant::now(), Cell::new(from));
        let kept = Cell::new(begun);
        tracing::info!(from.files, "a validation begins, or goes on");
        let keep = || self.kept.change(|state| state.begun = Some(reached.get()));
        let found = self.library.validate(from, &|progress, bytes| {
            reached.set(*progress);
            if kept.get().elapsed() >= KEEP {
                kept.set(Instant::now());
                if let Err(error) = keep() {
                    tracing::warn!(error = with_causes(&error), "how far it is was not kept");
                }
            }
            let left = || self.wanted.pause(bytes, begun.elapsed());
            pause_until(|| self.end.is_cancelled(), left)
        })?;
        let Some(found) = found else { return keep() };
        tracing::info!(found.files, found.bytes, found.damaged, "the validation is complete");
        let record = ValidationRecord {
            finished_at: clock::now(),
            files: found.files,
            bytes: found.bytes,
            damaged: found.damaged,
        };
        self.kept.change(|state| (state.last, state.begun) = (Some(record), None))
    }
}
