//! A port for everybody: what it serves is bounded, so that no client takes it from the others.
//!
//! ```text
//!  accepted ─▶ a place? ─▶ watched ─▶ TLS, if there is any ─▶ HTTP ─▶ a place? ─▶ router
//!                 │ no        │ nothing moves                            │ not in time
//!                 ▼           ▼                                          ▼
//!            503, closed    closed                             503, try again later
//! ```

mod connection;
mod file_parts;
mod limits;
mod permitted;
mod port;
#[cfg(test)]
mod tests;
mod watched;

pub use file_parts::FileParts;
pub use limits::{Limits, raise_open_files};
