//! A hierarchy, and agents that join it or try to.

use std::{net::IpAddr, path::Path, sync::Arc};

use axum::{
    Json, Router,
    extract::{ConnectInfo, State},
    http::{StatusCode, Uri},
    response::{IntoResponse, Response},
    routing::{post, put},
};
use futures::FutureExt;
use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;
use tokio::sync::Notify;

use crate::{
    clock::now,
    model::Name,
    net::{
        Addresses, AdminHttp, AdminToken, BoundPort, Caller, Certificates, JoinToken, Membership,
        OpenPort, Registry,
    },
    wire::{
        agent::AgentIdentity,
        joining::{KeyOffer, KeyRequest, NewCertificate, Roster},
    },
};

pub(super) const HOUR: SignedDuration = SignedDuration::from_hours(1);

pub(super) fn name(text: &str) -> Name {
    text.parse().unwrap()
}

/// A controller with a data directory of its own.
pub(super) struct Hierarchy {
    pub(super) directory: TempDir,
    pub(super) certificates: Certificates,
    pub(super) registry: Registry,
    pub(super) http: AdminHttp,
}

impl Hierarchy {
    pub(super) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let certificates = Certificates::open(directory.path(), None, now()).unwrap();
        let registry = Registry::open(directory.path(), &certificates).unwrap();
        let token = AdminToken::open(&directory.path().join("admin-token")).unwrap();
        let addresses = Addresses::system();
        let http = AdminHttp::of_controller(&token, &addresses, &certificates, &registry).unwrap();
        Self { directory, certificates, registry, http }
    }

    pub(super) fn token(&self, agent: &str) -> JoinToken {
        self.token_made_at(agent, now())
    }

    /// The same at another time.
    pub(super) fn token_made_at(&self, agent: &str, at: Timestamp) -> JoinToken {
        // There is nothing to wait for where nobody else keeps it.
        let agent = name(agent);
        let made = self.registry.make_token(&agent, HOUR, at).now_or_never();
        made.unwrap().unwrap()
    }

    /// Looks for an agent; why it has not joined.
    pub(super) async fn invite(&self, agent: &str, url: &str) -> Result<(), String> {
        self.invite_at(agent, url, now()).await
    }

    /// The same at another time, by the clock of the controller.
    pub(super) async fn invite_at(
        &self,
        agent: &str,
        url: &str,
        now: Timestamp,
    ) -> Result<(), String> {
        let invited = self.registry.invite(&name(agent), url, &Addresses::system(), now).await;
        invited.map_err(|error| crate::error_text::with_causes(&error))
    }

    /// Who answers where an agent is asked; or why nobody does.
    pub(super) async fn ask(&self, agent: &str, url: &str) -> Result<Name, String> {
        let answered = self.http.agent_of(&name(agent), url).identity().await;
        answered.map(|it| it.name).map_err(|error| crate::error_text::with_causes(&error))
    }

    pub(super) fn roster(&self) -> Roster {
        self.registry.roster().unwrap()
    }

    /// An agent that has joined.
    pub(super) async fn joined(&self, agent: &str, ip: &str) -> TestAgent {
        let token = self.token(agent);
        let joined = TestAgent::start(agent, ip, Some(token)).await;
        self.invite(agent, &joined.url).await.unwrap();
        joined
    }
}

/// An agent that runs.
pub(super) struct TestAgent {
    pub(super) name: Name,
    pub(super) directory: TempDir,
    pub(super) membership: Membership,
    pub(super) url: String,
    pub(super) port: OpenPort,
    /// What a request to `/waits` waits for.
    pub(super) go_on: Arc<Notify>,
}

impl TestAgent {
    pub(super) async fn start(agent: &str, ip: &str, token: Option<JoinToken>) -> Self {
        Self::in_directory(tempfile::tempdir().unwrap(), agent, (ip, 0), token).await
    }

    /// The same again, as after `kill -9`.
    pub(super) async fn restart(self, token: Option<JoinToken>) -> Self {
        let Self { name, directory, url, port, .. } = self;
        port.close().await;
        let (ip, port) = url.strip_prefix("https://").unwrap().split_once(':').unwrap();
        let at = (ip, port.parse().unwrap());
        Self::in_directory(directory, name.as_str(), at, token).await
    }

    async fn in_directory(
        directory: TempDir,
        agent: &str,
        (ip, port): (&str, u16),
        token: Option<JoinToken>,
    ) -> Self {
        let membership = open(directory.path(), agent, token).unwrap();
        let bound = BoundPort::bind(ip.parse::<IpAddr>().unwrap(), port).await.unwrap();
        let url = format!("https://{}", bound.address());
        let go_on = Arc::new(Notify::new());
        let state = (name(agent), membership.clone(), Arc::clone(&go_on));
        let router = Router::new()
            .route("/v1/certificate/key", post(offer_key))
            .route("/v1/certificate", put(take_certificate))
            .fallback(answer)
            .with_state(state);
        let port = membership.serve(bound, router);
        Self { name: name(agent), directory, membership, url, port, go_on }
    }

    /// How another agent answers to this one.
    pub(super) async fn asks(&self, other: &Self, path: &str) -> Result<StatusCode, String> {
        let http = self.membership.http(None).unwrap();
        let way = http.way(&other.url).map_err(|error| error.to_string())?;
        let asked = way.asking.get(format!("{}{path}", way.url)).send().await;
        let failed = |error: crate::net::http::HttpError| {
            super::super::why_turned_away(&error)
                .or_else(|| crate::net::why_refused(&error))
                .unwrap_or_else(|| crate::error_text::with_causes(&error))
        };
        asked.map(|it| it.status()).map_err(failed)
    }
}

/// What is kept of an agent; it must be something.
pub(super) fn open(
    data: &Path,
    agent: &str,
    token: Option<JoinToken>,
) -> Result<Membership, String> {
    let opened = Membership::open(data, &name(agent), token, &Addresses::system(), now());
    opened.map(Option::unwrap).map_err(|error| crate::error_text::with_causes(&error))
}

type Served = (Name, Membership, Arc<Notify>);

async fn offer_key(
    State((_, membership, _)): State<Served>,
    Json(request): Json<KeyRequest>,
) -> Json<KeyOffer> {
    Json(membership.offer_key(&request).await.unwrap())
}

async fn take_certificate(
    State((_, membership, _)): State<Served>,
    Json(certificate): Json<NewCertificate>,
) {
    membership.take_certificate(&certificate).await.unwrap();
}

async fn answer(
    State((name, membership, go_on)): State<Served>,
    ConnectInfo(caller): ConnectInfo<Caller>,
    uri: Uri,
) -> Response {
    let admitted = match uri.path() {
        "/commands" => membership.commands(&caller),
        "/answers" => membership.answers(&caller),
        _ => true,
    };
    if !admitted {
        return StatusCode::FORBIDDEN.into_response();
    }
    if uri.path() == "/waits" {
        go_on.notified().await;
    }
    Json(AgentIdentity { name, version: "test".to_owned() }).into_response()
}
