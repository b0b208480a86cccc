//! Over which channel the virtual roots are served (SUP-6): with SSL five of them over TLS alone, and
//! whoever asks in the clear is answered as IIS does (403.4). The rest is served over both.

use std::sync::{
    Arc,
    atomic::{AtomicU16, Ordering},
};

use axum::{
    extract::{Request, State},
    http::StatusCode,
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::Service;
use crate::{model::UpdatePointSettings, net::Admission, ports::SECURED_ROOTS, role::admitting};

/// Whether the five virtual roots require a secured channel.
#[derive(Debug, Default)]
pub(super) struct Channel {
    /// The port on which they are served over TLS; 0: they require none.
    https: AtomicU16,
}

impl Channel {
    /// They do what these settings say from now on, also for those who are connected.
    pub(super) fn demand(&self, settings: &UpdatePointSettings) {
        let https = if settings.ssl { settings.ports.https.get() } else { 0 };
        self.https.store(https, Ordering::SeqCst);
    }

    /// The port on which somebody who comes in the clear has to ask instead.
    fn elsewhere(&self, path: &str) -> Option<u16> {
        let https = self.https.load(Ordering::SeqCst);
        let root = path.split('/').find(|part| !part.is_empty())?;
        let secured = SECURED_ROOTS.iter().any(|(name, _)| name.eq_ignore_ascii_case(root));
        (https != 0 && secured).then_some(https)
    }
}

/// Whether a request has come over TLS: the port marks these.
pub(super) fn is_secured(request: &Request) -> bool {
    request.extensions().get::<Admission>().is_some()
}

/// Answers whoever has come over the wrong channel, or without a certificate that counts.
pub(super) async fn admit(
    State(service): State<Arc<Service>>,
    request: Request,
    next: Next,
) -> Response {
    if !is_secured(&request)
        && let Some(port) = service.channel.elsewhere(request.uri().path())
    {
        let text = format!(
            "403.4: SSL is required to view this resource: ask for it over https, on port {port}\n"
        );
        return (StatusCode::FORBIDDEN, text).into_response();
    }
    match admitting::refusal(&request, "software update point") {
        Some(refused) => refused,
        None => next.run(request).await,
    }
}
