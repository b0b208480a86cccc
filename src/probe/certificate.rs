//! What a certificate says, and how far it is what clients need.

use std::net::IpAddr;

use jiff::{SignedDuration, Timestamp};
use rustls::{
    CertificateError, Error, RootCertStore,
    client::{verify_server_cert_signed_by_trust_anchor, verify_server_name},
    crypto::WebPkiSupportedAlgorithms,
    pki_types::{CertificateDer, ServerName, UnixTime},
    server::ParsedCertificate,
};
use x509_parser::{
    certificate::X509Certificate, extensions::GeneralName, prelude::FromDer, time::ASN1Time,
};

use crate::model::{CertificateFacts, Validity};

/// Less than this is soon: the time that people need to get a new certificate.
const SOON: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Names of a certificate that are told; the largest providers put 100 into one.
const MOST_NAMES: usize = 100;

/// Letters of an issuer that are told.
const LONGEST_ISSUER: usize = 200;

/// What a certificate was shown for, and what it is held against.
pub(super) struct Verification<'a> {
    pub(super) chain: &'a [CertificateDer<'static>],
    pub(super) host: &'a ServerName<'static>,
    pub(super) roots: &'a RootCertStore,
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
            Ok(parsed) => self.chain(parsed, intermediates, at, &issuer).err(),
            Err(error) => Some(format!("no certificate for servers: {error}")),
        };
        let names = names(&certificate);
        Some(CertificateFacts { names, matches, issuer, not_after, validity, untrusted })
    }

    fn chain(
        &self,
        parsed: &ParsedCertificate<'_>,
        intermediates: &[CertificateDer<'_>],
        at: Timestamp,
        issuer: &str,
    ) -> Result<(), String> {
        if self.roots.is_empty() {
            return Err("this computer trusts no roots at all".to_owned());
        }
        let at = u64::try_from(at.as_second()).unwrap_or_default();
        let at = UnixTime::since_unix_epoch(std::time::Duration::from_secs(at));
        let algorithms = self.algorithms.all;
        verify_server_cert_signed_by_trust_anchor(parsed, self.roots, intermediates, at, algorithms)
            .map_err(|error| match error {
                Error::InvalidCertificate(CertificateError::UnknownIssuer) => {
                    format!("issued by `{issuer}`, which does not lead to a trusted root")
                }
                Error::InvalidCertificate(
                    CertificateError::Expired | CertificateError::ExpiredContext { .. },
                ) => "a certificate of the chain has ended".to_owned(),
                error => error.to_string(),
            })
    }
}

/// The names that a certificate is valid for. A common name is none: no client takes it any more.
fn names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let alternative = certificate.subject_alternative_name().ok().flatten();
    let names = alternative.iter().flat_map(|it| &it.value.general_names);
    let text = |name: &GeneralName<'_>| match name {
        GeneralName::DNSName(name) => Some((*name).chars().take(253).collect()),
        GeneralName::IPAddress(bytes) => match **bytes {
            [a, b, c, d] => Some(IpAddr::from([a, b, c, d]).to_string()),
            _ => <[u8; 16]>::try_from(*bytes).ok().map(|it| IpAddr::from(it).to_string()),
        },
        _ => None,
    };
    names.filter_map(text).take(MOST_NAMES).collect()
}
