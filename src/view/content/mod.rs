//! Content, package by package and distribution point by distribution point: what is there, what is
//! on its way and when it will be there, and why something is not.

mod classify;
mod filter;
mod points;
mod pulls;
mod report;
mod row;
mod schema;
mod text;
mod words;

pub use filter::{ContentFilter, PackageWord, UnknownInFilter};
pub use pulls::{PullLine, PullsShown, pull_line, pull_line_json, pulls_text, transfers_under_way};
pub use report::{ContentInputs, ContentReport};
pub use row::{ContentState, Placement};
pub use schema::{content_schema, pull_schema};
pub use text::{content_json, content_text};
pub(super) use words::{size, span};
