//! Opening a site's database, and what is known of it as a whole.

use std::path::Path;

use rusqlite::{OptionalExtension, Transaction};
use uuid::Uuid;

use crate::{
    model::CatalogVersion,
    store::{
        Database, Schema, StoreError, StoreProblem,
        revisions::{Totals, identity},
    },
};

/// The file's application identifier, `HWsd`, and the migrations that make its schema.
const SCHEMA: Schema = Schema {
    what: "the database of a site",
    application_id: 0x4857_7364,
    migrations: &[
        include_str!("migrations/0001_site_database.sql"),
        include_str!("migrations/0002_policy_since.sql"),
        include_str!("migrations/0003_totals.sql"),
        include_str!("migrations/0004_by_hand.sql"),
        include_str!("migrations/0005_policy_serial.sql"),
        include_str!("migrations/0006_message_age.sql"),
    ],
};

/// The database of a site. Its calls block: asynchronous code makes them on a blocking thread.
#[derive(Debug)]
pub struct SiteDatabase {
    pub(super) database: Database,
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
            count(it)
        })?;
        Ok(Self { database })
    }

    /// How many revisions it holds.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn count(&self) -> Result<u64, StoreError> {
        self.database.read(|it| Ok(Totals::of_site(it)?.revisions()))
    }

    /// The version of what it holds; `None` while it holds nothing.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn version(&self) -> Result<Option<CatalogVersion>, StoreError> {
        self.database.read(|it| Ok(Totals::of_site(it)?.version()))
    }
}

/// Counts what an earlier version of this program has put there, once.
fn count(it: &Transaction<'_>) -> Result<(), StoreProblem> {
    let counted = it.query_row("SELECT version IS NOT NULL FROM site", [], |row| row.get(0))?;
    if counted {
        return Ok(());
    }
    let mut totals = Totals::default();
    let mut statement = it.prepare("SELECT update_id, revision FROM revision")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        totals.add(identity(row, 0)?);
    }
    totals.write_to_site(it)
}
