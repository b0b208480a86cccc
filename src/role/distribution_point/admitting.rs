//! Who gets content: with `clientCertificates` those who have shown a certificate that counts.

use axum::{extract::Request, middleware::Next, response::Response};

use crate::{role::admitting::refusal, wire::content_identity};

/// Answers whoever is not admitted. Who the point is everybody may ask: so it is seen that it is there.
pub(super) async fn admit(request: Request, next: Next) -> Response {
    if request.uri().path() == content_identity::PATH {
        return next.run(request).await;
    }
    match refusal(&request, "distribution point") {
        Some(refused) => refused,
        None => next.run(request).await,
    }
}
