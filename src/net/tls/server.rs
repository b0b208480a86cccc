//! What a port shows: a certificate that is exchanged while the port is open.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use rustls::{
    ServerConfig, ServerConnection,
    crypto::aws_lc_rs,
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{
    Admission, CertificateSource, Certificates, CertificatesError, ShownCertificate,
    UnfitCertificate,
    certificates::Loaded,
    clients::Asking,
    describing::{describe, fits},
};
use crate::{
    blocking::begun,
    clock,
    error_text::with_causes,
    model::{ClientCertificates, ServerCertificate},
    world::spawn,
};

/// How often it is looked whether there is another certificate: soon enough for whoever has just
/// written it, and two looks at a directory every few seconds cost nothing.
pub(super) const LOOK: Duration = Duration::from_secs(5);

/// HTTP/2, as clients ask for it in a handshake.
pub(in crate::net) const HTTP_2: &[u8] = b"h2";

/// TLS of a port that is open: version 1.2 or 1.3, with whatever certificate its source has at the
/// time of a handshake. Connections that there are go on with theirs.
#[derive(Debug)]
pub struct ServerTls {
    certificates: Certificates,
    shown: Arc<Shown>,
    asking: Arc<Asking>,
    wanted: Mutex<WantedOfClients>,
    _looks_until_dropped: DropGuard,
}

/// Which certificates of clients are wanted, and how that is asked for.
#[derive(Debug, Clone)]
pub struct WantedOfClients {
    clients: ClientCertificates,
    config: Arc<ServerConfig>,
}

/// A certificate that may be shown.
pub struct Presented {
    source: CertificateSource,
    loaded: Loaded,
}

impl fmt::Debug for Presented {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Presented").field("source", &self.source).finish_non_exhaustive()
    }
}

impl Presented {
    /// What it says of itself.
    pub fn describe(&self) -> Option<ServerCertificate> {
        describe(self.loaded.key.end_entity_cert().ok()?)
    }

    /// Whether clients that use this address would take it now, as far as name and time go.
    ///
    /// # Errors
    ///
    /// Why not.
    pub fn fits(&self, host: &str, now: Timestamp) -> Result<(), UnfitCertificate> {
        self.loaded.key.end_entity_cert().map_or(Ok(()), |own| fits(own, host, now))
    }
}

/// The certificate that is shown now.
#[derive(Debug)]
struct Shown(Mutex<Presented>);

impl Shown {
    fn with<T>(&self, use_it: impl FnOnce(&mut Presented) -> T) -> T {
        use_it(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.with(|presented| Arc::clone(&presented.loaded.key)))
    }
}

impl Certificates {
    /// Reads, or issues, the certificate of a source.
    ///
    /// # Errors
    ///
    /// It is not there or cannot be used.
    pub async fn present(&self, source: CertificateSource) -> Result<Presented, CertificatesError> {
        let certificates = self.clone();
        let load = move || {
            let loaded = certificates.load(&source, clock::now())?;
            Ok(Presented { source, loaded })
        };
        begun(load).await.unwrap_or(Err(CertificatesError::Ending))
    }
}

impl ServerTls {
    /// TLS that shows this certificate, looks for the next one every few seconds, and wants such
    /// certificates of clients.
    ///
    /// # Errors
    ///
    /// The provider of TLS refuses.
    pub fn new(
        certificates: &Certificates,
        first: Presented,
        clients: ClientCertificates,
    ) -> Result<Self, rustls::Error> {
        let shown = Arc::new(Shown(Mutex::new(first)));
        let asking = Arc::new(Asking::new(certificates)?);
        let wanted = WantedOfClients::new(&asking, &shown, clients)?;
        let stop = CancellationToken::new();
        let looking = look(certificates.clone(), Arc::clone(&shown), stop.clone());
        spawn(looking);
        Ok(Self {
            certificates: certificates.clone(),
            shown,
            asking,
            wanted: Mutex::new(wanted),
            _looks_until_dropped: stop.drop_guard(),
        })
    }

    /// Shows another certificate from now on.
    pub fn show(&self, presented: Presented) {
        self.shown.with(|before| *before = presented);
    }

    /// What the certificate that is shown now says of itself.
    pub fn describe(&self) -> Option<ServerCertificate> {
        self.shown.with(|presented| presented.describe())
    }

