//! The host's own admin port (`wire::host`).

use std::net::{IpAddr, Ipv4Addr};

use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    middleware,
    response::{IntoResponse, Response},
    routing::{get, put},
};

use crate::{
    error_text::with_causes,
    model::Name,
    net::{AdminToken, BoundPort, ListenError, OpenPort},
    role::agent::authorize,
    wire::host::HostRequest,
};

use super::Host;

/// A port that is bound and not served yet: its address is known before the host is.
pub(super) struct HostSocket(BoundPort);

pub(super) async fn bind() -> Result<HostSocket, ListenError> {
    BoundPort::bind(IpAddr::V4(Ipv4Addr::LOCALHOST), 0).await.map(HostSocket)
}

impl HostSocket {
    pub(super) fn url(&self) -> String {
        format!("http://{}", self.0.address())
    }

    pub(super) fn serve(self, host: Host, token: AdminToken) -> OpenPort {
        let router = Router::new()
            .route("/v1/site-systems", get(list))
            .route("/v1/site-systems/{name}", put(create).delete(remove))
            .with_state(host)
            .layer(middleware::from_fn_with_state(token, authorize));
        self.0.serve(router)
    }
}

async fn list(State(host): State<Host>) -> Response {
    Json(host.site_systems().await).into_response()
}

async fn create(
    State(host): State<Host>,
    Path(name): Path<Name>,
    Json(request): Json<HostRequest>,
) -> Response {
    match host.create(&name, &request.address).await {
        Ok(hosted) => Json(hosted).into_response(),
        Err(error) => (StatusCode::CONFLICT, format!("{}\n", with_causes(&error))).into_response(),
    }
}

async fn remove(State(host): State<Host>, Path(name): Path<Name>) -> Response {
    match host.remove(&name).await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => (StatusCode::CONFLICT, format!("{}\n", with_causes(&error))).into_response(),
    }
}
