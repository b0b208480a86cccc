//! How admin ports are asked: in the clear and with the token on this computer, over mutual TLS everywhere
//! else. The token never leaves the computer.

use std::{
    fmt, io,
    net::SocketAddr,
    sync::{Arc, PoisonError, RwLock},
};

use futures::{FutureExt, future::BoxFuture};
use rustls::{client::ResolvesClientCert, pki_types::CertificateDer};

use super::{
    conversation::HTTP,
    known::{Known, NotReached, Shared, address_of},
    names::{CONTROLLER, name_of},
    registry::Registry,
    sessions::asking,
    verifying::OneAgent,
};
use crate::{
    model::{Name, ServerUrl},
    net::{
        Addresses, AdminToken, AgentClient, Certificates, ClientError,
        admin_token::SILENCE,
        client::find,
        http::{Client, Find},
        tls::{ClientIdentity, KnownAs},
    },
};

/// HTTP clients for admin ports. Clones are the same.
#[derive(Clone)]
pub struct AdminHttp {
    /// Carry the token.
    plain: Option<Clients>,
    /// Show a certificate; absent while this agent has none.
    secured: SecuredClients,
    known: Shared,
    /// Where what is known comes from, at a controller.
    registry: Option<Registry>,
}

/// The HTTP clients of an agent, which change with its certificate.
pub(super) type SecuredClients = Arc<RwLock<Option<Clients>>>;

/// Two clients of the same kind.
#[derive(Debug, Clone)]
pub(super) struct Clients {
    /// For what is answered, or gives a sign of life, in time.
    asking: Client,
    /// For sending: while that takes as long as it takes, nothing comes back.
    sending: Client,
}

/// How an admin port is reached.
#[derive(Debug, Clone)]
pub struct Way {
    /// The address that the clients understand.
    pub url: String,
    /// For what is answered, or gives a sign of life, in time.
    pub asking: Client,
    /// For sending, which may take long while nothing comes back.
    pub sending: Client,
}

impl AdminHttp {
    /// For agents and hosts of this computer alone.
    ///
    /// # Errors
    ///
    /// The system refused to set a client up.
    pub fn with_token(token: &AdminToken, addresses: &Addresses) -> Result<Self, ClientError> {
        let (plain, known) = (Some(plain(token, addresses)?), Shared::default());
        Ok(Self { plain, secured: SecuredClients::default(), known, registry: None })
    }

    /// For the controller of a hierarchy, and what it hosts.
    ///
    /// # Errors
    ///
    /// The system refused to set a client up.
    pub fn of_controller(
        token: &AdminToken,
        addresses: &Addresses,
        certificates: &Certificates,
        registry: &Registry,
    ) -> Result<Self, ClientError> {
        let (registry, known) = (registry.clone(), registry.known().clone());
        let shown = controller_identity(certificates);
        let clients = secured(certificates.authority(), shown, addresses, &known)?;
        Ok(Self {
            plain: Some(plain(token, addresses)?),
            secured: Arc::new(RwLock::new(Some(clients))),
            known,
            registry: Some(registry),
        })
    }

    /// For an agent that has joined, or is going to.
    pub(super) fn of_agent(
        token: Option<&AdminToken>,
        addresses: &Addresses,
        secured: SecuredClients,
        known: Shared,
    ) -> Result<Self, ClientError> {
        let plain = token.map(|token| plain(token, addresses)).transpose()?;
        Ok(Self { plain, secured, known, registry: None })
    }

    /// How the agent at an admin address is reached.
    ///
    /// # Errors
    ///
    /// Nobody speaks to it, and why.
    pub fn way(&self, url: &str) -> Result<Way, NotReached> {
        self.refresh();
        match ServerUrl::parse(url) {
            Some(parsed) if parsed.secure => {
                let name = self.known.read().at(url).cloned();
                let name = name.ok_or_else(|| NotReached::Unknown(url.to_owned()))?;
                self.secured_way(&name, url)
            }
            Some(parsed) if parsed.is_loopback() => self.plain_way(url),
            _ => Err(NotReached::InTheClear(url.to_owned())),
        }
    }

    /// The agent at an admin address; where nobody speaks to it, each question is answered by the reason.
    pub fn agent(&self, url: &str) -> AgentClient {
        AgentClient::new(url, self.way(url))
    }

