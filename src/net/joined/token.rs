//! Tokens that let one agent join a hierarchy, once.
//!
//! What stands in the text, in base64 without padding behind `headwater-join-`:
//!
//! | bytes | what                                                       |
//! |-------|------------------------------------------------------------|
//! | 1     | 1                                                          |
//! | 8     | when it ends, in seconds since 1970, the highest byte first |
//! | 32    | SHA-256 of the certificate of the hierarchy's authority    |
//! | 32    | a secret                                                   |
//! | n     | the name of the site system                                |
//! | 4     | the first bytes of the SHA-256 of all that                 |

use std::{fmt, str::FromStr};

use aws_lc_rs::{constant_time::verify_slices_are_equal, hmac, rand};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use jiff::Timestamp;

use crate::model::{Digest, Name};

/// What a token begins with, so that it is known where it does not belong.
const PREFIX: &str = "headwater-join-";

/// The only form there is.
const FORM: u8 = 1;

/// The longest text: a name has at most 253 letters.
const LONGEST: usize = 1024;

/// A text is not a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidToken {
    /// It is something else.
    #[error("it does not begin with `{PREFIX}`: write what `headwater join-token NAME` printed")]
    Other,
    /// It was damaged on its way.
    #[error(
        "it is cut off or mistyped: copy it again, or make another one with `headwater join-token`"
    )]
    Damaged,
}

/// The system gives no random numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the system gives no random numbers")]
pub struct NoRandomness;

/// Random bytes.
pub(super) fn random() -> Result<[u8; 32], NoRandomness> {
    let mut bytes = [0; 32];
    rand::fill(&mut bytes).map_err(|_| NoRandomness)?;
    Ok(bytes)
}

/// What only the two who shall find each other know.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Secret([u8; 32]);

impl Secret {
    pub(super) fn new() -> Result<Self, NoRandomness> {
        random().map(Self)
    }

    pub(super) fn from_hex(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).ok()?;
        Some(Self(bytes))
    }

    pub(super) fn to_hex(&self) -> String {
        hex::encode(self.0)
    }

    /// A tag over some parts that only those who have the secret can make. Each part goes with its length,
    /// so that no two lists are one.
    pub(super) fn tag(&self, parts: &[&[u8]]) -> Vec<u8> {
        hmac::sign(&self.key(), &joined(parts)).as_ref().to_vec()
    }

    /// Whether this is the tag over these parts, in a time that tells nothing.
    pub(super) fn verifies(&self, parts: &[&[u8]], tag: &[u8]) -> bool {
        hmac::verify(&self.key(), &joined(parts), tag).is_ok()
    }

    fn key(&self) -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, &self.0)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// Some parts as one, each with its length before it.
pub(super) fn joined(parts: &[&[u8]]) -> Vec<u8> {
    let mut all = Vec::new();
    for part in parts {
        all.extend_from_slice(&(part.len() as u64).to_be_bytes());
        all.extend_from_slice(part);
    }
    all
}

/// A token that lets the agent of one site system join, once, until it ends. Its text is a secret; what
/// `Debug` shows is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JoinToken {
    pub(super) name: Name,
    /// See [`super::names::fingerprint`].
    pub(super) authority: [u8; 32],
    pub(super) secret: Secret,
    pub(super) ends: Timestamp,
}

impl JoinToken {
    /// The text that is carried to the other computer.
    pub fn to_text(&self) -> String {
        let mut bytes = vec![FORM];
        bytes.extend_from_slice(&self.ends.as_second().to_be_bytes());
        bytes.extend_from_slice(&self.authority);
        bytes.extend_from_slice(&self.secret.0);
        bytes.extend_from_slice(self.name.as_str().as_bytes());
        let sum = *Digest::of(&bytes).as_bytes();
        bytes.extend_from_slice(sum.get(..4).unwrap_or_default());
        format!("{PREFIX}{}", BASE64_URL_SAFE_NO_PAD.encode(bytes))
    }

    /// The site system for which it is.
    pub fn name(&self) -> &Name {
        &self.name
    }

    /// When it ends.
    pub fn ends(&self) -> Timestamp {
        self.ends
    }

    /// What it is known by where it shall not be told.
    pub(super) fn digest(&self) -> Digest {
        Digest::of(&self.secret.tag(&[b"headwater join 1 name of the token"]))
    }
}

impl FromStr for JoinToken {
    type Err = InvalidToken;

    fn from_str(text: &str) -> Result<Self, InvalidToken> {
        let text = text.trim();
        let encoded = text.strip_prefix(PREFIX).ok_or(InvalidToken::Other)?;
        if text.len() > LONGEST {
            return Err(InvalidToken::Damaged);
        }
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(encoded).map_err(|_| InvalidToken::Damaged)?;
        parse(&bytes).ok_or(InvalidToken::Damaged)
    }
}

fn parse(bytes: &[u8]) -> Option<JoinToken> {
    let (bytes, sum) = bytes.split_last_chunk::<4>()?;
    verify_slices_are_equal(Digest::of(bytes).as_bytes().get(..4)?, sum).ok()?;
    let (&[FORM], bytes) = bytes.split_first_chunk::<1>()? else { return None };
    let (ends, bytes) = bytes.split_first_chunk::<8>()?;
    let (authority, bytes) = bytes.split_first_chunk::<32>()?;
    let (secret, name) = bytes.split_first_chunk::<32>()?;
    Some(JoinToken {
        name: std::str::from_utf8(name).ok()?.parse().ok()?,
        authority: *authority,
        secret: Secret(*secret),
        ends: Timestamp::from_second(i64::from_be_bytes(*ends)).ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token() -> JoinToken {
        JoinToken {
            name: "sea-dp".parse().unwrap(),
            authority: [7; 32],
            secret: Secret::new().unwrap(),
            ends: Timestamp::from_second(1_800_000_000).unwrap(),
        }
    }

    #[test]
    fn a_token_comes_back_from_its_text() {
        let token = token();
        assert_eq!(format!("\n {} \n", token.to_text()).parse(), Ok(token));
    }

    #[test]
    fn what_was_cut_off_or_changed_anywhere_is_no_token() {
        let text = token().to_text();
        assert_eq!("a secret".parse::<JoinToken>(), Err(InvalidToken::Other));
        for length in PREFIX.len()..text.len() {
            assert_eq!(text[..length].parse::<JoinToken>(), Err(InvalidToken::Damaged), "{length}");
        }
        for at in PREFIX.len()..text.len() {
            let mut other = text.clone().into_bytes();
            other[at] = if other[at] == b'A' { b'B' } else { b'A' };
            let other = String::from_utf8(other).unwrap();
            assert_eq!(other.parse::<JoinToken>(), Err(InvalidToken::Damaged), "{at}");
        }
    }

    #[test]
    fn a_token_is_not_shown() {
        let token = token();
        let shown = format!("{token:?}");
        assert!(!shown.contains(&token.secret.to_hex()) && shown.contains("Secret"), "{shown}");
    }

    #[test]
    fn no_two_lists_of_parts_have_the_same_tag() {
        let secret = Secret::new().unwrap();
        let tag = secret.tag(&[b"ab", b"c"]);
        assert!(secret.verifies(&[b"ab", b"c"], &tag));
        assert!(!secret.verifies(&[b"a", b"bc"], &tag));
        assert!(!secret.verifies(&[b"abc"], &tag));
        assert!(!Secret::new().unwrap().verifies(&[b"ab", b"c"], &tag));
    }
}
