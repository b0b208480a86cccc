//! What the program logs, asked and changed while it runs: from this computer only.
//!
//! ```text
//!  kubectl port-forward, or a shell beside it ─▶ PUT /log-level ─▶ from loopback? ─▶ telemetry
//! ```

use std::{net::SocketAddr, time::Duration};

use axum::{
    body::Body,
    extract::{ConnectInfo, Request},
    http::StatusCode,
    middleware::{Next, from_fn},
    response::{IntoResponse, Response},
    routing::{MethodRouter, get},
};
use tokio::time::timeout;

use crate::telemetry::{LogLevel, change_level, level, restore_level};

/// The longest body that is read: more than any level that is understood.
const LONGEST: usize = 4_096;
/// How long one may take to come.
const READING: Duration = Duration::from_secs(5);

/// An answer, and its status.
type Answer = (StatusCode, String);

/// `GET` says what is logged, `PUT` changes it, `DELETE` takes that back.
pub(super) fn changed_from_here<S: Clone + Send + Sync + 'static>() -> MethodRouter<S> {
    get(tell).put(change).delete(restore).layer(from_fn(from_here))
}

/// Only who is on this computer already may know and change it: whoever forwards a port to a pod is.
async fn from_here(peer: ConnectInfo<SocketAddr>, request: Request, next: Next) -> Response {
    if peer.0.ip().to_canonical().is_loopback() {
        return next.run(request).await;
    }
    let why = "this can be asked and changed from a loopback address only: forward the port (`kubectl \
               port-forward`), or ask from where the program runs\n";
    (StatusCode::FORBIDDEN, why).into_response()
}

async fn tell() -> Answer {
    now(StatusCode::OK)
}

async fn change(body: Body) -> Answer {
    let Ok(Ok(body)) = timeout(READING, axum::body::to_bytes(body, LONGEST)).await else {
        return (StatusCode::BAD_REQUEST, "what is logged is one short line\n".to_owned());
    };
    let wanted = String::from_utf8_lossy(&body).parse::<LogLevel>();
    let wanted = match wanted {
        Ok(wanted) => wanted,
        Err(error) => return (StatusCode::BAD_REQUEST, format!("{error}\n")),
    };
    if let Err(error) = change_level(&wanted) {
        return (StatusCode::CONFLICT, format!("{error}\n"));
    }
    // Whoever reads the log later has to know why there is more, or less, from here on.
    tracing::warn!(%wanted, "what is logged was changed");
    now(StatusCode::OK)
}

async fn restore() -> Answer {
    if let Err(error) = restore_level() {
        return (StatusCode::CONFLICT, format!("{error}\n"));
    }
    tracing::warn!("what is logged is that of the start again");
    now(StatusCode::OK)
}

fn now(status: StatusCode) -> Answer {
    match level() {
        Some(level) => (status, format!("{level}\n")),
        None => (StatusCode::CONFLICT, "this program does not log\n".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use axum::{Router, http::Method};
    use tower::ServiceExt;

    use super::*;

    #[tokio::test]
    async fn only_this_computer_may_ask_and_change_what_is_logged() {
        let router: Router = Router::new().route("/log-level", changed_from_here());
        for (peer, here) in [
            ("127.0.0.1:9", true),
            ("127.9.8.7:9", true),
            ("[::1]:9", true),
            ("[::ffff:127.0.0.1]:9", true),
            ("192.0.2.1:9", false),
            ("[2001:db8::1]:9", false),
            ("[::ffff:192.0.2.1]:9", false),
            ("0.0.0.0:9", false),
        ] {
            for method in [Method::GET, Method::PUT, Method::DELETE] {
                let peer: SocketAddr = peer.parse().unwrap();
                let mut request = Request::new(Body::from("info"));
                *request.uri_mut() = "/log-level".parse().unwrap();
                *request.method_mut() = method.clone();
                request.extensions_mut().insert(ConnectInfo(peer));
                let answer = router.clone().oneshot(request).await.unwrap();
                // Nothing is logged here, so nothing can be changed.
                let wanted = if here { StatusCode::CONFLICT } else { StatusCode::FORBIDDEN };
                assert_eq!(answer.status(), wanted, "{peer} {method}");
            }
        }
    }
}
