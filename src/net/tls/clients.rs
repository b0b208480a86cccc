//! Client certificates: which ones a port believes, and the one that a pull distribution point shows.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use jiff::Timestamp;
use rustls::{
    DistinguishedName, Error, RootCertStore, ServerConnection, SignatureScheme,
    client::ResolvesClientCert,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, UnixTime},
    server::{
        WebPkiClientVerifier,
        danger::{ClientCertVerified, ClientCertVerifier},
    },
    sign::CertifiedKey,
};
use x509_parser::prelude::{FromDer, X509Certificate};

use super::{Certificates, CertificatesError, authority::Issued, verifies_signatures};
use crate::{clock, error_text::with_causes, model::ClientCertificates};

/// What a client has shown of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::net) enum ShownCertificate {
    None,
    Trusted,
    Untrusted,
}

/// Whether a port serves a client, by the certificate that it has shown: an extension of every request
/// that comes over TLS. What is done about it is the affair of whoever answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// It is served.
    Admitted,
    /// It has shown no certificate, and needs one.
    NoCertificate,
    /// It has shown one that leads to no root that is trusted for clients, or that is not valid now or
    /// not for clients.
    UntrustedCertificate,
}

impl Admission {
    pub(super) fn of(shown: ShownCertificate, wanted: ClientCertificates) -> Self {
        match (wanted, shown) {
            (ClientCertificates::Ignore, _)
            | (_, ShownCertificate::Trusted)
            | (ClientCertificates::Accept, ShownCertificate::None) => Self::Admitted,
            (ClientCertificates::Require, ShownCertificate::None) => Self::NoCertificate,
            (_, ShownCertificate::Untrusted) => Self::UntrustedCertificate,
        }
    }
}

/// Asks clients for certificates in the handshake and believes them there that the certificate is
/// theirs, not that it is of any use: that is judged afterwards, so that a refusal can be an answer that
/// says what to do, and not a connection that breaks off.
#[derive(Debug)]
pub(super) struct Asking {
    verifier: Arc<dyn ClientCertVerifier>,
}

impl Asking {
    /// Believes the roots that are trusted for clients.
    pub(super) fn new(certificates: &Certificates) -> Result<Self, Error> {
        let roots = Arc::new(certificates.client_trust().anchors().store.clone());
        Ok(Self { verifier: clients_of_roots(roots)? })
    }

    /// What the client of a connection has shown. Judged anew for each: a session that is taken up again
    /// may be older than the end of its certificate.
    pub(super) fn shown(&self, connection: &ServerConnection) -> ShownCertificate {
        let Some((own, others)) = connection.peer_certificates().and_then(<[_]>::split_first)
        else {
            return ShownCertificate::None;
        };
        match self.verifier.verify_client_cert(own, others, UnixTime::now()) {
            Ok(_) => ShownCertificate::Trusted,
            Err(error) => {
                tracing::debug!(error = with_causes(&error), "a client certificate is refused");
                ShownCertificate::Untrusted
            }
        }
    }
}

impl ClientCertVerifier for Asking {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.verifier.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        Ok(ClientCertVerified::assertion())
    }

    verifies_signatures!();
}

/// Verifies that certificates of clients lead to these roots.
pub(in crate::net) fn clients_of_roots(
    roots: Arc<RootCertStore>,
) -> Result<Arc<dyn ClientCertVerifier>, Error> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider).build();
    verifier.map_err(|error| Error::General(error.to_string()))
}

/// The certificate that a client shows to whoever asks for one: issued by the authority of its hierarchy
/// when it is first needed, and again long before it ends.
pub(in crate::net) struct ClientIdentity {
    certificates: Certificates,
    known_as: KnownAs,
    issued: Mutex<Option<(Timestamp, Arc<CertifiedKey>)>>,
}

/// What a client is known as.
#[derive(Debug, Clone)]
pub(in crate::net) enum KnownAs {
    /// By the names and addresses at which it is reached.
    Hosts(Vec<String>),
    /// By an identifier, a URI.
    Identifier(&'static str),
}

impl ClientIdentity {
    pub(in crate::net) fn new(certificates: &Certificates, known_as: KnownAs) -> Self {
        Self { certificates: certificates.clone(), known_as, issued: Mutex::default() }
    }

    fn key(&self) -> Result<Arc<CertifiedKey>, CertificatesError> {
        let now = clock::now();
        let mut issued = self.issued.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, key)) = issued.as_ref().filter(|(renew_at, _)| now < *renew_at) {
            return Ok(Arc::clone(key));
        }
        let Issued { key, renew_at } = self.certificates.issue_to_client(&self.known_as, now)?;
        let key = Arc::new(key);
        *issued = Some((renew_at, Arc::clone(&key)));
        Ok(key)
    }
}

/// Whether a certificate was issued by one of these, as servers name the roots that they believe.
fn is_of_one_of(key: &CertifiedKey, roots: &[&[u8]]) -> bool {
    let Ok(certificate) = key.end_entity_cert() else { return false };
    X509Certificate::from_der(certificate)
        .is_ok_and(|(_, certificate)| roots.contains(&certificate.issuer().as_raw()))
}

impl ResolvesClientCert for ClientIdentity {
    fn resolve(
        &self,
        root_hint_subjects: &[&[u8]],
        _sigschemes: &[SignatureScheme],
    ) -> Option<Arc<CertifiedKey>> {
        match self.key() {
            // Whoever names roots and not its own would only refuse it.
            Ok(key) => Some(key).filter(|key| {
                root_hint_subjects.is_empty() || is_of_one_of(key, root_hint_subjects)
            }),
            Err(error) => {
                tracing::warn!(error = with_causes(&error), "no client certificate is shown");
                None
            }
        }
    }

    fn has_certs(&self) -> bool {
        true
    }
}

impl fmt::Debug for ClientIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientIdentity").field("known_as", &self.known_as).finish_non_exhaustive()
    }
}
