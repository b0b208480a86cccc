//! Taking over what the first version of this file kept: its documents are read again.

use rusqlite::Transaction;

use super::{
    FileLocation, NewRevision, PackedDocument, identifiers::Remembered, insert::Inserting,
};
use crate::{
    model::Digest,
    store::{
        StoreProblem,
        revisions::{Totals, identity},
    },
    wire::update_document::UpdateDocument,
};

/// Moves what is in the tables of the first version into those of this one, and drops them. Does nothing
/// where they are not there.
pub(super) fn old_tables(
    it: &Transaction<'_>,
    remembered: &mut Remembered,
) -> Result<(), StoreProblem> {
    if !it.table_exists(None, "old_revision")? {
        return Ok(());
    }
    let mut totals = Totals::of_catalog(it)?;
    let mut inserting = Inserting::new(it, remembered)?;
    let mut old = it.prepare(
        "SELECT update_id, revision, old_revision.change, sha256, text, id
         FROM old_revision JOIN old_document ON revision_id = id ORDER BY old_revision.change",
    )?;
    let mut digests =
        it.prepare("SELECT digest FROM old_file_digest WHERE revision_id = ?1 ORDER BY position")?;
    let mut rows = old.query([])?;
    while let Some(row) = rows.next()? {
        let identity = identity(row, 0)?;
        let damaged = || StoreProblem::DamagedDocument(identity);
        let (sha256, text): ([u8; 32], Vec<u8>) = (row.get(3)?, row.get(4)?);
        if Digest::of(&text) != Digest::from_bytes(sha256) {
            return Err(damaged());
        }
        let text = String::from_utf8(text).map_err(|_| damaged())?;
        let index = UpdateDocument::index(&text).map_err(|_| damaged())?;
        let file_digests = digests
            .query_map([row.get::<_, i64>(5)?], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        let document = PackedDocument::pack(&text);
        inserting.insert(&NewRevision { index, document, file_digests }, row.get(2)?)?;
        totals.add(identity);
    }
    let mut locations = it.prepare("SELECT digest, publisher_url FROM old_file_location")?;
    let mut rows = locations.query([])?;
    while let Some(row) = rows.next()? {
        let location = FileLocation { digest: row.get(0)?, publisher_url: row.get(1)? };
        inserting.locate(&location)?;
    }
    drop(inserting);
    totals.write_to_catalog(it)?;
    it.execute_batch(
        "INSERT INTO moment SELECT changed_at, min(change) FROM old_revision GROUP BY changed_at;
         DROP TABLE old_file_digest; DROP TABLE old_prerequisite; DROP TABLE old_document;
         DROP TABLE old_file_location; DROP TABLE old_revision;",
    )?;
    Ok(())
}
