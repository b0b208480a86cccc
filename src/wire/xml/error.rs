//! What can be wrong with XML, read or written.

use super::reader::{MAX_ATTRIBUTES, MAX_DEPTH};

/// Why a document cannot be read. Offsets are bytes from the start of the document.
#[derive(Debug, Clone, thiserror::Error)]
pub enum XmlError {
    /// The document is larger than the caller allows.
    #[error("document of {size} bytes is larger than the limit of {limit} bytes")]
    TooLarge {
        /// Size found.
        size: usize,
        /// Size allowed.
        limit: usize,
    },
    /// Elements are nested deeper than [`MAX_DEPTH`].
    #[error("elements are nested deeper than {MAX_DEPTH} at byte {offset}")]
    TooDeep {
        /// Where the limit was passed.
        offset: u64,
    },
    /// One element carries more than [`MAX_ATTRIBUTES`] attributes.
    #[error("element `{element}` carries more than {MAX_ATTRIBUTES} attributes")]
    TooManyAttributes {
        /// Name of the element, as written.
        element: String,
    },
    /// A document type declaration: refused, because it could define entities.
    #[error("document type declarations are refused (at byte {offset})")]
    DocumentType {
        /// Where it stands.
        offset: u64,
    },
    /// An entity other than the five that XML predefines.
    #[error("entity `&{name};` is not one of the five predefined ones (at byte {offset})")]
    Entity {
        /// Its name, shortened.
        name: String,
        /// Where it stands.
        offset: u64,
    },
    /// A reference to a character that XML 1.0 forbids.
    #[error("character reference `&{reference};` names no allowed character (at byte {offset})")]
    CharacterReference {
        /// The reference, shortened.
        reference: String,
        /// Where it stands.
        offset: u64,
    },
    /// The bytes are not UTF-8, or the declaration says they are something else.
    #[error("only UTF-8 documents are read: {0}")]
    Encoding(String),
    /// The document ends inside an element.
    #[error("document ends inside an element (at byte {offset})")]
    UnexpectedEnd {
        /// Length of the document.
        offset: u64,
    },
    /// There is no root element.
    #[error("document holds no element")]
    Empty,
    /// Something follows the root element.
    #[error("content follows the root element (at byte {offset})")]
    TrailingContent {
        /// Where it starts.
        offset: u64,
    },
    /// An attribute is not well-formed.
    #[error("an attribute is not well-formed")]
    MalformedTag {
        /// What the parser says.
        #[source]
        source: Box<quick_xml::Error>,
    },
    /// Written in a way that the quick reader does not know: the other one decides.
    #[error("document is not written plainly")]
    NotPlain,
    /// Not well-formed.
    #[error("document is not well-formed near byte {offset}")]
    Malformed {
        /// About where.
        offset: u64,
        /// What the parser says.
        #[source]
        source: Box<quick_xml::Error>,
    },
}

/// A text that cannot be written as XML 1.0 at all, not even as a character reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("character U+{code_point:04X} at byte {offset} cannot be written in XML 1.0; remove it")]
pub struct ForbiddenCharacter {
    /// The character.
    pub code_point: u32,
    /// Its offset in the text, in bytes.
    pub offset: usize,
}
