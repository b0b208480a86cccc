//! What a certificate says of itself, as it is told to people.

use std::net::IpAddr;

use jiff::Timestamp;
use rustls::{
    client::verify_server_name,
    pki_types::{CertificateDer, ServerName},
    server::ParsedCertificate,
};
use x509_parser::{certificate::X509Certificate, extensions::GeneralName, prelude::FromDer};

use crate::model::ServerCertificate;

/// Names of a certificate that are told; the largest providers put 100 into one.
pub(super) const MOST_NAMES: usize = 100;

/// Names that are told where a certificate is for others.
const NAMED: usize = 5;

/// Why clients would not take a certificate from who is reached at an address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnfitCertificate {
    /// It is for others.
    #[error(
        "the certificate is for {}, and not for `{host}`: it needs that name",
        .names.join(", ")
    )]
    OtherName {
        /// For whom it is, the first ones.
        names: Vec<String>,
        /// The address that clients use.
        host: String,
    },
    /// It is not valid any more.
    #[error("the certificate has ended at {0}: another one is needed")]
    Ended(Timestamp),
    /// It is not valid yet.
    #[error(
        "the certificate is valid from {0} on only: compare the clocks of this computer and of who \
         has issued it"
    )]
    NotYetValid(Timestamp),
}

/// Whether clients that use this address would take a certificate now, as far as name and time go.
pub(super) fn fits(
    certificate: &CertificateDer<'_>,
    host: &str,
    now: Timestamp,
) -> Result<(), UnfitCertificate> {
    // What cannot be read at all fails where it is used.
    let Ok((_, read)) = X509Certificate::from_der(certificate) else { return Ok(()) };
    let time = |second| Timestamp::from_second(second).unwrap_or(now);
    let from = time(read.validity().not_before.timestamp());
    let until = time(read.validity().not_after.timestamp());
    if now < from {
        return Err(UnfitCertificate::NotYetValid(from));
    }
    if now > until {
        return Err(UnfitCertificate::Ended(until));
    }
    let name = ServerName::try_from(host.to_owned()).ok();
    let parsed = ParsedCertificate::try_from(certificate).ok();
    let fitting = parsed.zip(name).is_some_and(|(it, name)| verify_server_name(&it, &name).is_ok());
    if fitting {
        return Ok(());
    }
    let names = certificate_names(&read).into_iter().take(NAMED).collect();
    Err(UnfitCertificate::OtherName { names, host: host.to_owned() })
}

/// For whom a certificate is, and until when; `None` if it is not one.
pub(super) fn describe(certificate: &CertificateDer<'_>) -> Option<ServerCertificate> {
    let (_, certificate) = X509Certificate::from_der(certificate).ok()?;
    let not_after = Timestamp::from_second(certificate.validity().not_after.timestamp()).ok()?;
    Some(ServerCertificate { names: certificate_names(&certificate), not_after })
}

/// The names that a certificate is valid for. A common name is none: no client takes it any more.
pub fn certificate_names(certificate: &X509Certificate<'_>) -> Vec<String> {
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
