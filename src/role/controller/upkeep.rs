//! What keeps agents on computers of their own in the hierarchy: they are told who belongs to it, and their
//! certificates are renewed long before they end.

use std::collections::{BTreeMap, BTreeSet};

use futures::{StreamExt, stream};

use super::{Controller, Looked, SessionError};
use crate::{
    apply::LateReports,
    clock,
    error_text::with_causes,
    model::{Address, Digest, Hierarchy, Known, Name},
    net::{AdminHttp, AgentClient, AgentError, InviteError, NotReached, RegistryError},
    observe::AT_ONCE,
    role::host::DataDirectory,
    wire::joining::Roster,
};

/// An agent that has joined and has just answered, and the address of its site system.
struct Answering<'a> {
    name: &'a Name,
    agent: &'a AgentClient,
    host: Option<&'a Address>,
}

impl Controller {
    /// Transfers that have finished while nobody followed them.
    pub(super) async fn take_late_reports(&self, hierarchy: &Hierarchy, looked: &Looked) {
        let Looked { observed, agents, .. } = looked;
        let (machines, journal) = (&self.machines, self.journal());
        LateReports { hierarchy, observed, agents, machines, journal }.take().await;
    }

    /// Tells agents who belongs to the hierarchy, where they do not know it from here yet, and gives them
    /// certificates that are due. What cannot be done now is done by a later pass; why is in the log.
    pub async fn keep_agents(&self, hierarchy: &Hierarchy, looked: &Looked) {
        if let Err(error) = self.try_keep_agents(hierarchy, looked).await {
            let why = with_causes(&error);
            tracing::warn!(why, "nothing is done for the agents on computers of their own");
        }
    }

    async fn try_keep_agents(
        &self,
        hierarchy: &Hierarchy,
        looked: &Looked,
    ) -> Result<(), RegistryError> {
        let registry = self.session().data().agents();
        let site_servers: BTreeSet<Name> =
            hierarchy.sites.values().map(|site| site.site_server.clone()).collect();
        registry.note(&hierarchy.remote_agents(), &site_servers, clock::now()).await?;
        let roster = registry.roster()?;
        let answering: Vec<Answering<'_>> = answering(hierarchy, looked, &roster);
        let told = Digest::of_json(&roster);
        let news = |it: &&Answering<'_>| self.told().get(it.name) != Some(&told);
        let wanted = answering.iter().filter(news);
        let wanted = wanted.map(|it| (it.name.clone(), it.agent.clone())).collect();
        for (name, ended) in tell(wanted, &roster).await {
            match ended {
                Ok(()) => drop(self.told().insert(name, told)),
                Err(error) => {
                    let why = with_causes(&error);
                    tracing::warn!(agent = %name, why, "it is not told who belongs to the hierarchy");
                }
            }
        }
        let hosts = answering.iter().filter_map(|it| Some((it.name, it.host?))).collect();
        let (due, roles_due) =
            (registry.due(clock::now())?, registry.roles_due(&hosts, clock::now())?);
        let renewing = answering.iter().map(|it| async {
            if due.contains(it.name)
                && let Err(error) = registry.renew(it.name, it.agent, clock::now()).await
            {
                let why = with_causes(&error);
                tracing::warn!(agent = %it.name, why, "its certificate is not renewed yet");
            }
            if let Some(host) = it.host.filter(|_| roles_due.contains(it.name))
                && let Err(error) = registry.grant(it.name, it.agent, host, clock::now()).await
            {
                let why = with_causes(&error);
                tracing::warn!(agent = %it.name, why, "its roles are not given a certificate yet");
            }
        });
        stream::iter(renewing).buffer_unordered(AT_ONCE).collect::<()>().await;
        Ok(())
    }
}

/// Those that have just not answered would only hold the others up.
fn answering<'a>(
    hierarchy: &'a Hierarchy,
    looked: &'a Looked,
    roster: &Roster,
) -> Vec<Answering<'a>> {
    let answers = |name: &Name| {
        let known = looked.observed.site_systems.get(name);
        known.is_some_and(|known| !matches!(known, Known::Unknown(_)))
    };
    let joined = looked.agents.remote().iter().filter(|(name, agent)| {
        roster.agents.contains_key(*name) && !agent.is_barred() && answers(name)
    });
    let host = |name| hierarchy.site_systems.get(name).map(|system| &system.settings.address);
    joined.map(|(name, agent)| Answering { name, agent, host: host(name) }).collect()
}

async fn tell(
    agents: Vec<(Name, AgentClient)>,
    roster: &Roster,
) -> BTreeMap<Name, Result<(), AgentError>> {
    let told = stream::iter(agents)
        .map(|(name, agent)| async move { (name, agent.take_roster(roster).await) });
    told.buffer_unordered(AT_ONCE).collect().await
}

/// Tells all agents that have joined who belongs to the hierarchy; those that could not be told.
///
/// # Errors
///
/// What is known of them cannot be read.
pub async fn tell_agents(data: &DataDirectory) -> Result<BTreeMap<Name, AgentError>, SessionError> {
    let http = data.http(&data.addresses())?;
    let roster = data.agents().roster().map_err(crate::role::host::DataError::from)?;
    let agents = roster.agents.iter();
    let agents = agents.map(|(name, it)| (name.clone(), http.agent_of(name, &it.url))).collect();
    let told = tell(agents, &roster).await;
    Ok(told.into_iter().filter_map(|(name, ended)| Some((name, ended.err()?))).collect())
}

/// Exchanges key and certificate of an agent that has joined.
///
/// # Errors
///
/// It has not joined, or could not be reached.
pub async fn renew_agent(data: &DataDirectory, name: &Name) -> Result<(), RenewError> {
    let http: AdminHttp = data.http(&data.addresses()).map_err(SessionError::from)?;
    let registered = data.agents().agents()?.into_iter().find(|it| it.name == *name);
    let url =
        registered.and_then(|it| it.url).ok_or_else(|| NotReached::NotJoined(name.clone()))?;
    let agent = http.agent_of(name, &url);
    Ok(data.agents().renew(name, &agent, clock::now()).await?)
}

/// An agent keeps its key and its certificate.
#[derive(Debug, thiserror::Error)]
pub enum RenewError {
    /// It has not joined.
    #[error(transparent)]
    NotReached(#[from] NotReached),
    /// What is known of agents.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// It could not be done.
    #[error(transparent)]
    Invite(#[from] InviteError),
    /// The way to it.
    #[error(transparent)]
    Session(#[from] SessionError),
}
