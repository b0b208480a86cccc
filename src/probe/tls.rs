//! A TLS handshake that accepts every certificate in order to read it, and judges it afterwards.
//!
//! To say what is wrong with a certificate one has to see it, so the handshake goes on where another
//! client would hang up. What is sent after it is a request that anybody may send, without secrets,
//! and what is answered decides nothing but words in a report. The certificate is then verified as
//! any client would do it, name, chain and time each for itself. Nothing else may use this verifier:
//! it is private to this file.

use std::{
    io,
    sync::{Arc, Mutex, PoisonError, atomic::AtomicBool, atomic::Ordering},
};

use jiff::Timestamp;
use rustls::{
    AlertDescription, ClientConfig, Error, PeerIncompatible, ProtocolVersion, SignatureScheme,
    client::{
        ResolvesClientCert, Resumption,
        danger::{ServerCertVerified, ServerCertVerifier},
    },
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, ServerName, UnixTime},
    sign::CertifiedKey,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::{
    certificate::Verification,
    connect::{Target, in_time},
};
use crate::{
    blocking::begun,
    model::TlsFacts,
    net::{Anchors, Stream, Trust, verifies_signatures},
};

/// What came of a handshake.
#[derive(Debug)]
pub(super) enum Shaken {
    /// It speaks TLS. The stream is there if the handshake was completed.
    Tls(TlsFacts, Option<Box<TlsStream<Stream>>>),
    /// There is no connection; the text says why.
    Closed(String),
    /// What came is not TLS.
    Other,
    /// It hung up.
    Nothing,
    /// It says nothing.
    Silent,
}

/// Shakes hands with a port.
pub(super) async fn shake(target: &Target, trust: &Trust, now: Timestamp) -> Shaken {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let witness = Arc::new(Witness { seen: Mutex::default() });
    let asked = Arc::new(Asked(AtomicBool::new(false)));
    let Ok(host) = ServerName::try_from(target.host.as_str().to_owned()) else {
        return Shaken::Closed(format!("`{}` cannot be asked for over TLS", target.host));
    };
    let mut config = match ClientConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(rustls::ALL_VERSIONS)
    {
        Ok(builder) => builder
            .dangerous()
            .with_custom_certificate_verifier(witness.clone())
            .with_client_cert_resolver(asked.clone()),
        // The provider has both versions.
        Err(error) => return Shaken::Closed(error.to_string()),
    };
    // Every look sees the certificate.
    config.resumption = Resumption::disabled();
    let stream = match target.connect().await {
        Ok(stream) => stream,
        Err(why) => return Shaken::Closed(why),
    };
    let connector = TlsConnector::from(Arc::new(config));
    let shaken = in_time(connector.connect(host.clone(), stream)).await;
    let chain = witness.seen.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let mut facts = TlsFacts {
        asks_for_client_certificate: asked.0.load(Ordering::Relaxed),
        certificate: if chain.is_empty() {
            None
        } else {
            let trust = anchors(trust).await;
            let algorithms = &provider.signature_verification_algorithms;
            Verification { chain: &chain, host: &host, trust: &trust, algorithms, now }.facts()
        },
        ..TlsFacts::default()
    };
    match shaken {
        Some(Ok(stream)) => {
            facts.version = stream.get_ref().1.protocol_version().map(version);
            Shaken::Tls(facts, Some(Box::new(stream)))
        }
        Some(Err(error)) => failed(&error, facts, !chain.is_empty()),
        None if chain.is_empty() => Shaken::Silent,
        None => refused(facts, "the handshake does not come to an end"),
    }
}

/// The roots, which may have to be read from hundreds of files first.
async fn anchors(trust: &Trust) -> Arc<Anchors> {
    let trust = trust.clone();
    // Where the program is ending nothing is trusted any more, and nobody hears of it.
    let read = begun(move || trust.anchors()).await;
    read.unwrap_or_else(|_| Arc::new(Anchors::of(Vec::new())))
}

fn failed(error: &io::Error, facts: TlsFacts, seen: bool) -> Shaken {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
        // It could not even be read as TLS.
        Some(Error::InvalidMessage(_)) if !seen => Shaken::Other,
        Some(error) => refused(facts, &in_words(error)),
        None if seen => refused(facts, &error.kind().to_string()),
        None => Shaken::Nothing,
    }
}

/// What a handshake failed of. What TLS libraries say is meant for those who write them.
fn in_words(error: &Error) -> String {
    const TOO_OLD: &str = "it offers only versions below TLS 1.2";
    match error {
        Error::AlertReceived(AlertDescription::ProtocolVersion)
        | Error::PeerIncompatible(PeerIncompatible::ServerDoesNotSupportTls12Or13) => {
            TOO_OLD.to_owned()
        }
        Error::AlertReceived(AlertDescription::HandshakeFailure) => {
            "it refuses: no version or cipher in common".to_owned()
        }
        Error::AlertReceived(AlertDescription::UnrecognisedName) => {
            "it refuses: it does not serve this name".to_owned()
        }
        Error::AlertReceived(alert) => format!("it refuses with the alert `{alert:?}`"),
        error => error.to_string(),
    }
}

fn refused(facts: TlsFacts, why: &str) -> Shaken {
    Shaken::Tls(TlsFacts { refusal: Some(why.to_owned()), ..facts }, None)
}

fn version(version: ProtocolVersion) -> String {
    match version {
        ProtocolVersion::TLSv1_2 => "TLS 1.2".to_owned(),
        ProtocolVersion::TLSv1_3 => "TLS 1.3".to_owned(),
        other => format!("{other:?}"),
    }
}

/// Remembers the certificates that were shown, and accepts them: see the header of this file. That
/// the other side holds the key is verified as always.
#[derive(Debug)]
struct Witness {
    seen: Mutex<Vec<CertificateDer<'static>>>,
}

/// Certificates of a chain that are looked at; real ones have up to five.
const LONGEST_CHAIN: usize = 10;

impl ServerCertVerifier for Witness {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let shown = std::iter::once(end_entity).chain(intermediates.iter().take(LONGEST_CHAIN));
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        *seen = shown.map(|it| it.clone().into_owned()).collect();
        Ok(ServerCertVerified::assertion())
    }

    verifies_signatures!();
}

/// Notes that a client certificate was asked for, and has none: a look shows nobody's identity.
#[derive(Debug)]
struct Asked(AtomicBool);

impl ResolvesClientCert for Asked {
    fn resolve(
        &self,
        _root_hint_subjects: &[&[u8]],
        _sigschemes: &[SignatureScheme],
    ) -> Option<Arc<CertifiedKey>> {
        self.0.store(true, Ordering::Relaxed);
        None
    }

    fn has_certs(&self) -> bool {
        false
    }
}
