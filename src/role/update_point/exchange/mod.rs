//! What leaves a catalog as a file or comes into it as one (SYNC-7): exports, imports, and where
//! such files lie while they are carried between the agent and the one who asked.

mod cabinet;
mod error;
mod export;
mod import;
mod offline_catalog;
mod opened;
mod shelf;
mod verify;

#[cfg(test)]
mod beside_tests;
#[cfg(test)]
mod tests;

pub use error::{ExportFailed, ImportError};

pub(super) use export::{Exported, export};
pub(super) use import::Import;
pub(in crate::role) use shelf::{Shelf, Way};
