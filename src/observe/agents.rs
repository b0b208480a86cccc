//! Where the agents of the site systems are.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use futures::{StreamExt, stream};

use super::AT_ONCE;
use crate::{
    clock,
    error_text::with_causes,
    model::{Address, Name, Placement, SiteSystem},
    net::{
        AddressTaken, Addresses, AdminHttp, AgentClient, AgentError, NotReached, Registry,
        RegistryError,
    },
    wire::agent::AgentCommand,
};

/// A site system's agent cannot be found.
#[derive(Debug, thiserror::Error)]
pub enum ReachError {
    /// There is none.
    #[error("site system `{0}` is not there yet")]
    Absent(Name),
    /// Its placement is not supported.
    #[error(
        "site system `{0}` shall run on Kubernetes, where only `headwater operator` starts it, with --image: \
         leave `placement` out, or start `headwater agent` there and write `placement: Remote`"
    )]
    Kubernetes(Name),
    /// It runs on a computer of its own, and nobody said where.
    #[error("site system `{0}` runs on a computer of its own: write its `agent.url`")]
    NoUrl(Name),
    /// The host or an agent did not answer as it should.
    #[error(transparent)]
    Agent(#[from] AgentError),
    /// Its loopback address is another one's.
    #[error(transparent)]
    AddressTaken(#[from] AddressTaken),
    /// What is known of agents on computers of their own.
    #[error(transparent)]
    Registry(#[from] RegistryError),
}

/// The agents on computers of their own.
#[derive(Debug, Clone, Copy)]
pub struct Remote<'a> {
    /// Their admin addresses.
    pub agents: &'a BTreeMap<Name, String>,
    /// Which of them have joined the hierarchy, or are waited for.
    pub registry: &'a Registry,
}

/// The agents of a hierarchy: the embedded ones, through their host, and those on computers of
/// their own.
pub struct Agents {
    host: AgentClient,
    http: AdminHttp,
    addresses: Addresses,
    /// Those on computers of their own, with their clients.
    remote: BTreeMap<Name, AgentClient>,
    /// Those of the host.
    hosted: Mutex<BTreeMap<Name, String>>,
}

impl Agents {
    /// Finds the agents of the host, and adds those on computers of their own. Those for which a token
    /// waits may join: one that cannot is there all the same, and says why when it is asked.
    ///
    /// # Errors
    ///
    /// The host does not answer, or what is known of agents cannot be read.
    pub async fn find(
        host: AgentClient,
        http: AdminHttp,
        addresses: Addresses,
        remote: Remote<'_>,
    ) -> Result<Self, ReachError> {
        let mut hosted = BTreeMap::new();
        for system in host.hosted().await? {
            addresses.register(system.address.as_str())?;
            hosted.insert(system.name, system.url);
        }
        let mut failed = invite(&addresses, remote).await?;
        let client = |(name, url): (&Name, &String)| {
            let (agent, failed) = (http.agent_of(name, url), failed.remove(name));
            // One that has joined before is asked as before, whatever becomes of the token.
            let why = failed.filter(|_| agent.is_barred());
            let barred = |why| NotReached::JoiningFailed { name: name.clone(), why };
            let agent = why.map_or(agent, |why| AgentClient::barred(url, barred(why)));
            (name.clone(), agent)
        };
        let remote = remote.agents.iter().map(client).collect();
        Ok(Self { host, http, addresses, remote, hosted: Mutex::new(hosted) })
    }

    /// The agents that are known, with their clients.
    pub fn all(&self) -> Vec<(Name, AgentClient)> {
        let mut all = self.remote.clone();
        let hosted = self.hosted.lock().unwrap_or_else(PoisonError::into_inner);
        for (name, url) in hosted.iter() {
            all.entry(name.clone()).or_insert_with(|| self.http.agent(url));
        }
        all.into_iter().collect()
    }

    /// The agents on computers of their own.
    pub fn remote(&self) -> &BTreeMap<Name, AgentClient> {
        &self.remote
    }

    /// The agent of a site system.
    ///
    /// # Errors
    ///
    /// There is none.
    pub fn get(&self, name: &Name) -> Result<AgentClient, ReachError> {
        if let Some(agent) = self.remote.get(name) {
            return Ok(agent.clone());
        }
        let hosted = self.hosted.lock().unwrap_or_else(PoisonError::into_inner);
        let url = hosted.get(name).ok_or_else(|| ReachError::Absent(name.clone()))?;
        Ok(self.http.agent(url))
    }

    /// The agent of a site system, which is made if it is not there.
    ///
    /// # Errors
    ///
    /// It cannot be made.
    pub async fn create(
        &self,
        name: &Name,
        system: &SiteSystem,
    ) -> Result<AgentClient, ReachError> {
        match (system.placement, &system.agent_url) {
            (Some(Placement::Kubernetes), None) => Err(ReachError::Kubernetes(name.clone())),
            (Some(Placement::Remote), None) => Err(ReachError::NoUrl(name.clone())),
            (Some(Placement::Remote | Placement::Kubernetes), Some(_)) => self.get(name),
            (Some(Placement::Embedded) | None, _) => {
                self.embed(name, &system.settings.address).await
            }
        }
    }

    async fn embed(&self, name: &Name, address: &Address) -> Result<AgentClient, ReachError> {
        let hosted = self.host.host(name, address).await?;
        self.addresses.register(address.as_str())?;
        let client = self.http.agent(&hosted.url);
        let mut known = self.hosted.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(name.clone(), hosted.url);
        Ok(client)
    }

    /// Removes a site system with all its data. On a computer of its own the agent stays, and
    /// nobody has told it what it is.
    ///
    /// # Errors
    ///
    /// The host or the agent cannot remove it.
    pub async fn remove(&self, name: &Name) -> Result<(), ReachError> {
        if self.remote.contains_key(name) {
            self.get(name)?.command(&AgentCommand::RemoveSiteSystem, |_| {}).await?;
            return Ok(());
        }
        self.host.unhost(name).await?;
        self.hosted.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
        Ok(())
    }

    /// How the hierarchy's addresses are resolved.
    pub fn addresses(&self) -> &Addresses {
        &self.addresses
    }
}

/// Lets those join for which a token waits; why some could not.
async fn invite(
    addresses: &Addresses,
    Remote { agents, registry }: Remote<'_>,
) -> Result<BTreeMap<Name, String>, ReachError> {
    let waited_for = registry.waited_for()?;
    let wanted = agents
        .iter()
        .filter(|(name, url)| waited_for.contains(*name) && url.starts_with("https://"));
    let invited = stream::iter(wanted).map(|(name, url)| async move {
        let invited = registry.invite(name, url, addresses, clock::now()).await;
        Some((name.clone(), with_causes(&invited.err()?)))
    });
    Ok(invited.buffer_unordered(AT_ONCE).filter_map(std::future::ready).collect().await)
}
