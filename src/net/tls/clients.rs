//! Client certificates: which ones a port believes, and the one that a pull distribution point shows.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use jiff::Timestamp;
use rustls::{
    DigitallySignedStruct, DistinguishedName, Error, ServerConnection, SignatureScheme,
    client::{ResolvesClientCert, danger::HandshakeSignatureValid},
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, UnixTime},
    server::{
        WebPkiClientVerifier,
        danger::{ClientCertVerified, ClientCertVerifier},
    },
    sign::CertifiedKey,
};

use super::{Certificates, CertificatesError, authority::Issued};
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
        let provider = Arc::new(aws_lc_rs::default_provider());
        let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider).build();
        Ok(Self { verifier: verifier.map_err(|error| Error::General(error.to_string()))? })
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

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.verifier.supported_verify_schemes()
    }
}

/// The certificate that a client shows to whoever asks for one: issued by the authority of its hierarchy
/// when it is first needed, and again long before it ends.
pub(in crate::net) struct ClientIdentity {
    certificates: Certificates,
    names: Vec<String>,
    /// The authority that issues it, as others name it.
    ours: Option<DistinguishedName>,
    issued: Mutex<Option<(Timestamp, Arc<CertifiedKey>)>>,
}

impl ClientIdentity {
    pub(in crate::net) fn new(certificates: &Certificates, names: Vec<String>) -> Self {
        let (ours, issued) = (certificates.authority_subject(), Mutex::default());
        Self { certificates: certificates.clone(), names, ours, issued }
    }

    fn key(&self) -> Result<Arc<CertifiedKey>, CertificatesError> {
        let now = clock::now();
        let mut issued = self.issued.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, key)) = issued.as_ref().filter(|(renew_at, _)| now < *renew_at) {
            return Ok(Arc::clone(key));
        }
        let Issued { key, renew_at } = self.certificates.issue_to_client(&self.names, now)?;
        let key = Arc::new(key);
        *issued = Some((renew_at, Arc::clone(&key)));
        Ok(key)
    }
}

impl ResolvesClientCert for ClientIdentity {
    fn resolve(
        &self,
        root_hint_subjects: &[&[u8]],
        _sigschemes: &[SignatureScheme],
    ) -> Option<Arc<CertifiedKey>> {
        // Whoever names roots and not ours would only refuse it.
        let ours = self.ours.as_ref()?;
        if !root_hint_subjects.is_empty() && !root_hint_subjects.contains(&ours.as_ref()) {
            return None;
        }
        match self.key() {
            Ok(key) => Some(key),
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
        f.debug_struct("ClientIdentity").field("names", &self.names).finish_non_exhaustive()
    }
}
