//! Writing, and hashing what is written.

use std::io::Write;

use super::{DIGEST_BYTES, END, Form, SealedError};
use crate::model::Hashing;

/// Writes a file and hashes it.
#[derive(Debug)]
pub struct SealedWriter<W> {
    to: W,
    hashing: Hashing,
}

impl<W: Write> SealedWriter<W> {
    /// Begins a file.
    ///
    /// # Errors
    ///
    /// The writer refuses.
    pub fn begin(to: W, form: Form) -> Result<Self, SealedError> {
        let mut writer = Self::resume(to, Hashing::default());
        writer.bytes(form.magic)?;
        writer.bytes(&form.version.to_be_bytes())?;
        Ok(writer)
    }

    /// Goes on with a file that is there up to here, and of which this is the hash.
    pub fn resume(to: W, hashing: Hashing) -> Self {
        Self { to, hashing }
    }

    /// Begins a record; its bytes come next.
    ///
    /// # Errors
    ///
    /// The writer refuses.
    pub fn record(&mut self, letter: u8, length: u64) -> Result<(), SealedError> {
        self.bytes(&[letter])?;
        self.bytes(&length.to_be_bytes())
    }

    /// Writes bytes of a record.
    ///
    /// # Errors
    ///
    /// The writer refuses.
    pub fn bytes(&mut self, bytes: &[u8]) -> Result<(), SealedError> {
        self.hashing.update(bytes);
        self.to.write_all(bytes).map_err(SealedError::Write)
    }

    /// Ends the file.
    ///
    /// # Errors
    ///
    /// The writer refuses.
    pub fn end(mut self) -> Result<(), SealedError> {
        let digest = self.hashing.digest();
        self.record(END, DIGEST_BYTES)?;
        self.bytes(digest.as_bytes())?;
        self.to.flush().map_err(SealedError::Write)
    }
}
