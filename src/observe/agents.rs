//! Where the agents of the site systems are.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, PoisonError},
};

use crate::{
    model::{Address, Name, Placement, SiteSystem},
    net::{AddressTaken, Addresses, AgentClient, AgentError},
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
        "site system `{0}` shall run on Kubernetes, which this version does not do yet: leave \
         `placement` out, or start `headwater agent` there and write `placement: Remote`"
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
}

/// The agents of a hierarchy: the embedded ones, through their host, and those on computers of
/// their own.
pub struct Agents {
    host: AgentClient,
    http: reqwest::Client,
    addresses: Addresses,
    /// Those on computers of their own.
    remote: BTreeSet<Name>,
    known: Mutex<BTreeMap<Name, String>>,
}

impl Agents {
    /// Finds the agents of the host, and adds those on computers of their own, by their admin
    /// addresses. `http` carries the authorization and finds hosts by `addresses`.
    ///
    /// # Errors
    ///
    /// The host does not answer.
    pub async fn find(
        host: AgentClient,
        http: reqwest::Client,
        addresses: Addresses,
        remote: &BTreeMap<Name, String>,
    ) -> Result<Self, ReachError> {
        let mut known = BTreeMap::new();
        for hosted in host.hosted().await? {
            addresses.register(hosted.address.as_str())?;
            known.insert(hosted.name, hosted.url);
        }
        for (name, url) in remote {
            known.insert(name.clone(), url.trim_end_matches('/').to_owned());
        }
        let remote = remote.keys().cloned().collect();
        Ok(Self { host, http, addresses, remote, known: Mutex::new(known) })
    }

    /// The agents that are known, with their clients.
    pub fn all(&self) -> Vec<(Name, AgentClient)> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known
            .iter()
            .map(|(name, url)| (name.clone(), AgentClient::new(url.clone(), self.http.clone())))
            .collect()
    }

    /// The agent of a site system.
    ///
    /// # Errors
    ///
    /// There is none.
    pub fn get(&self, name: &Name) -> Result<AgentClient, ReachError> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let url = known.get(name).ok_or_else(|| ReachError::Absent(name.clone()))?;
        Ok(AgentClient::new(url.clone(), self.http.clone()))
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
            (Some(Placement::Kubernetes), _) => Err(ReachError::Kubernetes(name.clone())),
            (Some(Placement::Remote), None) => Err(ReachError::NoUrl(name.clone())),
            (Some(Placement::Remote), Some(_)) => self.get(name),
            (Some(Placement::Embedded) | None, _) => {
                self.embed(name, &system.settings.address).await
            }
        }
    }

    async fn embed(&self, name: &Name, address: &Address) -> Result<AgentClient, ReachError> {
        let hosted = self.host.host(name, address).await?;
        self.addresses.register(address.as_str())?;
        let client = AgentClient::new(hosted.url.clone(), self.http.clone());
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
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
        if self.remote.contains(name) {
            self.get(name)?.command(&AgentCommand::RemoveSiteSystem, |_| {}).await?;
            return Ok(());
        }
        self.host.unhost(name).await?;
        self.known.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
        Ok(())
    }

    /// How the hierarchy's addresses are resolved.
    pub fn addresses(&self) -> &Addresses {
        &self.addresses
    }
}