    /// The agent of a site system, wherever it is now: a controller knows them by their names.
    pub fn agent_of(&self, name: &Name, url: &str) -> AgentClient {
        self.refresh();
        if !ServerUrl::parse(url).is_some_and(|url| url.secure) {
            return self.agent(url);
        }
        let way = {
            let mut known = self.known.write();
            let moved = |agent: &mut super::known::KnownAgent| {
                url.trim_end_matches('/').clone_into(&mut agent.url);
            };
            known.agents.get_mut(name).map(moved).ok_or_else(|| NotReached::NotJoined(name.clone()))
        };
        AgentClient::new(url, way.and_then(|()| self.secured_way(name, url)))
    }

    /// The name of the agent at an admin address, if it has joined.
    pub fn name_at(&self, url: &str) -> Option<Name> {
        self.known.read().at(url).cloned()
    }

    fn plain_way(&self, url: &str) -> Result<Way, NotReached> {
        let clients = self.plain.clone().ok_or_else(|| NotReached::NoToken(url.to_owned()))?;
        Ok(clients.way(url.trim_end_matches('/').to_owned()))
    }

    fn secured_way(&self, name: &Name, url: &str) -> Result<Way, NotReached> {
        let known = self.known.read();
        let agent = known.agents.get(name).ok_or_else(|| NotReached::NotJoined(name.clone()))?;
        if let Some(barred) = &agent.barred {
            return Err(barred.clone());
        }
        let clients = self.secured.read().unwrap_or_else(PoisonError::into_inner).clone();
        let clients = clients.ok_or_else(|| NotReached::NotOneOfThem(url.to_owned()))?;
        let address = address_of(name, url).ok_or_else(|| NotReached::Unknown(url.to_owned()))?;
        Ok(clients.way(address))
    }

    /// Another process may have changed what is known.
    fn refresh(&self) {
        if let Some(registry) = &self.registry
            && let Err(error) = registry.refresh()
        {
            // What was known before holds on; whoever changes the file is told.
            tracing::warn!(
                error = crate::error_text::with_causes(&error),
                "agents are not looked up"
            );
        }
    }
}

impl Clients {
    fn way(self, url: String) -> Way {
        let Self { asking, sending } = self;
        Way { url, asking, sending }
    }
}

fn plain(token: &AdminToken, addresses: &Addresses) -> Result<Clients, ClientError> {
    Ok(Clients { asking: token.client(addresses)?, sending: token.sending_client(addresses)? })
}

/// What a controller shows of itself.
pub(super) fn controller_identity(certificates: &Certificates) -> Arc<dyn ResolvesClientCert> {
    Arc::new(ClientIdentity::new(certificates, KnownAs::Identifier(CONTROLLER)))
}

/// Clients that show such a certificate, and believe agents of this authority.
pub(super) fn secured(
    authority: &CertificateDer<'static>,
    shown: Arc<dyn ResolvesClientCert>,
    addresses: &Addresses,
    known: &Shared,
) -> Result<Clients, ClientError> {
    let verifier = Arc::new(OneAgent::new(authority, known.clone())?);
    let tls = asking(verifier, shown, &[HTTP])?;
    let builder = || {
        let by_name = ByName { known: known.clone(), addresses: addresses.clone() };
        Client::builder(tls.clone(), by_name).https_only()
    };
    Ok(Clients { asking: builder().read_timeout(SILENCE).build(), sending: builder().build() })
}

/// Finds agents by their names, at the addresses where they are known to be.
struct ByName {
    known: Shared,
    addresses: Addresses,
}

impl Find for ByName {
    /// The port is part of what is known, too.
    fn find(&self, host: &str, _port: u16) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> {
        let place = name_of(host).and_then(|name| self.known.place(&name));
        let addresses = self.addresses.clone();
        async move {
            let (host, port) =
                place.ok_or_else(|| io::Error::other("nobody has said where it is"))?;
            find(&addresses, &host, port).await
        }
        .boxed()
    }
}

impl fmt::Debug for AdminHttp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AdminHttp").finish_non_exhaustive()
    }
}

impl Shared {
    /// Takes on something else.
    pub(super) fn exchange(&self, known: Known) {
        *self.write() = known;
    }
}
