//! The host: opens the agents that are there, makes new ones, removes old ones.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr},
    path::PathBuf,
    sync::Arc,
};

use tokio::sync::Mutex;
use tokio_util::task::AbortOnDropHandle;

use crate::{
    model::{Address, Holder, Name},
    net::{AddressTaken, Addresses, AdminHttp, AgentClient, ClientError, ListenError, OpenPort},
    role::agent::{AdminPort, Agent, AgentOptions, CommandError},
    store,
    wire::host::HostedSystem,
    world::spawn,
};

use super::{DataDirectory, DataError, DataLock, holder, host_port};

/// The host cannot do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// The data directory.
    #[error(transparent)]
    Data(#[from] DataError),
    /// An agent.
    #[error("site system `{name}`")]
    Agent {
        /// Its name.
        name: Name,
        /// What is wrong with it.
        #[source]
        source: Box<CommandError>,
    },
    /// A port.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// Two site systems would share a loopback address.
    #[error(transparent)]
    AddressTaken(#[from] AddressTaken),
    /// A file or directory of a site system.
    #[error("failed to keep the site system in {path}")]
    File {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The HTTP client.
    #[error(transparent)]
    Client(#[from] ClientError),
}

/// The host of an embedded hierarchy. Clones are the same host.
#[derive(Clone)]
pub struct Host(Arc<Inner>);

struct Inner {
    data: DataDirectory,
    addresses: Addresses,
    http: AdminHttp,
    resume: bool,
    url: String,
    port: Mutex<Option<OpenPort>>,
    systems: Mutex<BTreeMap<Name, Running>>,
    /// Held for as long as the host runs.
    _lock: Arc<DataLock>,
    _living: AbortOnDropHandle<()>,
}

struct Running {
    agent: Agent,
    port: AdminPort,
    hosted: HostedSystem,
}

impl Host {
    /// Starts the host and the agents of all site systems that there are, and tells who is the
    /// `holder` of the lock. `resume` says whether they go on with what they were doing: a look must
    /// not set anything in motion.
    ///
    /// # Errors
    ///
    /// A site system's data cannot be read, or no port can be opened.
    pub async fn start(
        data: DataDirectory,
        lock: DataLock,
        holder: &Holder,
        resume: bool,
    ) -> Result<Self, HostError> {
        if let Err(error) = lock.tell(holder) {
            tracing::warn!(%error, "nobody can be told who holds the data directory");
        }
        data.forget_host()?;
        let lock = Arc::new(lock);
        let living = AbortOnDropHandle::new(spawn(holder::live(Arc::downgrade(&lock))));
        let addresses = data.addresses();
        let http = data.http(&addresses)?;
        let socket = host_port::bind().await?;
        let host = Self(Arc::new(Inner {
            url: socket.url(),
            addresses,
            http,
            resume,
            port: Mutex::new(None),
            systems: Mutex::new(BTreeMap::new()),
            _lock: lock,
            _living: living,
            data,
        }));
        for (name, address) in host.remembered()? {
            host.create(&name, &address).await?;
        }
        *host.0.port.lock().await = Some(socket.serve(host.clone(), host.0.data.token().clone()));
        host.0.data.write_host(&host.0.url, holder.stays)?;
        Ok(host)
    }

    /// A client for this host.
    pub fn client(&self) -> AgentClient {
        self.0.http.agent(&self.0.url)
    }

    /// How the admin ports of its hierarchy are asked.
    pub fn http(&self) -> &AdminHttp {
        &self.0.http
    }

    /// How it resolves addresses.
    pub fn addresses(&self) -> Addresses {
        self.0.addresses.clone()
    }

    /// The site systems it runs.
    pub async fn site_systems(&self) -> Vec<HostedSystem> {
        self.0.systems.lock().await.values().map(|running| running.hosted.clone()).collect()
    }

    /// Makes a site system, or finds it.
    ///
    /// # Errors
    ///
    /// Its address is taken, or its data cannot be kept.
    pub async fn create(&self, name: &Name, address: &Address) -> Result<HostedSystem, HostError> {
        let mut systems = self.0.systems.lock().await;
        if let Some(running) = systems.get(name)
            && running.hosted.address == *address
        {
            return Ok(running.hosted.clone());
        }
        // One that gets another address keeps what it has and moves.
        if let Some(running) = systems.remove(name) {
            self.stop(running).await;
        }
        let ip =
            self.0.addresses.register(address.as_str())?.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
        let directory = self.0.data.site_system(name);
        let file = directory.join("address");
        std::fs::create_dir_all(&directory)
            .and_then(|()| store::replace(&file, address.as_str().as_bytes()))
            .map_err(|source| HostError::File { path: file, source })?;
        let token = self.0.data.token().clone();
        let agent = Agent::open(AgentOptions {
            name: name.clone(),
            directory,
            ip,
            addresses: self.0.addresses.clone(),
            http: self.0.http.clone(),
            certificates: self.0.data.certificates().clone(),
            resume: self.0.resume,
        })
        .await
        .map_err(|source| HostError::Agent { name: name.clone(), source: Box::new(source) })?;
        let port = AdminPort::open(agent.clone(), token, ip, 0).await?;
        let hosted = HostedSystem {
            name: name.clone(),
            address: address.clone(),
            ip,
            url: port.url().to_owned(),
        };
        systems.insert(name.clone(), Running { agent, port, hosted: hosted.clone() });
        Ok(hosted)
    }

    /// Removes a site system with all its data. One that is not there is removed already.
    ///
    /// # Errors
    ///
    /// Its data cannot be removed.
    pub async fn remove(&self, name: &Name) -> Result<(), HostError> {
        let mut systems = self.0.systems.lock().await;
        if let Some(running) = systems.remove(name) {
            self.stop(running).await;
        }
        let path = self.0.data.site_system(name);
        store::remove_directory(&path).map_err(|source| HostError::File { path, source })
    }

    async fn stop(&self, running: Running) {
        running.port.close().await;
        running.agent.close().await;
        self.0.addresses.forget(running.hosted.address.as_str());
    }

    /// Closes all ports. What the site systems keep stays.
    pub async fn close(&self) {
        if let Some(port) = self.0.port.lock().await.take() {
            port.close().await;
        }
        let systems = std::mem::take(&mut *self.0.systems.lock().await);
        let closing = systems.into_values().map(|running| async move {
            running.port.close().await;
            running.agent.close().await;
        });
        futures::future::join_all(closing).await;
    }

    /// The site systems that the data directory remembers. A directory without an address was cut
    /// off while it was being made, and holds nothing.
    fn remembered(&self) -> Result<Vec<(Name, Address)>, HostError> {
        let path = self.0.data.site_systems();
        let failed = |source| HostError::File { path: path.clone(), source };
        let mut found = Vec::new();
        for entry in std::fs::read_dir(&path).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let name = entry.file_name().to_str().and_then(|name| name.parse::<Name>().ok());
            let address = std::fs::read_to_string(entry.path().join("address"));
            if let (Some(name), Ok(address)) = (name, address)
                && let Ok(address) = address.parse()
            {
                found.push((name, address));
            }
        }
        found.sort();
        Ok(found)
    }
}
