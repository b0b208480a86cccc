//! The export as a whole.

use std::{collections::BTreeSet, ops::Range};

use super::{
    ExportError, ExportPackage,
    metadata::{records, write_record},
};
use crate::{
    model::UpdateIdentity,
    wire::{
        cabinet::{self, CabinetLimits},
        update_document::UpdateDocument,
    },
};

/// Most documents of one export: several times the largest catalog known.
pub const MAX_EXPORT_DOCUMENTS: usize = 1_000_000;

/// A checked export. The documents stay one text, of which each is a part.
#[derive(Debug, Clone)]
pub struct ExportFile {
    package: ExportPackage,
    metadata: String,
    documents: Vec<(UpdateIdentity, Range<usize>)>,
}

impl ExportFile {
    /// Reads an export and checks that its list and its documents say the same: the same
    /// identities, in the same order, each once, each document being what its record says.
    pub fn parse(cab_bytes: &[u8]) -> Result<Self, ExportError> {
        let (mut package, mut metadata) = (None, None);
        for (name, content) in cabinet::read(cab_bytes, CabinetLimits::EXPORT)? {
            match name.to_ascii_lowercase().as_str() {
                "package.xml" => package = Some(content),
                "metadata.txt" => metadata = Some(content),
                _ => {}
            }
        }
        let package = package.ok_or(ExportError::FileMissing("package.xml"))?;
        let metadata = metadata.ok_or(ExportError::FileMissing("metadata.txt"))?;
        let metadata =
            String::from_utf8(metadata).map_err(|_| ExportError::Encoding("metadata.txt"))?;
        Self::from_parts(&package, metadata)
    }

    /// Checks an export that has been unpacked: the bytes of `package.xml`, the text of
    /// `metadata.txt`.
    pub fn from_parts(package: &[u8], metadata: String) -> Result<Self, ExportError> {
        let package = ExportPackage::parse(package)?;
        let documents = records(&metadata, MAX_EXPORT_DOCUMENTS)?;
        let mut seen = BTreeSet::new();
        for (record, ((identity, range), listed)) in
            documents.iter().zip(&package.updates).enumerate()
        {
            let (identity, listed) = (*identity, listed.identity);
            if identity != listed {
                return Err(ExportError::Order { record, found: identity, listed });
            }
            if !seen.insert(identity) {
                return Err(ExportError::Repeated { record, identity });
            }
            let found = UpdateDocument::identity(&metadata[range.clone()])
                .map_err(|source| ExportError::Document { record, identity, source })?;
            if found != identity {
                return Err(ExportError::DocumentIdentity { record, identity, found });
            }
        }
        if documents.len() != package.updates.len() {
            let (listed, found) = (package.updates.len(), documents.len());
            return Err(ExportError::Count { listed, found });
        }
        Ok(Self { package, metadata, documents })
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
        self.documents.iter().map(|(identity, range)| (*identity, &self.metadata[range.clone()]))
    }

    /// Writes `metadata.txt` for these documents: byte for byte what the same documents were read
    /// from.
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
