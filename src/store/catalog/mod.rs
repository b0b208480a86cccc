//! The catalog of a software update point: update documents byte for byte, the index that lists
//! them, and how far it has come with its upstream server.

mod documents;
mod languages;
mod list;
mod meta;
mod open;
mod page;
mod progress;
mod write;

#[cfg(test)]
mod tests;

pub use documents::StoredDocument;
pub use list::{ListError, RevisionList};
pub use open::Catalog;
pub use progress::{AnchorKind, Selected, UpstreamAnchor};
pub use write::{FileLocation, NewRevision};
