//! What the catalog of an update point and the database of a site have in common: a table of
//! revisions, in an order of changes.

use rusqlite::{Connection, Row, Transaction, params};
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

/// What is kept of all revisions together.
#[derive(Debug, Clone, Copy)]
pub(super) struct Totals {
    version: CatalogVersion,
    revisions: u64,
}

impl Default for Totals {
    fn default() -> Self {
        Self { version: CatalogVersion::of_nothing(), revisions: 0 }
    }
}

impl Totals {
    /// Those of a catalog.
    pub(super) fn of_catalog(it: &Connection) -> Result<Self, StoreProblem> {
        Self::read(it, "SELECT version, revisions FROM catalog")
    }

    /// Those of the database of a site.
    pub(super) fn of_site(it: &Connection) -> Result<Self, StoreProblem> {
        Self::read(it, "SELECT version, revisions FROM site")
    }

    fn read(it: &Connection, select: &str) -> Result<Self, StoreProblem> {
        Ok(it.prepare_cached(select)?.query_row([], |row| {
            let (version, revisions): (_, i64) = (row.get(0)?, row.get(1)?);
            let version = CatalogVersion::from_bytes(version);
            Ok(Self { version, revisions: revisions.unsigned_abs() })
        })?)
    }

    /// How many there are.
    pub(super) const fn revisions(&self) -> u64 {
        self.revisions
    }

    /// The version of them; `None` where there are none.
    pub(super) fn version(&self) -> Option<CatalogVersion> {
        (self.revisions > 0).then_some(self.version)
    }

    /// One revision more.
    pub(super) fn add(&mut self, identity: UpdateIdentity) {
        self.version = self.version.with(identity);
        self.revisions = self.revisions.saturating_add(1);
    }

    /// One revision less.
    pub(super) fn remove(&mut self, identity: UpdateIdentity) {
        self.version = self.version.without(identity);
        self.revisions = self.revisions.saturating_sub(1);
    }

    /// Keeps them in a catalog.
    pub(super) fn write_to_catalog(&self, it: &Transaction<'_>) -> Result<(), StoreProblem> {
        self.write(it, "UPDATE catalog SET version = ?1, revisions = ?2")
    }

    /// Keeps them in the database of a site.
    pub(super) fn write_to_site(&self, it: &Transaction<'_>) -> Result<(), StoreProblem> {
        self.write(it, "UPDATE site SET version = ?1, revisions = ?2")
    }

    fn write(&self, it: &Transaction<'_>, update: &str) -> Result<(), StoreProblem> {
        let revisions = i64::try_from(self.revisions).unwrap_or(i64::MAX);
        it.prepare_cached(update)?.execute(params![self.version.as_bytes(), revisions])?;
        Ok(())
    }
}

/// The revisions that changed after `after`, in the order of changes, as `select` has them and
/// `record` reads them.
pub(super) fn page(
    it: &Connection,
    (catalog, version): ([u8; 16], Option<CatalogVersion>),
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
    Ok(RevisionPage { catalog: Uuid::from_bytes(catalog), revisions, more, version })
}
