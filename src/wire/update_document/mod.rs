//! Update documents (protocol §2): opaque texts, kept byte for byte, of which only an index is
//! made, or the parts that clients are sent; none is ever changed. Only updates of local publishers
//! are written here.

mod error;
mod fragments;
mod index;
mod local;
mod parse;

#[cfg(test)]
mod fragments_tests;
#[cfg(test)]
mod local_tests;
#[cfg(test)]
mod plain_tests;
#[cfg(test)]
mod tests;

pub use error::DocumentError;
pub use fragments::{LocalizedFragment, UpdateFragments};
pub use index::{
    CategoryType, PatchingType, PrerequisiteGroup, PublicationState, UpdateFile, UpdateIndex,
    UpdateType,
};
pub use local::{
    CATEGORY_REVISION, LocalDocumentError, LocalPublication, PublishedFile, local_company,
    local_product, local_update,
};
pub use parse::{MAX_DOCUMENT_BYTES, UpdateDocument};
