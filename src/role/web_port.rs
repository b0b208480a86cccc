//! A port of a role that is open to everybody: with which certificate, whom it asks for one, and what a
//! change of settings means for it; and how the role shows itself to others.

use std::{
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

use axum::Router;

use crate::{
    blocking::begun,
    clock,
    model::{Address, Certificate, ClientCertificates, Listener, Port, ServerCertificate},
    net::{
        self, Addresses, BoundPort, CertificateSource, Certificates, CertificatesError,
        ClientError, Limits, ListenError, Presented, ServerTls, UnfitCertificate, WantedOfClients,
        http::Client,
    },
    role::port::RolePort,
};

/// Where a role is, and what it has there.
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// The IP address on which it listens.
    pub ip: IpAddr,
    /// The declared address of its site system: what certificates are issued for.
    pub host: Address,
    /// How it finds others of its kind.
    pub addresses: Addresses,
    /// Certificates to show, and roots to trust.
    pub certificates: Certificates,
}

/// A port could not be opened, or not changed.
#[derive(Debug, thiserror::Error)]
pub enum WebPortError {
    /// It is taken, or may not be opened.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// There is no certificate to serve with.
    #[error(transparent)]
    Certificates(#[from] CertificatesError),
    /// There is one, which no client would take.
    #[error(transparent)]
    Unfit(#[from] UnfitCertificate),
    /// The provider of TLS refused.
    #[error("failed to prepare TLS for the port")]
    Tls(#[from] rustls::Error),
}

/// What a port shall be.
#[derive(Debug, Clone, Copy)]
pub(in crate::role) struct WantedPort<'a> {
    pub(in crate::role) number: Port,
    /// Absent: in the clear.
    pub(in crate::role) tls: Option<WantedTls<'a>>,
    pub(in crate::role) limits: Limits,
}

/// What TLS of a port shall be.
#[derive(Debug, Clone, Copy)]
pub(in crate::role) struct WantedTls<'a> {
    /// Absent: issued by the hierarchy's own authority.
    pub(in crate::role) certificate: Option<&'a Certificate>,
    pub(in crate::role) clients: ClientCertificates,
}

/// What the ports of a role are opened with.
#[derive(Debug)]
pub(in crate::role) struct WebPorts {
    ip: IpAddr,
    host: Mutex<Address>,
    certificates: Certificates,
}

/// A port of a role.
#[derive(Debug)]
pub(in crate::role) struct WebPort {
    port: RolePort,
    /// Where it is open and speaks TLS.
    tls: Option<Arc<ServerTls>>,
}

/// What has to be known of a port to change it.
#[derive(Debug, Clone, Default)]
pub(in crate::role) struct SeenPort {
    /// The number under which it is open.
    number: Option<u16>,
    tls: Option<Arc<ServerTls>>,
}

/// What a change of settings means for a port.
pub(in crate::role) enum Change {
    /// It stays, and over TLS shows another certificate, or wants others of clients.
    Tls(Option<Presented>, Option<WantedOfClients>),
    /// There is another port.
    Port(WebPort),
}

impl WebPorts {
    pub(in crate::role) fn new(surroundings: &Surroundings) -> Self {
        let Surroundings { ip, host, addresses: _, certificates } = surroundings;
        let host = Mutex::new(host.clone());
        Self { ip: *ip, host, certificates: certificates.clone() }
    }

    /// Opens a port.
    pub(in crate::role) async fn open(
        &self,
        wanted: WantedPort<'_>,
        router: Router,
    ) -> Result<WebPort, WebPortError> {
        // First what is quickly found missing, so that no port opens for nothing.
        let tls = match wanted.tls {
            None => None,
            Some(tls) => {
                let presented = self.certificates.present(self.source(tls)).await?;
                Some(Arc::new(ServerTls::new(&self.certificates, presented, tls.clients)?))
            }
        };
        let bound = BoundPort::bind(self.ip, wanted.number.get()).await?;
        let port = bound.serve_within(router, tls.clone(), wanted.limits);
        Ok(WebPort { port: RolePort::open(port), tls })
    }

