//! YAML text to documents: typed values, problems, and a map back to file, line and column of
//! every value. Pure: texts in, documents out.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod assembly;
mod document;
mod file;
mod identity;
mod load;
mod meant;
mod origins;
mod plain;
mod quoting;
mod schema;
mod schema_examples;
mod schema_words;
mod shape;
mod source_map;
mod source_text;
mod split;
#[cfg(test)]
mod tests;
mod tree;
mod workspace;
mod write;

pub use file::{Piece, ReadFile, ReadPiece, UnreadFile, pieces, put_together};
pub use load::{Loaded, load};
pub use origins::{Basis, Origin, Origins, WantedValue};
pub use schema::{combined_schema, kind_schema};
pub use schema_words::worded;
pub use source_map::{Location, Locator, SourceMap};
pub use source_text::{LARGEST_FILE, SourceText};
pub use workspace::{FileNow, Workspace};
pub use write::{ManifestFile, comment, write};
