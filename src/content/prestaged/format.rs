//! The bytes of the file: its head, its records, and the digest of all that went before.

use std::io::{Read, Write};

use super::PrestagedError;
use crate::{
    model::Digest,
    wire::sealed::{self, Form, SealedReader, SealedWriter},
};

/// What the file begins with, and the only version of it that is written and read.
const FORM: Form = Form { magic: b"HEADWATERCONTENT", version: 1 };

/// The bytes before the first record.
pub(super) const HEAD: u64 = sealed::HEAD_BYTES;

/// The bytes of a record before what it holds.
pub(super) const RECORD: u64 = sealed::RECORD_BYTES;

/// The bytes of a digest.
pub(super) const DIGEST: u64 = sealed::DIGEST_BYTES;

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
            Self::End => sealed::END,
        }
    }
}

/// Writes the file and hashes it.
pub(super) struct Writing<W>(SealedWriter<W>);

impl<W: Write> Writing<W> {
    pub(super) fn begin(to: W) -> Result<Self, PrestagedError> {
        Ok(Self(SealedWriter::begin(to, FORM)?))
    }

    pub(super) fn record(&mut self, kind: Kind, length: u64) -> Result<(), PrestagedError> {
        Ok(self.0.record(kind.letter(), length)?)
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) -> Result<(), PrestagedError> {
        Ok(self.0.bytes(bytes)?)
    }

    pub(super) fn end(self) -> Result<(), PrestagedError> {
        Ok(self.0.end()?)
    }
}

/// Reads the file and hashes it.
pub(super) struct Checking<R>(SealedReader<R>);

impl<R: Read> Checking<R> {
    pub(super) fn begin(from: R) -> Result<Self, PrestagedError> {
        Ok(Self(SealedReader::begin(from, FORM)?))
    }

    /// The next record: what it holds, and how many bytes.
    pub(super) fn record(&mut self) -> Result<(Kind, u64), PrestagedError> {
        let (letter, length) = self.0.record()?;
        let kind = [Kind::Package, Kind::File, Kind::End].into_iter();
        let kind = kind.into_iter().find(|kind| kind.letter() == letter).ok_or_else(|| {
            PrestagedError::Damaged(format!("a record of kind {letter:#04x} is in it"))
        })?;
        Ok((kind, length))
    }

    pub(super) fn digest(&mut self) -> Result<Digest, PrestagedError> {
        Ok(self.0.digest()?)
    }

    /// Fills a block.
    pub(super) fn fill(&mut self, block: &mut [u8]) -> Result<(), PrestagedError> {
        Ok(self.0.fill(block)?)
    }
}
