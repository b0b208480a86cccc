//! Reading, and hashing what is read.

use std::io::Read;

use super::{DIGEST_BYTES, END, Form, HEAD_BYTES, SealedError};
use crate::model::{Digest, Hashing};

/// Reads a file and hashes it.
#[derive(Debug)]
pub struct SealedReader<R> {
    from: R,
    hashing: Hashing,
    position: u64,
}

impl<R: Read> SealedReader<R> {
    /// Begins a file, which has to be of this form, in this version or one before.
    ///
    /// # Errors
    ///
    /// It is something else, of a later version, or cannot be read.
    pub fn begin(from: R, form: Form) -> Result<Self, SealedError> {
        let mut reader = Self { from, hashing: Hashing::default(), position: 0 };
        let magic: [u8; 16] = reader.array()?;
        if magic != *form.magic {
            return Err(SealedError::NotOne);
        }
        let version = u32::from_be_bytes(reader.array()?);
        if !(1..=form.version).contains(&version) {
            return Err(SealedError::Version(version));
        }
        debug_assert_eq!(reader.position, HEAD_BYTES);
        Ok(reader)
    }

    /// The next record: its letter, and how many bytes it has. With [`END`] all that came before was
    /// compared, and nothing comes any more.
    ///
    /// # Errors
    ///
    /// It is cut off, was changed, or goes on after its end.
    pub fn record(&mut self) -> Result<(u8, u64), SealedError> {
        // What the last record vouches for ends before that record begins.
        let before = self.hashing.digest();
        let [letter] = self.array()?;
        let length = u64::from_be_bytes(self.array()?);
        if letter == END {
            self.ends_with(before, length)?;
        }
        Ok((letter, length))
    }

    fn ends_with(&mut self, before: Digest, length: u64) -> Result<(), SealedError> {
        if length != DIGEST_BYTES {
            return Err(SealedError::Damaged("its last record has no digest"));
        }
        if self.digest()? != before {
            return Err(SealedError::Damaged("its bytes are not those that were written"));
        }
        match self.from.read(&mut [0]).map_err(SealedError::read)? {
            0 => Ok(()),
            _ => Err(SealedError::Damaged("something follows after its end")),
        }
    }

    /// Reads a digest.
    ///
    /// # Errors
    ///
    /// It is cut off, or cannot be read.
    pub fn digest(&mut self) -> Result<Digest, SealedError> {
        Ok(Digest::from_bytes(self.array()?))
    }

    /// Fills a block.
    ///
    /// # Errors
    ///
    /// It is cut off, or cannot be read.
    pub fn fill(&mut self, block: &mut [u8]) -> Result<(), SealedError> {
        self.from.read_exact(block).map_err(SealedError::read)?;
        self.hashing.update(block);
        self.position = self.position.saturating_add(block.len() as u64);
        Ok(())
    }

    /// How many bytes have been read.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// The hash of them.
    pub fn hashing(&self) -> &Hashing {
        &self.hashing
    }

    fn array<const LENGTH: usize>(&mut self) -> Result<[u8; LENGTH], SealedError> {
        let mut bytes = [0; LENGTH];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }
}
