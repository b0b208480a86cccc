//! The management point of an agent: opened, changed and closed with the settings of the site server,
//! and told of each new policy.

use super::{
    Agent, CommandError,
    agent_state::{AgentOptions, Roles},
    commands::Carried,
};
use crate::{
    error_text::with_causes,
    model::{CatalogVersion, ClientPolicy, ManagementPointSettings, SiteSystemSettings},
    role::{management_point::ManagementPoint, web_port::Change},
    wire::agent::AgentOutcome,
};

/// What becomes of the management point with other settings. Everything that can fail has been tried.
pub(super) enum NextPoint {
    /// There is one from now on.
    Opened(Box<ManagementPoint>),
    /// It changes.
    Changed(Change),
    /// There is none.
    None,
}

fn wanted(settings: &SiteSystemSettings) -> Option<&ManagementPointSettings> {
    settings.site_server.as_ref()?.management_point.as_ref()
}

impl Roles {
    /// Tries what these settings ask for.
    pub(super) async fn next_management_point(
        &self,
        options: &AgentOptions,
        settings: &SiteSystemSettings,
    ) -> Result<NextPoint, CommandError> {
        let Some(wanted) = wanted(settings) else { return Ok(NextPoint::None) };
        let Some(point) = &self.management_point else {
            let point = ManagementPoint::open(&options.surroundings(settings), wanted).await?;
            return Ok(NextPoint::Opened(Box::new(point)));
        };
        Ok(NextPoint::Changed(point.change(&settings.address, wanted).await?))
    }

    /// Takes that on.
    pub(super) async fn take_management_point(
        &mut self,
        next: NextPoint,
        settings: &SiteSystemSettings,
    ) {
        match (next, &mut self.management_point) {
            (NextPoint::Opened(point), mine) => *mine = Some(*point),
            (NextPoint::Changed(change), Some(point)) => {
                point.take_on(settings.address.clone(), change).await;
            }
            (NextPoint::Changed(_), None) => {}
            (NextPoint::None, mine) => {
                if let Some(point) = mine.take() {
                    point.close().await;
                }
            }
        }
    }

    /// Opens the management point where one was, and has it serve what the site database holds.
    pub(super) async fn open_management_point(&mut self, options: &AgentOptions) {
        let (Some(identity), Some(server)) = (&self.identity, &self.site_server) else { return };
        let Some(wanted) = wanted(&identity.settings) else { return };
        let point = match &mut self.management_point {
            Some(point) => point,
            none @ None => {
                let surroundings = options.surroundings(&identity.settings);
                none.insert(ManagementPoint::try_open(&surroundings, wanted).await)
            }
        };
        if let Err(error) = point.serve(server, &identity.settings.site).await {
            let why = with_causes(&error);
            tracing::warn!(why, "the management point does not serve the policy of the site");
        }
    }
}

impl Agent {
    /// Publishes a policy: it is kept first, and served then.
    pub(super) async fn publish_client_policy(
        &self,
        policy: ClientPolicy,
        announced: Option<CatalogVersion>,
    ) -> Carried {
        let server = self.site_server().await?;
        server.publish_policy(policy, announced).await?;
        let roles = self.0.roles.read().await;
        if let (Some(point), Some(identity)) = (&roles.management_point, &roles.identity) {
            point.serve(&server, &identity.settings.site).await?;
        }
        Ok(AgentOutcome::Done)
    }
}
