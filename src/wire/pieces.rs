//! The pieces of large files: each has a hash of its own, so that parts of a file can come from
//! several sources at once and be verified as they come, and so that a repair moves a piece and not
//! a file.

use std::{fmt, ops::Range, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// The size of a piece in bytes; the last one of a file may be shorter. A file of 4 GiB has 1,024.
pub const PIECE: u64 = 4 << 20;

/// The BLAKE3 hash of one piece. Not SHA-256, which stays the address of a file: hashing is the
/// largest part of what a transfer costs, and BLAKE3 takes a quarter of the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PieceHash(blake3::Hash);

/// The hashes of all pieces of a file, in order. Clones are cheap. Written as one text of 64
/// hexadecimal digits a piece.
#[derive(Clone, PartialEq, Eq)]
pub struct Pieces(Arc<[PieceHash]>);

impl Pieces {
    /// The pieces of a file whose bytes are in memory; `None` if it is too small to have any.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        let mut hashing = PieceHashing::default();
        hashing.update(bytes);
        hashing.finish()
    }

    /// How many pieces a file of so many bytes has: none up to the size of one.
    pub fn count(size: u64) -> u64 {
        if size <= PIECE { 0 } else { size.div_ceil(PIECE) }
    }

    /// Where a piece lies in a file of so many bytes; empty behind its end.
    pub fn span(index: u64, size: u64) -> Range<u64> {
        let start = index.saturating_mul(PIECE).min(size);
        start..start.saturating_add(PIECE).min(size)
    }

    /// How many there are.
    pub fn len(&self) -> u64 {
        self.0.len() as u64
    }

    /// Whether there are none, which no list of files says.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All hashes, in order.
    pub fn iter(&self) -> impl Iterator<Item = PieceHash> {
        self.0.iter().copied()
    }

    /// The hash of a piece.
    pub fn get(&self, index: u64) -> Option<PieceHash> {
        self.0.get(usize::try_from(index).ok()?).copied()
    }
}

impl fmt::Debug for Pieces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pieces({})", self.len())
    }
}

impl Serialize for Pieces {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let bytes: Vec<u8> = self.0.iter().flat_map(|hash| *hash.0.as_bytes()).collect();
        serializer.serialize_str(&hex::encode(bytes))
    }
}

impl<'de> Deserialize<'de> for Pieces {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        let bytes = hex::decode(&*text).map_err(D::Error::custom)?;
        let (hashes, rest) = bytes.as_chunks::<32>();
        if hashes.is_empty() || !rest.is_empty() {
            return Err(D::Error::custom("pieces are written as 64 hexadecimal digits each"));
        }
        let hashes = hashes.iter().map(|bytes| PieceHash(blake3::Hash::from_bytes(*bytes)));
        Ok(Self(hashes.collect()))
    }
}

/// Computes the pieces of a file from its bytes as they come.
#[derive(Debug, Default)]
pub struct PieceHashing {
    hashes: Vec<PieceHash>,
    piece: HashingPiece,
}

impl PieceHashing {
    /// Takes more bytes, in any portions.
    pub fn update(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let (now, later) = bytes.split_at(self.piece.room().min(bytes.len()));
            self.piece.update(now);
            if self.piece.room() == 0 {
                self.hashes.push(std::mem::take(&mut self.piece).finish());
            }
            bytes = later;
        }
    }

    /// The pieces; `None` if the file is too small to have any.
    pub fn finish(mut self) -> Option<Pieces> {
        if self.piece.length() > 0 {
            self.hashes.push(self.piece.finish());
        }
        (self.hashes.len() > 1).then(|| Pieces(self.hashes.into()))
    }
}

/// Computes the hash of one piece.
#[derive(Debug, Default)]
pub struct HashingPiece {
    /// Two kilobytes.
    hasher: Box<blake3::Hasher>,
    length: u64,
}

impl HashingPiece {
    /// Takes more bytes of it.
    pub fn update(&mut self, bytes: &[u8]) {
        self.hasher.update(bytes);
        self.length = self.length.saturating_add(bytes.len() as u64);
    }

    /// How many bytes it has taken.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// How many bytes it may still take.
    fn room(&self) -> usize {
        usize::try_from(PIECE.saturating_sub(self.length)).unwrap_or(0)
    }

    /// The hash of what it has taken.
    pub fn finish(&self) -> PieceHash {
        PieceHash(self.hasher.finalize())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_those_of_the_bytes_whatever_the_portions() {
        let piece = usize::try_from(PIECE).unwrap();
        let bytes: Vec<u8> = (0..2 * piece + 5).map(|at| u8::try_from(at % 251).unwrap()).collect();
        let pieces = Pieces::of(&bytes).unwrap();
        assert_eq!((pieces.len(), Pieces::count(bytes.len() as u64)), (3, 3));
        for portion in [1 << 16, piece - 1, piece, piece + 1, bytes.len()] {
            let mut hashing = PieceHashing::default();
            bytes.chunks(portion).for_each(|chunk| hashing.update(chunk));
            assert_eq!(hashing.finish().unwrap(), pieces, "{portion}");
        }
        assert_eq!(pieces.get(2).unwrap().0, blake3::hash(&bytes[2 * piece..]));
        assert_eq!(pieces.get(3), None);
    }

    #[test]
    fn small_files_have_none() {
        let piece = usize::try_from(PIECE).unwrap();
        assert_eq!(Pieces::of(b""), None);
        assert_eq!((Pieces::of(&vec![0; piece]), Pieces::count(PIECE)), (None, 0));
        assert_eq!(Pieces::of(&vec![0; piece + 1]).unwrap().len(), Pieces::count(PIECE + 1));
    }

    #[test]
    fn spans_cover_a_file_once() {
        let size = 2 * PIECE + 5;
        let spans: Vec<_> = (0..4).map(|index| Pieces::span(index, size)).collect();
        assert_eq!(spans, [0..PIECE, PIECE..2 * PIECE, 2 * PIECE..size, size..size]);
        assert!(Pieces::span(u64::MAX, u64::MAX).is_empty());
    }

    #[test]
    fn they_are_read_as_they_are_written() {
        let pieces = Pieces::of(&vec![7; usize::try_from(PIECE).unwrap() + 1]).unwrap();
        let text = serde_json::to_string(&pieces).unwrap();
        assert_eq!(text.len(), 2 + 128);
        assert_eq!(serde_json::from_str::<Pieces>(&text).unwrap(), pieces);
        for wrong in [r#""""#, r#""00""#, &format!("\"{}\"", "z".repeat(64)), "7", "[]"] {
            assert!(serde_json::from_str::<Pieces>(wrong).is_err(), "{wrong}");
        }
    }
}
