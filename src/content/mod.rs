//! The content library of a distribution point or a site server on disk: each file once, by its
//! SHA-256 (PDP-15), and a package visible whole or not at all. Everything here blocks: asynchronous
//! callers go through [`blocking`].

mod claim;
mod coming;
mod damage;
mod download;
mod durable;
mod error;
mod garbage;
mod index;
mod ingest;
mod intake;
mod layout;
mod library;
mod packs;
mod patch;
mod patches;
mod patching;
mod pending;
mod prestaged;
mod reading;
mod receive;
mod record;
mod retired;
mod room;
mod staging;
mod storing;
#[cfg(test)]
mod tests;
mod unsettled;
mod update_files;
mod validation;
mod walk;

pub use claim::Claim;
pub use download::{Download, PieceWriter};
pub use durable::{read_json, write_json};
pub use error::{LibraryError, blocking};
pub use ingest::{SourceContent, Taking};
pub use intake::{Intake, Intaken};
pub use library::Library;
pub use patches::may_be_patched;
pub use patching::Applied;
pub use prestaged::{Export, Extracted, PrestagedError};
pub use reading::{StoredFile, read_stream, send_stream};
pub use receive::{ReceiveError, receive};
pub use update_files::{HeldFile, IncomingUpdateFile, OpenedFile, UpdateFileError, UpdateFiles};
pub use validation::ValidationProgress;
pub use walk::SourceFile;
