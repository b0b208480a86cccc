//! The role itself: its settings, its port, its state.

use std::{
    net::IpAddr,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{
    UpdatePointError, import, import_file::FileFactsCache, persisted::Persisted, service::Service,
    synchronization,
};
use crate::{
    blocking::blocking,
    clock,
    model::{DownstreamServer, Name, RoleSince, SourceType, UpdatePointSettings, UpdatePointState},
    net::{Addresses, OpenPort},
    role::{Reporter, port::RolePort},
    store::{StoreError, catalog::Catalog},
    wire::{
        agent::{AgentOutcome, RevisionPage},
        reporting::ServerInfo,
    },
};

/// Downstream servers that a state names: a state is asked for often, and read by people.
const DOWNSTREAM_SERVERS: usize = 500;

/// A software update point of a site system. Clones are the same point.
#[derive(Debug, Clone)]
pub struct UpdatePoint(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    directory: PathBuf,
    ip: IpAddr,
    addresses: Addresses,
    client: reqwest::Client,
    catalog: Arc<Catalog>,
    service: Arc<Service>,
    file_facts: Arc<FileFactsCache>,
    configured: Mutex<Option<Configured>>,
    /// One change of settings at a time.
    configuring: tokio::sync::Mutex<()>,
    /// One import or synchronization at a time. Shared with the threads that carry it out.
    working: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Debug)]
