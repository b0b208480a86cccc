//! The admin port of an agent (`wire::agent`): state, commands, pages of revisions, pushed content.

use std::{net::IpAddr, sync::Arc, time::Duration};

use axum::{
    Json, Router,
    body::Body,
    extract::{DefaultBodyLimit, Path as UrlPath, Query, Request, State},
    http::{StatusCode, header::CONTENT_TYPE},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use bytes::Bytes;
use futures::stream;
use serde::Deserialize;
use tokio::sync::{OnceCell, mpsc};
use tower::ServiceExt;
use tracing::Instrument;
use uuid::Uuid;

use crate::{
    error_text::with_causes,
    model::without_secrets,
    net::{
        AdminToken, ListenError, OpenPort,
        trace::{self, Trace},
    },
    role::Reporter,
    wire::{
        agent::{AgentCommand, AgentEvent, AgentIdentity},
        updates::UpdatesQuery,
    },
};

use super::{Agent, CommandError, exchange, packages, prestaged};

/// The largest command: the settings of one role.
const LARGEST_COMMAND: usize = 4 * 1024 * 1024;

/// How many events may wait for a slow reader before progress is dropped.
const EVENTS: usize = 64;

/// How often a command that has nothing to say gives a sign of life.
const SIGN_OF_LIFE: Duration = Duration::from_secs(30);

/// An open admin port.
pub struct AdminPort {
    port: OpenPort,
    url: String,
}

#[derive(Clone)]
pub(super) struct Served {
    pub(super) agent: Agent,
    own_url: Arc<OnceCell<String>>,
}

impl AdminPort {
    /// Opens an agent's admin port; port 0 lets the system choose.
    ///
    /// # Errors
    ///
    /// The port is taken or may not be opened.
    pub async fn open(
        agent: Agent,
        token: AdminToken,
        ip: IpAddr,
        port: u16,
    ) -> Result<Self, ListenError> {
        let own_url = Arc::new(OnceCell::new());
        let router =
            router(agent, own_url.clone()).layer(middleware::from_fn_with_state(token, authorize));
        let port = OpenPort::open(ip, port, router).await?;
        let url = own_url.get_or_init(|| async { format!("http://{}", port.address()) }).await;
        Ok(Self { url: url.clone(), port })
    }

    /// Its address.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Closes it.
    pub async fn close(self) {
        self.port.close().await;
    }
}

/// What an admin port serves to those who are let in; `own_url` is its address, once that is known.
pub(super) fn router(agent: Agent, own_url: Arc<OnceCell<String>>) -> Router {
    Router::new()
        .route("/v1/state", get(state))
        .route("/v1/agent", get(identity))
        .route("/v1/transfers", get(transfers))
        .route("/v1/commands", post(command).layer(DefaultBodyLimit::max(LARGEST_COMMAND)))
        .route("/v1/update-point/revisions", get(update_point_revisions))
        .route("/v1/update-point/synchronizations", get(synchronizations))
        .route("/v1/update-point/updates", post(updates))
        .route("/v1/update-point/updates/{id}", get(update))
        .route("/v1/site-database/revisions", get(site_database_revisions))
        .route("/v1/prestaged-content", get(prestaged::export).post(prestaged::extract))
        .route("/v1/update-point/exports/{digest}", get(exchange::exported))
        .route("/v1/update-point/imports", post(exchange::receive))
        .route("/v1/site-server/packages/{id}", get(packages::held))
        .route("/v1/update-point/packages/{id}", get(packages::files))
        .route("/v1/update-point/content/{folder}/{name}", get(packages::content))
        // Not a route of its own: the parameters of an outer route would get in the way of the
        // inner router's.
        .fallback(content)
        .with_state(Served { agent, own_url })
}

/// Only those who have the hierarchy's secret come in.
pub(in crate::role) async fn authorize(
    State(token): State<AdminToken>,
    request: Request,
    next: Next,
) -> Response {
    if token.admits(request.headers()) {
        match Trace::of_request(request.headers()) {
            Some(trace) => trace.within(next.run(request)).await,
            None => next.run(request).await,
        }
    } else {
        (StatusCode::UNAUTHORIZED, "the admin port asks for the hierarchy's token\n")
            .into_response()
    }
}

async fn state(State(served): State<Served>) -> Response {
    match served.agent.state().await {
        Ok(state) => Json(state).into_response(),
        Err(error) => failure(&error),
    }
}

async fn transfers(State(served): State<Served>) -> Response {
    Json(served.agent.transfers().await).into_response()
}

async fn identity(State(served): State<Served>) -> Response {
    let name = served.agent.name().clone();
    Json(AgentIdentity { name, version: env!("CARGO_PKG_VERSION").to_owned() }).into_response()
}

/// Carries out a command in a task of its own: it goes on if the one who asked goes away.
async fn command(State(served): State<Served>, Json(command): Json<AgentCommand>) -> Response {
    let (sender, receiver) = mpsc::channel(EVENTS);
    let own_url = served.own_url.get().cloned().unwrap_or_default();
    let span = served.agent.span();
    let carried = async move {
        let report = Reporter::new(sender.clone());
        let word = command.word();
        let last = match served.agent.carry_out(command, &own_url, &report).await {
            Ok(outcome) => {
                tracing::info!(command = word, "a command was carried out");
                AgentEvent::Done(outcome)
            }
            Err(error) => {
                let why = with_causes(&error);
                let told = without_secrets(&why);
                tracing::info!(command = word, why = %told, "a command was not carried out");
                AgentEvent::Failed(why)
            }
        };
        // The one who asked has gone away: then the state tells how it ended.
        let _ = sender.send(last).await;
    };
    tokio::spawn(trace::carried(carried.instrument(span)));
    let lines = stream::unfold(receiver, |mut receiver| async move {
        let line = match tokio::time::timeout(SIGN_OF_LIFE, receiver.recv()).await {
            Err(_) => Vec::new(),
            Ok(None) => return None,
            Ok(Some(event)) => serde_json::to_vec(&event).unwrap_or_default(),
        };
        let line = Bytes::from([line.as_slice(), b"\n"].concat());
        Some((Ok::<_, std::convert::Infallible>(line), receiver))
    });
    ([(CONTENT_TYPE, "application/x-ndjson")], Body::from_stream(lines)).into_response()
}

#[derive(Deserialize)]
struct After {
    #[serde(default)]
    after: i64,
}

async fn update_point_revisions(
    State(served): State<Served>,
    Query(After { after }): Query<After>,
) -> Response {
    let page = async { Ok(served.agent.update_point().await?.page(after).await?) };
    answer(page.await)
}

async fn synchronizations(State(served): State<Served>) -> Response {
    let told = async {
        // One without the role has none.
        let Ok(point) = served.agent.update_point().await else { return Ok(None) };
        Ok(point.synchronizations().await?)
    };
    answer(told.await)
}

async fn updates(State(served): State<Served>, Json(query): Json<UpdatesQuery>) -> Response {
    let found = async { Ok(served.agent.update_point().await?.updates(query).await?) };
    answer(found.await)
}

#[derive(Deserialize)]
struct OfRevision {
    #[serde(default)]
    revision: Option<i32>,
}

async fn update(
    State(served): State<Served>,
    UrlPath(id): UrlPath<Uuid>,
    Query(OfRevision { revision }): Query<OfRevision>,
) -> Response {
    let found = async { Ok(served.agent.update_point().await?.update(id, revision).await?) };
    answer(found.await)
}

async fn site_database_revisions(
    State(served): State<Served>,
    Query(After { after }): Query<After>,
) -> Response {
    let page = async { Ok(served.agent.site_server().await?.page(after).await?) };
    answer(page.await)
}

/// Content that a site server sends (PDP-1).
async fn content(State(served): State<Served>, request: Request) -> Response {
    if !request.uri().path().starts_with("/v1/content/") {
        return (StatusCode::NOT_FOUND, "the admin port has no such address\n").into_response();
    }
    let point = match served.agent.distribution_point().await {
        Ok(point) => point,
        Err(error) => return failure(&error),
    };
    let Ok(response) = point.admin_router().oneshot(request).await;
    response
}

pub(super) fn answer<T: serde::Serialize>(result: Result<T, CommandError>) -> Response {
    match result {
        Ok(value) => Json(value).into_response(),
        Err(error) => failure(&error),
    }
}

pub(super) fn failure(error: &CommandError) -> Response {
    let status = match error {
        CommandError::TooEarly { .. } => StatusCode::CONFLICT,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    };
    (status, format!("{}\n", with_causes(error))).into_response()
}
