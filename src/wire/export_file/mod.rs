//! The file that `wsusutil export` writes (protocol §4.1): a cabinet with a list of updates and
//! their documents. Read as a whole and checked as a whole before anything of it is believed.

mod error;
mod file;
mod metadata;
mod package;

#[cfg(test)]
mod tests;

pub use error::ExportError;
pub use file::{ExportFile, MAX_EXPORT_DOCUMENTS};
pub use package::{ExportLanguage, ExportPackage, ExportedFile, ExportedUpdate};
