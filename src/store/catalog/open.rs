//! Opening a catalog, and what is known of it as a whole.

use std::{
    path::Path,
    sync::{Arc, Mutex},
};

use aws_lc_rs::rand;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;

use super::{convert, identifiers::Remembered};
use crate::{
    model::CatalogVersion,
    store::{Database, Filling, Schema, StoreError, StoreProblem, revisions::Totals},
};

/// The file's application identifier, `HWct`, and the migrations that make its schema.
const SCHEMA: Schema = Schema {
    what: "the catalog of an update point",
    application_id: 0x4857_6374,
    migrations: &[
        include_str!("migrations/0001_catalog.sql"),
        include_str!("migrations/0002_index.sql"),
        include_str!("migrations/0003_downstream.sql"),
        include_str!("migrations/0004_runs.sql"),
        include_str!("migrations/0005_content.sql"),
        include_str!("migrations/0006_local_updates.sql"),
        include_str!("migrations/0007_titles.sql"),
        include_str!("migrations/0008_package_files.sql"),
    ],
};

/// The catalog of an update point. Its calls block: asynchronous code makes them on a blocking
/// thread.
#[derive(Debug)]
pub struct Catalog {
    pub(super) database: Arc<Database>,
    /// Held while a batch is stored.
    pub(super) remembered: Mutex<Remembered>,
}

impl Catalog {
    /// Opens the catalog at `path`, or creates an empty one. One that was written by an earlier version
    /// is converted, which takes about a second for ten thousand revisions.
    ///
    /// # Errors
    ///
    /// The file cannot be created, is something else, or was written by a newer program.
    pub fn open(path: &Path, now: Timestamp) -> Result<Self, StoreError> {
        let database = Arc::new(Database::open(path, &SCHEMA)?);
        let mut remembered = Remembered::default();
        database.write(|it| {
            create(it, now)?;
            convert::old_tables(it, &mut remembered)
        })?;
        Ok(Self { database, remembered: Mutex::new(remembered) })
    }

    /// From now on much is stored in it, until what this returns is dropped, which may block.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn filling(&self) -> Result<Filling, StoreError> {
        Filling::begin(&self.database)
    }

    /// How many revisions it holds.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn count(&self) -> Result<u64, StoreError> {
        self.database.read(|it| Ok(Totals::of_catalog(it)?.revisions()))
    }

    /// The version of what it holds; `None` while it holds nothing.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn version(&self) -> Result<Option<CatalogVersion>, StoreError> {
        self.database.read(|it| Ok(Totals::of_catalog(it)?.version()))
    }
}

pub(super) fn last_change(it: &Connection) -> rusqlite::Result<i64> {
    it.prepare_cached("SELECT last_change FROM catalog")?.query_row([], |row| row.get(0))
}

fn create(it: &Connection, now: Timestamp) -> Result<(), StoreProblem> {
    let there = it.query_row("SELECT 1 FROM catalog", [], |_| Ok(())).optional()?;
    if there.is_some() {
        return Ok(());
    }
    let mut key = [0_u8; 32];
    rand::fill(&mut key).map_err(|_| StoreProblem::Value("the system's source of randomness"))?;
    it.execute(
        "INSERT INTO catalog (id, uuid, created_at, last_change, last_changed_at, cookie_key,
             account_guid) VALUES (1, ?1, ?2, 0, ?2, ?3, ?4)",
        params![
            Uuid::new_v4().into_bytes(),
            now.as_millisecond(),
            key,
            Uuid::new_v4().into_bytes()
        ],
    )?;
    Ok(())
}
