//! Storing revisions: a batch in a transaction, each revision once.

use std::sync::PoisonError;

use jiff::Timestamp;
use rusqlite::{Connection, Transaction, params};

use super::{
    Catalog, PackedDocument,
    identifiers::Remembered,
    insert::{Inserted, Inserting},
    open::last_change,
};
use crate::{
    model::{SynchronizationCounts, UpdateIdentity},
    store::{StoreError, StoreProblem, revisions::Totals},
    wire::update_document::{PublicationState, UpdateIndex},
};

/// A revision to be stored.
#[derive(Debug, Clone)]
pub struct NewRevision {
    /// What is remembered of the document; its identity is the revision's.
    pub index: UpdateIndex,
    /// The document, byte for byte.
    pub document: PackedDocument,
    /// SHA-1 of each file, as in `FileDigestList`.
    pub file_digests: Vec<Vec<u8>>,
}

/// How many revisions of a batch were stored.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stored {
    /// Of updates that were not there.
    pub new: u64,
    /// Of updates that were.
    pub changed: u64,
    /// Those among them that say that an update has expired.
    pub expired: u64,
}

impl Stored {
    /// How many in all.
    pub const fn total(&self) -> u64 {
        self.new.saturating_add(self.changed)
    }

    /// Counts them with those of a synchronization.
    pub const fn add_to(&self, counts: &mut SynchronizationCounts) {
        let Self { new, changed, expired } = *self;
        counts.add(SynchronizationCounts { new, changed, expired, set_aside: 0 });
    }

    fn count(&mut self, inserted: Inserted, index: &UpdateIndex) {
        match inserted {
            Inserted::Known => return,
            Inserted::NewUpdate => self.new += 1,
            Inserted::NewRevision => self.changed += 1,
        }
        if index.publication_state == PublicationState::Expired {
            self.expired += 1;
        }
    }
}

/// Where the publisher offers a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileLocation {
    /// SHA-1 of the file.
    pub digest: Vec<u8>,
    /// The publisher's address.
    pub publisher_url: String,
}

impl Catalog {
    /// Stores these revisions in one transaction; those that are there already stay as they are.
    /// Tells how many were stored.
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
        Ok(self.store(revisions, locations, now)?.total())
    }

    /// As [`Catalog::store_batch`], and tells what they are.
    ///
    /// # Errors
    ///
    /// The file cannot be written; then nothing of the batch is stored.
    pub fn store(
        &self,
        revisions: &[NewRevision],
        locations: &[FileLocation],
        now: Timestamp,
    ) -> Result<Stored, StoreError> {
        let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        let stored = self.database.write(|it| {
            let moment = Moment::next(it, now)?;
            let mut totals = Totals::of_catalog(it)?;
            let mut inserting = Inserting::new(it, &mut remembered)?;
            let mut change = moment.first_change;
            let mut stored = Stored::default();
            for revision in revisions {
                let inserted = inserting.insert(revision, change)?;
                if inserted == Inserted::Known {
                    continue;
                }
                totals.add(revision.index.identity);
                stored.count(inserted, &revision.index);
                change = change.saturating_add(1);
            }
            for location in locations {
                inserting.locate(location)?;
            }
            drop(inserting);
            if stored.total() > 0 {
                totals.write_to_catalog(it)?;
                moment.write(it, change.saturating_sub(1))?;
            }
            Ok(stored)
        });
        if stored.is_err() {
            // The numbers that it gave are not there.
            *remembered = Remembered::default();
        }
        stored
    }

    /// Which of these revisions it holds already, in their order.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn known(&self, identities: &[UpdateIdentity]) -> Result<Vec<bool>, StoreError> {
        self.database.read(|it| {
            let mut statement = it.prepare_cached(
                "SELECT 1 FROM identifier JOIN revision ON identifier = number
                 WHERE update_id = ?1 AND revision = ?2",
            )?;
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

    /// Revisions were stored at it, up to this change.
    fn write(&self, it: &Transaction<'_>, last_change: i64) -> Result<(), StoreProblem> {
        it.prepare_cached("INSERT INTO moment VALUES (?1, ?2)")?
            .execute([self.at, self.first_change])?;
        it.prepare_cached("UPDATE catalog SET last_changed_at = ?1, last_change = ?2")?
            .execute([self.at, last_change])?;
        Ok(())
    }
}
