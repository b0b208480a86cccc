//! The client's side of the admin protocols: asking an agent or the host.

use std::collections::{BTreeMap, BTreeSet};

use axum::http::StatusCode;
use futures::StreamExt;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::{
    NotReached, Way,
    http::{Body, Client, HttpError, RequestBuilder, Response},
    joined::why_turned_away,
    tls::why_refused,
    trace,
};
use crate::{
    model::{
        Address, Digest, FileFacts, Name, PackageId, PackageState, PointSynchronization,
        SiteSystemState,
    },
    wire::{
        agent::{AgentCommand, AgentEvent, AgentIdentity, AgentOutcome, TransfersReport},
        host::{HostRequest, HostedSystem},
        joining::{KeyOffer, KeyRequest, NewCertificate, Roster},
        package_files::PackageFiles,
        update_content::ContentName,
        updates::{FoundUpdates, UpdateDetails, UpdatesQuery},
    },
};

/// Why an agent or the host did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// It could not be reached, or the connection broke.
    #[error("failed to reach {url}")]
    Unreachable {
        /// Its address.
        url: String,
        /// What went wrong.
        #[source]
        source: HttpError,
    },
    /// It answered, but not what was asked for.
    #[error("{url} answered {status}: {text}")]
    Refused {
        /// Its address.
        url: String,
        /// The HTTP status.
        status: StatusCode,
        /// What it said.
        text: String,
    },
    /// Its answer makes no sense.
    #[error("{url} answered something that cannot be read: {text}")]
    Unreadable {
        /// Its address.
        url: String,
        /// What is wrong with it.
        text: String,
    },
    /// It broke off before it said how the command ended.
    #[error("{url} broke off before the command had ended")]
    BrokenOff {
        /// Its address.
        url: String,
    },
    /// It is not who it shall be, or does not believe that of us.
    #[error("{url} is not asked: {why}")]
    Untrusted {
        /// Its address.
        url: String,
        /// What is wrong.
        why: String,
    },
    /// Nobody speaks to it.
    #[error(transparent)]
    NotReached(#[from] NotReached),
    /// It could not do it; the text says why.
    #[error("{0}")]
    Failed(String),
}

/// The longest line of an answer: a report of a hundred thousand packages has its place.
const LONGEST_LINE: usize = 64 * 1024 * 1024;

/// The longest error text that is read and passed on.
const LONGEST_ERROR: usize = 4 * 1024;

/// An agent's admin port, or the host's.
#[derive(Debug, Clone)]
pub struct AgentClient {
    /// Its address, for people.
    url: String,
    way: Result<Way, NotReached>,
}

impl AgentClient {
    /// Speaks to the admin port at `url` in such a way, or to nobody, and says why.
    pub(super) fn new(url: &str, way: Result<Way, NotReached>) -> Self {
        Self { url: url.trim_end_matches('/').to_owned(), way }
    }

    /// Speaks to nobody, and says why.
    pub fn barred(url: &str, why: NotReached) -> Self {
        Self::new(url, Err(why))
    }

    /// Whether it speaks to nobody.
    pub fn is_barred(&self) -> bool {
        self.way.is_err()
    }

    /// The same for requests that nothing answers before all of them is taken in, however long that
    /// takes.
    #[must_use]
    pub fn sender(&self) -> Self {
        let mut sender = self.clone();
        if let Ok(way) = &mut sender.way {
            way.asking = way.sending.clone();
        }
        sender
    }

    /// The address.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What the site system reports of itself; `None` while it is not configured.
    pub async fn state(&self) -> Result<Option<SiteSystemState>, AgentError> {
        let request = self.client()?.get(format!("{}/v1/state", self.base()));
        self.json(request).await
    }

    /// The transfers of its distribution point; `None` where there is none. An agent that does not
    /// know the question yet is asked for all it reports.
    pub async fn transfers(&self) -> Result<Option<TransfersReport>, AgentError> {
        let asked = self.json(self.client()?.get(format!("{}/v1/transfers", self.base()))).await;
        match asked {
            Err(AgentError::Refused { status: StatusCode::NOT_FOUND, .. }) => {}
            answered => return answered,
        }
        let Some(state) = self.state().await? else { return Ok(None) };
        let site = state.settings.site;
        Ok(state.distribution_point.map(|point| TransfersReport {
            name: point.name,
            site,
            pull_jobs: point.pull_jobs,
        }))
    }

