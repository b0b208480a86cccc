//! Writing a file, record by record.

use std::io::{Read, Write};

use super::{
    FORM, FileAddress, PLAIN, UpdatesFileError, UpdatesHead,
    approvals::Approvals,
    contents::{Language, Listed, Manifest, ManifestKind, to_json},
    letter,
};
use crate::{
    model::{Digest, Hashing, UpdateIdentity},
    wire::{
        export_file::write_record,
        sealed::{Form, SealedWriter},
        server_sync::{DeploymentResult, LanguageData},
        update_content::{ListedContent, UpdateContent},
    },
};

/// A record of documents ends once it has so many bytes: large enough that what documents have in
/// common is found, small enough to be in memory.
const BATCH_BYTES: usize = 1 << 20;

/// Addresses of one record.
const ADDRESSES: usize = 1_000;

/// The usual effort of zstd: more of it saves little of what XML takes.
const LEVEL: i32 = 6;

/// How much of a file of an update is in memory.
const BLOCK: u64 = 256 << 10;

/// What a file carries.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Carries {
    /// The catalog alone: earlier versions read it too.
    #[default]
    Catalog,
    /// Files of updates, approvals, or both, beside it.
    More,
}

/// Writes a file of updates: addresses of files first, then documents, then files of updates, then
/// approvals.
#[derive(Debug)]
pub struct UpdatesFileWriter<W> {
    to: SealedWriter<W>,
    listed: Vec<Listed>,
    addresses: Vec<FileAddress>,
    documents: String,
    /// The files whose bytes are still to come, the next one last.
    contents: Vec<UpdateContent>,
    approvals: Vec<u8>,
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
        carries: Carries,
    ) -> Result<Self, UpdatesFileError> {
        let form = match carries {
            Carries::Catalog => Form { version: PLAIN, ..FORM },
            Carries::More => FORM,
        };
        let to = SealedWriter::begin(to, form)?;
        let (listed, addresses, documents) = (Vec::new(), Vec::new(), String::new());
        let (contents, approvals) = (Vec::new(), b"{}".to_vec());
        let mut writer = Self { to, listed, addresses, documents, contents, approvals };
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

    /// Lists the files of updates whose bytes come next, once all documents are written.
    ///
    /// # Errors
    ///
    /// The writer refuses.
    pub fn contents(&mut self, mut files: Vec<UpdateContent>) -> Result<(), UpdatesFileError> {
        self.end_addresses()?;
        self.end_documents()?;
        let listed: Vec<_> = files.iter().map(ListedContent::from).collect();
        self.record(letter::CONTENT, &to_json(&listed)?)?;
        files.reverse();
        self.contents = files;
        Ok(())
    }

    /// Writes the bytes of the next file that was listed.
    ///
    /// # Errors
    ///
    /// The writer refuses, or the bytes cannot be read or are fewer than were listed.
    pub fn content(&mut self, mut bytes: impl Read) -> Result<(), UpdatesFileError> {
        let Some(file) = self.contents.pop() else { return Ok(()) };
        self.to.record(letter::BYTES, file.size)?;
        let mut hashing = Hashing::default();
        let mut left = file.size;
        let mut block = vec![0; usize::try_from(BLOCK.min(left)).unwrap_or_default()];
        while left > 0 {
            let length = usize::try_from(BLOCK.min(left)).unwrap_or_default();
            let part = block.get_mut(..length).unwrap_or_default();
            bytes.read_exact(part).map_err(UpdatesFileError::Read)?;
            self.to.bytes(part)?;
            hashing.update(part);
            left -= BLOCK.min(left);
        }
        let (kind, digest) = (char::from(letter::BYTES), hashing.digest());
        self.listed.push(Listed { kind, bytes: file.size, digest });
        Ok(())
    }

    /// Has these approvals in the file.
    ///
    /// # Errors
    ///
    /// They cannot be written.
    pub fn approvals(&mut self, approvals: &DeploymentResult) -> Result<(), UpdatesFileError> {
        self.approvals = to_json(&Approvals::of(approvals))?;
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
        if !self.listed.iter().any(|it| it.kind == char::from(letter::CONTENT)) {
            self.record(letter::CONTENT, b"[]")?;
        }
        let approvals = std::mem::take(&mut self.approvals);
        self.record(letter::APPROVALS, &approvals)?;
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
