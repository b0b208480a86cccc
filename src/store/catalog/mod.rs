//! The catalog of a software update point: update documents byte for byte, the index that lists
//! them, and how far it has come with its upstream server.

mod check;
mod convert;
mod details;
mod documents;
mod identifiers;
mod insert;
mod kinds;
mod languages;
mod list;
mod meta;
mod numbers;
mod open;
mod packed;
mod page;
mod progress;
mod search;
mod write;

#[cfg(test)]
mod tests;

pub use documents::StoredDocument;
pub use list::{ListError, Listing, RevisionList};
pub use open::Catalog;
pub use packed::PackedDocument;
pub use progress::{AnchorKind, CategoryTitle, Selected, UpstreamAnchor};
pub use search::Search;
pub use write::{FileLocation, NewRevision};
