//! SHA-256 digests: the address of every file in a content library (PDP-15) and the identity of
//! manifests, observed state and catalogs.

use std::{
    fmt,
    io::{self, BufWriter, Write},
    str::FromStr,
};

use aws_lc_rs::digest::{Context, SHA256};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::text::Parsed;

/// A SHA-256 digest: 32 bytes, written as `sha256:` and 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, JsonSchema)]
#[schemars(with = "String", extend("pattern" = "^sha256:[0-9a-f]{64}$"))]
pub struct Digest([u8; 32]);

/// What the text form begins with.
const PREFIX: &str = "sha256:";
/// How long the text form is.
const WRITTEN: usize = PREFIX.len() + 64;

/// Why a text is not a [`Digest`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a digest: write `sha256:` and 64 hexadecimal digits")]
pub struct DigestError(String);

impl Digest {
    /// The digest of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        let mut digest = [0; 32];
        digest.copy_from_slice(aws_lc_rs::digest::digest(&SHA256, bytes).as_ref());
        Self(digest)
    }

    /// The digest of a value's JSON form, which is not kept: that of a large hierarchy is many
    /// megabytes.
    pub fn of_json(value: &impl Serialize) -> Self {
        let mut hashing = BufWriter::with_capacity(1 << 16, Hashing::default());
        // Hashing cannot fail, and neither can writing what was derived from names and numbers.
        let written = serde_json::to_writer(&mut hashing, value).map_err(io::Error::from);
        let hashing =
            written.and_then(|()| hashing.into_inner().map_err(io::IntoInnerError::into_error));
        hashing.map_or(Self([0; 32]), |hashing| hashing.digest())
    }

    /// Wraps 32 bytes that are known to be a SHA-256 digest.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The 64 hexadecimal digits, without the `sha256:` in front.
    pub fn to_hex(self) -> String {
        hex::encode(self.0)
    }

    /// The first eight of them: what tables show, and enough to say which one is meant.
    pub fn short(self) -> String {
        let mut digits = self.to_hex();
        digits.truncate(8);
        digits
    }

    /// Reads 64 hexadecimal digits, either case, without a prefix.
    pub fn from_hex(text: &str) -> Result<Self, DigestError> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| DigestError(text.to_owned()))?;
        Ok(Self(bytes))
    }

    /// The text form, without an allocation: observed state has hundreds of thousands of digests.
    fn written(self, text: &mut [u8; WRITTEN]) -> &str {
        let (prefix, digits) = text.split_at_mut(PREFIX.len());
        prefix.copy_from_slice(PREFIX.as_bytes());
        // The length is that of the digits, which is all that could be wrong.
        let _ = hex::encode_to_slice(self.0, digits);
        str::from_utf8(text).unwrap_or_default()
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.written(&mut [0; WRITTEN]))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Digest {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.strip_prefix(PREFIX).ok_or_else(|| DigestError(text.to_owned()))?;
        Self::from_hex(digits).map_err(|_| DigestError(text.to_owned()))
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.written(&mut [0; WRITTEN]))
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Parsed::from(deserializer)
    }
}

/// The digest of what is written into it.
#[derive(Clone)]
pub struct Hashing(Context);

impl Hashing {
    /// The digest of what has been written so far.
    pub fn digest(&self) -> Digest {
        let mut digest = [0; 32];
        digest.copy_from_slice(self.0.clone().finish().as_ref());
        Digest(digest)
    }

    /// Takes these bytes in.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }
}

impl Default for Hashing {
    fn default() -> Self {
        Self(Context::new(&SHA256))
    }
}

impl fmt::Debug for Hashing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hashing")
    }
}

impl Write for Hashing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_value_is_that_of_its_json_form() {
        let value = vec!["one"; 100_000];
        let whole = Digest::of(&serde_json::to_vec(&value).unwrap());
        assert_eq!(Digest::of_json(&value), whole);
    }

    #[test]
    fn text_form_reads_back() {
        let digest = Digest::of(b"headwater");
        assert_eq!(digest.to_string().parse(), Ok(digest));
        assert!("sha256:12".parse::<Digest>().is_err());
        assert!(digest.to_hex().parse::<Digest>().is_err());
    }
}
