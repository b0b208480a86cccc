//! The catalog of a software update point: update documents byte for byte, the index that lists
//! them, and how far it has come with its upstream server.

mod check;
mod chosen_content;
mod computers;
mod content;
mod convert;
mod cookie_keys;
mod deployments;
mod details;
mod documents;
mod downstream;
mod export;
mod files;
mod identifiers;
mod insert;
mod kinds;
mod languages;
mod list;
mod local_updates;
mod meta;
mod numbers;
mod open;
mod package_files;
mod packed;
mod page;
mod progress;
mod runs;
mod search;
mod summary;
mod titles;
mod write;

#[cfg(test)]
mod export_tests;
#[cfg(test)]
mod tests;

pub use chosen_content::ChosenUpdates;
pub use content::MissingContent;
pub use cookie_keys::{CLOCK_SLACK, DatedKey, SEALS};
pub use documents::StoredDocument;
pub use downstream::Told;
pub use export::ExportEntry;
pub use list::{ListError, Listing, PIECE, RevisionList};
pub use open::Catalog;
pub use packed::PackedDocument;
pub use progress::{AnchorKind, CategoryTitle, Selected, UpstreamAnchor};
pub use search::Search;
pub use write::{FileLocation, NewRevision, Stored};
