//! The port.

use std::{net::SocketAddr, sync::Arc};

use axum::{
    Router,
    extract::{Request, State},
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use tokio::time::Instant;

use super::{Hooks, Vitals, hooks::receive, log_level};
use crate::net::{BoundPort, Limits, ListenError, OpenPort, ServerTls};

/// The form of the figures.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What can be asked for.
const PATHS: &str = "GET /livez, /readyz, /metrics; GET, PUT, DELETE /log-level, from this computer; POST \
                     /hooks/git, with --hook-secret-file\n";

#[derive(Clone)]
struct Served {
    vitals: Vitals,
    hooks: Option<Hooks>,
}

/// Opens the port. It serves for as long as the result is kept.
///
/// # Errors
///
/// The port is taken or may not be opened.
pub async fn serve(
    at: SocketAddr,
    tls: Option<Arc<ServerTls>>,
    vitals: Vitals,
    hooks: Option<Hooks>,
) -> Result<OpenPort, ListenError> {
    let mut router = Router::new()
        .route("/livez", get(livez))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .route("/log-level", log_level::changed_from_here());
    if hooks.is_some() {
        router = router.route("/hooks/git", post(hook));
    }
    let router = router
        .fallback(|| async { (StatusCode::NOT_FOUND, PATHS) })
        .with_state(Served { vitals, hooks });
    let port = BoundPort::bind(at.ip(), at.port()).await?;
    Ok(port.serve_within(router, tls, Limits::watching()))
}

async fn livez(State(Served { vitals, .. }): State<Served>) -> Response {
    match vitals.state().health.alive(Instant::now()) {
        Ok(what) => (StatusCode::OK, format!("alive: {what}\n")).into_response(),
        Err(why) => (StatusCode::SERVICE_UNAVAILABLE, format!("hung: {why}\n")).into_response(),
    }
}

async fn readyz(State(Served { vitals, .. }): State<Served>) -> Response {
    match vitals.state().health.ready() {
        Ok(()) => (StatusCode::OK, "ready\n").into_response(),
        Err(why) => {
            (StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {why}\n")).into_response()
        }
    }
}

async fn metrics(State(Served { vitals, .. }): State<Served>) -> Response {
    match vitals.text() {
        Ok(text) => ([(CONTENT_TYPE, OPEN_METRICS)], text).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn hook(State(Served { vitals, hooks }): State<Served>, request: Request) -> Response {
    match hooks {
        Some(hooks) => receive(&hooks, request, |outcome| vitals.hook(outcome)).await,
        None => (StatusCode::NOT_FOUND, PATHS).into_response(),
    }
}
