//! Revisions page by page, without documents: what a site copies into its database (SYNC-4).

use rusqlite::{Connection, Row};
use uuid::Uuid;

use super::{Catalog, identifiers, kinds, numbers};
use crate::{
    store::{
        StoreError, StoreProblem,
        revisions::{self, Totals, identity},
    },
    wire::agent::{RevisionPage, RevisionRecord},
};

/// Most categories of one revision that are told: real ones have a handful.
const CATEGORIES: usize = 256;

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
    let select = "SELECT update_id, revision, change, update_type, category_type, expired, title,
             prerequisites
         FROM revision JOIN identifier ON number = identifier WHERE change > ?1 ORDER BY change";
    let version = Totals::of_catalog(it)?.version();
    revisions::page(it, (catalog, version), select, after, |row| record(it, row))
}

fn record(it: &Connection, row: &Row<'_>) -> Result<RevisionRecord, StoreProblem> {
    let category_type: Option<i64> = row.get(4)?;
    let category_type = category_type.map(kinds::category_type).transpose()?;
    Ok(RevisionRecord {
        change: row.get(2)?,
        identity: identity(row, 0)?,
        update_type: kinds::update_type(row.get(3)?)?.as_str().to_owned(),
        category_type: category_type.map(|it| it.as_str().to_owned()),
        expired: row.get(5)?,
        title: row.get(6)?,
        categories: categories(it, row.get_ref(7)?.as_blob().unwrap_or_default())?,
    })
}

/// The products and classifications that a revision belongs to, in the order of their identifiers.
pub(super) fn categories(it: &Connection, prerequisites: &[u8]) -> Result<Vec<Uuid>, StoreProblem> {
    let groups = numbers::read_groups(prerequisites)?;
    let of_categories = groups.into_iter().filter(|group| group.is_category);
    let mut categories = of_categories
        .flat_map(|group| group.any_of)
        .take(CATEGORIES)
        .map(|number| identifiers::update_id(it, number))
        .collect::<Result<Vec<_>, _>>()?;
    categories.sort_unstable();
    categories.dedup();
    Ok(categories)
}
