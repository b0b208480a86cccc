//! The export as a whole.

use std::{
    collections::BTreeSet,
    io::{self, BufReader, Cursor, Read, Seek, Write},
};

use super::{
    ExportError, ExportPackage,
    metadata::{each_record, write_record},
};
use crate::{
    model::UpdateIdentity,
    wire::{
        cabinet::{self, CabinetLimits, Place},
        update_document::UpdateDocument,
    },
};

/// Most documents of one export: several times the largest catalog known.
pub const MAX_EXPORT_DOCUMENTS: usize = 1_000_000;

/// Longest list: that of so many documents, several times over. It is read in memory.
const LONGEST_PACKAGE: usize = 512 << 20;

/// Where the documents of an export lie once it is unpacked.
pub trait Metadata: Read + Write + Seek {}

impl<T: Read + Write + Seek> Metadata for T {}

/// A checked export. The list is in memory, of the documents one at a time.
#[derive(Debug)]
pub struct ExportReader<S> {
    package: ExportPackage,
    metadata: S,
}

impl<S: Metadata> ExportReader<S> {
    /// Unpacks an export, with its documents into `metadata`, and checks that list and documents say the
    /// same: the same identities, in the same order, each once, each document being what its record says.
    ///
    /// # Errors
    ///
    /// It is damaged, or something else.
    pub fn unpack<R: Read + Seek>(from: &mut R, mut metadata: S) -> Result<Self, ExportError> {
        let mut package = Bounded { bytes: Vec::new() };
        let (mut has_package, mut has_metadata) = (false, false);
        {
            let (mut package, mut metadata) = (Some(&mut package), Some(&mut metadata));
            cabinet::unpack_into(from, CabinetLimits::EXPORT, |name| {
                match name.to_ascii_lowercase().as_str() {
                    "package.xml" => {
                        has_package = true;
                        package.take().map(|it| it as Place<'_>)
                    }
                    "metadata.txt" => {
                        has_metadata = true;
                        metadata.take().map(|it| it as Place<'_>)
                    }
                    _ => None,
                }
            })?;
        }
        for (is_there, name) in [(has_package, "package.xml"), (has_metadata, "metadata.txt")] {
            if !is_there {
                return Err(ExportError::FileMissing(name));
            }
        }
        Self::of(&package.bytes, metadata)
    }

    /// Checks an export that has been unpacked: the bytes of `package.xml`, and `metadata.txt`.
    ///
    /// # Errors
    ///
    /// They are not what they should be, or do not say the same.
    pub fn of(package: &[u8], metadata: S) -> Result<Self, ExportError> {
        let mut reader = Self { package: ExportPackage::parse(package)?, metadata };
        let listed: Vec<UpdateIdentity> =
            reader.package.updates.iter().map(|it| it.identity).collect();
        let mut seen = BTreeSet::new();
        let mut record = 0;
        reader.each_document(|identity, text| {
            match listed.get(record) {
                Some(listed) if *listed != identity => {
                    return Err(ExportError::Order { record, found: identity, listed: *listed });
                }
                _ => {}
            }
            if !seen.insert(identity) {
                return Err(ExportError::Repeated { record, identity });
            }
            let found = UpdateDocument::identity(text).map_err(|source| ExportError::Document {
                record,
                identity,
                source,
            })?;
            if found != identity {
                return Err(ExportError::DocumentIdentity { record, identity, found });
            }
            record += 1;
            Ok(())
        })?;
        if record != listed.len() {
            return Err(ExportError::Count { listed: listed.len(), found: record });
        }
        Ok(reader)
    }

    /// The list: who exported when, which languages and which updates.
    pub fn package(&self) -> &ExportPackage {
        &self.package
    }

    /// How many documents there are.
    pub fn len(&self) -> usize {
        self.package.updates.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.package.updates.is_empty()
    }

    /// Gives the documents to `each`, prerequisites first; may be done again.
    ///
    /// # Errors
    ///
    /// What was unpacked cannot be read any more, or what `each` says.
    pub fn each_document<E: From<ExportError>>(
        &mut self,
        each: impl FnMut(UpdateIdentity, &str) -> Result<(), E>,
    ) -> Result<(), E> {
        self.metadata.rewind().map_err(|it| ExportError::read(&it))?;
        each_record(BufReader::with_capacity(1 << 16, &mut self.metadata), each)
    }
}

/// An export that is in memory as a whole.
#[derive(Debug, Clone)]
pub struct ExportFile {
    package: ExportPackage,
    documents: Vec<(UpdateIdentity, String)>,
}

impl ExportFile {
    /// Reads and checks an export.
    ///
    /// # Errors
    ///
    /// It is damaged, or something else.
    pub fn parse(cab_bytes: &[u8]) -> Result<Self, ExportError> {
        let unpacked = Cursor::new(Vec::new());
        Self::all(ExportReader::unpack(&mut Cursor::new(cab_bytes), unpacked)?)
    }

    /// Checks an export that has been unpacked: the bytes of `package.xml`, the text of
    /// `metadata.txt`.
    ///
    /// # Errors
    ///
    /// They are not what they should be, or do not say the same.
    pub fn from_parts(package: &[u8], metadata: String) -> Result<Self, ExportError> {
        Self::all(ExportReader::of(package, Cursor::new(metadata.into_bytes()))?)
    }

    fn all<S: Metadata>(mut reader: ExportReader<S>) -> Result<Self, ExportError> {
        let mut documents = Vec::with_capacity(reader.len());
        reader.each_document(|identity, text| {
            documents.push((identity, text.to_owned()));
            Ok::<_, ExportError>(())
        })?;
        Ok(Self { package: reader.package, documents })
    }

    /// The list: who exported when, which languages and which updates.
    pub fn package(&self) -> &ExportPackage {
        &self.package
    }

    /// How many documents there are.
    pub fn len(&self) -> usize {
        self.documents.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.documents.is_empty()
    }

    /// The documents, prerequisites first.
    pub fn documents(&self) -> impl ExactSizeIterator<Item = (UpdateIdentity, &str)> {
        self.documents.iter().map(|(identity, text)| (*identity, text.as_str()))
    }

    /// Writes `metadata.txt` for these documents: byte for byte what the same documents were read
    /// from.
    ///
    /// # Errors
    ///
    /// A document is too long for the form.
    pub fn write_metadata<'a>(
        documents: impl IntoIterator<Item = (UpdateIdentity, &'a str)>,
    ) -> Result<String, ExportError> {
        let mut out = String::new();
        for (identity, document) in documents {
            write_record(&mut out, identity, document)?;
        }
        Ok(out)
    }
}

/// A list that is being unpacked.
struct Bounded {
    bytes: Vec<u8>,
}

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.bytes.len().saturating_add(bytes.len()) > LONGEST_PACKAGE {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
