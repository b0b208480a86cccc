//! Taking revisions from a catalog or from the database of the site above, page by page.

use jiff::Timestamp;
use rusqlite::{Connection, Transaction, params};
use uuid::Uuid;

use super::SiteDatabase;
use crate::{
    store::{StoreError, StoreProblem},
    wire::agent::{RevisionPage, RevisionRecord},
};

/// What came of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Received {
    /// How many revisions were new.
    pub new: u64,
    /// Where to go on: ask for what comes after this change.
    pub next: i64,
    /// Whether that was the last page.
    pub complete: bool,
}

/// Why a page was not taken.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// It breaks the rules of pages.
    #[error("a page of revisions {0}")]
    Malformed(&'static str),
    /// The database cannot be written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl SiteDatabase {
    /// How far revisions of the last sender were taken; 0 before the first.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn received_up_to(&self) -> Result<i64, StoreError> {
        self.database.read(|it| Ok(sender(it)?.1))
    }

    /// Takes a page that was asked for with `after`, in one transaction. A page of another sender
    /// than before starts over; once such a pass is complete, what that sender did not tell of is
    /// removed.
    ///
    /// # Errors
    ///
    /// The page breaks the rules, or the file cannot be written; then nothing of it is taken.
    pub fn receive(
        &self,
        after: i64,
        page: &RevisionPage,
        now: Timestamp,
    ) -> Result<Received, PageError> {
        let next = check(after, page)?;
        Ok(self.database.write(|it| {
            let (known, _) = sender(it)?;
            if known != Some(page.catalog) && after != 0 {
                // It has a new order of changes: what was asked for means nothing in it.
                return Ok(Received { new: 0, next: 0, complete: false });
            }
            let new = store(it, page, now)?;
            it.prepare_cached("UPDATE site SET sender = ?1, sender_change = ?2")?
                .execute(params![page.catalog.as_bytes(), next])?;
            if !page.more {
                remove_others(it, page.catalog)?;
            }
            Ok(Received { new, next, complete: !page.more })
        })?)
    }
}

/// The rules of pages: bounded, in order, and leading on. The change to go on after.
fn check(after: i64, page: &RevisionPage) -> Result<i64, PageError> {
    if page.revisions.len() > RevisionPage::LIMIT {
        return Err(PageError::Malformed("holds more of them than a page may"));
    }
    if page.more && page.revisions.is_empty() {
        return Err(PageError::Malformed("is empty, but says that more follow"));
    }
    let mut last = after;
    for record in &page.revisions {
        if record.change <= last {
            return Err(PageError::Malformed("is not in the order of changes"));
        }
        last = record.change;
    }
    Ok(last)
}

fn sender(it: &Connection) -> Result<(Option<Uuid>, i64), StoreProblem> {
    Ok(it.query_row("SELECT sender, sender_change FROM site", [], |row| {
        Ok((row.get::<_, Option<[u8; 16]>>(0)?.map(Uuid::from_bytes), row.get(1)?))
    })?)
}

/// How many were new.
fn store(it: &Transaction<'_>, page: &RevisionPage, now: Timestamp) -> Result<u64, StoreProblem> {
    let last: i64 = it.query_row("SELECT last_change FROM site", [], |row| row.get(0))?;
    // Follows the clock, as the catalog's does: even if the last transactions were lost with the
    // power, no number comes twice.
    let mut change = last.saturating_add(1).max(now.as_microsecond());
    let mut changed = 0_u64;
    let count = || it.query_row("SELECT count(*) FROM revision", [], |row| row.get(0));
    let before: i64 = count()?;
    for record in &page.revisions {
        if upsert(it, record, page.catalog, change)? {
            change = change.saturating_add(1);
            changed = changed.saturating_add(1);
        }
    }
    if changed > 0 {
        it.execute("UPDATE site SET last_change = ?1", [change.saturating_sub(1)])?;
    }
    Ok(count()?.abs_diff(before))
}

/// Whether something about the revision is new, which the sites below must be told.
fn upsert(
    it: &Transaction<'_>,
    record: &RevisionRecord,
    sender: Uuid,
    change: i64,
) -> Result<bool, StoreProblem> {
    let categories: Vec<u8> =
        record.categories.iter().flat_map(|it| it.as_bytes().iter().copied()).collect();
    let id = record.identity;
    let changed = it
        .prepare_cached(
            "INSERT INTO revision (update_id, revision, update_type, category_type, expired, title,
                 categories, change, sender)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
             ON CONFLICT (update_id, revision) DO UPDATE SET update_type = ?3, category_type = ?4,
                 expired = ?5, title = ?6, categories = ?7, change = ?8, sender = ?9
             WHERE (update_type, category_type, expired, title, categories)
                 IS NOT (?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![
            id.update_id.as_bytes(),
            id.revision,
            record.update_type,
            record.category_type,
            record.expired,
            record.title,
            categories,
            change,
            sender.as_bytes()
        ])?;
    if changed == 0 {
        it.prepare_cached(
            "UPDATE revision SET sender = ?3 WHERE update_id = ?1 AND revision = ?2",
        )?
        .execute(params![id.update_id.as_bytes(), id.revision, sender.as_bytes()])?;
    }
    Ok(changed > 0)
}

/// Removes what came from senders before this one. There is no notice of removal on a page: a new
/// identifier makes the sites below start over and do the same.
fn remove_others(it: &Transaction<'_>, sender: Uuid) -> Result<(), StoreProblem> {
    let removed =
        it.execute("DELETE FROM revision WHERE sender <> ?1", [sender.as_bytes().as_slice()])?;
    if removed > 0 {
        it.execute("UPDATE site SET uuid = ?1", [Uuid::new_v4().into_bytes()])?;
    }
    Ok(())
}
