//! Documents as they are kept: packed with what all of them have in common, and with the digest by
//! which they are known to be whole.

use std::{cell::RefCell, sync::LazyLock};

use zstd_safe::{CCtx, CDict, DCtx, DDict};

use crate::{model::Digest, wire::update_document::MAX_DOCUMENT_BYTES};

/// What most documents have in common: `scripts/make-dictionary` made it out of the genuine ones of
/// this repository (origins: `tests/data/SOURCES.md`, `examples/wsus-export/SOURCES.md`).
const DICTIONARY: &[u8] = include_bytes!("documents.dictionary");

/// The number under which rows name it. Never changes its meaning: a better one gets the next number.
pub(super) const DICTIONARY_NUMBER: i64 = 1;

/// Of zstd. Level 1 saves a sixth on the disk, and takes two and a half times as long to unpack, which is a
/// third of what serving a document takes; level 3 saves a twentieth more and packs half as fast.
const LEVEL: i32 = -1;

static PACKING: LazyLock<CDict<'static>> = LazyLock::new(|| CDict::create(DICTIONARY, LEVEL));
static UNPACKING: LazyLock<DDict<'static>> = LazyLock::new(|| DDict::create(DICTIONARY));

thread_local! {
    static PACKER: RefCell<CCtx<'static>> = RefCell::new(CCtx::create());
    static UNPACKER: RefCell<DCtx<'static>> = RefCell::new(DCtx::create());
}

/// A document, ready to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackedDocument {
    pub(super) sha256: Digest,
    /// Bytes of the text.
    pub(super) length: usize,
    pub(super) packed: Vec<u8>,
}

impl PackedDocument {
    /// Bytes that it takes.
    pub fn packed_bytes(&self) -> usize {
        self.packed.len()
    }

    /// Packs a text.
    ///
    /// # Panics
    ///
    /// There is no memory for it.
    #[expect(clippy::expect_used, reason = "the room is what zstd says is enough")]
    pub fn pack(text: &str) -> Self {
        let mut packed = Vec::with_capacity(zstd_safe::compress_bound(text.len()));
        PACKER
            .with_borrow_mut(|it| it.compress_using_cdict(&mut packed, text.as_bytes(), &PACKING))
            .expect("packing fails for want of room alone");
        packed.shrink_to_fit();
        Self { sha256: Digest::of(text.as_bytes()), length: text.len(), packed }
    }
}

/// The text of a packed document; `None` if it is not what was packed.
pub(super) fn unpack(
    dictionary: i64,
    sha256: &Digest,
    length: usize,
    packed: &[u8],
) -> Option<String> {
    if dictionary != DICTIONARY_NUMBER || length > MAX_DOCUMENT_BYTES {
        return None;
    }
    let mut text = Vec::with_capacity(length);
    let unpacked =
        UNPACKER.with_borrow_mut(|it| it.decompress_using_ddict(&mut text, packed, &UNPACKING));
    // No byte is served before its digest was checked.
    if unpacked.is_err() || text.len() != length || Digest::of(&text) != *sha256 {
        return None;
    }
    String::from_utf8(text).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn unpacked(it: &PackedDocument) -> Option<String> {
        unpack(DICTIONARY_NUMBER, &it.sha256, it.length, &it.packed)
    }

    #[test]
    fn a_genuine_document_takes_a_tenth_of_its_length() {
        let text = include_str!(
            "../../../tests/data/updates/266f6222-c89d-43f2-9f8a-69340271e677-r200.xml"
        );
        let packed = PackedDocument::pack(text);
        assert!(packed.packed.len() * 10 < text.len(), "{} bytes", packed.packed.len());
        assert_eq!(unpacked(&packed).as_deref(), Some(text));
    }

    #[test]
    fn what_is_damaged_or_of_another_dictionary_is_nothing() {
        let packed = PackedDocument::pack("<Update>one</Update>");
        let PackedDocument { sha256, length, packed: bytes } = &packed;
        assert_eq!(unpack(2, sha256, *length, bytes), None);
        assert_eq!(unpack(1, sha256, *length + 1, bytes), None);
        assert_eq!(unpack(1, sha256, usize::MAX, bytes), None);
        assert_eq!(unpack(1, &Digest::of(b""), *length, bytes), None);
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1;
            let text = unpack(1, sha256, *length, &damaged);
            assert!(text.is_none() || text.as_deref() == Some("<Update>one</Update>"));
            assert_eq!(unpack(1, sha256, *length, &bytes[..at]), None);
        }
    }

    proptest! {
        #[test]
        fn any_text_reads_back(text in ".*") {
            let packed = PackedDocument::pack(&text);
            prop_assert_eq!(unpacked(&packed), Some(text));
        }
    }
}