    /// The same as it came of trying: a port that could not be opened says why.
    pub(in crate::role) async fn try_open(
        &self,
        wanted: WantedPort<'_>,
        router: Router,
    ) -> WebPort {
        match self.open(wanted, router).await {
            Ok(port) => port,
            Err(error) => WebPort { port: RolePort::failed(&error), tls: None },
        }
    }

    /// What has to be done so that a port is as it is wanted. Everything that can fail has been tried
    /// then.
    pub(in crate::role) async fn change(
        &self,
        port: SeenPort,
        wanted: WantedPort<'_>,
        router: Router,
    ) -> Result<Change, WebPortError> {
        let stays = port.number == Some(wanted.number.get());
        if !stays || port.tls.is_some() != wanted.tls.is_some() {
            return Ok(Change::Port(self.open(wanted, router).await?));
        }
        let (Some(tls), Some(wanted)) = (port.tls, wanted.tls) else {
            return Ok(Change::Tls(None, None));
        };
        let source = self.source(wanted);
        let wish = tls.other_wish(wanted.clients)?;
        if tls.source() == source {
            // Whoever has just written another certificate need not wait for the next look.
            tls.look_again().await?;
            return Ok(Change::Tls(None, wish));
        }
        Ok(Change::Tls(Some(self.certificates.present(source).await?), wish))
    }

    /// Whether a certificate is there that could be shown, and that clients would take: which one.
    pub(in crate::role) async fn certificate(
        &self,
        wanted: WantedTls<'_>,
    ) -> Result<Option<ServerCertificate>, WebPortError> {
        let presented = self.certificates.present(self.source(wanted)).await?;
        let host = self.host.lock().unwrap_or_else(PoisonError::into_inner).to_string();
        presented.fits(&host, clock::now())?;
        Ok(presented.describe())
    }

    /// Whether a port could be opened now. It is closed again.
    pub(in crate::role) async fn try_bind(&self, number: Port) -> Result<(), WebPortError> {
        BoundPort::bind(self.ip, number.get()).await?;
        Ok(())
    }

    /// A client that believes those whom the role has reason to believe, and shows them who it is.
    pub(in crate::role) async fn verifying_client(
        &self,
        addresses: &Addresses,
    ) -> Result<Client, ClientError> {
        let (addresses, certificates) = (addresses.clone(), self.certificates.clone());
        let names = self.names();
        let making = begun(move || net::verifying_client(&addresses, &certificates, names));
        making.await.map_err(|_| ClientError::Ending)?
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
    pub(in crate::role) fn moved(&self, host: Address) {
        *self.host.lock().unwrap_or_else(PoisonError::into_inner) = host;
    }

    /// Where a certificate comes from.
    fn source(&self, tls: WantedTls<'_>) -> CertificateSource {
        let secret = tls.certificate.and_then(|it| it.secret_ref.as_ref());
        secret.map_or_else(
            || CertificateSource::Issued(self.names()),
            |secret| CertificateSource::Secret(secret.name.clone()),
        )
    }
}

impl WebPort {
    /// One that is not open.
    pub(in crate::role) fn closed(why: &str) -> Self {
        Self { port: RolePort::closed(why), tls: None }
    }

    /// Becomes what it shall be; the port that it was before is still open, if it is another one.
    pub(in crate::role) fn take_on(&mut self, change: Change) -> Option<Self> {
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

    pub(in crate::role) fn seen(&self) -> SeenPort {
        SeenPort { number: self.port.number(), tls: self.tls.clone() }
    }

    pub(in crate::role) fn listener(&self) -> Listener {
        self.port.listener()
    }

    /// The certificate that it shows now.
    pub(in crate::role) fn certificate(&self) -> Option<ServerCertificate> {
        self.tls.as_ref()?.describe()
    }

    pub(in crate::role) fn since(&self) -> jiff::Timestamp {
        self.port.since()
    }

    pub(in crate::role) fn why_closed(&self) -> Option<&str> {
        self.port.why_closed()
    }

    pub(in crate::role) async fn close(self) {
        self.port.close().await;
    }
}

impl SeenPort {
    /// The number under which it is open.
    pub(in crate::role) fn number(&self) -> Option<u16> {
        self.number
    }
}
