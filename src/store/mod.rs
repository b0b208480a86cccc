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
mod revisions;
pub mod site_database;
mod transfers;

pub use database::{Database, Schema};
pub use durable_file::{read_bounded, remove, remove_directory, replace, replace_private};
pub use error::{StoreError, StoreProblem};
pub use failures::ActionEnd;
pub use filling::Filling;
pub use hash_file::hash_file;
pub use journal::{Journal, LastRun, RunId};