    /// A package as its site server holds it; `None` where there is none. An agent that does not know the
    /// question yet is asked for all it reports.
    pub async fn held_package(
        &self,
        package: &PackageId,
    ) -> Result<Option<PackageState>, AgentError> {
        let url = format!("{}/v1/site-server/packages/{package}", self.base());
        match self.json(self.client()?.get(url)).await {
            Err(AgentError::Refused { status: StatusCode::NOT_FOUND, .. }) => {}
            answered => return answered,
        }
        let server = self.state().await?.and_then(|state| state.site_server);
        Ok(server.and_then(|mut server| server.packages.remove(package)))
    }

    /// The synchronizations of its update point; `None` where there is none, and from an agent that does not
    /// know the question yet.
    pub async fn synchronizations(&self) -> Result<Option<PointSynchronization>, AgentError> {
        let url = format!("{}/v1/update-point/synchronizations", self.base());
        match self.json(self.client()?.get(url)).await {
            Err(AgentError::Refused { status: StatusCode::NOT_FOUND, .. }) => Ok(None),
            answered => answered,
        }
    }

    /// Who the agent is.
    pub async fn identity(&self) -> Result<AgentIdentity, AgentError> {
        self.json(self.client()?.get(format!("{}/v1/agent", self.base()))).await
    }

