//! The two ports of an update point (SUP-6, SUP-7): HTTP, which is always open, and with SSL HTTPS beside
//! it, which alone serves the five virtual roots then.

use std::sync::Arc;

use super::service::Service;
use crate::{
    model::{Address, Listener, SecuredListener, ServerCertificate, UpdatePointSettings},
    net::{self, Addresses, ClientError, Limits, http::Client},
    role::web_port::{
        Change, SeenPort, Surroundings, WantedPort, WantedTls, WebPort, WebPortError, WebPorts,
    },
};

/// What the ports of an update point are opened with.
#[derive(Debug)]
pub(super) struct Ports {
    web: WebPorts,
    service: Arc<Service>,
    addresses: Addresses,
}

/// The ports of an update point.
#[derive(Debug)]
pub(super) struct PointPorts {
    http: WebPort,
    /// With SSL, open or not.
    https: Option<WebPort>,
}

/// What has to be known of them to change them.
#[derive(Debug, Clone, Default)]
pub(super) struct SeenPorts {
    http: SeenPort,
    https: Option<SeenPort>,
}

/// What a change of settings means for them.
pub(super) struct Changes {
    http: Change,
    https: Option<Change>,
}

impl Ports {
    pub(super) fn new(surroundings: &Surroundings, service: Arc<Service>) -> Self {
        let addresses = surroundings.addresses.clone();
        Self { web: WebPorts::new(surroundings), service, addresses }
    }

    /// Opens the ports of these settings, as it comes of trying. Whether or not HTTPS can be opened, the
    /// five virtual roots are served over nothing else.
    pub(super) async fn try_open(&self, settings: &UpdatePointSettings) -> PointPorts {
        self.service.demand(settings);
        let open = |wanted| self.web.try_open(wanted, self.service.router());
        let https = match https(settings) {
            Some(wanted) => Some(open(wanted).await),
            None => None,
        };
        PointPorts { http: open(http(settings)).await, https }
    }

    /// What has to be done so that the ports are as these settings say. Everything that can fail has been
    /// tried then.
    pub(super) async fn change(
        &self,
        before: SeenPorts,
        settings: &UpdatePointSettings,
    ) -> Result<Changes, WebPortError> {
        if before.http.number().is_none() {
            // Nobody is served yet: so nobody is served otherwise than wanted for a moment.
            self.service.demand(settings);
        }
        let change = |port, wanted| self.web.change(port, wanted, self.service.router());
        let https = match https(settings) {
            Some(wanted) => Some(change(before.https.unwrap_or_default(), wanted).await?),
            None => None,
        };
        Ok(Changes { http: change(before.http, http(settings)).await?, https })
    }

    /// The settings are in effect: from now on clients are served by them.
    pub(super) fn in_effect(&self, settings: &UpdatePointSettings) {
        self.service.demand(settings);
    }

    /// Whether the secured channel of these settings can be had: its certificate is there, and its port
    /// is free or open here already.
    pub(super) async fn secured(
        &self,
        before: &SeenPorts,
        settings: &UpdatePointSettings,
    ) -> Result<Option<ServerCertificate>, WebPortError> {
        let certificate = self.web.certificate(tls(settings)).await?;
        let number = Some(settings.ports.https.get());
        let of_ours = before.https.as_ref().and_then(SeenPort::number) == number
            || before.http.number() == number;
        if !of_ours {
            self.web.try_bind(settings.ports.https).await?;
        }
        Ok(certificate)
    }

    /// A client for the server at this address: over TLS it believes those whom the point has reason to
    /// believe, and shows them that it is the point.
    pub(super) async fn client(&self, url: &str) -> Result<Client, ClientError> {
        let secure = url.get(..6).is_some_and(|it| it.eq_ignore_ascii_case("https:"));
        if secure {
            return self.web.verifying_client(&self.addresses).await;
        }
        net::client(&self.addresses)
    }

    /// How servers are found.
    pub(super) fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// The site system has another address from now on.
    pub(super) fn moved(&self, host: Address) {
        self.web.moved(host);
    }
}

impl PointPorts {
    /// None is open.
    pub(super) fn closed(why: &str) -> Self {
        Self { http: WebPort::closed(why), https: None }
    }

    pub(super) fn seen(&self) -> SeenPorts {
        SeenPorts { http: self.http.seen(), https: self.https.as_ref().map(WebPort::seen) }
    }

    /// They become what they shall be; those that are not needed any more are still open.
    pub(super) fn take_on(&mut self, changes: Changes) -> Vec<WebPort> {
        let mut before: Vec<WebPort> = self.http.take_on(changes.http).into_iter().collect();
        match (&mut self.https, changes.https) {
            (Some(port), Some(change)) => before.extend(port.take_on(change)),
            (none @ None, Some(Change::Port(port))) => *none = Some(port),
            (port, None) => before.extend(port.take()),
            // Only a port that is there stays.
            (None, Some(Change::Tls(..))) => {}
        }
        before
    }

    pub(super) fn listener(&self) -> Listener {
        self.http.listener()
    }

    pub(super) fn https(&self) -> Option<SecuredListener> {
        self.https.as_ref().map(|port| SecuredListener {
            listener: port.listener(),
            certificate: port.certificate(),
        })
    }

    /// Since when they are as they are: the one that has changed last.
    pub(super) fn since(&self) -> jiff::Timestamp {
        let https = self.https.as_ref().map(WebPort::since);
        https.map_or(self.http.since(), |https| https.max(self.http.since()))
    }

    /// The same that stays closed until it is opened again.
    pub(super) fn take(&mut self, why: &str) -> Self {
        let https = self.https.as_ref().map(|_| WebPort::closed(why));
        std::mem::replace(self, Self { http: WebPort::closed(why), https })
    }

    pub(super) async fn close(self) {
        if let Some(https) = self.https {
            https.close().await;
        }
        self.http.close().await;
    }
}

impl SeenPorts {
    /// Whether any is open.
    pub(super) fn is_open(&self) -> bool {
        self.http.number().or_else(|| self.https.as_ref()?.number()).is_some()
    }

    /// Whether the ports of these settings are to be opened where the other one is now: then those that
    /// there are have to be closed first.
    pub(super) fn cross(&self, settings: &UpdatePointSettings) -> bool {
        let https = self.https.as_ref().and_then(SeenPort::number);
        let wanted = https_number(settings);
        https == Some(settings.ports.http.get())
            || (wanted.is_some() && wanted == self.http.number())
    }
}

fn http(settings: &UpdatePointSettings) -> WantedPort<'_> {
    WantedPort { number: settings.ports.http, tls: None, limits: Limits::update_services() }
}

fn https(settings: &UpdatePointSettings) -> Option<WantedPort<'_>> {
    settings.ssl.then(|| WantedPort {
        number: settings.ports.https,
        tls: Some(tls(settings)),
        limits: Limits::update_services(),
    })
}

fn https_number(settings: &UpdatePointSettings) -> Option<u16> {
    https(settings).map(|wanted| wanted.number.get())
}

fn tls(settings: &UpdatePointSettings) -> WantedTls<'_> {
    WantedTls { certificate: settings.certificate.as_ref(), clients: settings.client_certificates }
}
