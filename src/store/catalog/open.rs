//! Opening a catalog, and what is known of it as a whole.

use std::{
    path::Path,
    sync::{Mutex, PoisonError},
};

use aws_lc_rs::rand;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;

use crate::{
    model::{CatalogVersion, UpdateIdentity},
    store::{Database, Schema, StoreError, StoreProblem},
};

/// The file's application identifier, `HWct`, and the migrations that make its schema.
const SCHEMA: Schema = Schema {
    what: "the catalog of an update point",
    application_id: 0x4857_6374,
    migrations: &[include_str!("migrations/0001_catalog.sql")],
};

/// The catalog of an update point. Its calls block: asynchronous code makes them on a blocking
/// thread.
#[derive(Debug)]
pub struct Catalog {
    pub(super) database: Database,
    version: Mutex<Option<(i64, CatalogVersion)>>,
}

impl Catalog {
    /// Opens the catalog at `path`, or creates an empty one.
    ///
    /// # Errors
    ///
    /// The file cannot be created, is something else, or was written by a newer program.
    pub fn open(path: &Path, now: Timestamp) -> Result<Self, StoreError> {
        let database = Database::open(path, &SCHEMA)?;
        database.write(|it| create(it, now))?;
        Ok(Self { database, version: Mutex::default() })
    }

    /// How many revisions it holds.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn count(&self) -> Result<u64, StoreError> {
        self.database.read(|it| {
            let count: i64 = it.query_row("SELECT count(*) FROM revision", [], |row| row.get(0))?;
            Ok(count.unsigned_abs())
        })
    }

    /// The version of what it holds; `None` while it holds nothing. It is computed once after each
    /// change.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn version(&self) -> Result<Option<CatalogVersion>, StoreError> {
        let version = |it: &Connection| {
            let last_change = last_change(it)?;
            let cached = *self.version.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some((at, version)) = cached
                && at == last_change
            {
                return Ok(Some(version));
            }
            let mut statement = it.prepare_cached(
                "SELECT update_id, revision FROM revision ORDER BY update_id, revision",
            )?;
            let mut rows = statement.query_map([], |row| identity(row, 0))?.peekable();
            if rows.peek().is_none() {
                return Ok(None);
            }
            let version = digest(rows)?;
            *self.version.lock().unwrap_or_else(PoisonError::into_inner) =
                Some((last_change, version));
            Ok(Some(version))
        };
        self.database.read(|it| version(it))
    }
}

/// The version of the revisions that `rows` yields in order.
pub(in crate::store) fn digest(
    rows: impl Iterator<Item = rusqlite::Result<UpdateIdentity>>,
) -> Result<CatalogVersion, StoreProblem> {
    let mut failed = None;
    let identities = rows.map_while(|row| match row {
        Ok(identity) => Some(identity),
        Err(error) => {
            failed = Some(error);
            None
        }
    });
    let version = CatalogVersion::of(identities);
    match failed {
        Some(error) => Err(error.into()),
        None => Ok(version),
    }
}

/// The identity in the columns `at` and the next one.
pub(in crate::store) fn identity(
    row: &rusqlite::Row<'_>,
    at: usize,
) -> rusqlite::Result<UpdateIdentity> {
    let update_id = Uuid::from_bytes(row.get(at)?);
    Ok(UpdateIdentity { update_id, revision: row.get(at + 1)? })
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
