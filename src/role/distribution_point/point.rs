//! The distribution point itself: its settings, its port, and what it can be told to do.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, Weak},
};

use jiff::Timestamp;
use tokio::sync::{RwLock, Semaphore, SemaphorePermit, watch};

use super::{
    DistributionPointError, admitting,
    content_port::Ports,
    jobs::Jobs,
    logs::Logs,
    on_demand::OnDemand,
    receiving,
    removal::{remove_content, remove_file},
    saved::Saved,
    serving,
    usage::{self, Usage},
};
use crate::{
    clock,
    content::{Library, LibraryError, blocking},
    model::{
        Address, DistributionPointSettings, DistributionPointState, Name, PackageId, PackageState,
        RoleSince,
    },
    net::Addresses,
    role::{Surroundings, validating::Validating, web_port::WebPort},
};

/// Files that a site server may send at the same time.
const RECEIVING: usize = 16;

/// The distribution point of a site system, configured or not. Clones are the same point; when the
/// last one is dropped, its port closes and its transfers stop.
#[derive(Debug, Clone)]
pub struct DistributionPoint(Arc<Inner>);

/// The point as its content port knows it, which does not keep it: its end is the end of the port.
#[derive(Debug, Clone, Default)]
pub(super) struct WeakPoint(Weak<Inner>);

impl WeakPoint {
    /// The point, if it is still there.
    pub(super) fn upgrade(&self) -> Option<DistributionPoint> {
        self.0.upgrade().map(DistributionPoint)
    }
}

#[derive(Debug)]
pub(super) struct Inner {
    pub(super) directory: PathBuf,
    ports: Ports,
    addresses: Addresses,
    usage: Arc<Usage>,
    on_demand: OnDemand,
    receiving: Semaphore,
    logs: Logs,
    served: watch::Sender<Option<Name>>,
    configured: RwLock<Option<Configured>>,
}

#[derive(Debug)]
pub(super) struct Configured {
    pub(super) saved: Saved,
    pub(super) library: Library,
    pub(super) jobs: Jobs,
    port: WebPort,
    pub(super) validating: Validating,
}

impl DistributionPoint {
    /// The distribution point that keeps its data in `directory`. If it has been configured before, it
    /// is again what it was: its port opens (a port that cannot be opened is reported by
    /// [`DistributionPoint::state`]), and with `resume` its transfers go on; without, they are only
    /// reported.
    ///
    /// # Errors
    ///
    /// The data cannot be read, or another process uses it.
    pub async fn open(
        directory: PathBuf,
        surroundings: Surroundings,
        resume: bool,
    ) -> Result<Self, DistributionPointError> {
        let receiving = Semaphore::new(RECEIVING);
        let configured = RwLock::new(None);
        let served = watch::Sender::new(None);
        let ports = Ports::new(&surroundings);
        let (addresses, logs) = (surroundings.addresses, Logs::new(directory.join("logs")));
        let read_from = directory.clone();
        let kept = blocking(move || Ok((Usage::open(&read_from), OnDemand::open(&read_from)?)));
        let (usage, on_demand) = kept.await?;
        let usage = Arc::new(usage);
        let read_from = directory.clone();
        let inner = Arc::new(Inner {
            directory,
            ports,
            addresses,
            usage,
            on_demand,
            receiving,
            logs,
            served,
            configured,
        });
        let point = Self(Arc::clone(&inner));
        let saved = blocking(move || {
            let saved = Saved::read(&read_from)?;
            if saved.is_none() {
                // A removal that was interrupted is completed.
                remove_content(&read_from)?;
            }
            Ok(saved)
        })
        .await?;
        if let Some(saved) = saved {
            let run = match (saved.settings.pulls(), resume) {
                (_, false) => {
                    Err("the agent has been started without resuming transfers".to_owned())
                }
                (false, true) => Err("this distribution point does not pull any more".to_owned()),
                (true, true) => Ok(()),
            };
            let library = inner.open_library().await?;
            let jobs = inner.open_jobs(&library, &saved, run).await?;
            inner.served.send_replace(Some(saved.name.clone()));
            let port = inner.ports.try_open(&saved.settings, inner.router(&library)).await;
            if let Some(why) = port.why_closed() {
                tracing::warn!(name = %saved.name, why, "a content port stays closed");
            }
            let validating = inner.validate(&library, &saved, resume).await?;
            let configured = Configured { saved, library, jobs, port, validating };
            if resume {
                point.pull_all_asked(&configured).await;
            }
            *inner.configured.write().await = Some(configured);
        }
        Ok(point)
    }

