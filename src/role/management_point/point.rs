//! The management point itself: its port, and the policy that it serves.

use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::{Mutex, watch};

use super::{
    ManagementPointError,
    serving::{self, Served},
};
use crate::{
    model::{Address, ContentProtocol, ManagementPointSettings, ManagementPointState, SiteCode},
    net::{Certificates, Limits},
    role::{
        Surroundings,
        site_server::SiteServer,
        web_port::{Change, WantedPort, WantedTls, WebPort, WebPorts},
    },
};

/// The management point of a site server.
#[derive(Debug)]
pub struct ManagementPoint {
    ports: WebPorts,
    host: Address,
    certificates: Certificates,
    port: WebPort,
    /// Exchanged as a whole: a client reads the policy of before or that of now.
    served: watch::Sender<Option<Arc<Served>>>,
    /// One look at the site database at a time, so that the last one is what is served.
    looking: Mutex<()>,
}

impl ManagementPoint {
    /// Opens the port of these settings. What is served is told by [`ManagementPoint::serve`].
    ///
    /// # Errors
    ///
    /// The port is taken or may not be opened, or there is no certificate for it.
    pub async fn open(
        surroundings: &Surroundings,
        settings: &ManagementPointSettings,
    ) -> Result<Self, ManagementPointError> {
        let mut point = Self::closed(surroundings);
        point.port = point.ports.open(wanted(settings), point.router()).await?;
        Ok(point)
    }

    /// The same as it came of trying: a port that could not be opened says why.
    pub async fn try_open(surroundings: &Surroundings, settings: &ManagementPointSettings) -> Self {
        let mut point = Self::closed(surroundings);
        point.port = point.ports.try_open(wanted(settings), point.router()).await;
        if let Some(why) = point.port.why_closed() {
            tracing::warn!(why, "the port of the management point stays closed");
        }
        point
    }

    fn closed(surroundings: &Surroundings) -> Self {
        Self {
            ports: WebPorts::new(surroundings),
            host: surroundings.host.clone(),
            certificates: surroundings.certificates.clone(),
            port: WebPort::closed("it is being opened"),
            served: watch::Sender::new(None),
            looking: Mutex::default(),
        }
    }

    fn router(&self) -> axum::Router {
        serving::router(self.served.subscribe())
    }

    /// What has to be done so that it is as these settings say, at this address. Everything that can fail
    /// has been tried then.
    ///
    /// # Errors
    ///
    /// As for [`ManagementPoint::open`]; everything is as it was.
    pub(in crate::role) async fn change(
        &self,
        host: &Address,
        settings: &ManagementPointSettings,
    ) -> Result<Change, ManagementPointError> {
        self.ports.moved(host.clone());
        let change = self.ports.change(self.port.seen(), wanted(settings), self.router()).await;
        if change.is_err() {
            self.ports.moved(self.host.clone());
        }
        Ok(change?)
    }

    /// Becomes that. The port of before closes, if it is another one.
    pub(in crate::role) async fn take_on(&mut self, host: Address, change: Change) {
        self.host = host;
        if let Some(old) = self.port.take_on(change) {
            old.close().await;
        }
    }

    /// Serves the policy that the site database holds.
    ///
    /// # Errors
    ///
    /// It cannot be read or signed; what was served before still is.
    pub async fn serve(
        &self,
        server: &SiteServer,
        site: &SiteCode,
    ) -> Result<(), ManagementPointError> {
        let _looking = self.looking.lock().await;
        let published = server.published_policy().await?;
        let sign = |it| Served::new(site.clone(), it, &self.certificates);
        let policy = published.as_ref().map(sign).transpose()?;
        self.served.send_replace(policy.map(Arc::new));
        Ok(())
    }

    /// What is reported of it.
    pub fn state(&self) -> ManagementPointState {
        ManagementPointState {
            listener: self.port.listener(),
            certificate: self.port.certificate(),
            policy: self.served.borrow().as_ref().map(|served| served.which()),
        }
    }

    /// Since when its port is as it is.
    pub fn since(&self) -> Timestamp {
        self.port.since()
    }

    /// Closes its port.
    pub async fn close(self) {
        self.port.close().await;
    }
}

/// The one port on which clients are served.
fn wanted(settings: &ManagementPointSettings) -> WantedPort<'_> {
    let tls = match settings.protocol {
        ContentProtocol::Http => None,
        ContentProtocol::Https => Some(WantedTls {
            certificate: settings.certificate.as_ref(),
            clients: crate::model::ClientCertificates::Ignore,
        }),
    };
    WantedPort { number: settings.port(), tls, limits: Limits::content() }
}
