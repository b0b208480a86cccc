//! How a command reaches the embedded hierarchy: through the process that hosts it, or by hosting
//! it itself for as long as it runs.

use std::{collections::BTreeMap, path::Path, time::Duration};

use crate::{
    model::Name,
    net::{Addresses, AdminHttp, AgentClient, AgentError, ClientError, Trust},
    observe::{Agents, ReachError, Remote},
    role::host::{DataDirectory, DataError, Host, HostError, Stay},
};

/// What a command is going to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Look at what there is: nothing is set in motion.
    Look,
    /// Do what a saved plan says, and nothing else: no transfer goes on that is not part of it.
    Exactly,
    /// Change what there is.
    Work,
    /// Stay and keep it as it shall be.
    Stay,
    /// Stay and look at it again and again: nothing is set in motion.
    Watch,
}

impl Purpose {
    /// Whether it goes on until somebody ends it.
    fn stays(self) -> bool {
        matches!(self, Self::Stay | Self::Watch)
    }
}

/// A command cannot reach the hierarchy.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// The data directory.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The host cannot be started.
    #[error("failed to start the embedded hierarchy")]
    Host(#[from] HostError),
    /// The HTTP client.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// Another process keeps the hierarchy up.
    #[error(
        "the hierarchy in this data directory is up already: use `headwater apply` to change it"
    )]
    UpAlready,
    /// Another process holds the data directory and does not answer.
    #[error("another process holds the data directory, and does not answer")]
    HeldBySilence(#[source] AgentError),
}

/// How often a command looks whether another one has finished.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// A way to the embedded hierarchy.
pub struct Session {
    data: DataDirectory,
    /// Where this process is the host.
    own: Option<Host>,
    host: AgentClient,
    http: AdminHttp,
    addresses: Addresses,
}

impl Session {
    /// Reaches the hierarchy of a data directory: through `headwater up`, where that is running,
    /// otherwise by hosting it. Waits while another command that will end hosts it.
    ///
    /// # Errors
    ///
    /// The hierarchy can be neither reached nor hosted.
    pub async fn open(path: &Path, purpose: Purpose) -> Result<Self, SessionError> {
        let data = DataDirectory::open(path)?;
        let mut told = false;
        loop {
            if let Some(lock) = data.try_host()? {
                let stay = if purpose.stays() { Stay::Long } else { Stay::Short };
                let resume = matches!(purpose, Purpose::Work | Purpose::Stay);
                let host = Host::start(data.clone(), lock, stay, resume).await?;
                let client = host.client();
                let (addresses, http) = (host.addresses(), host.http().clone());
                return Ok(Self { data, own: Some(host), host: client, http, addresses });
            }
            if let Some(url) = data.long_staying_host() {
                if purpose.stays() {
                    return Err(SessionError::UpAlready);
                }
                let addresses = data.addresses();
                let http = data.http(&addresses)?;
                let host = http.agent(&url);
                match host.hosted().await {
                    Ok(_) => return Ok(Self { data, own: None, host, http, addresses }),
                    // It may just have ended: then the lock is free, or will be.
                    Err(error) if told => return Err(SessionError::HeldBySilence(error)),
                    Err(_) => {}
                }
            }
            if !told {
                tracing::warn!("waiting for another headwater command to finish");
                told = true;
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    /// The data directory.
    pub fn data(&self) -> &DataDirectory {
        &self.data
    }

    /// Whether this process hosts the hierarchy by itself: then nobody else works on it.
    pub fn hosts(&self) -> bool {
        self.own.is_some()
    }

    /// The host's admin port.
    pub fn host(&self) -> &AgentClient {
        &self.host
    }

    /// How all admin ports are asked.
    pub fn http(&self) -> &AdminHttp {
        &self.http
    }

    /// The roots that the hierarchy trusts: the system's, its own authority's, and `trusted.pem`.
    pub fn trust(&self) -> &Trust {
        self.data.certificates().trust()
    }

    /// Finds the agents of the hierarchy, and lets those join for which a token waits.
    ///
    /// # Errors
    ///
    /// The host does not answer.
    pub async fn agents(&self, remote: &BTreeMap<Name, String>) -> Result<Agents, ReachError> {
        let (host, http) = (self.host.clone(), self.http.clone());
        let (addresses, registry) = (self.addresses.clone(), self.data.agents());
        Agents::find(host, http, addresses, Remote { agents: remote, registry }).await
    }

    /// How addresses are resolved.
    pub fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// Closes what this process hosts.
    pub async fn close(self) {
        if let Some(host) = self.own {
            host.close().await;
        }
    }
}