    /// Makes this site system the distribution point of that name, or changes its settings. A new
    /// port is opened before anything changes, and the old one is closed last. Transfers go on with
    /// new sources; if it does not pull any more, they are given up (PDP-4).
    ///
    /// # Errors
    ///
    /// A setting is not supported, the new port cannot be opened, or there is no certificate for it;
    /// everything is as it was.
    pub async fn configure(
        &self,
        name: Name,
        settings: DistributionPointSettings,
    ) -> Result<(), DistributionPointError> {
        let inner = &self.0;
        let saved = Saved::new(name, settings, clock::now());
        saved.check()?;
        let mut configured = inner.configured.write().await;
        let Some(before) = configured.take() else {
            let library = inner.open_library().await?;
            let port = inner.ports.open(&saved.settings, inner.router(&library)).await?;
            inner.save(&saved).await?;
            let jobs = inner.open_jobs(&library, &saved, Ok(())).await?;
            let validating = inner.validate(&library, &saved, true).await?;
            *configured = Some(Configured { saved, library, jobs, port, validating });
            return Ok(());
        };
        let before = configured.insert(before);
        let router = inner.router(&before.library);
        let change = inner.ports.change(&before.port, &saved.settings, router).await?;
        let saved = saved.after(&before.saved);
        inner.save(&saved).await?;
        let saved_before = std::mem::replace(&mut before.saved, saved);
        let old_port = before.port.take_on(change);
        let (old, new) = (&saved_before.settings, &before.saved.settings);
        if !new.fetches_on_demand() {
            let inner = Arc::clone(inner);
            blocking(move || inner.on_demand.withdraw_all()).await?;
        }
        if !new.pulls() {
            before.library.share_downloads(false);
            before.jobs.cancel_all().await?;
        }
        if new.pulls() && (new.pull != old.pull || !old.pulls()) {
            before.jobs.stop().await;
            before.jobs = inner.open_jobs(&before.library, &before.saved, Ok(())).await?;
        }
        if new.content_validation != old.content_validation {
            before.validating.stop().await;
            before.validating = inner.validate(&before.library, &before.saved, true).await?;
        }
        if let Some(port) = old_port {
            port.close().await;
        }
        Ok(())
    }

    /// Its site system has this address from now on: a certificate that is issued for it is.
    ///
    /// # Errors
    ///
    /// None can be issued.
    pub async fn moved(&self, host: Address) -> Result<(), DistributionPointError> {
        let mut configured = self.0.configured.write().await;
        self.0.ports.moved(host);
        let Some(Configured { saved, library, port, .. }) = configured.as_mut() else {
            return Ok(());
        };
        let change = self.0.ports.change(port, &saved.settings, self.0.router(library)).await?;
        if let Some(old) = port.take_on(change) {
            old.close().await;
        }
        Ok(())
    }

    /// Stops being a distribution point: the port closes, settings and content are removed.
    ///
    /// # Errors
    ///
    /// The disk refuses; what is left is removed at the next start.
    pub async fn remove(&self) -> Result<(), DistributionPointError> {
        let mut configured = self.0.configured.write().await;
        let directory = self.0.directory.clone();
        // Without its settings it is no distribution point, even if the rest is interrupted.
        blocking(move || remove_file(&Saved::path(&directory))).await?;
        if let Some(Configured { jobs, port, mut validating, .. }) = configured.take() {
            validating.stop().await;
            jobs.stop().await;
            port.close().await;
        }
        self.0.usage.forget_all();
        let inner = Arc::clone(&self.0);
        let removed = blocking(move || {
            inner.on_demand.withdraw_all()?;
            remove_content(&inner.directory)
        });
        Ok(removed.await?)
    }

    /// What it is now: settings, port, packages (every file is looked at) and transfers. `None` if
    /// this site system is no distribution point.
    ///
    /// # Errors
    ///
    /// The work was cut off.
    pub async fn state(&self) -> Result<Option<DistributionPointState>, DistributionPointError> {
        let configured = self.0.configured.read().await;
        let Some(Configured { saved, library, jobs, port, validating }) = configured.as_ref()
        else {
            return Ok(None);
        };
        let Saved { name, settings, .. } = saved.clone();
        let (listener, validated) = (port.listener(), validating.last());
        let (pull_jobs, library) = (jobs.report(), library.clone());
        drop(configured);
        let packages = blocking(move || Ok(library.states())).await?;
        let on_demand = self.0.on_demand.report(&packages);
        Ok(Some(DistributionPointState {
            name,
            settings,
            listener,
            packages,
            pull_jobs,
            validated,
            on_demand,
            unique_clients: self.0.usage.report(),
        }))
    }

