//! Who gets content: with `clientCertificates` those who have shown a certificate that counts. The others
//! hear why not in an answer, as from servers of the field (403.7, 403.16), and not from a connection that
//! breaks off.

use axum::{
    extract::Request,
    http::{HeaderValue, StatusCode, Version, header::CONNECTION},
    middleware::Next,
    response::{IntoResponse, Response},
};

use crate::{net::Admission, wire::content_identity};

/// Answers whoever is not admitted. Who the point is everybody may ask: so it is seen that it is there.
pub(super) async fn admit(request: Request, next: Next) -> Response {
    let admission = request.extensions().get::<Admission>().copied();
    let why = match admission.unwrap_or(Admission::Admitted) {
        Admission::Admitted => return next.run(request).await,
        _ if request.uri().path() == content_identity::PATH => return next.run(request).await,
        Admission::NoCertificate => {
            "403.7: this distribution point serves clients that show a certificate, and none was shown"
        }
        Admission::UntrustedCertificate => {
            "403.16: the client certificate is not valid, not for clients, or leads to no root that is \
             trusted here"
        }
    };
    let what = "show one that the authority of its hierarchy has issued, or put the root of yours into \
                `certificates/trusted.pem` of its data directory and start it anew";
    let mut answer = (StatusCode::FORBIDDEN, format!("{why}: {what}\n")).into_response();
    // Only in a new handshake can another certificate be shown.
    if request.version() < Version::HTTP_2 {
        answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    answer
}
