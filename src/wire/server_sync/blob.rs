//! `XmlUpdateBlobCompressed` (protocol §1.9): a cabinet of one file, mostly UTF-16.

use crate::wire::cabinet::{self, CabinetError, CabinetLimits};

/// Largest document that is unpacked, in bytes before decoding.
pub const MAX_BLOB_BYTES: u64 = 128 << 20;

/// Why a compressed document cannot be unpacked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum BlobError {
    /// The cabinet is damaged or larger than allowed.
    #[error("cabinet cannot be read")]
    Cabinet(#[from] CabinetError),
    /// The cabinet should hold one file.
    #[error("cabinet holds {0} files instead of one")]
    FileCount(usize),
    /// The file's bytes are no text.
    #[error("file is not valid {0}")]
    Encoding(&'static str),
}

/// The document in a cabinet whose files may hold `budget` bytes at most.
pub(super) fn unpack(bytes: &[u8], budget: u64) -> Result<String, BlobError> {
    let limits = CabinetLimits {
        max_files: 1,
        max_uncompressed_bytes: budget.min(MAX_BLOB_BYTES),
        require_checksums: false,
    };
    let files = cabinet::read(bytes, limits)?;
    let count = files.len();
    let mut files = files.into_iter();
    match (files.next(), count) {
        (Some((_, content)), 1) => decode(content),
        _ => Err(BlobError::FileCount(count)),
    }
}

/// The text of a document whose encoding nobody declares: told from the byte order mark, or from
/// where the zero of the first character stands.
fn decode(content: Vec<u8>) -> Result<String, BlobError> {
    match content.as_slice() {
        [0xEF, 0xBB, 0xBF, rest @ ..] => utf_8(rest.to_vec()),
        [0xFF, 0xFE, rest @ ..] => utf_16(rest, "UTF-16LE", u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => utf_16(rest, "UTF-16BE", u16::from_be_bytes),
        [_, 0, ..] => utf_16(&content, "UTF-16LE", u16::from_le_bytes),
        [0, _, ..] => utf_16(&content, "UTF-16BE", u16::from_be_bytes),
        _ => utf_8(content),
    }
}

fn utf_8(content: Vec<u8>) -> Result<String, BlobError> {
    String::from_utf8(content).map_err(|_| BlobError::Encoding("UTF-8"))
}

fn utf_16(
    content: &[u8],
    name: &'static str,
    unit: fn([u8; 2]) -> u16,
) -> Result<String, BlobError> {
    let (units, []) = content.as_chunks::<2>() else {
        return Err(BlobError::Encoding(name));
    };
    let mut text = String::with_capacity(units.len());
    for character in char::decode_utf16(units.iter().map(|bytes| unit(*bytes))) {
        text.push(character.map_err(|_| BlobError::Encoding(name))?);
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_are_told_apart() {
        let little: Vec<u8> = "<ü/>".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = "<ü/>".encode_utf16().flat_map(u16::to_be_bytes).collect();
        let marked = [&[0xFF, 0xFE], little.as_slice()].concat();
        for content in [little, big, marked, "<ü/>".into(), "\u{FEFF}<ü/>".into()] {
            assert_eq!(decode(content).unwrap(), "<ü/>");
        }
        assert_eq!(decode(Vec::new()).unwrap(), "");
    }

    #[test]
    fn half_characters_are_refused() {
        assert!(decode(vec![b'<', 0, b'a']).is_err());
        assert!(decode(vec![b'<', 0, 0x00, 0xD8]).is_err());
        assert!(decode(vec![b'<', 0xC3]).is_err());
    }
}
