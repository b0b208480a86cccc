//! The admin port of an agent on a computer of its own: who may do what, by the certificate that was shown.
//!
//! Controllers may do everything. The site servers of the hierarchy may ask and send what their work needs,
//! and other agents nothing at all:
//!
//! | what                                          | for                                             |
//! |-----------------------------------------------|-------------------------------------------------|
//! | `GET /v1/update-point/revisions`              | the site database, from its active point (SYNC-4) |
//! | `GET /v1/site-database/revisions`             | a child site, from its parent (SYNC-5)          |
//! | `GET /v1/update-point/packages/<ID>`, `.../content/<XX>/<name>` | packages of updates           |
//! | all below `/v1/content/`                      | content for standard distribution points (PDP-1) |

use std::{sync::Arc, time::Duration};

use axum::{
    Json, Router,
    extract::{ConnectInfo, DefaultBodyLimit, Request, State},
    http::{Method, StatusCode},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{post, put},
};
use tokio::{
    sync::{OnceCell, watch},
    time::timeout,
};
use tower::ServiceExt;

use crate::{
    error_text::with_causes,
    net::{BoundPort, Caller, Membership, MembershipError, OpenPort},
    wire::joining::{KeyRequest, NewCertificate, Roster},
};

use super::{Agent, admin_port::router};

/// The longest roster: 5,000 agents have 500 KiB.
const LONGEST_ROSTER: usize = 16 << 20;

/// The longest certificate.
const LONGEST_CERTIFICATE: usize = 16 << 10;

/// An admin port over mutual TLS. It is open before there is an agent: that may have to join first.
pub struct SecuredPort {
    port: OpenPort,
    /// What is served, while there is an agent.
    agent: watch::Sender<Option<Router>>,
}

/// How long a request waits for the agent, which opens its roles once it has joined.
const STARTING: Duration = Duration::from_secs(10);

impl SecuredPort {
    /// Serves on a port that is bound.
    pub fn open(membership: &Membership, bound: BoundPort) -> Self {
        let agent = watch::Sender::new(None);
        let admitted = Router::new()
            .route("/v1/certificate/key", post(offer_key))
            .route("/v1/certificate", put(take_certificate))
            .layer(DefaultBodyLimit::max(LONGEST_CERTIFICATE))
            .route("/v1/roster", put(take_roster).layer(DefaultBodyLimit::max(LONGEST_ROSTER)))
            .with_state(membership.clone())
            .fallback({
                let agent = agent.subscribe();
                move |request: Request| serve(agent.clone(), request)
            })
            .layer(middleware::from_fn_with_state(membership.clone(), admit));
        Self { port: membership.serve(bound, admitted), agent }
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("https://{}", self.port.address())
    }

    /// Serves an agent from now on, or none.
    pub fn serve(&self, agent: Option<Agent>) {
        let own_url = Arc::new(OnceCell::new_with(Some(self.url())));
        self.agent.send_replace(agent.map(|agent| router(agent, own_url)));
    }

    /// Closes it.
    pub async fn close(self) {
        self.port.close().await;
    }
}

/// Whether the work of a site server needs this of other agents. Everything else is for controllers.
fn is_for_site_servers(method: &Method, path: &str) -> bool {
    if path.starts_with("/v1/content/") {
        return true;
    }
    let pages = ["/v1/update-point/revisions", "/v1/site-database/revisions"];
    let below = ["/v1/update-point/packages/", "/v1/update-point/content/"];
    *method == Method::GET
        && (pages.contains(&path) || below.iter().any(|start| path.starts_with(start)))
}

/// Only members of the hierarchy come in, and only to what they need.
async fn admit(
    State(membership): State<Membership>,
    ConnectInfo(caller): ConnectInfo<Caller>,
    request: Request,
    next: Next,
) -> Response {
    let admitted = if is_for_site_servers(request.method(), request.uri().path()) {
        membership.answers(&caller)
    } else {
        membership.commands(&caller)
    };
    if admitted {
        return next.run(request).await;
    }
    let text = "the certificate that was shown does not allow that: controllers of the hierarchy may \
                do everything here, its site servers what their work needs, and others nothing\n";
    (StatusCode::FORBIDDEN, text).into_response()
}

async fn serve(mut agent: watch::Receiver<Option<Router>>, request: Request) -> Response {
    let there = timeout(STARTING, agent.wait_for(Option::is_some)).await;
    let router = there.ok().and_then(Result::ok).and_then(|router| router.clone());
    let Some(router) = router else {
        let text = "the agent starts: ask again\n";
        return (StatusCode::SERVICE_UNAVAILABLE, text).into_response();
    };
    let Ok(response) = router.oneshot(request).await;
    response
}

async fn offer_key(State(it): State<Membership>, Json(request): Json<KeyRequest>) -> Response {
    match it.offer_key(&request).await {
        Ok(offer) => Json(offer).into_response(),
        Err(error) => failure(&error),
    }
}

async fn take_certificate(
    State(it): State<Membership>,
    Json(certificate): Json<NewCertificate>,
) -> Response {
    done(it.take_certificate(&certificate).await)
}

async fn take_roster(State(it): State<Membership>, Json(roster): Json<Roster>) -> Response {
    done(it.take_roster(roster).await)
}

fn done(result: Result<(), MembershipError>) -> Response {
    match result {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => failure(&error),
    }
}

fn failure(error: &MembershipError) -> Response {
    let status = match error {
        MembershipError::OtherKey => StatusCode::CONFLICT,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    };
    (status, format!("{}\n", with_causes(error))).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_named_is_for_controllers() {
        for (method, path, expected) in [
            (Method::GET, "/v1/update-point/revisions", true),
            (Method::POST, "/v1/update-point/revisions", false),
            (Method::GET, "/v1/site-database/revisions", true),
            (Method::GET, "/v1/update-point/packages/CEN00001", true),
            (Method::GET, "/v1/update-point/content/AB/ABCD.cab", true),
            (Method::PUT, "/v1/content/packages/CEN00001", true),
            (Method::POST, "/v1/content/missing", true),
            (Method::GET, "/v1/content", false),
            (Method::GET, "/v1/state", false),
            (Method::GET, "/v1/agent", false),
            (Method::POST, "/v1/commands", false),
            (Method::PUT, "/v1/roster", false),
            (Method::PUT, "/v1/certificate", false),
            (Method::POST, "/v1/certificate/key", false),
            (Method::GET, "/v1/prestaged-content", false),
            (Method::POST, "/v1/update-point/imports", false),
            (Method::GET, "/v1/update-point/updates/x", false),
            (Method::GET, "//v1/content/missing", false),
            (Method::GET, "/v1/update-point/revisions/", false),
        ] {
            assert_eq!(is_for_site_servers(&method, path), expected, "{method} {path}");
        }
    }
}
