//! What a certificate says, and how far it is what clients need.

use jiff::{SignedDuration, Timestamp};
use rustls::{
    CertificateError, Error,
    client::{verify_server_cert_signed_by_trust_anchor, verify_server_name},
    crypto::WebPkiSupportedAlgorithms,
    pki_types::{CertificateDer, ServerName, UnixTime},
    server::ParsedCertificate,
};
use x509_parser::{certificate::X509Certificate, prelude::FromDer, time::ASN1Time};

use crate::{
    model::{CertificateFacts, Validity},
    net::{Anchors, certificate_names},
};

/// Less than this is soon: the time that people need to get a new certificate.
const SOON: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Letters of an issuer that are told.
const LONGEST_ISSUER: usize = 200;

/// What a certificate was shown for, and what it is held against.
pub(super) struct Verification<'a> {
    pub(super) chain: &'a [CertificateDer<'static>],
    pub(super) host: &'a ServerName<'static>,
    pub(super) trust: &'a Anchors,
    pub(super) algorithms: &'a WebPkiSupportedAlgorithms,
    pub(super) now: Timestamp,
}

impl Verification<'_> {
    /// The facts of the first certificate of the chain; `None` if it is not one.
    pub(super) fn facts(&self) -> Option<CertificateFacts> {
        let (shown, intermediates) = self.chain.split_first()?;
        let (_, certificate) = X509Certificate::from_der(shown).ok()?;
        let time = |time: ASN1Time| Timestamp::from_second(time.timestamp()).ok();
        let not_before = time(certificate.validity().not_before)?;
        let not_after = time(certificate.validity().not_after)?;
        let validity = match self.now {
            now if now < not_before => Validity::NotYetValid,
            now if now > not_after => Validity::Expired,
            now if not_after.duration_since(now) < SOON => Validity::ExpiresSoon,
            _ => Validity::Valid,
        };
        let issuer: String =
            certificate.issuer().to_string().chars().take(LONGEST_ISSUER).collect();
        let parsed = ParsedCertificate::try_from(shown);
        let matches =
            parsed.as_ref().is_ok_and(|parsed| verify_server_name(parsed, self.host).is_ok());
        // Its end is told apart; the chain is judged for a time at which the certificate is valid.
        let at = self.now.clamp(not_before, not_after.max(not_before));
        let untrusted = match &parsed {
            // One that is a trusted root itself, as one's own certificate often is, needs no chain.
            Ok(_) if self.trust.holds(shown) => None,
            Ok(parsed) => self.chain(parsed, intermediates, at, &issuer).err(),
            Err(error) => Some(format!("no certificate for servers: {}", in_words(error, &issuer))),
        };
        let names = certificate_names(&certificate);
        Some(CertificateFacts { names, matches, issuer, not_after, validity, untrusted })
    }

    fn chain(
        &self,
        parsed: &ParsedCertificate<'_>,
        intermediates: &[CertificateDer<'_>],
        at: Timestamp,
        issuer: &str,
    ) -> Result<(), String> {
        if self.trust.store.is_empty() {
            return Err("this computer trusts no roots at all".to_owned());
        }
        let at = u64::try_from(at.as_second()).unwrap_or_default();
        let at = UnixTime::since_unix_epoch(std::time::Duration::from_secs(at));
        let (store, algorithms) = (&self.trust.store, self.algorithms.all);
        verify_server_cert_signed_by_trust_anchor(parsed, store, intermediates, at, algorithms)
            .map_err(|error| in_words(&error, issuer))
    }
}

/// Why a chain is not trusted. What TLS libraries say is meant for those who write them.
fn in_words(error: &Error, issuer: &str) -> String {
    let Error::InvalidCertificate(error) = error else {
        return "it cannot be verified".to_owned();
    };
    match error {
        CertificateError::UnknownIssuer => {
            format!("issued by `{issuer}`, which does not lead to a trusted root")
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "a certificate of the chain has ended".to_owned()
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "a certificate of the chain is not valid yet".to_owned()
        }
        CertificateError::BadEncoding => "a certificate of the chain is malformed".to_owned(),
        CertificateError::Revoked => "a certificate of the chain is revoked".to_owned(),
        CertificateError::BadSignature => {
            "the signature of a certificate of the chain is wrong".to_owned()
        }
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            "a certificate of the chain is not for servers".to_owned()
        }
        CertificateError::UnhandledCriticalExtension => {
            "a certificate of the chain has a critical extension that is not known".to_owned()
        }
        // webpki has more reasons, but no one else names them; the text tells which one it is.
        other => reason_of_webpki(&format!("{other:?}"), issuer),
    }
}

/// The reasons that reach us only as the name of an error.
fn reason_of_webpki(name: &str, issuer: &str) -> String {
    let has = |part: &str| name.contains(part);
    if has("CaUsedAsEndEntity") {
        format!(
            "issued by `{issuer}`, it is the certificate of an authority and no trusted root \
             itself"
        )
    } else if has("EndEntityUsedAsCa") {
        "a certificate of the chain was issued by one that is no authority".to_owned()
    } else if has("UnsupportedSignatureAlgorithm") || has("UnsupportedCertVersion") {
        "a certificate of the chain is too old, in its version or its signature".to_owned()
    } else if has("NameConstraint") {
        "an authority of the chain may not issue it".to_owned()
    } else if has("PathLenConstraint") || has("MaximumPath") || has("MaximumSignature") {
        "its chain is too long".to_owned()
    } else {
        "its chain cannot be verified".to_owned()
    }
}
