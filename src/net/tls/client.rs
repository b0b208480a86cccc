//! Whom a client believes, and what it says of those whom it does not.

use std::{io, sync::Arc};

use rustls::{
    AlertDescription, CertificateError, ClientConfig, ConfigBuilder, Error, OtherError,
    RootCertStore, WantsVerifier,
    client::{
        WantsClientCert, WebPkiServerVerifier,
        danger::{ServerCertVerified, ServerCertVerifier},
    },
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::{CertificateDer, ServerName, UnixTime},
};

use super::{ClientIdentity, Trust, verifies_signatures};

/// TLS for a client that trusts these roots, and shows a certificate to those who ask for one. Blocks:
/// the roots may have to be read first.
pub(in crate::net) fn client_config(
    trust: &Trust,
    identity: ClientIdentity,
) -> Result<ClientConfig, Error> {
    Ok(verifying(trust)?.with_client_cert_resolver(Arc::new(identity)))
}

/// The same for a client that shows no certificate to anybody: those whom it asks are not of the
/// hierarchy. Blocks.
pub(in crate::net) fn showing_nothing(trust: &Trust) -> Result<ClientConfig, Error> {
    Ok(verifying(trust)?.with_no_client_auth())
}

fn verifying(trust: &Trust) -> Result<ConfigBuilder<ClientConfig, WantsClientCert>, Error> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let roots = Arc::new(trust.anchors().store.clone());
    let verifier = WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(&provider));
    let verifier = verifier.build().map_err(|error| Error::General(error.to_string()))?;
    Ok(builder(provider)?
        // Nothing is taken that webpki refuses: only the words are others.
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Explaining(verifier))))
}

/// TLS for a client that has nobody to trust, because it speaks plain HTTP alone.
pub(in crate::net) fn trusting_nobody() -> Result<ClientConfig, Error> {
    let builder = builder(Arc::new(aws_lc_rs::default_provider()))?;
    Ok(builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth())
}

fn builder(
    provider: Arc<CryptoProvider>,
) -> Result<ConfigBuilder<ClientConfig, WantsVerifier>, Error> {
    ClientConfig::builder_with_provider(provider).with_protocol_versions(rustls::ALL_VERSIONS)
}

/// Verifies as webpki does, and says what to do where that refuses.
#[derive(Debug)]
struct Explaining(Arc<WebPkiServerVerifier>);

impl ServerCertVerifier for Explaining {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.0
            .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
            .map_err(|error| explained(error, server_name))
    }

    verifies_signatures!();
}

/// Why a certificate is refused, and what to do.
#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error(
        "it does not lead to a root that is trusted here: put that root as PEM into \
         `certificates/trusted.pem` of the data directory, or give `headwater agent` the option \
         `--ca`"
    )]
    UnknownIssuer,
    #[error("it is not for `{0}`: the other side needs a certificate with the address in it")]
    OtherName(String),
    #[error("it has ended: the other side needs a new one")]
    Ended,
    #[error("it is valid only later: compare the clocks of both computers")]
    NotYetValid,
}

/// Why the certificate of the other side is refused, and what to do, if an error came of that.
pub fn why_refused(error: &(dyn std::error::Error + 'static)) -> Option<String> {
    let mut next = Some(error);
    while let Some(error) = next {
        // Others than the verifiers of this program refuse nothing in words of their own.
        if let Some(Error::InvalidCertificate(CertificateError::Other(OtherError(why)))) =
            of_tls(error)
        {
            return Some(format!("its certificate is refused: {why}"));
        }
        next = error.source();
    }
    None
}

/// What the other side said when it broke a handshake off, if an error came of that.
pub(in crate::net) fn alert(error: &(dyn std::error::Error + 'static)) -> Option<AlertDescription> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(Error::AlertReceived(alert)) = of_tls(error) {
            return Some(*alert);
        }
        next = error.source();
    }
    None
}

/// An error of TLS, out of all the errors of input and output that it has been put into.
fn of_tls<'error>(error: &'error (dyn std::error::Error + 'static)) -> Option<&'error Error> {
    match error.downcast_ref::<io::Error>() {
        Some(outer) => of_tls(outer.get_ref()?),
        None => error.downcast_ref::<Error>(),
    }
}

fn explained(error: Error, name: &ServerName<'_>) -> Error {
    let Error::InvalidCertificate(why) = &error else { return error };
    let refused = match why {
        CertificateError::UnknownIssuer => Refused::UnknownIssuer,
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            Refused::OtherName(name.to_str().into_owned())
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => Refused::Ended,
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            Refused::NotYetValid
        }
        _ => return error,
    };
    Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(refused))))
}
