//! An agent: its roles, opened from its directory, and what it reports.

use std::{net::IpAddr, path::PathBuf, sync::Arc};

use tokio::sync::RwLock;
use tracing::{Instrument, Span};

use crate::{
    model::{Name, Since, SiteSystemSettings, SiteSystemState, UpdateServicesState},
    net::{Addresses, AdminHttp, Certificates},
    role::{
        Surroundings, distribution_point::DistributionPoint, management_point::ManagementPoint,
        package_library::PackageLibrary, site_server::SiteServer, update_point::UpdatePoint,
    },
    wire::agent::TransfersReport,
};

use super::{CommandError, identity::Identity};

/// Where an agent lives and how it reaches others.
#[derive(Debug, Clone)]
pub struct AgentOptions {
    /// The name of its site system.
    pub name: Name,
    /// The directory that holds everything it keeps.
    pub directory: PathBuf,
    /// The IP address on which its roles listen.
    pub ip: IpAddr,
    /// How it finds other site systems.
    pub addresses: Addresses,
    /// How it asks the agents of other site systems.
    pub http: AdminHttp,
    /// Certificates to show, and roots to trust.
    pub certificates: Certificates,
    /// Whether it goes on with transfers that were under way. A look at what there is must not set
    /// anything in motion.
    pub resume: bool,
}

/// The agent of a site system. Clones are the same agent.
#[derive(Clone)]
pub struct Agent(pub(super) Arc<Inner>);

pub(super) struct Inner {
    pub(super) options: AgentOptions,
    pub(super) roles: RwLock<Roles>,
}

/// The roles of a site system, as far as it has them.
#[derive(Default)]
pub(super) struct Roles {
    pub(super) identity: Option<Identity>,
    pub(super) site_server: Option<SiteServer>,
    pub(super) management_point: Option<ManagementPoint>,
    pub(super) package_library: Option<PackageLibrary>,
    pub(super) update_point: Option<UpdatePoint>,
    pub(super) distribution_point: Option<DistributionPoint>,
}

impl Agent {
    /// Opens an agent and its roles from its directory, which is made if it is not there. A role
    /// whose port cannot be opened is there all the same, and says so in its state.
    ///
    /// # Errors
    ///
    /// Something that it keeps cannot be read.
    pub async fn open(options: AgentOptions) -> Result<Self, CommandError> {
        std::fs::create_dir_all(&options.directory).map_err(|source| CommandError::Directory {
            path: options.directory.clone(),
            source,
        })?;
        let identity = Identity::read(&options.directory)?;
        let mut roles = Roles { identity, ..Roles::default() };
        roles.open(&options).instrument(span(&options.name)).await?;
        Ok(Self(Arc::new(Inner { options, roles: RwLock::new(roles) })))
    }

    /// What it reports of itself; `None` while nobody has told it what it is.
    pub async fn state(&self) -> Result<Option<SiteSystemState>, CommandError> {
        let roles = self.0.roles.read().await;
        let Some(identity) = &roles.identity else { return Ok(None) };
        let mut since = Since {
            settings: identity.settings_since,
            update_services: identity.update_services_since,
            ..Since::default()
        };
        let site_server = match &roles.site_server {
            None => None,
            Some(server) => {
                let mut state = server.state().await?;
                since.client_policy = server.policy_since().await?;
                if let Some(point) = &roles.management_point {
                    state.management_point = Some(point.state());
                    since.management_point = Some(point.since());
                }
                if let Some(library) = &roles.package_library {
                    state.packages = library.states().await?;
                    since.damaged_at_site_server = library.damaged_since();
                    since.taken_by_site_server = library.taken_since();
                    state.package_origins = library.origins();
                    state.validated = library.validated().await;
                }
                Some(state)
            }
        };
        let update_point = match &roles.update_point {
            None => None,
            Some(point) => {
                since.update_point = point.since();
                point.state().await?
            }
        };
        let distribution_point = match &roles.distribution_point {
            None => None,
            Some(point) => {
                let state = point.state().await?;
                (since.distribution_point, since.damaged) = point.since().await;
                state
            }
        };
        Ok(Some(SiteSystemState {
            settings: identity.settings.clone(),
            listens_on: self.0.options.ip.to_string(),
            administration_console: identity.administration_console,
            site_server,
            update_services: identity
                .update_services
                .map(|version| UpdateServicesState { version }),
            update_point,
            distribution_point,
            since,
        }))
    }

    /// The transfers of its distribution point; `None` where there is none.
    pub async fn transfers(&self) -> Option<TransfersReport> {
        let roles = self.0.roles.read().await;
        let site = roles.identity.as_ref()?.settings.site.clone();
        let (name, pull_jobs) = roles.distribution_point.as_ref()?.transfers().await?;
        Some(TransfersReport { name, site, pull_jobs })
    }

    /// What its log lines say of where they come from: a host runs many agents in one process.
    pub(super) fn span(&self) -> Span {
        span(&self.0.options.name)
    }

    /// Closes its ports. What it keeps stays.
    pub async fn close(&self) {
        let mut roles = self.0.roles.write().await;
        if let Some(point) = roles.update_point.take() {
            point.close().await;
        }
        if let Some(point) = roles.distribution_point.take() {
            point.close().await;
        }
        if let Some(point) = roles.management_point.take() {
            point.close().await;
        }
        if let Some(library) = roles.package_library.take() {
            library.close().await;
        }
    }
}

impl AgentOptions {
    /// Where a role of it is.
    pub(super) fn surroundings(&self, settings: &SiteSystemSettings) -> Surroundings {
        Surroundings {
            ip: self.ip,
            host: settings.address.clone(),
            addresses: self.addresses.clone(),
            certificates: self.certificates.clone(),
        }
    }
}

fn span(name: &Name) -> Span {
    tracing::info_span!("agent", site_system = %name)
}

impl Roles {
    /// Opens the roles that the identity calls for and that are not open yet.
    pub(super) async fn open(&mut self, options: &AgentOptions) -> Result<(), CommandError> {
        let Some(identity) = &self.identity else { return Ok(()) };
        let directory = |role: &str| options.directory.join(role);
        if identity.settings.site_server.is_some() && self.site_server.is_none() {
            self.site_server = Some(SiteServer::open(directory("site-server")).await?);
            let library =
                PackageLibrary::open(directory("package-library"), options.resume).await?;
            self.package_library = Some(library);
        }
        if identity.update_services.is_some() && self.update_point.is_none() {
            let directory = directory("update-services");
            let surroundings = options.surroundings(&identity.settings);
            self.update_point = Some(UpdatePoint::open(directory, surroundings).await?);
        }
        // Where a distribution point was, it comes back; a new one is opened when it is configured.
        let content = directory("distribution-point");
        if self.distribution_point.is_none() && content.exists() {
            let surroundings = options.surroundings(&identity.settings);
            let point = DistributionPoint::open(content, surroundings, options.resume).await?;
            self.distribution_point = Some(point);
        }
        self.open_management_point(options).await;
        Ok(())
    }
}