struct Configured {
    persisted: Persisted,
    port: RolePort,
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
        ip: IpAddr,
        addresses: Addresses,
    ) -> Result<Self, UpdatePointError> {
        let client = crate::net::client(&addresses)?;
        let at = directory.clone();
        let (catalog, service, persisted) = blocking(move || {
            let catalog = Arc::new(Catalog::open(&at.join("catalog.db"), clock::now())?);
            let service = Arc::new(Service::new(Arc::clone(&catalog)));
            Ok::<_, UpdatePointError>((catalog, service, Persisted::read(&at)?))
        })
        .await?;
        let configured = match persisted {
            Some(persisted) => {
                let number = persisted.settings.ports.http.get();
                let opened = OpenPort::open(ip, number, service.router()).await;
                Some(Configured { persisted, port: RolePort::now(opened) })
            }
            None => None,
        };
        Ok(Self(Arc::new(Inner {
            directory,
            ip,
            addresses,
            client,
            catalog,
            service,
            file_facts: Arc::default(),
            configured: Mutex::new(configured),
            configuring: tokio::sync::Mutex::default(),
            working: Arc::default(),
        })))
    }

    /// Makes it the point of that name with these settings. If its port changes, or is not open,
    /// the new one is opened first, then the settings are kept, then the old one is closed.
    ///
    /// # Errors
    ///
    /// The port cannot be opened or the settings cannot be kept: then nothing has changed.
    pub async fn configure(
        &self,
        name: Name,
        settings: UpdatePointSettings,
    ) -> Result<(), UpdatePointError> {
        if settings.ssl {
            return Err(UpdatePointError::SslUnsupported);
        }
        let _one_at_a_time = self.0.configuring.lock().await;
        let number = settings.ports.http.get();
        let opened = if self.has_open(number) {
            None
        } else {
            Some(OpenPort::open(self.0.ip, number, self.0.service.router()).await?)
        };
        let before = self.configured().as_ref().map(|it| it.persisted.clone());
        let persisted = Persisted::after(before.as_ref(), name, settings, clock::now());
        let (directory, to_write) = (self.0.directory.clone(), persisted.clone());
        // On an error the port that was opened is dropped, which closes it.
        blocking(move || to_write.write(&directory)).await?;
        let replaced = {
            let mut configured = self.configured();
            let before = configured.take().map(|it| it.port);
            let (port, replaced) = match (opened, before) {
                (Some(opened), before) => (RolePort::now(Ok(opened)), before),
                (None, Some(before)) => (before, None),
                // The port was open above, and settings change only under `configuring`.
                (None, None) => (RolePort::closed("it was closed meanwhile"), None),
            };
            *configured = Some(Configured { persisted, port });
            replaced
        };
        close(replaced).await;
        Ok(())
    }

    /// Stops being an update point: the port is closed and the settings are forgotten. The catalog
    /// stays.
    ///
    /// # Errors
    ///
    /// The settings cannot be removed: then nothing has changed.
    pub async fn remove(&self) -> Result<(), UpdatePointError> {
        let _one_at_a_time = self.0.configuring.lock().await;
        let directory = self.0.directory.clone();
        blocking(move || Persisted::remove(&directory)).await?;
        let port = self.configured().take().map(|it| it.port);
        close(port).await;
        Ok(())
    }

    /// What it is; `None` while it is not configured.
    ///
    /// # Errors
    ///
    /// The catalog cannot be read.
    pub async fn state(&self) -> Result<Option<UpdatePointState>, UpdatePointError> {
        let (Persisted { name, settings, .. }, listener) = {
            let configured = self.configured();
            let Some(Configured { persisted, port }) = &*configured else { return Ok(None) };
            (persisted.clone(), port.listener())
        };
        let (catalog, file_facts) = (Arc::clone(&self.0.catalog), Arc::clone(&self.0.file_facts));
        blocking(move || {
            let import_file = match (settings.source.r#type, &settings.source.file) {
                (SourceType::Import, Some(file)) => file_facts.of(file.as_ref()),
                _ => None,
            };
            Ok(Some(UpdatePointState {
                name,
                settings,
                listener,
                catalog_version: catalog.version()?,
                revisions: catalog.count()?,
                last_synchronization: catalog.last_synchronization()?,
                import_file,
                downstream_servers: downstream_servers(&catalog)?,
            }))
        })
        .await
    }

    /// Since when it is as it is.
    pub fn since(&self) -> RoleSince {
        self.configured().as_ref().map_or_else(RoleSince::default, |it| RoleSince {
            settings: it.persisted.settings_since,
            listener: Some(it.port.since()),
        })
    }

    /// Imports the export file of its settings (SYNC-7). The file is verified as a whole before
    /// anything changes. If another import or synchronization is under way, this one waits for it.
    ///
    /// # Errors
    ///
    /// The file is not a whole export, or the catalog cannot be written.
    pub async fn import(&self, report: &Reporter) -> Result<AgentOutcome, UpdatePointError> {
        let (_, settings) = self.settings()?;
        let path = import::file_of(&settings)?;
        let working = Arc::clone(&self.0.working).lock_owned().await;
        let (catalog, report) = (Arc::clone(&self.0.catalog), report.clone());
        blocking(move || {
            let outcome = import::run(&catalog, &path, &report);
            drop(working);
            outcome
        })
        .await
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
        let upstream = self.upstream(&settings)?;
        let _working = self.0.working.lock().await;
        let catalog = Arc::clone(&self.0.catalog);
        Ok(synchronization::run(catalog, upstream, name, settings, report).await?)
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

    /// Closes its port until it is configured or opened again; the settings stay.
    pub async fn close(&self) {
        let _one_at_a_time = self.0.configuring.lock().await;
        let port = self.configured().as_mut().map(|configured| {
            std::mem::replace(&mut configured.port, RolePort::closed("the agent closed it"))
        });
        close(port).await;
    }

    /// Its catalog.
    pub(in crate::role) fn catalog(&self) -> &Arc<Catalog> {
        &self.0.catalog
    }

    /// Held by whatever must be the only one of its kind at a time.
    pub(super) fn working(&self) -> Arc<tokio::sync::Mutex<()>> {
        Arc::clone(&self.0.working)
    }

    /// The upstream server that the settings name.
    pub(super) fn upstream(
        &self,
        settings: &UpdatePointSettings,
    ) -> Result<synchronization::Upstream, UpdatePointError> {
        let url = synchronization::upstream_of(settings)?;
        Ok(synchronization::Upstream::new(self.0.client.clone(), &url, &self.0.addresses)?)
    }

    fn configured(&self) -> MutexGuard<'_, Option<Configured>> {
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

    fn has_open(&self, number: u16) -> bool {
        self.configured().as_ref().is_some_and(|it| it.port.is_open(number))
    }
}

fn downstream_servers(catalog: &Catalog) -> Result<Vec<DownstreamServer>, StoreError> {
    let server = |it: ServerInfo| DownstreamServer {
        name: it.name,
        version: it.version,
        replica: it.replica,
        last_synchronization: it.last_synchronization,
    };
    Ok(catalog.downstream_servers()?.into_iter().take(DOWNSTREAM_SERVERS).map(server).collect())
}

async fn close(port: Option<RolePort>) {
    if let Some(port) = port {
        port.close().await;
    }
}
