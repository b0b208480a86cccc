//! The bytes of packs and of their indexes.
//!
//! ```text
//! <number>.pack    "HEADWATER PACK 1", then records, each:
//!   "HWr", 'L' or 'D' (damaged: not to be read)     4 bytes
//!   the length of the file                          4
//!   its SHA-256                                     32
//!   the first bytes of the SHA-256 of these two     8
//!   the file
//! <number>.index   "HEADWATER INDX 1", for each record that is to be read: the SHA-256, where the file
//!                  begins in the pack (4 bytes), its length (4); then the SHA-256 of all that
//! ```
//!
//! Numbers are big-endian.

use crate::model::Digest;

/// What a pack begins with.
pub(super) const HEAD: &[u8; 16] = b"HEADWATER PACK 1";
const INDEX: &[u8; 16] = b"HEADWATER INDX 1";

/// The bytes of a record before the file.
pub(super) const RECORD: u32 = 48;

/// What a record begins with.
pub(super) const MAGIC: &[u8; 3] = b"HWr";
const LIVE: u8 = b'L';
/// Of a record that is not to be read any more; where that stands in it.
pub(super) const DAMAGED: u8 = b'D';
pub(super) const STATE: u32 = 3;

/// The bytes of a record in an index.
const ENTRY: usize = 40;

/// A file in a pack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) digest: Digest,
    /// Where its bytes begin, behind the head of the record.
    pub(super) at: u32,
    pub(super) length: u32,
}

/// What a record says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RecordHead {
    pub(super) digest: Digest,
    pub(super) length: u32,
    pub(super) damaged: bool,
}

/// Appends a record to others.
pub(super) fn write_record(to: &mut Vec<u8>, digest: &Digest, length: u32, file: &[u8]) {
    to.extend_from_slice(MAGIC);
    to.push(LIVE);
    to.extend_from_slice(&length.to_be_bytes());
    to.extend_from_slice(digest.as_bytes());
    to.extend_from_slice(&check(digest, length));
    to.extend_from_slice(file);
}

/// Reads the head of a record; `None` if it is none.
pub(super) fn read_head(bytes: &[u8]) -> Option<RecordHead> {
    let (magic, rest) = bytes.split_first_chunk::<3>()?;
    let (state, rest) = rest.split_first()?;
    let (length, rest) = rest.split_first_chunk()?;
    let (digest, rest) = rest.split_first_chunk()?;
    let (length, digest) = (u32::from_be_bytes(*length), Digest::from_bytes(*digest));
    let damaged = match *state {
        LIVE => false,
        DAMAGED => true,
        _ => return None,
    };
    let right = magic == MAGIC
        && u64::from(length) <= super::PACKED
        && rest.first_chunk() == Some(&check(&digest, length));
    right.then_some(RecordHead { digest, length, damaged })
}

fn check(digest: &Digest, length: u32) -> [u8; 8] {
    let mut bytes = [0; 36];
    let (first, last) = bytes.split_at_mut(4);
    first.copy_from_slice(&length.to_be_bytes());
    last.copy_from_slice(digest.as_bytes());
    Digest::of(&bytes).as_bytes().first_chunk().copied().unwrap_or_default()
}

/// The index of a pack.
pub(super) fn write_index(records: &[Record]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(INDEX.len() + records.len() * ENTRY + 32);
    bytes.extend_from_slice(INDEX);
    for record in records {
        bytes.extend_from_slice(record.digest.as_bytes());
        bytes.extend_from_slice(&record.at.to_be_bytes());
        bytes.extend_from_slice(&record.length.to_be_bytes());
    }
    let digest = Digest::of(&bytes);
    bytes.extend_from_slice(digest.as_bytes());
    bytes
}

/// Reads the index of a pack; `None` if it is not as it was written.
pub(super) fn read_index(bytes: &[u8]) -> Option<Vec<Record>> {
    let (before, digest) = bytes.split_last_chunk::<32>()?;
    if Digest::of(before).as_bytes() != digest {
        return None;
    }
    let (entries, []) = before.strip_prefix(INDEX)?.as_chunks::<ENTRY>() else { return None };
    let entry = |entry: &[u8; ENTRY]| {
        let (digest, rest) = entry.split_first_chunk::<32>()?;
        let (at, rest) = rest.split_first_chunk()?;
        let (digest, at) = (Digest::from_bytes(*digest), u32::from_be_bytes(*at));
        let length = u32::from_be_bytes(*rest.first_chunk()?);
        Some(Record { digest, at, length })
    };
    entries.iter().map(entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_any_other_byte_refused() {
        let digest = Digest::of(b"one");
        let mut bytes = Vec::new();
        write_record(&mut bytes, &digest, 3, b"one");
        assert_eq!(bytes.len(), RECORD as usize + 3);
        let read = read_head(&bytes);
        assert_eq!(read, Some(RecordHead { digest, length: 3, damaged: false }));
        for at in 0..RECORD as usize {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1;
            assert_eq!(read_head(&flipped), None, "byte {at}");
            assert_eq!(read_head(&bytes[..at]), None, "{at} bytes");
        }
        bytes[STATE as usize] = DAMAGED;
        assert!(read_head(&bytes).is_some_and(|head| head.damaged));
        let mut longer = Vec::new();
        write_record(&mut longer, &digest, (64 << 10) + 1, b"");
        assert_eq!(read_head(&longer), None);
    }

    #[test]
    fn an_index_is_as_it_was_written_or_none() {
        let record = |number: u32| {
            let digest = Digest::of(&number.to_be_bytes());
            Record { digest, at: number * 100, length: number }
        };
        for records in [vec![], vec![record(1)], (0..9).map(record).collect()] {
            let bytes = write_index(&records);
            assert_eq!(read_index(&bytes), Some(records));
            for at in 0..bytes.len() {
                let mut flipped = bytes.clone();
                flipped[at] ^= 1;
                assert_eq!(read_index(&flipped), None);
                assert_eq!(read_index(&bytes[..at]), None);
            }
        }
    }
}
