//! The transfers of a pull distribution point.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
    sync::{Arc, PoisonError},
};

use tokio_util::sync::{CancellationToken, DropGuard};

use super::{
    DistributionPointError,
    asking::LEFT_ALONE,
    job::{Job, JobRecord},
    logs::{Log, Logs},
    means::{Means, io_error},
    records, transfer,
};
use crate::{
    content::{Library, LibraryError, blocking},
    engine::has_room,
    model::{PackageId, PullJob, PullJobState, PullSettings},
    net::{Addresses, http::Client, trace},
};

/// All transfers of a distribution point with its present settings. When it is dropped, they stop.
#[derive(Debug)]
pub(super) struct Jobs {
    means: Arc<Means>,
    /// Held while a transfer begins or is given up: one at a time for each package.
    changing: tokio::sync::Mutex<()>,
    /// Whether transfers go on without being told to.
    go_on: bool,
    stop: CancellationToken,
    _stops_when_dropped: DropGuard,
}

impl Jobs {
    /// The transfers whose records lie in `directory`. With `run` they go on, otherwise they are only
    /// reported, as stopped.
    pub(super) async fn open(
        directory: PathBuf,
        library: Library,
        client: Client,
        addresses: Addresses,
        pull: Option<&PullSettings>,
        logs: Logs,
        run: Result<(), String>,
    ) -> Result<Self, LibraryError> {
        let (records, directory) = blocking(move || {
            fs::create_dir_all(&directory)
                .map_err(|source| io_error("create", &directory, source))?;
            Ok((records::read_all(&directory, "a transfer")?, directory))
        })
        .await?;
        let means = Means::new(library, client, addresses, pull, directory, logs);
        let stop = CancellationToken::new();
        let guard = stop.clone().drop_guard();
        let jobs = Self {
            means: Arc::new(means),
            changing: tokio::sync::Mutex::default(),
            go_on: run.is_ok(),
            stop,
            _stops_when_dropped: guard,
        };
        for record in records {
            match &run {
                Ok(()) => jobs.start(record),
                Err(why) => {
                    let state = PullJobState::Stopped(why.clone());
                    let job = Job::new(record, state, jobs.stop.child_token());
                    jobs.means.all().insert(job.record.package.clone(), Arc::new(job));
                }
            }
        }
        Ok(jobs)
    }

    /// Takes a notification of the site (PDP-5): the transfer is written down and begins.
    pub(super) async fn notify(&self, record: JobRecord) -> Result<(), DistributionPointError> {
        let _changing = self.changing.lock().await;
        let before = self.means.all().get(&record.package).cloned();
        if let Some(before) = &before {
            let same = before.record.digest == record.digest;
            if same && before.active() {
                let text = format!("Notified again of package {}", record.package);
                self.means.logs.info(Log::Pull, text);
                before.start_over().await;
                return Ok(());
            }
            before.stop().await;
        }
        if let Err(active) = self.room() {
            let text = format!(
                "The notification of package {} is refused: {active} transfers are \
                 active, and it takes no more (8211)",
                record.package
            );
            self.means.logs.warn(Log::Pull, text);
            return Err(DistributionPointError::AtCapacity(active));
        }
        self.make(record, before, "Notified of").await
    }

    /// Whether one more transfer may begin; otherwise how many there are.
    fn room(&self) -> Result<(), usize> {
        let active = self.means.all().values().filter(|job| job.active()).count();
        if has_room(active) { Ok(()) } else { Err(active) }
    }

    /// A client asks for a package that is on demand (PDP-3): its transfer begins, if it does not go on
    /// already and the package is `still` on demand. Whoever asks, a transfer that waits for a source
    /// waits on.
    pub(super) async fn begin(
        &self,
        record: JobRecord,
        still: impl Fn() -> bool,
    ) -> Result<(), DistributionPointError> {
        let goes_on = |job: &Job| job.active() || job.stopped_within(LEFT_ALONE);
        if !self.go_on || self.get(&record.package).is_some_and(|job| goes_on(&job)) {
            return Ok(());
        }
        let _changing = self.changing.lock().await;
        let before = self.get(&record.package);
        let finished = || self.means.library.list(&record.package).is_some();
        if before.as_ref().is_some_and(|job| goes_on(job)) || finished() || !still() {
            return Ok(());
        }
        // Who asks again and again fills no log.
        self.room().map_err(DistributionPointError::AtCapacity)?;
        if let Some(before) = &before {
            before.stop().await;
        }
        self.make(record, before, "A client asks for").await
    }

    /// Writes a transfer down, and begins it.
    async fn make(
        &self,
        record: JobRecord,
        before: Option<Arc<Job>>,
        why: &str,
    ) -> Result<(), DistributionPointError> {
        let sources = before.filter(|before| before.record.digest == record.digest);
        let sources = sources.map(|before| before.record.sources.clone()).unwrap_or_default();
        let record = JobRecord { sources, ..record };
        let (directory, written) = (self.means.directory().to_owned(), record.clone());
        blocking(move || written.write(&directory)).await?;
        tracing::info!(package = %record.package, version = record.version, "a transfer job was made");
        let JobRecord { package, version, digest, .. } = &record;
        let text = format!("{why} package {package}, version {version}, content {digest}");
        self.means.logs.info(Log::Pull, text);
        self.start(record);
        Ok(())
    }

    fn start(&self, record: JobRecord) {
        let state = PullJobState::Stopped("it is about to start".to_owned());
        let job = Arc::new(Job::new(record, state, self.stop.child_token()));
        let machine = transfer::Machine::new(&job, &self.means);
        self.means.all().insert(job.record.package.clone(), Arc::clone(&job));
        let mut task = job.task.lock().unwrap_or_else(PoisonError::into_inner);
        let run = machine.run(Arc::clone(&job), Arc::clone(&self.means));
        *task = Some(tokio::spawn(trace::carried(run)));
    }

    pub(super) fn get(&self, package: &PackageId) -> Option<Arc<Job>> {
        self.means.all().get(package).cloned()
    }

    /// What is reported of one transfer.
    pub(super) fn report_of(&self, package: &PackageId) -> Option<PullJob> {
        self.get(package)?.report()
    }

    pub(super) fn report(&self) -> BTreeMap<PackageId, PullJob> {
        let jobs = self.means.all();
        jobs.iter().filter_map(|(package, job)| Some((package.clone(), job.report()?))).collect()
    }

    /// Stops all transfers; they can be taken up again.
    pub(super) async fn stop(&self) {
        self.stop.cancel();
        let jobs: Vec<_> = self.means.all().values().cloned().collect();
        for job in jobs {
            job.stop().await;
        }
    }

    /// Gives a transfer up, and what it downloaded.
    pub(super) async fn cancel(&self, package: &PackageId) -> Result<(), LibraryError> {
        let _changing = self.changing.lock().await;
        let job = self.means.all().remove(package);
        if let Some(job) = job {
            job.stop().await;
            let text =
                format!("The transfer of package {package} is given up: it is not wanted here");
            self.means.logs.info(Log::Pull, text);
        }
        let (means, package) = (Arc::clone(&self.means), package.clone());
        blocking(move || {
            means.forget(&package)?;
            means.library.abandon(&package)
        })
        .await
    }

    /// Gives all transfers up.
    pub(super) async fn cancel_all(&self) -> Result<(), LibraryError> {
        let packages: BTreeSet<_> = self.means.all().keys().cloned().collect();
        for package in packages {
            self.cancel(&package).await?;
        }
        Ok(())
    }
}
