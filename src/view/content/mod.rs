//! Content, package by package and distribution point by distribution point: what is there, what is
//! on its way and when it will be there, and why something is not.

mod classify;
mod filter;
mod points;
mod report;
mod row;
mod schema;
mod text;
mod words;

pub use filter::{ContentFilter, PackageWord, UnknownInFilter};
pub use report::{ContentInputs, ContentReport};
pub use row::{ContentState, Placement};
pub use schema::content_schema;
pub use text::{content_json, content_text};
