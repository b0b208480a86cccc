//! What is inside our own cookies: a downstream server's account, sealed with authenticated
//! encryption and never deserialised before it is authenticated (protocol §0.7).

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use jiff::Timestamp;
use uuid::Uuid;

/// Longest account name, in bytes: a full host name has at most 255.
pub const MAX_ACCOUNT_NAME_BYTES: usize = 255;

/// First byte of every cookie: the form of what follows.
const FORM: u8 = 1;

/// Seconds, identifier; the name takes the rest.
const FIXED_BYTES: usize = 8 + 16;

/// What a cookie is for. It is authenticated with the cookie, so one kind never passes as the
/// other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CookieKind {
    /// The answer of `GetAuthorizationCookie`.
    Authorization,
    /// The answer of `GetCookie`.
    Session,
}

/// The key under which a server seals its cookies.
pub struct CookieKey(LessSafeKey);

/// What a cookie says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CookiePayload {
    account_name: String,
    account_guid: Uuid,
    expires_at: Timestamp,
}

/// Why a cookie cannot be made or opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CookieError {
    /// The account name is empty or too long.
    #[error("account name of {0} bytes is not between 1 and {MAX_ACCOUNT_NAME_BYTES} bytes long")]
    AccountName(usize),
    /// The expiry is out of range.
    #[error("expiry is out of range")]
    Expiry,
    /// Too short, too long, or of another form.
    #[error("cookie of {0} bytes is not one of this server's")]
    Form(usize),
    /// Another key, another kind, or changed on the way: which of them, nobody can tell.
    #[error("cookie was not sealed by this server for this purpose, or was changed")]
    Seal,
}

impl CookiePayload {
    /// A payload; the expiry is cut to seconds.
    pub fn new(
        account_name: impl Into<String>,
        account_guid: Uuid,
        expires_at: Timestamp,
    ) -> Result<Self, CookieError> {
        let account_name = account_name.into();
        if account_name.is_empty() || account_name.len() > MAX_ACCOUNT_NAME_BYTES {
            return Err(CookieError::AccountName(account_name.len()));
        }
        let expires_at = Timestamp::from_second(expires_at.as_second());
        let expires_at = expires_at.map_err(|_| CookieError::Expiry)?;
        Ok(Self { account_name, account_guid, expires_at })
    }

    /// Name of the downstream server.
    pub fn account_name(&self) -> &str {
        &self.account_name
    }

    /// Stable identifier of the downstream server.
    pub const fn account_guid(&self) -> Uuid {
        self.account_guid
    }

    /// When the cookie ends, in whole seconds.
    pub const fn expires_at(&self) -> Timestamp {
        self.expires_at
    }

    /// Whether it has ended by `now`. Opening does not check this: there is no clock here.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        now >= self.expires_at
    }

    fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(FIXED_BYTES + self.account_name.len() + 64);
        bytes.extend_from_slice(&self.expires_at.as_second().to_be_bytes());
        bytes.extend_from_slice(self.account_guid.as_bytes());
        bytes.extend_from_slice(self.account_name.as_bytes());
        bytes
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (second, rest) = bytes.split_first_chunk::<8>()?;
        let (guid, name) = rest.split_first_chunk::<16>()?;
        let expires_at = Timestamp::from_second(i64::from_be_bytes(*second)).ok()?;
        let name = std::str::from_utf8(name).ok()?;
        Self::new(name, Uuid::from_bytes(*guid), expires_at).ok()
    }
}

impl CookieKind {
    const fn associated_data(self) -> &'static [u8] {
        match self {
            Self::Authorization => b"headwater authorization cookie",
            Self::Session => b"headwater session cookie",
        }
    }
}

