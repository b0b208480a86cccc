//! The role itself: its settings and its ports.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
};

use tokio_util::task::AbortOnDropHandle;

use super::{
    UpdatePointError,
    content::{self, Fetching},
    exchange::Shelf,
    import_file::FileFactsCache,
    persisted::Persisted,
    ports::{PointPorts, Ports, SeenPorts},
    service::{Hosting, Service},
    synchronization,
    telling::Underway,
};
use crate::{
    blocking::blocking,
    clock,
    content::UpdateFiles,
    error_text::with_causes,
    model::{
        Address, Name, PackageId, ServerCertificate, SynchronizationCounts, UpdatePointSettings,
    },
    role::{Reporter, Surroundings, web_port::WebPort},
    store::catalog::Catalog,
    wire::{
        agent::{AgentOutcome, RevisionPage},
        package_files::PackageFiles,
    },
    world::spawn,
};

/// A software update point of a site system. Clones are the same point.
#[derive(Debug, Clone)]
pub struct UpdatePoint(pub(super) Arc<Inner>);

#[derive(Debug)]
pub(super) struct Inner {
    directory: PathBuf,
    pub(super) ports: Ports,
    pub(super) catalog: Arc<Catalog>,
    /// Files of updates, which are served below `/Content`.
    pub(super) update_files: UpdateFiles,
    pub(super) file_facts: Arc<FileFactsCache>,
    pub(super) underway: Underway,
    /// What was taken ahead since the last synchronization, and is counted with the next one.
    ahead: Arc<Mutex<SynchronizationCounts>>,
    pub(super) fetching: Fetching,
    /// What fetches files of updates, and ends with the point.
    fetches: OnceLock<AbortOnDropHandle<()>>,
    configured: Mutex<Option<Configured>>,
    /// One change of settings at a time.
    configuring: tokio::sync::Mutex<()>,
    /// One import or synchronization at a time. Shared with the threads that carry it out.
    working: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Debug)]
pub(super) struct Configured {
    pub(super) persisted: Persisted,
    pub(super) ports: PointPorts,
}

impl UpdatePoint {
    /// Opens the point's catalog below `directory`, or creates an empty one, and takes up the
    /// settings that it was given before, if any. A port that cannot be opened now is not an error:
    /// the point's state says so.
    ///
    /// # Errors
    ///
    /// The catalog or the settings cannot be read.
    pub async fn open(
        directory: PathBuf,
        surroundings: Surroundings,
    ) -> Result<Self, UpdatePointError> {
        let fetching = Fetching::default();
        let (at, waker) = (directory.clone(), fetching.clone());
        let (catalog, update_files, service, persisted) = blocking(move || {
            let catalog = Arc::new(Catalog::open(&at.join("catalog.db"), clock::now())?);
            let files = UpdateFiles::open(&at.join("content"))?;
            let hosting = Hosting::new(files.clone(), waker);
            let service = Arc::new(Service::new(Arc::clone(&catalog), hosting));
            let shelf = Shelf::new(&at);
            shelf.clear().map_err(|source| shelf.failed(source))?;
            let persisted = Persisted::read(&at)?;
            if let Some(persisted) = &persisted {
                catalog.keep_titles_in(&persisted.settings.languages)?;
            }
            Ok::<_, UpdatePointError>((catalog, files, service, persisted))
        })
        .await?;
        let ports = Ports::new(&surroundings, service);
        let configured = match persisted {
            Some(persisted) => {
                let ports = ports.try_open(&persisted.settings).await;
                Some(Configured { persisted, ports })
            }
            None => None,
        };
        let inner = Arc::new(Inner {
            directory,
            ports,
            catalog,
            update_files,
            file_facts: Arc::default(),
            underway: Underway::default(),
            ahead: Arc::default(),
            fetching: fetching.clone(),
            fetches: OnceLock::new(),
            configured: Mutex::new(configured),
            configuring: tokio::sync::Mutex::default(),
            working: Arc::default(),
        });
        let fetches = spawn(content::go_on(Arc::downgrade(&inner), fetching));
        // It is the first one.
        let _ = inner.fetches.set(AbortOnDropHandle::new(fetches));
        Ok(Self(inner))
    }

    /// Makes it the point of that name with these settings. If a port changes, or is not open, the new
    /// one is opened first, then the settings are kept, then the old one is closed.
    ///
    /// # Errors
    ///
    /// A port cannot be opened, there is no certificate for it, or the settings cannot be kept: then
    /// nothing has changed.
    pub async fn configure(
        &self,
        name: Name,
        settings: UpdatePointSettings,
    ) -> Result<(), UpdatePointError> {
        let _one_at_a_time = self.0.configuring.lock().await;
        self.configure_alone(name, settings).await
    }

