//! The file that `wsusutil export` writes (protocol §4.1): a cabinet with a list of updates and
//! their documents. Checked as a whole before anything of it is believed.

mod error;
mod file;
mod metadata;
mod package;
mod package_writer;

#[cfg(test)]
mod tests;

pub use error::ExportError;
pub use file::{ExportFile, ExportReader, MAX_EXPORT_DOCUMENTS, Metadata};
pub use metadata::{RecordReader, each_record, write_record};
pub use package::{ExportPackage, ExportedFile, ExportedUpdate};
pub use package_writer::{ExportHead, ListedUpdate, PackageWriter};
