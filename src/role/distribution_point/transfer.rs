//! The life of one transfer: choose a source, fetch from it, choose another one, wait, publish.

use std::{
    collections::BTreeSet,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use uuid::Uuid;

use super::{
    fetching::{Failure, Fetch},
    job::Job,
    logs::Log,
    means::Means,
};
use crate::{
    clock,
    content::{LibraryError, blocking},
    engine::source_selection::{Choice, SourceSelection},
    error_text::with_causes,
    model::{Name, PullJobState, PullSourceSettings},
    view::counted,
};

/// Drives one transfer by the rules of PDP-7.
pub(super) struct Machine {
    selection: SourceSelection,
    choice: Choice,
    used: BTreeSet<Name>,
}

/// Why a transfer ends without its package.
enum End {
    /// It was told to stop.
    Stopped,
    /// This computer failed, not a source.
    Failed(LibraryError),
}

impl Machine {
    /// Makes the first choice, so that the transfer reports from its first moment what it does.
    pub(super) fn new(job: &Job, means: &Means) -> Self {
        let (seed, _) = Uuid::new_v4().as_u64_pair();
        let mut selection = SourceSelection::new(&means.sources, seed);
        let choice = means.choose(&mut selection);
        show(job, &choice);
        Self { selection, choice, used: job.record.sources.clone() }
    }

    pub(super) async fn run(mut self, job: Arc<Job>, means: Arc<Means>) {
        let package = &job.record.package;
        let why = match self.transfer(&job, &means).await {
            Ok(()) => {
                means.finished(&job);
                return;
            }
            Err(End::Stopped) => "it was stopped, and goes on when it is notified again".to_owned(),
            Err(End::Failed(error)) => {
                let why = with_causes(&error);
                tracing::error!(%package, why, "a transfer failed on this computer");
                let text =
                    format!("The transfer of package {package} failed on this computer: {why}");
                means.logs.error(Log::Pull, text);
                why
            }
        };
        job.set(PullJobState::Stopped(why));
    }

    async fn transfer(&mut self, job: &Job, means: &Arc<Means>) -> Result<(), End> {
        let package = &job.record.package;
        loop {
            if job.stop.is_cancelled() {
                return Err(End::Stopped);
            }
            show(job, &self.choice);
            match &self.choice {
                Choice::Try(source) => {
                    let source = source.clone();
                    match self.from(&source, job, means).await {
                        Ok(()) => return self.publish(job, means).await.map_err(End::Failed),
                        Err(Failure::Lacks(reason)) => {
                            let source = &source.distribution_point;
                            tracing::warn!(%package, %source, reason, "a source lacks the package");
                            left(source, &reason, job, means);
                            self.selection.lacks(source, reason);
                        }
                        Err(Failure::Source(reason)) => {
                            let source = &source.distribution_point;
                            means.failed(source);
                            tracing::warn!(%package, %source, reason, "a source was given up");
                            left(source, &reason, job, means);
                            self.selection.lacks(source, reason);
                        }
                        Err(Failure::Library(error)) => return Err(End::Failed(error)),
                        Err(Failure::Stopped) => return Err(End::Stopped),
                    }
                }
                Choice::Wait { until, .. } => {
                    tracing::warn!(%package, %until, "no source has the content yet");
                    let text = format!(
                        "No source has package {package}: waiting until {until}, then starting over \
                         with the lowest number"
                    );
                    means.logs.warn(Log::Pull, text);
                    let left = until.duration_since(clock::now());
                    let left = Duration::try_from(left).unwrap_or_default();
                    tokio::select! {
                        () = job.stop.cancelled() => return Err(End::Stopped),
                        () = job.news.notified() => {
                            tracing::info!(%package, "the site asks for the package again");
                            self.selection.start_over();
                        }
                        // So long has passed, whatever the clock of this computer says by now.
                        () = tokio::time::sleep(left) => self.selection.start_over(),
                    }
                }
            }
            self.choice = means.choose(&mut self.selection);
        }
    }

    /// Fetches whatever the library lacks from one source.
    async fn from(
        &mut self,
        source: &PullSourceSettings,
        job: &Job,
        means: &Arc<Means>,
    ) -> Result<(), Failure> {
        let name = &source.distribution_point;
        tracing::info!(package = %job.record.package, source = %name, url = %source.url, "pulling");
        job.tries();
        let helpers = self.selection.equals(source);
        let alike = match helpers.len() {
            0 => String::new(),
            others => format!(", chosen at random among {}", others.saturating_add(1)),
        };
        let text = format!(
            "Pulling package {} from {name}: its number {} is the lowest that is left{alike}",
            job.record.package, source.priority
        );
        means.logs.info(Log::Pull, text);
        let fetch = Fetch::new(source, &helpers, job, means);
        let fetched = self.fetch(name, &fetch, job, means).await;
        means.measured(fetch.sources());
        let (helped, blamed) = fetch.helpers();
        self.used.extend(helped);
        for (source, why) in blamed {
            means.failed(&source);
            self.selection.lacks(&source, why);
        }
        fetched
    }

    async fn fetch(
        &mut self,
        name: &Name,
        fetch: &Fetch<'_>,
        job: &Job,
        means: &Arc<Means>,
    ) -> Result<(), Failure> {
        let list = fetch.list().await.inspect_err(|failure| {
            if let Failure::Source(why) | Failure::Lacks(why) = failure {
                let package = &job.record.package;
                let text =
                    format!("The list of files of package {package} is not here: {name}: {why}");
                means.logs.error(Log::Transfer, text);
            }
        })?;
        let pieces = list.pieces();
        let contents: u64 = list.contents().values().fold(0, |sum, size| sum.saturating_add(*size));
        job.progress.total.store(contents, Ordering::Relaxed);
        // What another transfer or a hand takes away meanwhile is fetched once more, not for ever.
        for _ in 0..3 {
            let (library, wanted) = (means.library.clone(), Arc::clone(&list));
            let missing = blocking(move || {
                let missing = library.missing(&wanted);
                library.check_room(&missing)?;
                Ok(missing)
            });
            let missing = missing.await?;
            let lacking = missing.values().fold(0, |sum: u64, size| sum.saturating_add(*size));
            job.progress.verified.store(contents.saturating_sub(lacking), Ordering::Relaxed);
            if missing.is_empty() {
                if self.used.is_empty() {
                    self.used.insert(name.clone());
                }
                return Ok(());
            }
            if self.used.insert(name.clone()) {
                let record =
                    super::job::JobRecord { sources: self.used.clone(), ..job.record.clone() };
                let means = Arc::clone(means);
                blocking(move || means.write(&record)).await?;
            }
            fetch.files(missing, &pieces).await?;
        }
        Err(Failure::Source("files disappeared while they were fetched".to_owned()))
    }

    async fn publish(&self, job: &Job, means: &Arc<Means>) -> Result<(), LibraryError> {
        let package = job.record.package.clone();
        let sources = self.used.iter().map(ToString::to_string).collect();
        let (means, logs) = (Arc::clone(means), means.logs.clone());
        let state = blocking(move || {
            let state = means.library.publish(&package, sources)?;
            means.forget(&package)?;
            Ok(state)
        })
        .await?;
        let sources = state.sources.join(", ");
        let (files, bytes) = (state.files, state.bytes);
        tracing::info!(package = %job.record.package, files, bytes, sources, "a pull finished");
        let package = &job.record.package;
        let files = counted(usize::try_from(files).unwrap_or(usize::MAX), "file");
        let text = format!(
            "Package {package} is verified and available: {files}, {bytes} bytes from {sources}"
        );
        logs.info(Log::Pull, text);
        Ok(())
    }
}

/// Tells that a source is left.
fn left(source: &Name, reason: &str, job: &Job, means: &Means) {
    job.gave_up(source, reason);
    let package = &job.record.package;
    means.logs.warn(Log::Pull, format!("Source {source} is left for package {package}: {reason}"));
}

fn show(job: &Job, choice: &Choice) {
    job.set(match choice {
        Choice::Try(source) => PullJobState::Downloading(source.distribution_point.clone()),
        Choice::Wait { until, reasons } => {
            PullJobState::WaitingForSource { until: *until, reasons: reasons.clone() }
        }
    });
}
