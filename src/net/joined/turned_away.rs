//! What the other side means when it breaks a handshake off.

use rustls::AlertDescription;

use crate::net::tls::alert;

/// Why the other side does not talk to us, if an error came of that.
pub(in crate::net) fn why_turned_away(error: &(dyn std::error::Error + 'static)) -> Option<String> {
    let why = match alert(error)? {
        AlertDescription::NoApplicationProtocol => {
            "it waits to be let into a hierarchy: make a token with `headwater join-token`, and \
             start it with that"
        }
        AlertDescription::UnknownCA
        | AlertDescription::CertificateUnknown
        | AlertDescription::BadCertificate
        | AlertDescription::DecryptError
        | AlertDescription::AccessDenied => {
            "it belongs to another hierarchy, or waits for one: it joins this one with a token of \
             `headwater join-token`"
        }
        AlertDescription::CertificateRevoked => {
            "it does not admit us any more: our key was revoked"
        }
        AlertDescription::CertificateExpired => {
            "our certificate has ended, by its clock: compare the clocks of both computers"
        }
        AlertDescription::CertificateRequired => "it wants a certificate, and has not got ours",
        other => return Some(format!("it breaks the handshake off: {other:?}")),
    };
    Some(why.to_owned())
}
