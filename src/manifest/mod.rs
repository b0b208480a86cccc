//! YAML text to documents: typed values, problems, and a map back to file, line and column of
//! every value. Pure: texts in, documents out.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod document;
mod identity;
mod load;
mod schema;
mod shape;
mod source_map;
mod source_text;
mod split;
#[cfg(test)]
mod tests;
mod tree;

pub use load::{Loaded, load};
pub use schema::{combined_schema, kind_schema};
pub use source_map::{Location, Locator, SourceMap};
pub use source_text::SourceText;
