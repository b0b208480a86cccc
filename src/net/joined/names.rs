//! What certificates of the hierarchy's authority say of who has them, and how agents are called where a
//! host is expected.

use aws_lc_rs::digest::{SHA256, digest};
use rustls::pki_types::CertificateDer;
use x509_parser::{certificate::X509Certificate, extensions::GeneralName, prelude::FromDer};

use crate::model::{Digest, Name};

/// The identifier of controllers. Not the name of a host: certificates of roles hold names of hosts as
/// manifests declare them, so none of them can ever pass for this.
pub(super) const CONTROLLER: &str = "headwater://controller";

/// What identifiers of agents begin with.
const AGENT: &str = "headwater://agent/";

/// What identifiers begin with.
const ANY: &str = "headwater://";

/// How agents are called to the HTTP client, which knows only hosts: the name goes before it. `internal`
/// is a domain that nobody is given.
const HOSTS: &str = ".agent.headwater.internal";

/// Who has a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Party {
    /// A controller of the hierarchy.
    Controller,
    /// The agent of this site system.
    Agent(Name),
}

impl Party {
    /// Whom a certificate names; `None` for all others, such as those of roles. What a certificate says
    /// counts only where its chain was verified.
    pub(super) fn of(certificate: &CertificateDer<'_>) -> Option<Self> {
        let (_, certificate) = X509Certificate::from_der(certificate).ok()?;
        let names = certificate.subject_alternative_name().ok()??;
        let mut identifiers = names.value.general_names.iter().filter_map(|name| match name {
            GeneralName::URI(uri) if uri.starts_with(ANY) => Some(*uri),
            _ => None,
        });
        // Two would be none: nobody issues them.
        let (identifier, None) = (identifiers.next()?, identifiers.next()) else { return None };
        if identifier == CONTROLLER {
            return Some(Self::Controller);
        }
        identifier.strip_prefix(AGENT)?.parse().ok().map(Self::Agent)
    }
}

/// The identifier of an agent.
pub(super) fn identifier(name: &Name) -> String {
    format!("{AGENT}{name}")
}

/// What an agent is called where a host is expected.
pub(super) fn host_of(name: &Name) -> String {
    format!("{name}{HOSTS}")
}

/// Which agent is called so.
pub(super) fn name_of(host: &str) -> Option<Name> {
    host.strip_suffix(HOSTS)?.parse().ok()
}

/// What keys are known by: SHA-256 of the public key with its algorithm.
pub(super) fn key_of(certificate: &CertificateDer<'_>) -> Option<Digest> {
    let (_, certificate) = X509Certificate::from_der(certificate).ok()?;
    Some(Digest::of(certificate.public_key().raw))
}

/// What certificates are known by: SHA-256 of their bytes.
pub(super) fn fingerprint(certificate: &CertificateDer<'_>) -> [u8; 32] {
    let mut fingerprint = [0; 32];
    fingerprint.copy_from_slice(digest(&SHA256, certificate).as_ref());
    fingerprint
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agents_have_names_as_hosts() {
        let name: Name = "sea-dp".parse().unwrap();
        assert_eq!(name_of(&host_of(&name)), Some(name));
        for host in ["sea-dp", ".agent.headwater.internal", "a.b.agent.headwater.internal"] {
            assert_eq!(name_of(host), None, "{host}");
        }
    }
}
