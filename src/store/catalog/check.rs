//! Checking a catalog: what SQLite says of the file, and every document against its digest.

use rusqlite::params;

use super::{Catalog, NewRevision, documents, packed::DICTIONARY_NUMBER};
use crate::{
    model::UpdateIdentity,
    store::{StoreError, StoreProblem, revisions::identity},
    wire::{update_document::UpdateDocument, updates::CatalogFindings},
};

/// Documents that are checked on one view of the file: others may write meanwhile.
const PIECE: u32 = 1_000;

impl Catalog {
    /// Checks the file and every document in it. `progress` hears how many of how many are checked.
    ///
    /// # Errors
    ///
    /// The file cannot be read at all.
    pub fn check(&self, mut progress: impl FnMut(u64, u64)) -> Result<CatalogFindings, StoreError> {
        let mut findings =
            CatalogFindings { file: self.check_file()?, ..CatalogFindings::default() };
        let total = self.count()?;
        let mut after = i64::MIN;
        loop {
            let checked = self.database.read(|it| {
                let mut statement = it.prepare_cached(
                    "SELECT change, update_id, revision
                     FROM revision JOIN identifier ON number = identifier
                     WHERE change > ?1 ORDER BY change LIMIT ?2",
                )?;
                let mut rows = statement.query(params![after, PIECE])?;
                let mut checked = 0_u64;
                while let Some(row) = rows.next()? {
                    after = row.get(0)?;
                    checked += 1;
                    let identity = identity(row, 1)?;
                    let text = documents::text(it, after)?;
                    let found = text.and_then(|text| UpdateDocument::identity(&text).ok());
                    if found != Some(identity) {
                        findings.damaged.push(identity);
                    }
                }
                Ok(checked)
            })?;
            if checked == 0 {
                return Ok(findings);
            }
            findings.documents = findings.documents.saturating_add(checked);
            progress(findings.documents, total.max(findings.documents));
        }
    }

    fn check_file(&self) -> Result<Vec<String>, StoreError> {
        self.database.read(|it| {
            let mut statement = it.prepare("PRAGMA integrity_check(20)")?;
            let told = statement.query_map([], |row| row.get(0))?;
            let told: Vec<String> = told.collect::<Result<_, _>>()?;
            Ok(if told == ["ok"] { Vec::new() } else { told })
        })
    }

    /// Puts the documents of revisions that are there already in the place of those that are damaged;
    /// what else is known of them stays as it is.
    ///
    /// # Errors
    ///
    /// One of them is not there, or the file cannot be written; then none is replaced.
    pub fn replace_documents(&self, revisions: &[NewRevision]) -> Result<(), StoreError> {
        self.database.write(|it| {
            let mut statement = it.prepare_cached(
                "INSERT OR REPLACE INTO document
                 SELECT change, ?3, ?4, ?5, ?6 FROM revision JOIN identifier ON number = identifier
                 WHERE update_id = ?1 AND revision = ?2",
            )?;
            for NewRevision { index, document, .. } in revisions {
                let UpdateIdentity { update_id, revision } = index.identity;
                let replaced = statement.execute(params![
                    update_id.as_bytes(),
                    revision,
                    document.sha256.as_bytes(),
                    i64::try_from(document.length).unwrap_or(i64::MAX),
                    DICTIONARY_NUMBER,
                    document.packed,
                ])?;
                if replaced == 0 {
                    return Err(StoreProblem::NotFound(index.identity));
                }
            }
            Ok(())
        })
    }
}
