//! Update documents (protocol §2): opaque texts, kept byte for byte, of which only an index is
//! made. Nothing here ever writes a document.

mod error;
mod index;
mod parse;

#[cfg(test)]
mod tests;

pub use error::DocumentError;
pub use index::{
    CategoryType, PatchingType, PrerequisiteGroup, PublicationState, UpdateFile, UpdateIndex,
    UpdateType,
};
pub use parse::{MAX_DOCUMENT_BYTES, UpdateDocument};
