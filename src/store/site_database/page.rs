//! Revisions page by page: what is replicated to the sites below (SYNC-4, SYNC-5).

use rusqlite::Row;
use uuid::Uuid;

use super::SiteDatabase;
use crate::{
    store::{
        StoreError,
        revisions::{self, Totals, identity},
    },
    wire::agent::{RevisionPage, RevisionRecord},
};

impl SiteDatabase {
    /// The revisions that changed after `after`, in the order of changes.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn page(&self, after: i64) -> Result<RevisionPage, StoreError> {
        self.database.read(|it| {
            let uuid = it.query_row("SELECT uuid FROM site", [], |row| row.get(0))?;
            let select = "SELECT update_id, revision, change, update_type, category_type, expired,
                     title, categories
                 FROM revision WHERE change > ?1 ORDER BY change";
            let version = Totals::of_site(it)?.version();
            revisions::page(it, (uuid, version), select, after, |row| Ok(record(row)?))
        })
    }
}

fn record(row: &Row<'_>) -> rusqlite::Result<RevisionRecord> {
    let categories: Vec<u8> = row.get(7)?;
    let (categories, _) = categories.as_chunks::<16>();
    Ok(RevisionRecord {
        change: row.get(2)?,
        identity: identity(row, 0)?,
        update_type: row.get(3)?,
        category_type: row.get(4)?,
        expired: row.get(5)?,
        title: row.get(6)?,
        categories: categories.iter().map(|bytes| Uuid::from_bytes(*bytes)).collect(),
    })
}
