//! Texts that the journal keeps: plans, and the manifests that they were made of. Compressed, and each
//! once, however many runs have it.

use rusqlite::{OptionalExtension, Transaction, params};

use crate::model::Digest;

use super::{Journal, StoreError, StoreProblem};

/// Of zstd: ten times smaller than plain for a plan, at hundreds of megabytes a second.
const LEVEL: i32 = 3;

/// The longest text that is unpacked, in bytes: more than a plan for 50,000 site systems takes.
const LONGEST: usize = 1 << 30;

/// A text, ready to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackedText {
    digest: Digest,
    length: usize,
    packed: Vec<u8>,
}

impl PackedText {
    /// Packs a text.
    ///
    /// # Panics
    ///
    /// There is no memory for it.
    #[expect(clippy::expect_used, reason = "the room is what zstd says is enough")]
    pub fn pack(text: &str) -> Self {
        let mut packed = Vec::with_capacity(zstd_safe::compress_bound(text.len()));
        zstd_safe::compress(&mut packed, text.as_bytes(), LEVEL)
            .expect("packing fails for want of room alone");
        packed.shrink_to_fit();
        Self { digest: Digest::of(text.as_bytes()), length: text.len(), packed }
    }

    /// By which it is known.
    pub(super) fn digest(&self) -> String {
        self.digest.to_string()
    }

    /// Keeps it, if it is not kept already.
    pub(super) fn keep(&self, it: &Transaction<'_>) -> Result<(), StoreProblem> {
        let length = i64::try_from(self.length).unwrap_or(i64::MAX);
        it.prepare_cached("INSERT OR IGNORE INTO kept_text VALUES (?1, ?2, ?3)")?
            .execute(params![self.digest(), length, self.packed])?;
        Ok(())
    }
}

impl Journal {
    /// A text that is kept; `None` if it is not any more.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or holds something else under that digest.
    pub fn text(&self, digest: Digest) -> Result<Option<String>, StoreError> {
        self.0.read(|it| {
            let row = it
                .prepare_cached("SELECT length, packed FROM kept_text WHERE digest = ?1")?
                .query_row([digest.to_string()], |row| {
                    Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?))
                })
                .optional()?;
            let Some((length, packed)) = row else { return Ok(None) };
            let text = usize::try_from(length).ok().and_then(|it| unpack(digest, it, &packed));
            text.map(Some).ok_or(StoreProblem::Value("a plan or a manifest that is kept"))
        })
    }
}

/// The text that was packed; `None` if it is another one.
fn unpack(digest: Digest, length: usize, packed: &[u8]) -> Option<String> {
    let declared = zstd_safe::get_frame_content_size(packed).ok().flatten();
    if length > LONGEST || declared != u64::try_from(length).ok() {
        return None;
    }
    let mut text = Vec::with_capacity(length);
    let unpacked = zstd_safe::decompress(&mut text, packed);
    let right = unpacked.is_ok() && text.len() == length && Digest::of(&text) == digest;
    if right { String::from_utf8(text).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_packed_comes_back_and_what_is_damaged_does_not() {
        let text = "a plan for somebody. ".repeat(500);
        let PackedText { digest, length, packed } = PackedText::pack(&text);
        assert!(packed.len() * 20 < text.len(), "{} bytes", packed.len());
        assert_eq!(unpack(digest, length, &packed), Some(text));
        assert_eq!(unpack(Digest::of(b""), length, &packed), None);
        assert_eq!(unpack(digest, length + 1, &packed), None);
        assert_eq!(unpack(digest, usize::MAX, &packed), None);
        for at in 0..packed.len() {
            assert_eq!(unpack(digest, length, &packed[..at]), None);
        }
    }
}
