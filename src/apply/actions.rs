//! What each kind of action asks of which agent.

use jiff::Timestamp;

use crate::{
    error_text::with_causes,
    model::{
        DistributionPoint, Kind, Known, Name, PackageId, ServerCertificate, Site, SiteCode,
        SiteSystem, Unsupported, UpdatePoint,
    },
    net::{AgentClient, AgentError},
    observe::ReachError,
    plan::{Action, ActionKind, unsupported},
    wire::agent::{AgentCommand, AgentEvent, AgentOutcome},
};

use super::{Apply, ApplyEvent, Outcome};

/// Why an action was not done.
#[derive(Debug, thiserror::Error)]
pub(super) enum ActionError {
    /// The plan names something that the hierarchy does not have.
    #[error("{0} is not in the hierarchy that the plan was made for: plan again")]
    NotPlanned(String),
    /// An agent cannot be found.
    #[error(transparent)]
    Reach(#[from] ReachError),
    /// An agent did not do it.
    #[error(transparent)]
    Agent(#[from] AgentError),
    /// This version cannot do it.
    #[error(transparent)]
    NotSupported(#[from] Unsupported),
    /// Something else; the text says what.
    #[error("{0}")]
    Failed(String),
    /// It cannot go on now.
    #[error("{why}")]
    Waiting {
        /// When it goes on by itself.
        until: Timestamp,
        /// What it waits for.
        why: String,
    },
}

/// What came of an action, in words.
pub(super) type Carried = Result<String, ActionError>;

pub(super) async fn carry_out(apply: &Apply, action: &Action) -> Outcome {
    match apply.dispatch(action).await {
        Ok(text) => Outcome::Done(text),
        Err(ActionError::Waiting { until, why }) => Outcome::Waiting { until, why },
        Err(error) => Outcome::Failed(with_causes(&error)),
    }
}

impl Apply {
    async fn dispatch(&self, action: &Action) -> Carried {
        if let Some(what) = unsupported(action, &self.hierarchy) {
            return Err(what.into());
        }
        let name = &action.resource.name;
        match action.kind {
            ActionKind::CreateSiteSystem => self.create_site_system(action, name).await,
            ActionKind::InstallUpdateServices => {
                let version = self.site_system(name)?.wsus_to_install();
                self.tell(action, name, &AgentCommand::InstallUpdateServices(version)).await
            }
            ActionKind::InstallAdministrationConsole => {
                self.tell(action, name, &AgentCommand::InstallAdministrationConsole).await
            }
            ActionKind::ConfigureSsl => self.configure_ssl(action, name).await,
            ActionKind::AddSoftwareUpdatePoint | ActionKind::ConfigureSoftwareUpdatePoint => {
                let point = self.update_point(name)?;
                let settings = Box::new(point.settings.clone());
                let command = AgentCommand::ConfigureUpdatePoint { name: name.clone(), settings };
                self.tell(action, &point.site_system, &command).await
            }
            ActionKind::PublishLocalUpdate | ActionKind::ExpireLocalUpdate => {
                self.local_update(action).await
            }
            ActionKind::VerifyPorts => self.verify_ports(&action.resource).await,
            ActionKind::ImportUpdates | ActionKind::Synchronize => {
                self.synchronize(action, name).await
            }
            ActionKind::PublishClientPolicy => self.publish_client_policy(action).await,
            ActionKind::ConfigureDistributionPoint if action.resource.kind == Kind::Package => {
                self.on_demand(action).await
            }
            ActionKind::AddDistributionPoint
            | ActionKind::ConfigureDistributionPoint
            | ActionKind::EnablePull
            | ActionKind::DisablePull => {
                let point = self.distribution_point(name)?;
                let settings = Box::new(point.settings.clone());
                let command =
                    AgentCommand::ConfigureDistributionPoint { name: name.clone(), settings };
                self.tell(action, &point.site_system, &command).await
            }
            ActionKind::DistributeContent | ActionKind::UpdateContent => {
                self.distribute(action).await
            }
            ActionKind::RemoveContent => self.remove_content(action).await,
            ActionKind::RemoveDistributionPoint => {
                self.tell_target(action, &AgentCommand::RemoveDistributionPoint).await
            }
            ActionKind::RemoveSoftwareUpdatePoint => {
                self.tell_target(action, &AgentCommand::RemoveUpdatePoint).await
            }
            ActionKind::UninstallUpdateServices => {
                self.tell_target(action, &AgentCommand::UninstallUpdateServices).await
            }
            ActionKind::RemoveSiteSystem => {
                self.agents.remove(name).await?;
                Ok("removed with its data".to_owned())
            }
            ActionKind::SynchronizeCategories | ActionKind::ValidateContent => {
                Err(Unsupported::Action.into())
            }
        }
    }

    async fn create_site_system(&self, action: &Action, name: &Name) -> Carried {
        let system = self.site_system(name)?;
        let agent = self.agents.create(name, system).await?;
        let command = AgentCommand::ConfigureSiteSystem(system.settings.clone());
        self.ask(action, &agent, &command).await?;
        Ok(format!("its agent answers at {}", agent.url()))
    }

    async fn configure_ssl(&self, action: &Action, name: &Name) -> Carried {
        let point = self.update_point(name)?;
        let settings = Box::new(point.settings.clone());
        let command = AgentCommand::ConfigureSsl { name: name.clone(), settings };
        let agent = self.agents.get(&point.site_system)?;
        Ok(match self.ask(action, &agent, &command).await? {
            AgentOutcome::Secured(ServerCertificate { names, not_after }) => {
                format!("its certificate is for {} and ends at {not_after}", names.join(", "))
            }
            _ => String::new(),
        })
    }

    async fn publish_client_policy(&self, action: &Action) -> Carried {
        let site = self.site(&action.site)?;
        let policy = self.hierarchy.client_policy(site).ok_or_else(|| {
            ActionError::NotPlanned(format!("an active software update point of {}", action.site))
        })?;
        let point = self.update_point(&policy.update_point)?;
        let announced = self
            .agents
            .get(&point.site_system)?
            .state()
            .await?
            .and_then(|state| state.update_point)
            .and_then(|point| point.catalog_version);
        let text = format!("clients of {} scan against {}", action.site, policy.url);
        let command = AgentCommand::PublishClientPolicy { policy, announced };
        self.tell(action, &site.site_server, &command).await?;
        Ok(text)
    }

    async fn remove_content(&self, action: &Action) -> Carried {
        let id = self.package_id(action)?;
        if action.targets.is_empty() {
            let server = &self.site(&action.site)?.site_server;
            let command = AgentCommand::RemovePackageSource { package: id.clone() };
            self.tell(action, server, &command).await?;
        }
        for target in &action.targets {
            let system = &self.distribution_point(target)?.site_system;
            let command = AgentCommand::RemovePackage { package: id.clone() };
            self.tell(action, system, &command).await?;
        }
        Ok(format!("{id} is removed"))
    }

    /// The ID of the package that an action is about: without a document the package goes by its ID in
    /// lower case.
    pub(super) fn package_id(&self, action: &Action) -> Result<PackageId, ActionError> {
        let name = &action.resource.name;
        if let Some(package) = self.hierarchy.packages.get(name) {
            return Ok(package.id.clone());
        }
        let missing = |_| ActionError::NotPlanned(action.resource.to_string());
        name.as_str().to_ascii_uppercase().parse().map_err(missing)
    }

    async fn tell_target(&self, action: &Action, command: &AgentCommand) -> Carried {
        for target in &action.targets {
            self.tell(action, target, command).await?;
        }
        Ok(String::new())
    }

    /// Tells a site system's agent to do something.
    pub(super) async fn tell(
        &self,
        action: &Action,
        system: &Name,
        command: &AgentCommand,
    ) -> Carried {
        let agent = self.agents.get(system)?;
        self.ask(action, &agent, command).await?;
        Ok(String::new())
    }

    /// Has an agent carry out a command, and passes its progress on.
    pub(super) async fn ask(
        &self,
        action: &Action,
        agent: &AgentClient,
        command: &AgentCommand,
    ) -> Result<AgentOutcome, ActionError> {
        let outcome = agent.command(command, |event| {
            let event = match event {
                AgentEvent::Progress(progress) => {
                    ApplyEvent::Progress(action.id.clone(), *progress)
                }
                AgentEvent::Waiting { until, why } => {
                    ApplyEvent::Waiting(action.id.clone(), format!("{why}; until {until}"))
                }
                AgentEvent::Done(_) | AgentEvent::Failed(_) => return,
            };
            // Nobody has to listen.
            let _ = self.events.send(event);
        });
        Ok(outcome.await?)
    }

    pub(super) fn site(&self, code: &SiteCode) -> Result<&Site, ActionError> {
        let missing = || ActionError::NotPlanned(format!("site {code}"));
        self.hierarchy.sites.get(code).ok_or_else(missing)
    }

    fn site_system(&self, name: &Name) -> Result<&SiteSystem, ActionError> {
        let missing = || ActionError::NotPlanned(format!("site system `{name}`"));
        self.hierarchy.site_systems.get(name).ok_or_else(missing)
    }

    pub(super) fn update_point(&self, name: &Name) -> Result<&UpdatePoint, ActionError> {
        let missing = || ActionError::NotPlanned(format!("software update point `{name}`"));
        self.hierarchy.update_points.get(name).ok_or_else(missing)
    }

    pub(super) fn distribution_point(
        &self,
        name: &Name,
    ) -> Result<&DistributionPoint, ActionError> {
        let missing = || ActionError::NotPlanned(format!("distribution point `{name}`"));
        self.hierarchy.distribution_points.get(name).ok_or_else(missing)
    }

    /// What a site system reports now.
    pub(super) async fn look(&self, system: &Name) -> Known<crate::model::SiteSystemState> {
        let state = match self.agents.get(system) {
            Ok(agent) => agent.state().await,
            Err(_) => return Known::Absent,
        };
        match state {
            Ok(Some(state)) => Known::Present(state),
            Ok(None) => Known::Absent,
            Err(error) => Known::Unknown(with_causes(&error)),
        }
    }
}
