//! Reading documents: what `GetUpdateData` answers.

use rusqlite::{Connection, OptionalExtension, params};

use super::{Catalog, FileLocation};
use crate::{
    model::{Digest, UpdateIdentity},
    store::{StoreError, StoreProblem},
};

/// A document as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredDocument {
    /// Whose.
    pub identity: UpdateIdentity,
    /// The text, byte for byte.
    pub text: String,
    /// SHA-1 of each file, as in `FileDigestList`.
    pub file_digests: Vec<Vec<u8>>,
}

impl Catalog {
    /// How many bytes these documents have together.
    ///
    /// # Errors
    ///
    /// One of them is not there, or the file cannot be read.
    pub fn size_of(&self, identities: &[UpdateIdentity]) -> Result<u64, StoreError> {
        self.database.read(|it| {
            let mut statement =
                it.prepare_cached("SELECT length(text) FROM document WHERE revision_id = ?1")?;
            let mut total = 0_u64;
            for identity in identities {
                let length: i64 = statement.query_row([row_of(it, identity)?], |row| row.get(0))?;
                total = total.saturating_add(length.unsigned_abs());
            }
            Ok(total)
        })
    }

    /// Gives each of these documents to `each`, in this order, one at a time: they are never in
    /// memory together. One that is asked for twice comes twice.
    ///
    /// # Errors
    ///
    /// One of them is not there or is damaged, or the file cannot be read, or what `each` says.
    pub fn each_document<E: From<StoreError>>(
        &self,
        identities: &[UpdateIdentity],
        mut each: impl FnMut(&StoredDocument) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut stopped = None;
        let read = self.database.read(|it| {
            for identity in identities {
                if let Err(error) = each(&document(it, identity)?) {
                    stopped = Some(error);
                    break;
                }
            }
            Ok(())
        });
        read?;
        stopped.map_or(Ok(()), Err)
    }

    /// These documents, in this order.
    ///
    /// # Errors
    ///
    /// One of them is not there or is damaged, or the file cannot be read.
    pub fn documents(
        &self,
        identities: &[UpdateIdentity],
    ) -> Result<Vec<StoredDocument>, StoreError> {
        let mut documents = Vec::with_capacity(identities.len());
        self.each_document(identities, |document| {
            documents.push(document.clone());
            Ok::<_, StoreError>(())
        })?;
        Ok(documents)
    }

    /// Where the publisher offers these files, as far as that is known.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn locations(&self, digests: &[Vec<u8>]) -> Result<Vec<FileLocation>, StoreError> {
        self.database.read(|it| {
            let mut statement =
                it.prepare_cached("SELECT publisher_url FROM file_location WHERE digest = ?1")?;
            let mut locations = Vec::new();
            for digest in digests {
                let url = statement.query_row([digest], |row| row.get(0)).optional()?;
                locations.extend(
                    url.map(|publisher_url| FileLocation { digest: digest.clone(), publisher_url }),
                );
            }
            Ok(locations)
        })
    }
}

fn row_of(it: &Connection, identity: &UpdateIdentity) -> Result<i64, StoreProblem> {
    it.prepare_cached("SELECT id FROM revision WHERE update_id = ?1 AND revision = ?2")?
        .query_row(params![identity.update_id.as_bytes(), identity.revision], |row| row.get(0))
        .optional()?
        .ok_or(StoreProblem::NotFound(*identity))
}

fn document(it: &Connection, identity: &UpdateIdentity) -> Result<StoredDocument, StoreProblem> {
    let id = row_of(it, identity)?;
    let damaged = || StoreProblem::DamagedDocument(*identity);
    let (sha256, text): ([u8; 32], Vec<u8>) = it
        .prepare_cached("SELECT sha256, text FROM document WHERE revision_id = ?1")?
        .query_row([id], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?
        .ok_or_else(damaged)?;
    // No byte is served before its digest was checked.
    if Digest::of(&text) != Digest::from_bytes(sha256) {
        return Err(damaged());
    }
    let text = String::from_utf8(text).map_err(|_| damaged())?;
    let mut statement = it.prepare_cached(
        "SELECT digest FROM file_digest WHERE revision_id = ?1 ORDER BY position",
    )?;
    let file_digests = statement.query_map([id], |row| row.get(0))?.collect::<Result<_, _>>()?;
    Ok(StoredDocument { identity: *identity, text, file_digests })
}
