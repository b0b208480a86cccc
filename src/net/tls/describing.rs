//! What a certificate says of itself, as it is told to people.

use std::net::IpAddr;

use jiff::Timestamp;
use rustls::pki_types::CertificateDer;
use x509_parser::{certificate::X509Certificate, extensions::GeneralName, prelude::FromDer};

use crate::model::ServerCertificate;

/// Names of a certificate that are told; the largest providers put 100 into one.
const MOST_NAMES: usize = 100;

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