    /// Carries out a command. `on_event` hears of progress and waiting.
    pub async fn command(
        &self,
        command: &AgentCommand,
        mut on_event: impl FnMut(&AgentEvent),
    ) -> Result<AgentOutcome, AgentError> {
        let request = self.client()?.post(format!("{}/v1/commands", self.base())).json(command);
        let response = self.accepted(request).await?;
        let mut body = response.bytes_stream();
        let mut buffered: Vec<u8> = Vec::new();
        while let Some(piece) = body.next().await {
            let piece = piece.map_err(|source| self.unreachable(source))?;
            buffered.extend_from_slice(&piece);
            while let Some(end) = buffered.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = buffered.drain(..=end).collect();
                if line.trim_ascii().is_empty() {
                    // A sign of life, nothing more.
                    continue;
                }
                match self.parse(&line)? {
                    AgentEvent::Done(outcome) => return Ok(outcome),
                    AgentEvent::Failed(why) => return Err(AgentError::Failed(why)),
                    event => on_event(&event),
                }
            }
            if buffered.len() > LONGEST_LINE {
                return Err(self.unreadable("a line of it is too long"));
            }
        }
        Err(AgentError::BrokenOff { url: self.url.clone() })
    }

    /// The updates of its update point's catalog that a query finds.
    pub async fn updates(&self, query: &UpdatesQuery) -> Result<FoundUpdates, AgentError> {
        self.json(
            self.client()?.post(format!("{}/v1/update-point/updates", self.base())).json(query),
        )
        .await
    }

    /// A revision of an update in its update point's catalog, or the newest one; `None` if it is not
    /// there.
    pub async fn update(
        &self,
        update_id: Uuid,
        revision: Option<i32>,
    ) -> Result<Option<UpdateDetails>, AgentError> {
        let revision = revision.map(|it| format!("?revision={it}")).unwrap_or_default();
        let url = format!("{}/v1/update-point/updates/{update_id}{revision}", self.base());
        self.json(self.client()?.get(url)).await
    }

    /// The host's site systems.
    pub async fn hosted(&self) -> Result<Vec<HostedSystem>, AgentError> {
        self.json(self.client()?.get(format!("{}/v1/site-systems", self.base()))).await
    }

    /// Has the host make a site system, or find it.
    pub async fn host(&self, name: &Name, address: &Address) -> Result<HostedSystem, AgentError> {
        let body = HostRequest { address: address.clone() };
        self.json(self.client()?.put(format!("{}/v1/site-systems/{name}", self.base())).json(&body))
            .await
    }

    /// Has the host remove a site system and all its data.
    pub async fn unhost(&self, name: &Name) -> Result<(), AgentError> {
        let request = self.client()?.delete(format!("{}/v1/site-systems/{name}", self.base()));
        self.accepted(request).await.map(drop)
    }

    /// Packages of the site system's content library as prestaged content (PDP-9): the bytes of a file.
    pub async fn prestaged(&self, packages: &BTreeSet<PackageId>) -> Result<Response, AgentError> {
        let packages: Vec<&str> = packages.iter().map(PackageId::as_str).collect();
        let url = format!("{}/v1/prestaged-content?packages={}", self.base(), packages.join(","));
        self.accepted(self.client()?.get(url)).await
    }

    /// Takes a file of prestaged content into the distribution point (PDP-9); the packages that are
    /// there now. The client must have no read timeout: nothing comes back before the end.
    pub async fn extract(
        &self,
        file: Body,
    ) -> Result<BTreeMap<PackageId, PackageState>, AgentError> {
        self.json(self.client()?.post(format!("{}/v1/prestaged-content", self.base())).body(file))
            .await
    }

    /// An export that the update point has written (SYNC-7): the bytes of the file.
    pub async fn exported(&self, digest: Digest) -> Result<Response, AgentError> {
        let url = format!("{}/v1/update-point/exports/{}", self.base(), digest.to_hex());
        self.accepted(self.client()?.get(url)).await
    }

    /// The files of updates that a package of its site is made of; `None` if none is.
    pub async fn package_files(
        &self,
        package: &PackageId,
    ) -> Result<Option<PackageFiles>, AgentError> {
        let url = format!("{}/v1/update-point/packages/{package}", self.base());
        self.json(self.client()?.get(url)).await
    }

    /// Where its update point has a file of an update.
    pub fn update_file_url(&self, name: &ContentName) -> String {
        format!("{}/v1/update-point/content/{}/{name}", self.base(), name.folder())
    }

    /// Asks for a new key, to be certified.
    pub async fn offer_key(&self, request: &KeyRequest) -> Result<KeyOffer, AgentError> {
        let url = format!("{}/v1/certificate/key", self.base());
        self.json(self.client()?.post(url).json(request)).await
    }

    /// Gives it a certificate for the key that it has offered; done once it shows that.
    pub async fn take_certificate(&self, certificate: &NewCertificate) -> Result<(), AgentError> {
        let request =
            self.client()?.put(format!("{}/v1/certificate", self.base())).json(certificate);
        self.accepted(request).await.map(drop)
    }

    /// Tells it who belongs to the hierarchy, and who does not any more.
    pub async fn take_roster(&self, roster: &Roster) -> Result<(), AgentError> {
        let request = self.client()?.put(format!("{}/v1/roster", self.base())).json(roster);
        self.accepted(request).await.map(drop)
    }

    /// Sends a file of updates that is to be imported (SYNC-7). The client must have no read timeout:
    /// nothing comes back before the end.
    pub async fn send_updates(&self, file: Body) -> Result<FileFacts, AgentError> {
        self.json(
            self.client()?.post(format!("{}/v1/update-point/imports", self.base())).body(file),
        )
        .await
    }

    fn client(&self) -> Result<&Client, AgentError> {
        Ok(&self.way.as_ref().map_err(Clone::clone)?.asking)
    }

    fn base(&self) -> &str {
        self.way.as_ref().map_or("", |way| &way.url)
    }

    async fn json<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, AgentError> {
        let response = self.accepted(request).await?;
        let body = self.bounded(response, LONGEST_LINE).await?;
        self.parse(&body)
    }

    async fn accepted(&self, request: RequestBuilder) -> Result<Response, AgentError> {
        let sent = trace::sent_along(request).send().await;
        let response = sent.map_err(|source| self.unreachable(source))?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let body = self.bounded(response, LONGEST_ERROR).await.unwrap_or_default();
        let text = String::from_utf8_lossy(&body).trim().to_owned();
        Err(AgentError::Refused { url: self.url.clone(), status, text })
    }

    async fn bounded(&self, response: Response, most: usize) -> Result<Vec<u8>, AgentError> {
        let mut body = Vec::new();
        let mut pieces = response.bytes_stream();
        while let Some(piece) = pieces.next().await {
            body.extend_from_slice(&piece.map_err(|source| self.unreachable(source))?);
            if body.len() > most {
                return Err(self.unreadable("it is too long"));
            }
        }
        Ok(body)
    }

    fn parse<T: DeserializeOwned>(&self, bytes: &[u8]) -> Result<T, AgentError> {
        serde_json::from_slice(bytes).map_err(|error| self.unreadable(&error.to_string()))
    }

    fn unreachable(&self, source: HttpError) -> AgentError {
        let url = self.url.clone();
        if let Some(why) = why_refused(&source).or_else(|| why_turned_away(&source)) {
            return AgentError::Untrusted { url, why };
        }
        AgentError::Unreachable { url, source }
    }

    fn unreadable(&self, text: &str) -> AgentError {
        AgentError::Unreadable { url: self.url.clone(), text: text.to_owned() }
    }
}
