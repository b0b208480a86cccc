//! Opening a site's database, and what is known of it as a whole.

use std::path::Path;

use rusqlite::OptionalExtension;
use uuid::Uuid;

use crate::{
    model::CatalogVersion,
    store::{
        Database, Schema, StoreError,
        revisions::{self, Version},
    },
};

/// The file's application identifier, `HWsd`, and the migrations that make its schema.
const SCHEMA: Schema = Schema {
    what: "the database of a site",
    application_id: 0x4857_7364,
    migrations: &[
        include_str!("migrations/0001_site_database.sql"),
        include_str!("migrations/0002_policy_since.sql"),
    ],
};

/// The database of a site. Its calls block: asynchronous code makes them on a blocking thread.
#[derive(Debug)]
pub struct SiteDatabase {
    pub(super) database: Database,
    version: Version<(Uuid, i64)>,
}

impl SiteDatabase {
    /// Opens the database at `path`, or creates an empty one.
    ///
    /// # Errors
    ///
    /// The file cannot be created, is something else, or was written by a newer program.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let database = Database::open(path, &SCHEMA)?;
        database.write(|it| {
            if it.query_row("SELECT 1 FROM site", [], |_| Ok(())).optional()?.is_none() {
                let uuid = Uuid::new_v4().into_bytes();
                it.execute("INSERT INTO site (id, uuid, last_change) VALUES (1, ?1, 0)", [uuid])?;
            }
            Ok(())
        })?;
        Ok(Self { database, version: Version::default() })
    }

    /// How many revisions it holds.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn count(&self) -> Result<u64, StoreError> {
        self.database.read(|it| revisions::count(it))
    }

    /// The version of what it holds; `None` while it holds nothing. It is computed once after each
    /// change.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn version(&self) -> Result<Option<CatalogVersion>, StoreError> {
        self.database.read(|it| {
            let change: (Uuid, i64) =
                it.query_row("SELECT uuid, last_change FROM site", [], |row| {
                    Ok((Uuid::from_bytes(row.get(0)?), row.get(1)?))
                })?;
            self.version.at(it, change)
        })
    }
}
