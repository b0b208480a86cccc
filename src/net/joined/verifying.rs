//! Who counts as an agent, and who may talk to one.

use std::sync::Arc;

use rustls::{
    CertificateError, DistinguishedName, Error, OtherError, RootCertStore,
    client::{
        danger::{ServerCertVerified, ServerCertVerifier},
        verify_server_cert_signed_by_trust_anchor,
    },
    pki_types::{CertificateDer, ServerName, UnixTime},
    server::{
        ParsedCertificate,
        danger::{ClientCertVerified, ClientCertVerifier},
    },
};

use super::{
    known::Shared,
    names::{Party, fingerprint, key_of, name_of},
};
use crate::{
    clock,
    model::Name,
    net::{signature_algorithms, tls::clients_of_roots, verifies_signatures},
};

/// Why somebody is not who is expected.
#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error("it is not of the authority of this hierarchy")]
    OtherAuthority,
    #[error("it is not the one of the agent of `{0}`")]
    OtherParty(String),
    #[error(
        "its key is not the one with which `{0}` joined: find out who answers there; if it is \
         `{0}`, let it join anew with a token of `headwater join-token {0}`"
    )]
    OtherKey(Name),
    #[error("its key was revoked")]
    Revoked,
    #[error(
        "it has ended: nobody has renewed it in time. Let the agent join anew, with another token \
         of `headwater join-token`"
    )]
    Ended,
    #[error("it is valid only later: compare the clocks of both computers")]
    NotYetValid,
    #[error("it names nobody who may speak to agents")]
    Nobody,
}

fn refused(why: Refused) -> Error {
    Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(why))))
}

/// Says it in our words.
fn explained(error: Error) -> Error {
    let Error::InvalidCertificate(why) = &error else { return error };
    match why {
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            refused(Refused::OtherAuthority)
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            refused(Refused::Ended)
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            refused(Refused::NotYetValid)
        }
        _ => error,
    }
}

/// The roots that count among members of a hierarchy: its authority alone.
pub(super) fn roots(authority: &CertificateDer<'static>) -> Result<Arc<RootCertStore>, Error> {
    let mut roots = RootCertStore::empty();
    roots.add(authority.clone())?;
    Ok(Arc::new(roots))
}

/// Believes an agent that its certificate is its own, of the authority, for the very name by which it is
/// asked, and with a key that counts. At which address it answers is of no account.
#[derive(Debug)]
pub(super) struct OneAgent {
    roots: Arc<RootCertStore>,
    known: Shared,
}

impl OneAgent {
    pub(super) fn new(authority: &CertificateDer<'static>, known: Shared) -> Result<Self, Error> {
        Ok(Self { roots: roots(authority)?, known })
    }
}

/// Whether a certificate is of this authority, for a server, and valid now.
pub(super) fn verify_issued(
    certificate: &CertificateDer<'_>,
    roots: &RootCertStore,
    now: UnixTime,
) -> Result<(), Error> {
    let parsed = ParsedCertificate::try_from(certificate)?;
    let all = signature_algorithms().all;
    verify_server_cert_signed_by_trust_anchor(&parsed, roots, &[], now, all).map_err(explained)
}

/// Whether a certificate is that of the agent, of this authority, and valid now.
pub(super) fn verify_agent(
    certificate: &CertificateDer<'_>,
    name: &Name,
    roots: &RootCertStore,
    now: UnixTime,
) -> Result<(), Error> {
    verify_issued(certificate, roots, now)?;
    if Party::of(certificate) == Some(Party::Agent(name.clone())) {
        Ok(())
    } else {
        Err(refused(Refused::OtherParty(name.to_string())))
    }
}

impl ServerCertVerifier for OneAgent {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let host = server_name.to_str();
        let name = name_of(&host).ok_or_else(|| refused(Refused::OtherParty(host.to_string())))?;
        verify_agent(end_entity, &name, &self.roots, now)?;
        let key =
            key_of(end_entity).ok_or(Error::InvalidCertificate(CertificateError::BadEncoding))?;
        let known = self.known.read();
        if known.refuses(&key, clock::now()) {
            return Err(refused(Refused::Revoked));
        }
        match known.agents.get(&name).map(|agent| &agent.keys) {
            Some(None) => {}
            Some(Some(keys)) if keys.contains(&key) => {}
            _ => return Err(refused(Refused::OtherKey(name))),
        }
        Ok(ServerCertVerified::assertion())
    }

    verifies_signatures!();
}

/// Believes whoever answers that he has the key of his certificate, and nothing else: who he is is found
/// out afterwards. For the connection on which an agent joins, and no other.
#[derive(Debug)]
pub(super) struct WhoeverAnswers;

impl ServerCertVerifier for WhoeverAnswers {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    verifies_signatures!();
}

/// Whom an agent lets in: while it waits, a controller of the hierarchy that its token names; afterwards
/// whoever belongs to the hierarchy that it has joined.
#[derive(Debug)]
pub(super) enum LetIn {
    Controller { authority: [u8; 32] },
    Members { verifier: Arc<dyn ClientCertVerifier>, known: Shared },
}

impl LetIn {
    pub(super) fn members(
        authority: &CertificateDer<'static>,
        known: Shared,
    ) -> Result<Self, Error> {
        Ok(Self::Members { verifier: clients_of_roots(roots(authority)?)?, known })
    }
}

/// The certificate with this fingerprint among those that somebody has shown.
pub(super) fn with_fingerprint<'shown>(
    shown: &'shown [CertificateDer<'static>],
    wanted: &[u8; 32],
) -> Option<&'shown CertificateDer<'static>> {
    shown.iter().find(|it| fingerprint(it) == *wanted)
}

impl ClientCertVerifier for LetIn {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        match self {
            Self::Controller { .. } => &[],
            Self::Members { verifier, .. } => verifier.root_hint_subjects(),
        }
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        match self {
            Self::Controller { authority } => {
                let owned: Vec<_> =
                    intermediates.iter().map(|it| it.clone().into_owned()).collect();
                let authority = with_fingerprint(&owned, authority)
                    .ok_or(Error::InvalidCertificate(CertificateError::UnknownIssuer))?;
                clients_of_roots(roots(authority)?)?.verify_client_cert(end_entity, &[], now)?;
                match Party::of(end_entity) {
                    Some(Party::Controller) => Ok(ClientCertVerified::assertion()),
                    _ => Err(refused(Refused::Nobody)),
                }
            }
            Self::Members { verifier, known } => {
                verifier.verify_client_cert(end_entity, &[], now)?;
                if Party::of(end_entity).is_none() {
                    return Err(refused(Refused::Nobody));
                }
                let key = key_of(end_entity);
                if key.is_none_or(|key| known.read().refuses(&key, clock::now())) {
                    return Err(Error::InvalidCertificate(CertificateError::Revoked));
                }
                Ok(ClientCertVerified::assertion())
            }
        }
    }

    verifies_signatures!();
}