    async fn configure_alone(
        &self,
        name: Name,
        settings: UpdatePointSettings,
    ) -> Result<(), UpdatePointError> {
        let before = self.configured().as_ref().map(|it| it.persisted.clone());
        self.uncross(&settings).await;
        let persisted = Persisted::after(before.as_ref(), name, settings, clock::now());
        let (directory, to_write) = (self.0.directory.clone(), persisted.clone());
        let catalog = Arc::clone(&self.0.catalog);
        let prepared = async {
            let changes = self.0.ports.change(self.seen(), &persisted.settings).await?;
            // On an error the ports that were opened are dropped, which closes them.
            blocking(move || {
                catalog.keep_titles_in(&to_write.settings.languages)?;
                to_write.write(&directory)
            })
            .await?;
            Ok(changes)
        };
        let changes = match prepared.await {
            Ok(changes) => changes,
            Err(error) => {
                self.reopen(before.map(|it| it.settings)).await;
                return Err(error);
            }
        };
        let replaced = {
            let mut configured = self.configured();
            let before = configured.take().map(|it| it.ports);
            let mut ports = before.unwrap_or_else(|| PointPorts::closed("it was never open"));
            let replaced = ports.take_on(changes);
            self.0.ports.in_effect(&persisted.settings);
            *configured = Some(Configured { persisted, ports });
            replaced
        };
        close(replaced).await;
        self.changed().await;
        Ok(())
    }

    /// Requires a secured channel for the five virtual roots (SUP-6): where it is the point of that name
    /// already, from now on; otherwise what these settings need for it is tried, and nothing changes.
    ///
    /// # Errors
    ///
    /// There is no such certificate, or clients would not take it, or the HTTPS port cannot be opened: then nothing has changed.
    pub async fn configure_ssl(
        &self,
        name: Name,
        wanted: UpdatePointSettings,
    ) -> Result<Option<ServerCertificate>, UpdatePointError> {
        let _one_at_a_time = self.0.configuring.lock().await;
        let shown = self.0.ports.secured(&self.seen(), &wanted).await?;
        let there = self.settings().ok().filter(|(other, _)| *other == name);
        let Some((_, mut settings)) = there else { return Ok(shown) };
        settings.ssl = true;
        settings.ports.https = wanted.ports.https;
        settings.certificate = wanted.certificate;
        settings.client_certificates = wanted.client_certificates;
        self.configure_alone(name, settings).await?;
        Ok(shown)
    }

    /// Its site system has this address from now on: a certificate that is issued for it is.
    ///
    /// # Errors
    ///
    /// None can be issued.
    pub async fn moved(&self, host: Address) -> Result<(), UpdatePointError> {
        self.0.ports.moved(host);
        match self.settings() {
            Ok((name, settings)) if settings.ssl => self.configure(name, settings).await,
            _ => Ok(()),
        }
    }

    /// Closes the ports where one shall be open under the number of the other one.
    async fn uncross(&self, settings: &UpdatePointSettings) {
        let crossing = {
            let mut configured = self.configured();
            let crossing = configured.as_mut().filter(|it| it.ports.seen().cross(settings));
            crossing.map(|it| it.ports.take("its ports change places"))
        };
        if let Some(ports) = crossing {
            ports.close().await;
        }
    }

    /// Opens the ports again that were closed in vain.
    async fn reopen(&self, before: Option<UpdatePointSettings>) {
        let Some(settings) = before else { return };
        self.0.ports.in_effect(&settings);
        if self.seen().is_open() {
            return;
        }
        let ports = self.0.ports.try_open(&settings).await;
        if let Some(configured) = self.configured().as_mut() {
            configured.ports = ports;
        }
    }

    fn seen(&self) -> SeenPorts {
        self.configured().as_ref().map(|it| it.ports.seen()).unwrap_or_default()
    }

    /// Stops being an update point: the ports are closed and the settings are forgotten. The catalog
    /// stays.
    ///
    /// # Errors
    ///
    /// The settings cannot be removed: then nothing has changed.
    pub async fn remove(&self) -> Result<(), UpdatePointError> {
        let _one_at_a_time = self.0.configuring.lock().await;
        let directory = self.0.directory.clone();
        blocking(move || Persisted::remove(&directory)).await?;
        let ports = self.configured().take().map(|it| it.ports);
        if let Some(ports) = ports {
            ports.close().await;
        }
        Ok(())
    }

