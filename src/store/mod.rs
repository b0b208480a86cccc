//! What is remembered on disk: the catalog of an update point and the database of a site, each an
//! SQLite file with numbered migrations, and small files that are replaced whole.

pub mod catalog;
mod database;
mod durable_file;
mod error;
pub mod site_database;

pub use database::{Database, Schema};
pub use durable_file::{read_bounded, remove, replace};
pub use error::{StoreError, StoreProblem};
