//! Storing revisions: a batch in a transaction, each revision once.

use jiff::Timestamp;
use rusqlite::{Connection, Transaction, params};

use super::{Catalog, open::last_change};
use crate::{
    model::{Digest, UpdateIdentity},
    store::{StoreError, StoreProblem},
    wire::update_document::{PublicationState, UpdateIndex, UpdateType},
};

/// A revision to be stored.
#[derive(Debug, Clone)]
pub struct NewRevision {
    /// What is remembered of the document; its identity is the revision's.
    pub index: UpdateIndex,
    /// The document, byte for byte.
    pub document: String,
    /// SHA-1 of each file, as in `FileDigestList`.
    pub file_digests: Vec<Vec<u8>>,
}

/// Where the publisher offers a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileLocation {
    /// SHA-1 of the file.
    pub digest: Vec<u8>,
    /// The publisher's address.
    pub publisher_url: String,
}

/// Longest title that is remembered apart from its document, in characters: tables show less, and
/// a page of a thousand must stay small.
const TITLE_CHARACTERS: usize = 500;

impl Catalog {
    /// Stores these revisions in one transaction; those that are there already stay as they are.
    /// Tells how many were new.
    ///
    /// # Errors
    ///
    /// The file cannot be written; then nothing of the batch is stored.
    pub fn store_batch(
        &self,
        revisions: &[NewRevision],
        locations: &[FileLocation],
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        self.database.write(|it| {
            let moment = Moment::next(it, now)?;
            let mut change = moment.first_change;
            let mut new = 0_u64;
            for revision in revisions {
                if insert(it, revision, change, moment.at)? {
                    change = change.saturating_add(1);
                    new = new.saturating_add(1);
                }
            }
            for location in locations {
                it.prepare_cached("INSERT OR REPLACE INTO file_location VALUES (?1, ?2)")?
                    .execute(params![location.digest, location.publisher_url])?;
            }
            if new > 0 {
                it.prepare_cached("UPDATE catalog SET last_change = ?1, last_changed_at = ?2")?
                    .execute(params![change.saturating_sub(1), moment.at])?;
            }
            Ok(new)
        })
    }

    /// Which of these revisions it holds already, in their order.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn known(&self, identities: &[UpdateIdentity]) -> Result<Vec<bool>, StoreError> {
        self.database.read(|it| {
            let mut statement =
                it.prepare_cached("SELECT 1 FROM revision WHERE update_id = ?1 AND revision = ?2")?;
            let mut known = Vec::with_capacity(identities.len());
            for identity in identities {
                known.push(
                    statement.exists(params![identity.update_id.as_bytes(), identity.revision])?,
                );
            }
            Ok(known)
        })
    }
}

/// Where a transaction stands in the order of changes and in time. Both follow the clock but never
/// stand still or go back: what one transaction stores comes after all that was ever read before
/// it, even if the last transactions were lost with the power.
pub(super) struct Moment {
    /// Number of its first change.
    pub(super) first_change: i64,
    /// Milliseconds since 1970.
    pub(super) at: i64,
}

impl Moment {
    pub(super) fn next(it: &Connection, now: Timestamp) -> Result<Self, StoreProblem> {
        let last_at: i64 = it
            .prepare_cached("SELECT last_changed_at FROM catalog")?
            .query_row([], |row| row.get(0))?;
        let first_change = last_change(it)?.saturating_add(1).max(now.as_microsecond());
        Ok(Self { first_change, at: last_at.saturating_add(1).max(now.as_millisecond()) })
    }
}

/// Whether the revision was new.
fn insert(
    it: &Transaction<'_>,
    new: &NewRevision,
    change: i64,
    at: i64,
) -> Result<bool, StoreProblem> {
    let index = &new.index;
    let configuration = matches!(index.update_type, UpdateType::Category | UpdateType::Detectoid);
    let title: String = index.title.chars().take(TITLE_CHARACTERS).collect();
    let inserted = it
        .prepare_cached(
            "INSERT INTO revision (update_id, revision, update_type, category_type, configuration,
                 expired, title, change, changed_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
             ON CONFLICT (update_id, revision) DO NOTHING",
        )?
        .execute(params![
            index.identity.update_id.as_bytes(),
            index.identity.revision,
            index.update_type.as_str(),
            index.category_type.map(crate::wire::update_document::CategoryType::as_str),
            configuration,
            index.publication_state == PublicationState::Expired,
            title,
            change,
            at,
        ])?;
    if inserted == 0 {
        return Ok(false);
    }
    let id = it.last_insert_rowid();
    let text = new.document.as_bytes();
    it.prepare_cached("INSERT INTO document VALUES (?1, ?2, ?3)")?.execute(params![
        id,
        Digest::of(text).as_bytes(),
        text
    ])?;
    // A document may name the same update twice in one group.
    let mut statement =
        it.prepare_cached("INSERT OR IGNORE INTO prerequisite VALUES (?1, ?2, ?3, ?4)")?;
    for (number, group) in (0_i64..).zip(&index.prerequisites) {
        for target in &group.any_of {
            statement.execute(params![id, number, target.as_bytes(), group.is_category])?;
        }
    }
    let mut statement = it.prepare_cached("INSERT INTO file_digest VALUES (?1, ?2, ?3)")?;
    for (position, digest) in (0_i64..).zip(&new.file_digests) {
        statement.execute(params![id, position, digest])?;
    }
    Ok(true)
}
