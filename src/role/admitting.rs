//! Who is served over TLS: with `clientCertificates` those who have shown a certificate that counts. The
//! others hear why not in an answer, as from servers of the field (403.7, 403.16), and not from a
//! connection that breaks off.

use axum::{
    extract::Request,
    http::{HeaderValue, StatusCode, Version, header::CONNECTION},
    response::{IntoResponse, Response},
};

use crate::net::Admission;

/// The answer to whoever is not admitted to what this `role` serves; `None` for those who are, and for
/// who has come in the clear.
pub(in crate::role) fn refusal(request: &Request, role: &str) -> Option<Response> {
    let why = match request.extensions().get::<Admission>()? {
        Admission::Admitted => return None,
        Admission::NoCertificate => {
            format!(
                "403.7: this {role} serves clients that show a certificate, and none was shown"
            )
        }
        Admission::UntrustedCertificate => {
            "403.16: the client certificate is not valid, not for clients, or leads to no root that is \
             trusted here"
                .to_owned()
        }
    };
    let what = "show one that the authority of its hierarchy has issued, or put the root of yours into \
                `certificates/trusted.pem` of its data directory and start it anew";
    let mut answer = (StatusCode::FORBIDDEN, format!("{why}: {what}\n")).into_response();
    // Only in a new handshake can another certificate be shown.
    if request.version() < Version::HTTP_2 {
        answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    Some(answer)
}
