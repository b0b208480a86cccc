//! Revisions page by page, without documents: what a site copies into its database (SYNC-4).

use rusqlite::{Connection, Row};
use uuid::Uuid;

use super::Catalog;
use crate::{
    store::{
        StoreError, StoreProblem,
        revisions::{self, identity},
    },
    wire::agent::{RevisionPage, RevisionRecord},
};

/// Most categories of one revision that are told: real ones have a handful.
const CATEGORIES: i64 = 256;

impl Catalog {
    /// The revisions that changed after `after`, in the order of changes.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn page(&self, after: i64) -> Result<RevisionPage, StoreError> {
        self.database.read(|it| page(it, after))
    }
}

fn page(it: &Connection, after: i64) -> Result<RevisionPage, StoreProblem> {
    let catalog = it.query_row("SELECT uuid FROM catalog", [], |row| row.get(0))?;
    let select =
        "SELECT update_id, revision, change, update_type, category_type, expired, title, id
         FROM revision WHERE change > ?1 ORDER BY change";
    revisions::page(it, catalog, select, after, |row| record(it, row))
}

fn record(it: &Connection, row: &Row<'_>) -> Result<RevisionRecord, StoreProblem> {
    let mut statement = it.prepare_cached(
        "SELECT DISTINCT target FROM prerequisite WHERE revision_id = ?1 AND is_category
         ORDER BY target LIMIT ?2",
    )?;
    let id: i64 = row.get(7)?;
    let categories = statement
        .query_map([id, CATEGORIES], |row| row.get(0).map(Uuid::from_bytes))?
        .collect::<Result<_, _>>()?;
    Ok(RevisionRecord {
        change: row.get(2)?,
        identity: identity(row, 0)?,
        update_type: row.get(3)?,
        category_type: row.get(4)?,
        expired: row.get(5)?,
        title: row.get(6)?,
        categories,
    })
}
