//! A file of packages that is carried by hand to a distribution point for prestaged content (PDP-9).
//!
//! A [sealed](crate::wire::sealed) file that begins with `HEADWATERCONTENT`, with these records:
//!
//! ```text
//!   P   the list of files of a package, as `wire::file_list` writes it; by ascending ID
//!   F   a digest (32 bytes) and the file; every file of the lists once, by ascending digest
//!   E   the SHA-256 of all bytes before it; nothing comes after it
//! ```
//!
//! So the same packages are always the same bytes, and nothing in a file is
//! believed before it was compared: every length with what the lists say, every file with its digest,
//! and the whole with its last record before any package becomes visible.

mod error;
mod export;
mod extract;
mod format;
#[cfg(test)]
mod tests;

pub use error::PrestagedError;
pub use export::Export;
pub use extract::Extracted;
