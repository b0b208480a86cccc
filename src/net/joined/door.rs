//! What the admin port of an agent shows of itself, before it has joined and afterwards.

use std::sync::Arc;

use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256};
use rustls::{ServerConfig, crypto::aws_lc_rs, pki_types::PrivatePkcs8KeyDer, sign::CertifiedKey};

use super::{
    conversation::{HTTP, JOINING},
    identity::MembershipError,
    names::host_of,
    sessions::asked,
    token::JoinToken,
    verifying::LetIn,
};

/// What a port does with those who connect.
#[derive(Clone)]
pub(super) enum Door {
    /// It waits for the controller that this token names.
    Waits(Arc<ServerConfig>, Arc<JoinToken>),
    /// It serves members.
    Serves(Arc<ServerConfig>),
}

impl Door {
    /// Nobody is let in.
    pub(super) fn none() -> Result<Self, MembershipError> {
        let key = new_key()?;
        let (key, nobody) =
            (provisional(&key, "nobody")?, LetIn::Controller { authority: [0; 32] });
        Ok(Self::Serves(Arc::new(asked(nobody, key, HTTP)?)))
    }
}

pub(super) fn new_key() -> Result<KeyPair, MembershipError> {
    KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)
        .map_err(|error| MembershipError::NoKey(error.to_string()))
}

pub(super) fn waiting(key: &KeyPair, token: &JoinToken) -> Result<ServerConfig, MembershipError> {
    let shown = provisional(key, &host_of(&token.name))?;
    Ok(asked(LetIn::Controller { authority: token.authority }, shown, JOINING)?)
}

/// A certificate that says nothing but that somebody has the key.
fn provisional(key: &KeyPair, name: &str) -> Result<CertifiedKey, MembershipError> {
    let failed = |error: rcgen::Error| MembershipError::NoKey(error.to_string());
    let params = CertificateParams::new([name.to_owned()]).map_err(failed)?;
    let certificate = params.self_signed(key).map_err(failed)?;
    let private = PrivatePkcs8KeyDer::from(key.serialize_der()).into();
    let provider = aws_lc_rs::default_provider();
    let chain = vec![certificate.der().clone()];
    Ok(CertifiedKey::from_der(chain, private, &provider)?)
}
