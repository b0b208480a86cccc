//! TLS of admin ports: version 1.3, a certificate on both sides, and no session is taken up again, so that
//! each connection is judged anew.

use std::sync::Arc;

use rustls::{
    ClientConfig, ConfigBuilder, Error, ServerConfig, WantsVerifier,
    client::{ResolvesClientCert, Resumption, danger::ServerCertVerifier},
    crypto::{CryptoProvider, aws_lc_rs},
    server::NoServerSessionStorage,
    sign::{CertifiedKey, SingleCertAndKey},
    version::TLS13,
};

use super::verifying::LetIn;

fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

/// The side that asks. `protocols` is what is spoken afterwards, in the order of preference.
pub(super) fn asking(
    verifier: Arc<dyn ServerCertVerifier>,
    shown: Arc<dyn ResolvesClientCert>,
    protocols: &[&[u8]],
) -> Result<ClientConfig, Error> {
    let builder: ConfigBuilder<ClientConfig, WantsVerifier> =
        ClientConfig::builder_with_provider(provider()).with_protocol_versions(&[&TLS13])?;
    let builder = builder.dangerous().with_custom_certificate_verifier(verifier);
    let mut config = builder.with_client_cert_resolver(shown);
    config.resumption = Resumption::disabled();
    config.alpn_protocols = protocols.iter().map(|it| it.to_vec()).collect();
    Ok(config)
}

/// The side that is asked.
pub(super) fn asked(
    let_in: LetIn,
    shown: CertifiedKey,
    spoken: &[u8],
) -> Result<ServerConfig, Error> {
    let builder =
        ServerConfig::builder_with_provider(provider()).with_protocol_versions(&[&TLS13])?;
    let builder = builder.with_client_cert_verifier(Arc::new(let_in));
    let mut config = builder.with_cert_resolver(Arc::new(SingleCertAndKey::from(shown)));
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    config.alpn_protocols = vec![spoken.to_vec()];
    Ok(config)
}
