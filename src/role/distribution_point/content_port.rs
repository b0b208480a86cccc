//! The port of a point for clients and other points: over HTTPS or over HTTP, never both (PORT-2).

use axum::Router;

use super::DistributionPointError;
use crate::{
    model::{Address, ContentProtocol, DistributionPointSettings, PullSourceSettings},
    net::{self, Addresses, Limits, http::Client},
    role::web_port::{Change, Surroundings, WantedPort, WantedTls, WebPort, WebPorts},
};

/// What content ports are opened with.
#[derive(Debug)]
pub(super) struct Ports(WebPorts);

impl Ports {
    pub(super) fn new(surroundings: &Surroundings) -> Self {
        Self(WebPorts::new(surroundings))
    }

    /// Opens the port of these settings.
    pub(super) async fn open(
        &self,
        settings: &DistributionPointSettings,
        router: Router,
    ) -> Result<WebPort, DistributionPointError> {
        Ok(self.0.open(wanted(settings), router).await?)
    }

    /// The same as it came of trying: a port that could not be opened says why.
    pub(super) async fn try_open(
        &self,
        settings: &DistributionPointSettings,
        router: Router,
    ) -> WebPort {
        self.0.try_open(wanted(settings), router).await
    }

    /// What has to be done so that `port` is as these settings say. Everything that can fail has been
    /// tried then.
    pub(super) async fn change(
        &self,
        port: &WebPort,
        settings: &DistributionPointSettings,
        router: Router,
    ) -> Result<Change, DistributionPointError> {
        Ok(self.0.change(port.seen(), wanted(settings), router).await?)
    }

    /// A client for these sources: it believes those whom the point has reason to believe, and shows them
    /// that it is the point. The roots are read only where one of them speaks TLS.
    pub(super) async fn source_client(
        &self,
        sources: &[PullSourceSettings],
        addresses: &Addresses,
    ) -> Result<Client, DistributionPointError> {
        if !sources.iter().any(|source| source.url.starts_with("https:")) {
            return Ok(net::client(addresses)?);
        }
        Ok(self.0.verifying_client(addresses).await?)
    }

    /// The site system has another address from now on.
    pub(super) fn moved(&self, host: Address) {
        self.0.moved(host);
    }
}

/// The one port on which clients are served.
fn wanted(settings: &DistributionPointSettings) -> WantedPort<'_> {
    let (number, tls) = match settings.protocol {
        ContentProtocol::Http => (settings.ports.http, None),
        ContentProtocol::Https => {
            let certificate = settings.certificate.as_ref();
            let tls = WantedTls { certificate, clients: settings.client_certificates };
            (settings.ports.https, Some(tls))
        }
    };
    WantedPort { number, tls, limits: Limits::content() }
}
