//! What the catalog of an update point and the database of a site have in common: a table of
//! revisions, in an order of changes.

use std::sync::{Mutex, PoisonError};

use rusqlite::{Connection, Row};
use uuid::Uuid;

use super::StoreProblem;
use crate::{
    model::{CatalogVersion, UpdateIdentity},
    wire::agent::{RevisionPage, RevisionRecord},
};

/// The identity in the columns `at` and the next one.
pub(super) fn identity(row: &Row<'_>, at: usize) -> rusqlite::Result<UpdateIdentity> {
    let update_id = Uuid::from_bytes(row.get(at)?);
    Ok(UpdateIdentity { update_id, revision: row.get(at + 1)? })
}

/// How many revisions there are.
pub(super) fn count(it: &Connection) -> Result<u64, StoreProblem> {
    let count: i64 = it.query_row("SELECT count(*) FROM revision", [], |row| row.get(0))?;
    Ok(count.unsigned_abs())
}

/// The revisions that changed after `after`, in the order of changes, as `select` has them and
/// `record` reads them.
pub(super) fn page(
    it: &Connection,
    catalog: [u8; 16],
    select: &str,
    after: i64,
    record: impl Fn(&Row<'_>) -> Result<RevisionRecord, StoreProblem>,
) -> Result<RevisionPage, StoreProblem> {
    let mut statement = it.prepare_cached(select)?;
    let mut rows = statement.query([after])?;
    let mut revisions = Vec::new();
    let mut more = false;
    while let Some(row) = rows.next()? {
        if revisions.len() == RevisionPage::LIMIT {
            more = true;
            break;
        }
        revisions.push(record(row)?);
    }
    Ok(RevisionPage { catalog: Uuid::from_bytes(catalog), revisions, more })
}

/// The version of what a table holds, computed once after each change. `At` is what a change
/// changes.
#[derive(Debug)]
pub(super) struct Version<At>(Mutex<Option<(At, CatalogVersion)>>);

impl<At> Default for Version<At> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<At: Copy + PartialEq> Version<At> {
    /// The version at this change; `None` while there is no revision.
    pub(super) fn at(
        &self,
        it: &Connection,
        change: At,
    ) -> Result<Option<CatalogVersion>, StoreProblem> {
        let cached = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, version)) = cached
            && at == change
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
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((change, version));
        Ok(Some(version))
    }
}

/// The version of the revisions that `rows` yields in order.
fn digest(
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
