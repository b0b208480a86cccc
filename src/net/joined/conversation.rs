//! What both sides of joining have in common: messages, and what is proven with the token.
//!
//! The proofs hold the keying material that both ends of one TLS session derive and nobody else can: who
//! stands between the two has other material on each side, and a proof of another session is worth
//! nothing.

use std::{io, time::Duration};

use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use base64::{Engine, prelude::BASE64_STANDARD};
use rcgen::{KeyPair, PublicKeyData, SigningKey};
use rustls::{ConnectionCommon, SideData};
use serde::{Serialize, de::DeserializeOwned};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::token::{Secret, joined};
use crate::{
    model::Name,
    wire::joining::{KeyOffer, LONGEST_MESSAGE},
};

/// How agents that wait, and controllers that look for them, ask for this conversation in a handshake.
pub(super) const JOINING: &[u8] = b"headwater-join/1";

/// How members ask for HTTP.
pub(super) const HTTP: &[u8] = b"http/1.1";

/// How long connecting, shaking hands and the whole conversation may take, each.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// What the keying material of a session is derived for.
const EXPORTED_FOR: &[u8] = b"EXPORTER-headwater-join-1";

const AGENT: &[u8] = b"headwater join 1 agent";
const CONTROLLER: &[u8] = b"headwater join 1 controller";
const KEY: &[u8] = b"headwater key 1";

/// Keying material of one session.
pub(super) fn exported<Side: SideData>(
    connection: &ConnectionCommon<Side>,
) -> Result<[u8; 32], rustls::Error> {
    connection.export_keying_material([0; 32], EXPORTED_FOR, None)
}

/// What an agent proves: it has the token, and offers this key, in this session.
pub(super) fn agent_proof(secret: &Secret, session: &[u8], name: &Name, key: &[u8]) -> Vec<u8> {
    secret.tag(&[AGENT, session, name.as_str().as_bytes(), key])
}

/// Whether an agent has proven that.
pub(super) fn agent_proves(
    secret: &Secret,
    session: &[u8],
    (name, key): (&Name, &[u8]),
    proof: &[u8],
) -> bool {
    secret.verifies(&[AGENT, session, name.as_str().as_bytes(), key], proof)
}

/// What a controller proves: it has the token, and issues this certificate, in this session.
pub(super) fn controller_proof(secret: &Secret, session: &[u8], certificate: &[u8]) -> Vec<u8> {
    secret.tag(&[CONTROLLER, session, certificate])
}

/// Whether a controller has proven that.
pub(super) fn controller_proves(
    secret: &Secret,
    session: &[u8],
    certificate: &[u8],
    proof: &[u8],
) -> bool {
    secret.verifies(&[CONTROLLER, session, certificate], proof)
}

/// Offers a key: signs with it what the other side has not seen before.
pub(super) fn offer(
    key: &KeyPair,
    challenge: &[u8],
    name: &Name,
) -> Result<KeyOffer, rcgen::Error> {
    let signed = joined(&[KEY, challenge, name.as_str().as_bytes(), key.der_bytes()]);
    let signature = encode(&key.sign(&signed)?);
    Ok(KeyOffer { key: encode(key.der_bytes()), signature, before: None })
}

/// A key that was offered.
#[derive(Debug)]
pub(super) struct OfferedKey(Vec<u8>);

impl OfferedKey {
    /// Takes an offer, if who makes it has the private key.
    pub(super) fn of(offer: &KeyOffer, challenge: &[u8], name: &Name) -> Option<Self> {
        let (key, signature) = (decode(&offer.key)?, decode(&offer.signature)?);
        let signed = joined(&[KEY, challenge, name.as_str().as_bytes(), &key]);
        // A point that is not on the curve verifies nothing.
        let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, &key);
        public.verify(&signed, &signature).ok()?;
        Some(Self(key))
    }
}

impl PublicKeyData for OfferedKey {
    fn der_bytes(&self) -> &[u8] {
        &self.0
    }

    fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
        &rcgen::PKCS_ECDSA_P256_SHA256
    }
}

/// Bytes as text.
pub(super) fn encode(bytes: &[u8]) -> String {
    BASE64_STANDARD.encode(bytes)
}

/// Text as bytes; `None` for what is none.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    BASE64_STANDARD.decode(text).ok()
}

/// Sends a message.
pub(super) async fn send(
    stream: &mut (impl AsyncWrite + Unpin),
    message: &impl Serialize,
) -> io::Result<()> {
    let bytes = serde_json::to_vec(message)?;
    let length = u32::try_from(bytes.len()).map_err(io::Error::other)?;
    stream.write_all(&length.to_be_bytes()).await?;
    stream.write_all(&bytes).await?;
    stream.flush().await
}

/// Receives a message.
pub(super) async fn receive<T: DeserializeOwned>(
    stream: &mut (impl AsyncRead + Unpin),
) -> io::Result<T> {
    let length = usize::try_from(stream.read_u32().await?).unwrap_or(usize::MAX);
    if length > LONGEST_MESSAGE {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "a message is too long"));
    }
    let mut bytes = vec![0; length];
    stream.read_exact(&mut bytes).await?;
    Ok(serde_json::from_slice(&bytes)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_who_has_the_key_can_offer_it() {
        let name: Name = "sea-dp".parse().unwrap();
        let key = KeyPair::generate().unwrap();
        let made = offer(&key, b"challenge", &name).unwrap();
        assert_eq!(OfferedKey::of(&made, b"challenge", &name).unwrap().0, key.der_bytes());
        // Made for another challenge, or for another name.
        assert!(OfferedKey::of(&made, b"another one", &name).is_none());
        assert!(OfferedKey::of(&made, b"challenge", &"ams-dp".parse().unwrap()).is_none());
        // Somebody else's key.
        let other = encode(KeyPair::generate().unwrap().der_bytes());
        let taken = KeyOffer { key: other, ..made.clone() };
        assert!(OfferedKey::of(&taken, b"challenge", &name).is_none());
        // No key at all.
        for key in [String::new(), "AAAA".to_owned(), encode(&[4; 65]), "*".to_owned()] {
            let offer = KeyOffer { key, ..made.clone() };
            assert!(OfferedKey::of(&offer, b"challenge", &name).is_none());
        }
    }

    #[tokio::test]
    async fn messages_that_are_too_long_are_not_read() {
        let (mut ours, mut theirs) = tokio::io::duplex(64 << 10);
        send(&mut theirs, &"a".repeat(LONGEST_MESSAGE)).await.unwrap();
        let error = receive::<String>(&mut ours).await.unwrap_err();
        assert_eq!(error.to_string(), "a message is too long");
        let (mut ours, mut theirs) = tokio::io::duplex(64);
        theirs.write_all(b"\0\0\0\x02{}").await.unwrap();
        assert!(receive::<String>(&mut ours).await.is_err());
    }
}