    /// Synchronizes with its upstream server (SYNC-4, SYNC-5). If another import or synchronization
    /// is under way, this one waits for it.
    ///
    /// # Errors
    ///
    /// The upstream server cannot be reached or says no, or the catalog cannot be written. What was
    /// stored until then stays, and is not fetched again.
    pub async fn synchronize(&self, report: &Reporter) -> Result<AgentOutcome, UpdatePointError> {
        let (name, settings) = self.settings()?;
        let _working = self.0.working.lock().await;
        let upstream = self.upstream(&settings, report).await?;
        let run = synchronization::Run::new(&self.0.catalog, upstream, name, settings);
        let outcome = run.whole(&self.0.ahead).await;
        self.changed().await;
        Ok(outcome?)
    }

    /// Takes what its upstream server has stored so far, while that one still synchronizes. What comes
    /// of it is counted with the synchronization that follows.
    ///
    /// # Errors
    ///
    /// As [`UpdatePoint::synchronize`].
    pub async fn synchronize_ahead(
        &self,
        report: &Reporter,
    ) -> Result<AgentOutcome, UpdatePointError> {
        let (name, settings) = self.settings()?;
        let _working = self.0.working.lock().await;
        let upstream = self.upstream(&settings, report).await?;
        let run = synchronization::Run::new(&self.0.catalog, upstream, name, settings);
        Ok(run.ahead(&self.0.ahead).await?)
    }

    /// Its catalog or its settings have changed: what packages are made of is known before anybody asks,
    /// and what is missing is fetched.
    pub(super) async fn changed(&self) {
        if let Ok((_, settings)) = self.settings()
            && !settings.packages.is_empty()
        {
            let (catalog, files) = (Arc::clone(self.catalog()), self.update_files().clone());
            let chosen = blocking(move || content::choose(&catalog, &files, &settings)).await;
            if let Err(error) = chosen {
                // Its state says so too: what was found before is out of date.
                let error = with_causes(&error);
                tracing::warn!(error, "the files of packages could not be looked for");
            }
        }
        self.0.fetching.wake();
    }

    /// The files of updates that a package is made of; `None` if none is.
    ///
    /// # Errors
    ///
    /// The catalog cannot be read.
    pub async fn package_files(
        &self,
        package: PackageId,
    ) -> Result<Option<PackageFiles>, UpdatePointError> {
        let catalog = Arc::clone(&self.0.catalog);
        blocking(move || Ok(catalog.package_files(&package)?)).await
    }

    /// The revisions of its catalog that changed after `after`, in the order of changes.
    ///
    /// # Errors
    ///
    /// The catalog cannot be read.
    pub async fn page(&self, after: i64) -> Result<RevisionPage, UpdatePointError> {
        let catalog = Arc::clone(&self.0.catalog);
        blocking(move || Ok(catalog.page(after)?)).await
    }

    /// Closes its ports until it is configured or opened again; the settings stay.
    pub async fn close(&self) {
        let _one_at_a_time = self.0.configuring.lock().await;
        let ports = self.configured().as_mut().map(|it| it.ports.take("the agent closed it"));
        if let Some(ports) = ports {
            ports.close().await;
        }
    }

    /// Where its files lie on their way in or out.
    pub(in crate::role) fn files(&self) -> Shelf {
        Shelf::new(&self.0.directory)
    }

    /// Its catalog.
    pub(in crate::role) fn catalog(&self) -> &Arc<Catalog> {
        &self.0.catalog
    }

    /// The files of updates that it has: those who make updates put theirs there.
    pub fn update_files(&self) -> &UpdateFiles {
        &self.0.update_files
    }

    /// Held by whatever must be the only one of its kind at a time.
    pub(super) fn working(&self) -> Arc<tokio::sync::Mutex<()>> {
        Arc::clone(&self.0.working)
    }

    /// The upstream server that the settings name.
    pub(super) async fn upstream(
        &self,
        settings: &UpdatePointSettings,
        report: &Reporter,
    ) -> Result<synchronization::Upstream, UpdatePointError> {
        let url = synchronization::upstream_of(settings)?;
        let client = self.0.ports.client(&url).await?;
        let telling = self.0.underway.begin(&url, report);
        Ok(synchronization::Upstream::new(client, &url, self.0.ports.addresses(), telling)?)
    }

    pub(super) fn configured(&self) -> MutexGuard<'_, Option<Configured>> {
        // Nothing that holds this lock can leave the value half changed.
        self.0.configured.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn settings(&self) -> Result<(Name, UpdatePointSettings), UpdatePointError> {
        match &*self.configured() {
            Some(Configured { persisted: Persisted { name, settings, .. }, .. }) => {
                Ok((name.clone(), settings.clone()))
            }
            None => Err(UpdatePointError::NotConfigured),
        }
    }
}

async fn close(ports: Vec<WebPort>) {
    for port in ports {
        port.close().await;
    }
}
