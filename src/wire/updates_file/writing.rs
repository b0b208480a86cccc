//! Writing a file, record by record.

use std::io::Write;

use super::{
    FORM, FileAddress, UpdatesFileError, UpdatesHead,
    contents::{Language, Listed, Manifest, ManifestKind, to_json},
    letter,
};
use crate::{
    model::{Digest, UpdateIdentity},
    wire::{export_file::write_record, sealed::SealedWriter, server_sync::LanguageData},
};

/// A record of documents ends once it has so many bytes: large enough that what documents have in
/// common is found, small enough to be in memory.
const BATCH_BYTES: usize = 1 << 20;

/// Addresses of one record.
const ADDRESSES: usize = 1_000;

/// The usual effort of zstd: more of it saves little of what XML takes.
const LEVEL: i32 = 6;

/// Writes a file of updates: addresses of files first, then documents.
#[derive(Debug)]
pub struct UpdatesFileWriter<W> {
    to: SealedWriter<W>,
    listed: Vec<Listed>,
    addresses: Vec<FileAddress>,
    documents: String,
}

impl<W: Write> UpdatesFileWriter<W> {
    /// Begins a file.
    ///
    /// # Errors
    ///
    /// The writer refuses.
    pub fn begin(
        to: W,
        head: &UpdatesHead,
        languages: &[LanguageData],
    ) -> Result<Self, UpdatesFileError> {
        let to = SealedWriter::begin(to, FORM)?;
        let (addresses, documents) = (Vec::new(), String::new());
        let mut writer = Self { to, listed: Vec::new(), addresses, documents };
        writer.record(letter::HEAD, &to_json(head)?)?;
        let languages: Vec<Language> = languages.iter().map(Language::from).collect();
        writer.record(letter::LANGUAGES, &to_json(&languages)?)?;
        Ok(writer)
    }

    /// Writes where a file is; not after documents.
    ///
    /// # Errors
    ///
    /// The writer refuses.
    pub fn address(&mut self, address: FileAddress) -> Result<(), UpdatesFileError> {
        self.addresses.push(address);
        if self.addresses.len() >= ADDRESSES { self.end_addresses() } else { Ok(()) }
    }

    /// Writes a document.
    ///
    /// # Errors
    ///
    /// The writer refuses, or the document is too long for the form.
    pub fn document(
        &mut self,
        identity: UpdateIdentity,
        text: &str,
    ) -> Result<(), UpdatesFileError> {
        self.end_addresses()?;
        // A long one has a record of its own: no record is longer than it has to be.
        if self.documents.len().saturating_add(text.len()) > BATCH_BYTES {
            self.end_documents()?;
        }
        write_record(&mut self.documents, identity, text)?;
        Ok(())
    }

    /// Ends the file.
    ///
    /// # Errors
    ///
    /// The writer refuses.
    pub fn end(mut self) -> Result<(), UpdatesFileError> {
        self.end_addresses()?;
        self.end_documents()?;
        self.record(letter::CONTENT, b"[]")?;
        self.record(letter::APPROVALS, b"{}")?;
        let records = std::mem::take(&mut self.listed);
        let manifest = to_json(&Manifest { kind: ManifestKind::HeadwaterUpdates, records })?;
        self.record(letter::MANIFEST, &manifest)?;
        Ok(self.to.end()?)
    }

    fn end_addresses(&mut self) -> Result<(), UpdatesFileError> {
        if self.addresses.is_empty() {
            return Ok(());
        }
        let addresses = to_json(&std::mem::take(&mut self.addresses))?;
        self.record(letter::FILES, &addresses)
    }

    fn end_documents(&mut self) -> Result<(), UpdatesFileError> {
        if self.documents.is_empty() {
            return Ok(());
        }
        let plain = std::mem::take(&mut self.documents).into_bytes();
        let mut packed = Vec::with_capacity(zstd_safe::compress_bound(plain.len()));
        zstd_safe::compress(&mut packed, &plain, LEVEL)
            .map_err(|code| UpdatesFileError::Write(std::io::Error::other(error_name(code))))?;
        self.record(letter::DOCUMENTS, &packed)
    }

    fn record(&mut self, letter: u8, bytes: &[u8]) -> Result<(), UpdatesFileError> {
        let length = bytes.len() as u64;
        self.to.record(letter, length)?;
        self.to.bytes(bytes)?;
        let (kind, digest) = (char::from(letter), Digest::of(bytes));
        self.listed.push(Listed { kind, bytes: length, digest });
        Ok(())
    }
}

fn error_name(code: usize) -> &'static str {
    zstd_safe::get_error_name(code)
}
