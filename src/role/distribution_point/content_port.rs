//! The port of a point for clients and other points: open, with which certificate, whom it asks for one,
//! and what a change of settings means for it; and how the point shows itself to others.

use std::{
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

use axum::Router;

use super::DistributionPointError;
use crate::{
    model::{Address, ContentProtocol, DistributionPointSettings, Listener, PullSourceSettings},
    net::{
        self, Addresses, BoundPort, CertificateSource, Certificates, Limits, Presented, ServerTls,
        WantedOfClients,
    },
    role::port::RolePort,
};

/// Where a distribution point is, and what it has there.
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// The IP address on which it listens.
    pub ip: IpAddr,
    /// The declared address of its site system: what certificates are issued for.
    pub host: Address,
    /// How it finds other distribution points.
    pub addresses: Addresses,
    /// Certificates to show, and roots to trust.
    pub certificates: Certificates,
}

/// What content ports are opened with.
#[derive(Debug)]
pub(super) struct Ports {
    ip: IpAddr,
    host: Mutex<Address>,
    certificates: Certificates,
}

/// The content port of a point.
#[derive(Debug)]
pub(super) struct ContentPort {
    port: RolePort,
    /// Where it is open and speaks TLS.
    tls: Option<Arc<ServerTls>>,
}

/// What a change of settings means for the port.
pub(super) enum Change {
    /// It stays, and over TLS shows another certificate, or wants others of clients.
    Tls(Option<Presented>, Option<WantedOfClients>),
    /// There is another port.
    Port(ContentPort),
}

impl Ports {
    pub(super) fn new(surroundings: &Surroundings) -> Self {
        let Surroundings { ip, host, addresses: _, certificates } = surroundings;
        let host = Mutex::new(host.clone());
        Self { ip: *ip, host, certificates: certificates.clone() }
    }

    /// Opens the port of these settings.
    pub(super) async fn open(
        &self,
        settings: &DistributionPointSettings,
        router: Router,
    ) -> Result<ContentPort, DistributionPointError> {
        // First what is quickly found missing, so that no port opens for nothing.
        let tls = match self.source(settings) {
            None => None,
            Some(source) => {
                let presented = self.certificates.present(source).await?;
                let clients = settings.client_certificates;
                Some(Arc::new(ServerTls::new(&self.certificates, presented, clients)?))
            }
        };
        let bound = BoundPort::bind(self.ip, number(settings)).await?;
        let port = bound.serve_within(router, tls.clone(), Limits::content());
        Ok(ContentPort { port: RolePort::open(port), tls })
    }

    /// The same as it came of trying: a port that could not be opened says why.
    pub(super) async fn try_open(
        &self,
        settings: &DistributionPointSettings,
        router: Router,
    ) -> ContentPort {
        match self.open(settings, router).await {
            Ok(port) => port,
            Err(error) => ContentPort { port: RolePort::failed(&error), tls: None },
        }
    }

    /// What has to be done so that `port` is as these settings say. Everything that can fail has been
    /// tried then.
    pub(super) async fn change(
        &self,
        port: &ContentPort,
        settings: &DistributionPointSettings,
        router: Router,
    ) -> Result<Change, DistributionPointError> {
        let source = self.source(settings);
        if !port.port.is_open(number(settings)) || port.tls.is_some() != source.is_some() {
            return Ok(Change::Port(self.open(settings, router).await?));
        }
        let (Some(tls), Some(source)) = (&port.tls, source) else {
            return Ok(Change::Tls(None, None));
        };
        let wanted = tls.other_wish(settings.client_certificates)?;
        if tls.source() == source {
            // Whoever has just written another certificate need not wait for the next look.
            tls.look_again().await?;
            return Ok(Change::Tls(None, wanted));
        }
        Ok(Change::Tls(Some(self.certificates.present(source).await?), wanted))
    }

    /// A client for these sources: it believes those whom the point has reason to believe, and shows them
    /// that it is the point. The roots are read only where one of them speaks TLS.
    pub(super) async fn source_client(
        &self,
        sources: &[PullSourceSettings],
        addresses: &Addresses,
    ) -> Result<reqwest::Client, DistributionPointError> {
        if !sources.iter().any(|source| source.url.starts_with("https:")) {
            return Ok(net::client(addresses)?);
        }
        let (addresses, certificates) = (addresses.clone(), self.certificates.clone());
        let names = self.names();
        let making = tokio::task::spawn_blocking(move || {
            net::content_client(&addresses, &certificates, names)
        });
        Ok(making.await.map_err(|_| DistributionPointError::Ending)??)
    }

    /// What certificates are issued for.
    fn names(&self) -> Vec<String> {
        let host = self.host.lock().unwrap_or_else(PoisonError::into_inner).to_string();
        let mut names = vec![host, self.ip.to_string()];
        names.dedup();
        // Where it listens on all addresses, it is reached by none of that name.
        names.retain(|name| !self.ip.is_unspecified() || *name != self.ip.to_string());
        names
    }

    /// The site system has another address from now on.
    pub(super) fn moved(&self, host: Address) {
        *self.host.lock().unwrap_or_else(PoisonError::into_inner) = host;
    }

    /// Where the certificate comes from; `None` without TLS.
    fn source(&self, settings: &DistributionPointSettings) -> Option<CertificateSource> {
        if settings.protocol == ContentProtocol::Http {
            return None;
        }
        let secret = settings.certificate.as_ref().and_then(|it| it.secret_ref.as_ref());
        Some(secret.map_or_else(
            || CertificateSource::Issued(self.names()),
            |secret| CertificateSource::Secret(secret.name.clone()),
        ))
    }
}

impl ContentPort {
    /// Becomes what it shall be; the port that it was before is still open, if it is another one.
    pub(super) fn take_on(&mut self, change: Change) -> Option<Self> {
        match change {
            Change::Tls(presented, wanted) => {
                if let Some(tls) = &self.tls {
                    if let Some(presented) = presented {
                        tls.show(presented);
                    }
                    if let Some(wanted) = wanted {
                        tls.want(wanted);
                    }
                }
                None
            }
            Change::Port(port) => Some(std::mem::replace(self, port)),
        }
    }

    pub(super) fn listener(&self) -> Listener {
        self.port.listener()
    }

    pub(super) fn since(&self) -> jiff::Timestamp {
        self.port.since()
    }

    pub(super) fn why_closed(&self) -> Option<&str> {
        self.port.why_closed()
    }

    pub(super) async fn close(self) {
        self.port.close().await;
    }
}

/// The one port on which clients are served: over HTTPS or over HTTP, never both (PORT-2).
fn number(settings: &DistributionPointSettings) -> u16 {
    match settings.protocol {
        ContentProtocol::Http => settings.ports.http.get(),
        ContentProtocol::Https => settings.ports.https.get(),
    }
}