impl CookieKey {
    /// A key made of 32 random bytes.
    #[expect(
        clippy::expect_used,
        clippy::missing_panics_doc,
        reason = "fails only for a key of another length than 32 bytes"
    )]
    pub fn new(key: [u8; 32]) -> Self {
        let key = UnboundKey::new(&AES_256_GCM, &key).expect("key has the algorithm's length");
        Self(LessSafeKey::new(key))
    }

    /// Seals a payload. The nonce must be random and never used again with this key.
    #[expect(
        clippy::expect_used,
        clippy::missing_panics_doc,
        reason = "fails only for texts of many gigabytes"
    )]
    pub fn seal(
        &self,
        kind: CookieKind,
        nonce: [u8; NONCE_LEN],
        payload: &CookiePayload,
    ) -> Vec<u8> {
        let mut text = payload.to_bytes();
        let aad = Aad::from(kind.associated_data());
        self.0
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad, &mut text)
            .expect("payload is bounded");
        let mut cookie = Vec::with_capacity(1 + NONCE_LEN + text.len());
        cookie.push(FORM);
        cookie.extend_from_slice(&nonce);
        cookie.append(&mut text);
        cookie
    }

    /// Opens a cookie that must be of this kind.
    pub fn open(&self, kind: CookieKind, cookie: &[u8]) -> Result<CookiePayload, CookieError> {
        let form = || CookieError::Form(cookie.len());
        let longest = 1 + NONCE_LEN + FIXED_BYTES + MAX_ACCOUNT_NAME_BYTES + AES_256_GCM.tag_len();
        if cookie.len() > longest {
            return Err(form());
        }
        let (&FORM, rest) = cookie.split_first().ok_or_else(form)? else {
            return Err(form());
        };
        let (nonce, sealed) = rest.split_first_chunk::<NONCE_LEN>().ok_or_else(form)?;
        let mut text = sealed.to_vec();
        let aad = Aad::from(kind.associated_data());
        let plain = self
            .0
            .open_in_place(Nonce::assume_unique_for_key(*nonce), aad, &mut text)
            .map_err(|_| CookieError::Seal)?;
        CookiePayload::from_bytes(plain).ok_or_else(form)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payload() -> CookiePayload {
        let at = "2026-10-04T20:33:26.9Z".parse().unwrap();
        CookiePayload::new("dss01.example.org", Uuid::from_u128(7), at).unwrap()
    }

    #[test]
    fn sealed_cookie_opens() {
        let key = CookieKey::new([1; 32]);
        let cookie = key.seal(CookieKind::Session, [2; 12], &payload());
        let opened = key.open(CookieKind::Session, &cookie).unwrap();
        assert_eq!(opened, payload());
        assert_eq!(opened.expires_at().to_string(), "2026-10-04T20:33:26Z");
        assert!(opened.is_expired(opened.expires_at()));
    }

    #[test]
    fn one_kind_never_passes_as_the_other() {
        let key = CookieKey::new([1; 32]);
        let cookie = key.seal(CookieKind::Authorization, [2; 12], &payload());
        assert_eq!(key.open(CookieKind::Session, &cookie), Err(CookieError::Seal));
        let other = CookieKey::new([3; 32]);
        assert_eq!(other.open(CookieKind::Authorization, &cookie), Err(CookieError::Seal));
    }

    #[test]
    fn any_changed_bit_or_length_is_noticed() {
        let key = CookieKey::new([1; 32]);
        let cookie = key.seal(CookieKind::Session, [2; 12], &payload());
        for bit in 0..cookie.len() * 8 {
            let mut changed = cookie.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(key.open(CookieKind::Session, &changed).is_err());
        }
        for length in 0..cookie.len() {
            assert!(key.open(CookieKind::Session, &cookie[..length]).is_err());
        }
        assert_eq!(key.open(CookieKind::Session, &[1; 4096]), Err(CookieError::Form(4096)));
    }

    #[test]
    fn account_names_are_bounded() {
        let at = Timestamp::UNIX_EPOCH;
        assert!(CookiePayload::new("", Uuid::nil(), at).is_err());
        assert!(CookiePayload::new("x".repeat(256), Uuid::nil(), at).is_err());
        let longest = CookiePayload::new("x".repeat(255), Uuid::nil(), at).unwrap();
        let key = CookieKey::new([0; 32]);
        let cookie = key.seal(CookieKind::Session, [0; 12], &longest);
        assert_eq!(key.open(CookieKind::Session, &cookie), Ok(longest));
    }
}