    /// Where the certificate comes from.
    pub fn source(&self) -> CertificateSource {
        self.shown.with(|presented| presented.source.clone())
    }

    /// What has to be asked where other certificates of clients are wanted; `None` if they are not.
    ///
    /// # Errors
    ///
    /// The provider of TLS refuses.
    pub fn other_wish(
        &self,
        clients: ClientCertificates,
    ) -> Result<Option<WantedOfClients>, rustls::Error> {
        if self.wanted().clients == clients {
            return Ok(None);
        }
        WantedOfClients::new(&self.asking, &self.shown, clients).map(Some)
    }

    /// Wants other certificates of clients from now on, also of those that are connected.
    pub fn want(&self, wanted: WantedOfClients) {
        *self.wanted() = wanted;
    }

    /// What the client of a connection has shown.
    pub(in crate::net) fn shown_by(&self, connection: &ServerConnection) -> ShownCertificate {
        self.asking.shown(connection)
    }

    /// Whether who has shown that is served now.
    pub(in crate::net) fn admission(&self, shown: ShownCertificate) -> Admission {
        Admission::of(shown, self.wanted().clients)
    }

    fn wanted(&self) -> MutexGuard<'_, WantedOfClients> {
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at once whether the source has another certificate, and shows it.
    ///
    /// # Errors
    ///
    /// What it has is of no use; the one before is still shown.
    pub async fn look_again(&self) -> Result<(), CertificatesError> {
        renew(&self.certificates, &self.shown).await
    }

    /// What shakes hands with clients.
    pub(in crate::net) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.wanted().config))
    }

    #[cfg(test)]
    pub(super) fn certificate(&self) -> Arc<CertifiedKey> {
        self.shown.with(|presented| Arc::clone(&presented.loaded.key))
    }
}

impl WantedOfClients {
    /// Sessions of one wish are not taken up again under another one: whoever was not asked for a
    /// certificate then would not be asked now.
    fn new(
        asking: &Arc<Asking>,
        shown: &Arc<Shown>,
        clients: ClientCertificates,
    ) -> Result<Self, rustls::Error> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let builder = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(rustls::ALL_VERSIONS)?;
        let builder = match clients {
            ClientCertificates::Ignore => builder.with_no_client_auth(),
            ClientCertificates::Accept | ClientCertificates::Require => {
                builder.with_client_cert_verifier(Arc::<Asking>::clone(asking))
            }
        };
        let mut config = builder.with_cert_resolver(Arc::<Shown>::clone(shown));
        // The provider has AES-GCM first, which is several times as fast as ChaCha20 where there are
        // instructions for it, whatever a client would rather have.
        config.ignore_client_order = true;
        config.alpn_protocols = vec![HTTP_2.to_vec(), b"http/1.1".to_vec()];
        Ok(Self { clients, config: Arc::new(config) })
    }
}

async fn look(certificates: Certificates, shown: Arc<Shown>, stop: CancellationToken) {
    let mut said = None;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(LOOK) => {}
        }
        let why = renew(&certificates, &shown).await.err().map(|error| with_causes(&error));
        // Once, not every few seconds.
        if let Some(why) = why.as_ref().filter(|why| said.as_ref() != Some(*why)) {
            tracing::warn!(why, "a certificate is not renewed: the one before is still shown");
        }
        said = why;
    }
}

async fn renew(certificates: &Certificates, shown: &Shown) -> Result<(), CertificatesError> {
    let (source, stamp) =
        shown.with(|presented| (presented.source.clone(), presented.loaded.stamp.clone()));
    let certificates = certificates.clone();
    let renew = move || {
        let now = clock::now();
        if !certificates.changed(&source, &stamp, now) {
            return Ok(None);
        }
        let loaded = certificates.load(&source, now)?;
        Ok(Some(Presented { source, loaded }))
    };
    let renewed = begun(renew).await.unwrap_or(Err(CertificatesError::Ending))?;
    let Some(renewed) = renewed else { return Ok(()) };
    shown.with(|before| {
        // Unless it has been told to show something else meanwhile.
        if before.source == renewed.source {
            tracing::info!(source = ?renewed.source, "another certificate is shown from now on");
            *before = renewed;
        }
    });
    Ok(())
}
