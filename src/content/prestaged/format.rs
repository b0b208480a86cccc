//! The bytes of the file: its head, its records, and the digest of all that went before.

use std::io::{Read, Write};

use super::{super::intake::Hash, PrestagedError};
use crate::model::Digest;

/// What the file begins with.
const MAGIC: &[u8; 16] = b"HEADWATERCONTENT";

/// The version of the format that is written, and the only one that is read.
const FORMAT: u32 = 1;

/// The bytes before the first record.
pub(super) const HEAD: u64 = 20;

/// The bytes of a record before what it holds.
pub(super) const RECORD: u64 = 9;

/// The bytes of a digest.
pub(super) const DIGEST: u64 = 32;

/// What a record holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Package,
    File,
    End,
}

impl Kind {
    const fn letter(self) -> u8 {
        match self {
            Self::Package => b'P',
            Self::File => b'F',
            Self::End => b'E',
        }
    }
}

/// Writes the file and hashes it.
pub(super) struct Writing<W> {
    to: W,
    hash: Hash,
}

impl<W: Write> Writing<W> {
    pub(super) fn begin(to: W) -> Result<Self, PrestagedError> {
        let mut writing = Self { to, hash: Hash::new() };
        writing.bytes(MAGIC)?;
        writing.bytes(&FORMAT.to_be_bytes())?;
        Ok(writing)
    }

    pub(super) fn record(&mut self, kind: Kind, length: u64) -> Result<(), PrestagedError> {
        self.bytes(&[kind.letter()])?;
        self.bytes(&length.to_be_bytes())
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) -> Result<(), PrestagedError> {
        self.hash.update(bytes);
        self.to.write_all(bytes).map_err(PrestagedError::Write)
    }

    pub(super) fn end(mut self) -> Result<(), PrestagedError> {
        let digest = self.hash.finish();
        self.record(Kind::End, DIGEST)?;
        self.to.write_all(digest.as_bytes()).map_err(PrestagedError::Write)?;
        self.to.flush().map_err(PrestagedError::Write)
    }
}

/// Reads the file and hashes it.
pub(super) struct Checking<R> {
    from: R,
    hash: Hash,
}

impl<R: Read> Checking<R> {
    pub(super) fn begin(from: R) -> Result<Self, PrestagedError> {
        let mut checking = Self { from, hash: Hash::new() };
        let magic: [u8; 16] = checking.array()?;
        if magic != *MAGIC {
            return Err(PrestagedError::NotOne);
        }
        match u32::from_be_bytes(checking.array()?) {
            FORMAT => Ok(checking),
            other => Err(PrestagedError::Format(other)),
        }
    }

    /// The next record: what it holds, and how many bytes.
    pub(super) fn record(&mut self) -> Result<(Kind, u64), PrestagedError> {
        // What the last record vouches for ends before that record begins.
        let before = self.hash.finish();
        let [letter] = self.array()?;
        let kind = [Kind::Package, Kind::File, Kind::End].into_iter();
        let kind = kind.into_iter().find(|kind| kind.letter() == letter).ok_or_else(|| {
            PrestagedError::Damaged(format!("a record of kind {letter:#04x} is in it"))
        })?;
        let length = u64::from_be_bytes(self.array()?);
        if kind == Kind::End {
            self.ends_with(before, length)?;
        }
        Ok((kind, length))
    }

    fn ends_with(&mut self, before: Digest, length: u64) -> Result<(), PrestagedError> {
        let damaged = |what: &str| Err(PrestagedError::Damaged(what.to_owned()));
        if length != DIGEST {
            return damaged("its last record has no digest");
        }
        if self.digest()? != before {
            return damaged("its bytes are not those that were written");
        }
        match self.from.read(&mut [0]).map_err(PrestagedError::read)? {
            0 => Ok(()),
            _ => damaged("something follows after its end"),
        }
    }

    pub(super) fn digest(&mut self) -> Result<Digest, PrestagedError> {
        Ok(Digest::from_bytes(self.array()?))
    }

    /// Fills a block.
    pub(super) fn fill(&mut self, block: &mut [u8]) -> Result<(), PrestagedError> {
        self.from.read_exact(block).map_err(PrestagedError::read)?;
        self.hash.update(block);
        Ok(())
    }

    fn array<const LENGTH: usize>(&mut self) -> Result<[u8; LENGTH], PrestagedError> {
        let mut bytes = [0; LENGTH];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }
}
