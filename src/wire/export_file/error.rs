//! What can be wrong with an export.

use crate::{
    model::UpdateIdentity,
    wire::{cabinet::CabinetError, update_document::DocumentError, xml::XmlError},
};

/// Why an export cannot be read. Records are counted from 0.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ExportError {
    /// The cabinet around it.
    #[error("export cannot be unpacked")]
    Cabinet(#[from] CabinetError),
    /// One of the two files is not there.
    #[error("export holds no `{0}`")]
    FileMissing(&'static str),
    /// One of the two files is not UTF-8.
    #[error("`{0}` is not UTF-8")]
    Encoding(&'static str),
    /// The list of updates is not XML.
    #[error("`package.xml` cannot be read")]
    Package(#[from] XmlError),
    /// Something is absent from the list.
    #[error("`package.xml` has no {0}")]
    PackageMissing(&'static str),
    /// A value in the list is not understood.
    #[error("{what} in `package.xml` is `{value}`, which is not understood")]
    PackageValue {
        /// Element and attribute.
        what: &'static str,
        /// The value, shortened.
        value: String,
    },
    /// The list is of a later form.
    #[error("format version `{0}` is not supported, only 1.x is")]
    FormatVersion(String),
    /// Too many updates.
    #[error("export lists more than {0} updates")]
    TooMany(usize),
    /// The line in front of a document has another form.
    #[error(
        "record {record} at byte {offset} of `metadata.txt` does not begin with an identity and a length"
    )]
    RecordHead {
        /// Number of the record.
        record: usize,
        /// Where it begins.
        offset: u64,
    },
    /// A document is shorter than its record says.
    #[error(
        "document of record {record} ({identity}) ends before its length of {length} characters"
    )]
    RecordLength {
        /// Number of the record.
        record: usize,
        /// Whose it is.
        identity: UpdateIdentity,
        /// The length in its record, in UTF-16 units.
        length: u32,
    },
    /// A document does not end where its record says.
    #[error("document of record {record} ({identity}) is not followed by a line end")]
    RecordEnd {
        /// Number of the record.
        record: usize,
        /// Whose it is.
        identity: UpdateIdentity,
    },
    /// A document is not one.
    #[error("document of record {record} ({identity}) cannot be read")]
    Document {
        /// Number of the record.
        record: usize,
        /// Whose it should be.
        identity: UpdateIdentity,
        /// What is wrong with it.
        #[source]
        source: DocumentError,
    },
    /// A document belongs to another record.
    #[error("document of record {record} says it is {found}, its record says {identity}")]
    DocumentIdentity {
        /// Number of the record.
        record: usize,
        /// The identity in the record.
        identity: UpdateIdentity,
        /// The identity in the document.
        found: UpdateIdentity,
    },
    /// List and documents differ.
    #[error("record {record} is {found}, `package.xml` lists {listed} there")]
    Order {
        /// Number of the record.
        record: usize,
        /// The identity in the record.
        found: UpdateIdentity,
        /// The identity in the list.
        listed: UpdateIdentity,
    },
    /// List and documents differ in number.
    #[error("`package.xml` lists {listed} updates, `metadata.txt` holds {found}")]
    Count {
        /// Updates listed.
        listed: usize,
        /// Documents found.
        found: usize,
    },
    /// The same revision twice.
    #[error("record {record} repeats {identity}")]
    Repeated {
        /// Number of the record.
        record: usize,
        /// The identity that was there before.
        identity: UpdateIdentity,
    },
    /// A document too long for the form.
    #[error("document of {0} is too long for an export")]
    TooLong(UpdateIdentity),
    /// What was unpacked could not be read.
    #[error("it cannot be read: {0}")]
    Read(String),
}

impl ExportError {
    /// What reading has come to.
    pub(super) fn read(error: &std::io::Error) -> Self {
        Self::Read(error.to_string())
    }
}
