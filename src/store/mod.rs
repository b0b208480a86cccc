//! What is remembered on disk: the catalog of an update point, the database of a site and the
//! journal, each an SQLite file with numbered migrations, and small files that are replaced whole.

pub mod catalog;
mod database;
mod durable_file;
mod error;
mod failures;
mod filling;
mod hash_file;
mod journal;
mod journal_bounds;
mod journal_commits;
mod journal_history;
mod journal_repeats;
#[cfg(test)]
mod journal_tests;
mod journal_texts;
mod revisions;
pub mod site_database;
mod transfers;

pub use database::{Database, Schema};
pub use durable_file::{
    read_bounded, remove, remove_directory, replace, replace_private, replace_soon,
};
pub use error::{StoreError, StoreProblem};
pub use failures::ActionEnd;
pub use filling::Filling;
pub use hash_file::hash_file;
pub use journal::{Journal, LastRun, NewRun, Step};
pub use journal_commits::CommitRecord;
pub use journal_history::{KeptManifests, RunFilter};
pub use journal_texts::PackedText;
