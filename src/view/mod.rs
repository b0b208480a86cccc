//! What people read, and its twin for programs: values in, text and JSON out. Only this module
//! knows colour. Pure.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod plain;
mod problems;

pub use plain::{counted, plain};
pub use problems::{Summary, problems_json, problems_text, summary_line};
