//! Carries out what an agent is told.

use std::path::PathBuf;

use crate::{
    clock,
    model::{Name, SiteSystemSettings, WsusVersion},
    net::NotReached,
    role::{
        Reporter,
        distribution_point::{DistributionPoint, DistributionPointError},
        management_point::ManagementPointError,
        package_library::{PackageLibrary, PackageLibraryError},
        site_server::{SiteServer, SiteServerError},
        update_point::{UpdatePoint, UpdatePointError},
        validating::Asked,
    },
    store::{self, site_database::Manner},
    wire::{
        agent::{AgentCommand, AgentOutcome, ContentLibrary},
        exchange::ReceivedUpdates,
        exchange::{ExportForm, ExportedParts},
    },
};

use super::{Agent, IdentityError, agent_state::Roles, identity::Identity, packages::Taken};

/// Why an agent could not do what it was told.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// Its directory cannot be made.
    #[error("failed to make the directory {path}")]
    Directory {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// Something is missing that has to come first.
    #[error("{missing} is not there: {first} has to come first")]
    TooEarly {
        /// What is missing.
        missing: &'static str,
        /// The action that brings it.
        first: &'static str,
    },
    /// Something belongs to another site.
    #[error("the site system belongs to site {site} already: a site system never changes its site")]
    OtherSite {
        /// The site it belongs to.
        site: crate::model::SiteCode,
    },
    /// It reaches a remote update point only with the administration console (SUP-3).
    #[error(
        "the active software update point is on another computer, and the WSUS administration \
         console is not installed here: InstallAdministrationConsole has to come first"
    )]
    NoConsole,
    /// What it knows of itself.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The agent of another site system.
    #[error(transparent)]
    NotReached(#[from] NotReached),
    /// Its site server.
    #[error(transparent)]
    SiteServer(#[from] SiteServerError),
    /// Its package library.
    #[error(transparent)]
    PackageLibrary(#[from] PackageLibraryError),
    /// Its management point.
    #[error(transparent)]
    ManagementPoint(#[from] ManagementPointError),
    /// Its software update point.
    #[error(transparent)]
    UpdatePoint(#[from] UpdatePointError),
    /// Its distribution point.
    #[error(transparent)]
    DistributionPoint(#[from] DistributionPointError),
}

pub(super) type Carried = Result<AgentOutcome, CommandError>;

impl Agent {
    /// Carries out a command; `own_url` is the address of this agent's admin port.
    ///
    /// # Errors
    ///
    /// What went wrong, where, and what to do about it.
    pub async fn carry_out(
        &self,
        command: AgentCommand,
        own_url: &str,
        report: &Reporter,
    ) -> Carried {
        match command {
            AgentCommand::ConfigureSiteSystem(settings) => self.configure(settings).await,
            AgentCommand::RemoveSiteSystem => self.remove_site_system().await,
            AgentCommand::InstallUpdateServices(version) => {
                self.install_update_services(version).await
            }
            AgentCommand::InstallAdministrationConsole => {
                self.change(|identity| identity.administration_console = true).await
            }
            AgentCommand::ConfigureUpdatePoint { name, settings } => {
                self.configure_update_point(name, *settings).await
            }
            AgentCommand::ConfigureSsl { name, settings } => {
                self.configure_ssl(name, *settings).await
            }
            AgentCommand::RemoveUpdatePoint => self.remove_update_point().await,
            AgentCommand::UninstallUpdateServices => self.uninstall_update_services().await,
            AgentCommand::CheckCatalog { repair } => self.check_catalog(repair, report).await,
            AgentCommand::PublishLocalUpdate(update) => self.publish(*update).await,
            AgentCommand::ExpireLocalUpdate { update_id } => self.expire(update_id).await,
            AgentCommand::ImportUpdates => Ok(self.update_point().await?.import(report).await?),
            AgentCommand::ImportReceived(received) => self.import_received(*received, report).await,
            AgentCommand::ExportUpdates { form, with } => self.export(form, with, report).await,
            AgentCommand::SynchronizeUpdatePoint => self.synchronize(report).await,
            AgentCommand::SynchronizeAhead => self.synchronize_ahead(report).await,
            AgentCommand::CopyToSiteDatabase { from, only_new } => {
                self.console_for(&from, own_url).await?;
                let server = self.site_server().await?;
                let manner = if only_new { Manner::OnlyNew } else { Manner::Everything };
                let way = self.0.options.http.way(&from)?;
                Ok(server.copy_from(&way.asking, &way.url, manner, report).await?)
            }
            AgentCommand::ReplicateSiteDatabase { from } => {
                let server = self.site_server().await?;
                let way = self.0.options.http.way(&from)?;
                Ok(server.replicate_from(&way.asking, &way.url, report).await?)
            }
            AgentCommand::RecordStatusMessages(messages) => {
                self.site_server().await?.record(messages).await?;
                Ok(AgentOutcome::Done)
            }
            AgentCommand::PublishClientPolicy { policy, announced } => {
                self.publish_client_policy(policy, announced).await
            }
            AgentCommand::ConfigureDistributionPoint { name, settings } => {
                self.open_distribution_point().await?.configure(name, *settings).await?;
                Ok(AgentOutcome::Done)
            }
            AgentCommand::RemoveDistributionPoint => self.remove_distribution_point().await,
            AgentCommand::TakePackageSource { package, version, origin, content, from } => {
                let taken = Taken { package, version, origin, content, from };
                self.take_package_source(taken, report).await
            }
            AgentCommand::SendPackage { package, version, to, pacing } => {
                self.send_package((&package, version), &to, pacing.as_deref(), report).await
            }
            AgentCommand::PullPackage { package, version, digest } => {
                match self.distribution_point().await?.pull(package, version, digest).await {
                    Ok(()) => Ok(AgentOutcome::Done),
                    Err(DistributionPointError::AtCapacity(active)) => {
                        Ok(AgentOutcome::AtCapacity { active })
                    }
                    Err(error) => Err(error.into()),
                }
            }
            AgentCommand::FollowPull { package } => {
                Ok(self.distribution_point().await?.follow(&package, report).await?)
            }
            AgentCommand::OfferPackage { package, content } => {
                self.distribution_point().await?.offer(package, content).await?;
                Ok(AgentOutcome::Done)
            }
            AgentCommand::WithdrawPackage { package } => {
                if let Ok(point) = self.distribution_point().await {
                    point.withdraw(package).await?;
                }
                Ok(AgentOutcome::Done)
            }
            AgentCommand::RemovePackage { package } => {
                if let Ok(point) = self.distribution_point().await {
                    point.remove_package(&package).await?;
                }
                Ok(AgentOutcome::Done)
            }
            AgentCommand::ValidateContent { library, packages, bytes_per_second } => {
                let asked = Asked { packages, bytes_per_second };
                self.validate_content(library, asked, report).await
            }
            AgentCommand::RemovePackageSource { package } => {
                if let Ok(library) = self.package_library().await {
                    library.remove(&package).await?;
                }
                Ok(AgentOutcome::Done)
            }
        }
    }

    async fn check_catalog(&self, repair: bool, report: &Reporter) -> Carried {
        Ok(self.update_point().await?.check(repair, report).await?)
    }

    async fn import_received(&self, received: ReceivedUpdates, report: &Reporter) -> Carried {
        Ok(self.update_point().await?.import_received(received, report).await?)
    }

    async fn validate_content(
        &self,
        library: ContentLibrary,
        asked: Asked,
        report: &Reporter,
    ) -> Carried {
        let findings = match library {
            ContentLibrary::DistributionPoint => {
                self.distribution_point().await?.validate(asked, report).await?
            }
            ContentLibrary::SiteServer => {
                self.package_library().await?.validate(asked, report).await?
            }
        };
        Ok(AgentOutcome::Validated(findings))
    }

    async fn configure(&self, settings: SiteSystemSettings) -> Carried {
        let mut roles = self.0.roles.write().await;
        let identity = match &roles.identity {
            Some(known) if known.settings.site != settings.site => {
                return Err(CommandError::OtherSite { site: known.settings.site.clone() });
            }
            Some(known) => known.told(settings, clock::now()),
            None => Identity::new(settings, clock::now()),
        };
        let next = roles.next_management_point(&self.0.options, &identity.settings).await?;
        identity.write(&self.0.options.directory)?;
        roles.take_management_point(next, &identity.settings).await;
        if let Some(point) = &roles.update_point {
            point.moved(identity.settings.address.clone()).await?;
        }
        if let Some(point) = &roles.distribution_point {
            point.moved(identity.settings.address.clone()).await?;
        }
        roles.identity = Some(identity);
        roles.open(&self.0.options).await?;
        Ok(AgentOutcome::Done)
    }

    async fn remove_site_system(&self) -> Carried {
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
        roles.site_server = None;
        if let Some(library) = roles.package_library.take() {
            library.close().await;
        }
        for role in ["site-server", "package-library", "update-services", "distribution-point"] {
            self.remove_directory(role)?;
        }
        // What it is goes last: cut off before, it is still there, and is removed again.
        Identity::remove(&self.0.options.directory)?;
        roles.identity = None;
        Ok(AgentOutcome::Done)
    }

    async fn change(&self, change: impl FnOnce(&mut Identity)) -> Carried {
        let mut roles = self.0.roles.write().await;
        let mut identity = roles.identity.clone().ok_or(NOT_CONFIGURED)?;
        change(&mut identity);
        identity.write(&self.0.options.directory)?;
        roles.identity = Some(identity);
        roles.open(&self.0.options).await?;
        Ok(AgentOutcome::Done)
    }

    async fn export(&self, form: ExportForm, with: ExportedParts, report: &Reporter) -> Carried {
        Ok(self.update_point().await?.export(form, with, report).await?)
    }

    async fn synchronize(&self, report: &Reporter) -> Carried {
        Ok(self.update_point().await?.synchronize(report).await?)
    }

    async fn synchronize_ahead(&self, report: &Reporter) -> Carried {
        Ok(self.update_point().await?.synchronize_ahead(report).await?)
    }

    async fn install_update_services(&self, version: WsusVersion) -> Carried {
        let now = clock::now();
        self.change(|identity| *identity = identity.with_update_services(Some(version), now)).await
    }

    async fn uninstall_update_services(&self) -> Carried {
        let mut roles = self.0.roles.write().await;
        let Some(identity) = roles.identity.clone() else { return Ok(AgentOutcome::Done) };
        if let Some(point) = roles.update_point.take() {
            point.remove().await?;
            point.close().await;
        }
        let identity = identity.with_update_services(None, clock::now());
        identity.write(&self.0.options.directory)?;
        roles.identity = Some(identity);
        self.remove_directory("update-services")?;
        Ok(AgentOutcome::Done)
    }

    async fn remove_distribution_point(&self) -> Carried {
        let mut roles = self.0.roles.write().await;
        if let Some(point) = roles.distribution_point.take() {
            point.remove().await?;
            point.close().await;
        }
        self.remove_directory("distribution-point")?;
        Ok(AgentOutcome::Done)
    }

    fn remove_directory(&self, role: &str) -> Result<(), CommandError> {
        let path = self.0.options.directory.join(role);
        store::remove_directory(&path).map_err(|source| CommandError::Directory { path, source })
    }

    /// The site server reaches a remote update point only with the administration console.
    async fn console_for(&self, from: &str, own_url: &str) -> Result<(), CommandError> {
        let roles = self.0.roles.read().await;
        let identity = roles.identity.as_ref().ok_or(NOT_CONFIGURED)?;
        let installed = identity.administration_console
            || identity.settings.software.wsus_administration_console;
        let own =
            from == own_url || self.0.options.http.name_at(from).as_ref() == Some(self.name());
        if own || installed { Ok(()) } else { Err(CommandError::NoConsole) }
    }

    pub(super) async fn update_point(&self) -> Result<UpdatePoint, CommandError> {
        let (missing, first) = ("WSUS", "InstallUpdateServices");
        self.role(|it| it.update_point.clone(), missing, first).await
    }

    pub(super) async fn site_server(&self) -> Result<SiteServer, CommandError> {
        self.role(|it| it.site_server.clone(), "a site server", SITE_SERVER_FIRST).await
    }

    pub(super) async fn package_library(&self) -> Result<PackageLibrary, CommandError> {
        self.role(|it| it.package_library.clone(), "a site server", SITE_SERVER_FIRST).await
    }

    pub(super) async fn distribution_point(&self) -> Result<DistributionPoint, CommandError> {
        let (missing, first) = ("a distribution point", "AddDistributionPoint");
        self.role(|it| it.distribution_point.clone(), missing, first).await
    }

    /// A role that shall be there. One that could not be opened when it was called for, on a disk that was
    /// full, is opened now.
    async fn role<T>(
        &self,
        of: impl Fn(&Roles) -> Option<T>,
        missing: &'static str,
        first: &'static str,
    ) -> Result<T, CommandError> {
        if let Some(role) = of(&*self.0.roles.read().await) {
            return Ok(role);
        }
        let mut roles = self.0.roles.write().await;
        roles.open(&self.0.options).await?;
        of(&roles).ok_or(CommandError::TooEarly { missing, first })
    }

    async fn open_distribution_point(&self) -> Result<DistributionPoint, CommandError> {
        let mut roles = self.0.roles.write().await;
        let identity = roles.identity.as_ref().ok_or(NOT_CONFIGURED)?;
        if let Some(point) = &roles.distribution_point {
            return Ok(point.clone());
        }
        let options = &self.0.options;
        let point = DistributionPoint::open(
            options.directory.join("distribution-point"),
            options.surroundings(&identity.settings),
            options.resume,
        )
        .await?;
        roles.distribution_point = Some(point.clone());
        Ok(point)
    }

    /// The name of its site system.
    pub fn name(&self) -> &Name {
        &self.0.options.name
    }
}

const SITE_SERVER_FIRST: &str = "CreateSiteSystem with the site server's settings";
const NOT_CONFIGURED: CommandError =
    CommandError::TooEarly { missing: "the site system", first: "CreateSiteSystem" };