    /// Since when it is as it is, and since when packages of its library are damaged, as
    /// [`DistributionPoint::state`] saw them last.
    pub async fn since(&self) -> (RoleSince, BTreeMap<PackageId, Timestamp>) {
        let configured = self.0.configured.read().await;
        configured.as_ref().map_or_else(
            Default::default,
            |Configured { saved, library, port, .. }| {
                let of_role =
                    RoleSince { settings: saved.settings_since, listener: Some(port.since()) };
                (of_role, library.damaged_since())
            },
        )
    }

    /// What the agent's admin port takes for it: packages that a site server sends (PDP-1).
    pub fn admin_router(&self) -> axum::Router {
        receiving::router(self.clone())
    }

    /// Closes its port and stops its transfers; settings and content stay.
    pub async fn close(&self) {
        if let Some(Configured { jobs, port, mut validating, .. }) =
            self.0.configured.write().await.take()
        {
            validating.stop().await;
            jobs.stop().await;
            port.close().await;
            let usage = Arc::clone(&self.0.usage);
            // What cannot be written is told in the log, and counted anew.
            let kept = blocking(move || {
                usage.keep();
                Ok(())
            });
            let _ = kept.await;
        }
    }

    /// What it is, while it is held; `None` if this site system is no distribution point.
    pub(super) fn configured(&self) -> &RwLock<Option<Configured>> {
        &self.0.configured
    }

    /// What it may fetch when a client asks.
    pub(super) fn on_demand(&self) -> &OnDemand {
        &self.0.on_demand
    }

    /// Who asks it for content.
    pub(super) fn usage(&self) -> &Usage {
        &self.0.usage
    }

    /// The library, if content may be sent to this point.
    pub(super) async fn receiving_library(&self) -> Result<Library, DistributionPointError> {
        let configured = self.0.configured.read().await;
        let configured = configured.as_ref().ok_or(DistributionPointError::NotConfigured)?;
        if configured.saved.settings.prestaged {
            return Err(DistributionPointError::Prestaged);
        }
        if configured.saved.settings.pulls() {
            return Err(DistributionPointError::Pulls);
        }
        Ok(configured.library.clone())
    }

    /// Waits until one more file may be received.
    pub(super) async fn receive_permit(&self) -> Option<SemaphorePermit<'_>> {
        // The semaphore is never closed.
        self.0.receiving.acquire().await.ok()
    }
}

impl Configured {
    pub(super) fn name(&self) -> &Name {
        &self.saved.name
    }

    /// The package, if every file of it is there.
    pub(super) async fn available(
        &self,
        package: &PackageId,
    ) -> Result<Option<PackageState>, LibraryError> {
        let (library, package) = (self.library.clone(), package.clone());
        blocking(move || Ok(library.state(&package).filter(PackageState::available))).await
    }
}

impl Inner {
    async fn open_library(&self) -> Result<Library, LibraryError> {
        let directory = self.directory.join("library");
        blocking(move || Library::open(&directory)).await
    }

    async fn open_jobs(
        &self,
        library: &Library,
        saved: &Saved,
        run: Result<(), String>,
    ) -> Result<Jobs, DistributionPointError> {
        library.share_downloads(saved.settings.cuts_through());
        let pull = saved.settings.pull.as_ref();
        let sources = pull.map(|pull| pull.sources.as_slice()).unwrap_or_default();
        let client = self.ports.source_client(sources, &self.addresses).await?;
        let (directory, addresses) = (self.directory.join("jobs"), self.addresses.clone());
        let logs = self.logs.clone();
        Ok(Jobs::open(directory, library.clone(), client, addresses, pull, logs, run).await?)
    }

    fn router(self: &Arc<Self>, library: &Library) -> axum::Router {
        let usage = Arc::clone(&self.usage);
        let counting = axum::middleware::from_fn_with_state(usage, usage::count);
        let admitting = axum::middleware::from_fn(admitting::admit);
        let point = WeakPoint(Arc::downgrade(self));
        let served = serving::router(library.clone(), point, self.served.subscribe());
        served.layer(counting).layer(admitting)
    }

    async fn save(&self, saved: &Saved) -> Result<(), LibraryError> {
        self.served.send_replace(Some(saved.name.clone()));
        let (saved, directory) = (saved.clone(), self.directory.clone());
        blocking(move || saved.write(&directory)).await
    }
}
