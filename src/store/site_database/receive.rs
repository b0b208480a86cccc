//! Taking revisions from a catalog or from the database of the site above, page by page.

use jiff::Timestamp;
use rusqlite::{Connection, Transaction, params};
use uuid::Uuid;

use super::SiteDatabase;
use crate::{
    model::CatalogVersion,
    store::{
        StoreError, StoreProblem,
        revisions::{Totals, identity},
    },
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

/// What of the sender's changes is taken (SYNC-3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// All of them: a scheduled synchronization, and what comes from the site above.
    Everything,
    /// Updates that are not there yet: a synchronization by hand. What has changed or expired waits for
    /// the next scheduled one.
    OnlyNew,
}

/// What a synchronization by hand has left for the next scheduled one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChangesWaiting {
    /// How many revisions.
    pub revisions: u64,
    /// The version that the sender had by then.
    pub seen: Option<CatalogVersion>,
}

impl SiteDatabase {
    /// How far revisions of the last sender were looked at; 0 before the first.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn received_up_to(&self, manner: Manner) -> Result<i64, StoreError> {
        self.database.read(|it| {
            let Sender { change, hand_change, .. } = Sender::read(it)?;
            Ok(match manner {
                Manner::Everything => change,
                Manner::OnlyNew => change.max(hand_change),
            })
        })
    }

    /// What waits for the next scheduled synchronization, if anything does.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn changes_waiting(&self) -> Result<Option<ChangesWaiting>, StoreError> {
        self.database.read(|it| {
            let (revisions, seen): (i64, Option<[u8; 32]>) =
                it.query_row("SELECT waiting, seen_version FROM site", [], |row| {
                    Ok((row.get(0)?, row.get(1)?))
                })?;
            let seen = seen.map(CatalogVersion::from_bytes);
            Ok((revisions > 0)
                .then(|| ChangesWaiting { revisions: revisions.unsigned_abs(), seen }))
        })
    }

    /// Takes a page that was asked for with `after`, in one transaction. A page of another sender
    /// than before starts over, and everything of it is taken; once such a pass is complete, what that
    /// sender did not tell of is removed.
    ///
    /// # Errors
    ///
    /// The page breaks the rules, or the file cannot be written; then nothing of it is taken.
    pub fn receive(
        &self,
        after: i64,
        page: &RevisionPage,
        manner: Manner,
        now: Timestamp,
    ) -> Result<Received, PageError> {
        let next = check(after, page)?;
        Ok(self.database.write(|it| {
            let known = Sender::read(it)?;
            if known.catalog != Some(page.catalog) && after != 0 {
                // It has a new order of changes: what was asked for means nothing in it.
                return Ok(Received { new: 0, next: 0, complete: false });
            }
            let begun = known.catalog == Some(page.catalog) && known.change > 0;
            let stored = if manner == Manner::OnlyNew && begun {
                let stored = store(it, page, Manner::OnlyNew, now)?;
                looked(it, page, next, stored.waiting)?;
                stored
            } else {
                let stored = store(it, page, Manner::Everything, now)?;
                it.prepare_cached("UPDATE site SET sender = ?1, sender_change = ?2")?
                    .execute(params![page.catalog.as_bytes(), next])?;
                if !page.more {
                    remove_others(it, page.catalog)?;
                    it.execute(
                        "UPDATE site SET hand_change = 0, waiting = 0, seen_version = NULL",
                        [],
                    )?;
                }
                stored
            };
            Ok(Received { new: stored.new, next, complete: !page.more })
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

/// Who told of revisions last, and how far.
struct Sender {
    catalog: Option<Uuid>,
    change: i64,
    hand_change: i64,
}

impl Sender {
    fn read(it: &Connection) -> Result<Self, StoreProblem> {
        Ok(it.query_row("SELECT sender, sender_change, hand_change FROM site", [], |row| {
            let catalog = row.get::<_, Option<[u8; 16]>>(0)?.map(Uuid::from_bytes);
            Ok(Self { catalog, change: row.get(1)?, hand_change: row.get(2)? })
        })?)
    }
}

/// A synchronization by hand has looked at this page.
fn looked(
    it: &Transaction<'_>,
    page: &RevisionPage,
    next: i64,
    waiting: u64,
) -> Result<(), StoreProblem> {
    let waiting = i64::try_from(waiting).unwrap_or(i64::MAX);
    it.prepare_cached("UPDATE site SET hand_change = ?1, waiting = waiting + ?2")?
        .execute([next, waiting])?;
    if !page.more {
        it.prepare_cached("UPDATE site SET seen_version = ?1")?
            .execute([page.version.map(|version| *version.as_bytes())])?;
    }
    Ok(())
}

/// What came of the revisions of a page.
struct Stored {
    /// How many were new.
    new: u64,
    /// How many changed, and were not taken.
    waiting: u64,
}

fn store(
    it: &Transaction<'_>,
    page: &RevisionPage,
    manner: Manner,
    now: Timestamp,
) -> Result<Stored, StoreProblem> {
    let last: i64 = it.query_row("SELECT last_change FROM site", [], |row| row.get(0))?;
    // Follows the clock, as the catalog's does: even if the last transactions were lost with the
    // power, no number comes twice.
    let mut change = last.saturating_add(1).max(now.as_microsecond());
    let first = change;
    let mut totals = Totals::of_site(it)?;
    let before = totals.revisions();
    let mut waiting = 0_u64;
    let mut known =
        it.prepare_cached("SELECT 1 FROM revision WHERE update_id = ?1 AND revision = ?2")?;
    let mut of_update = it.prepare_cached("SELECT 1 FROM revision WHERE update_id = ?1")?;
    for record in &page.revisions {
        let id = record.identity;
        if manner == Manner::OnlyNew && of_update.exists([id.update_id.as_bytes()])? {
            waiting = waiting.saturating_add(1);
            continue;
        }
        if !known.exists(params![id.update_id.as_bytes(), id.revision])? {
            totals.add(id);
        }
        if upsert(it, record, page.catalog, change)? {
            change = change.saturating_add(1);
        }
    }
    if change > first {
        it.execute("UPDATE site SET last_change = ?1", [change.saturating_sub(1)])?;
    }
    if totals.revisions() > before {
        totals.write_to_site(it)?;
    }
    Ok(Stored { new: totals.revisions().abs_diff(before), waiting })
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
    let mut totals = Totals::of_site(it)?;
    let before = totals.revisions();
    let mut statement =
        it.prepare_cached("DELETE FROM revision WHERE sender <> ?1 RETURNING update_id, revision")?;
    let mut removed = statement.query([sender.as_bytes().as_slice()])?;
    while let Some(row) = removed.next()? {
        totals.remove(identity(row, 0)?);
    }
    if totals.revisions() < before {
        totals.write_to_site(it)?;
        it.execute("UPDATE site SET uuid = ?1", [Uuid::new_v4().into_bytes()])?;
    }
    Ok(())
}
