//! Reading documents: what `GetUpdateData` answers.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{Catalog, FileLocation, numbers, packed::unpack};
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
    /// Where the publisher offers them, as far as that is known.
    pub locations: Vec<FileLocation>,
}

impl Catalog {
    /// How many bytes these documents have together.
    ///
    /// # Errors
    ///
    /// One of them is not there, or the file cannot be read.
    pub fn size_of(&self, identities: &[UpdateIdentity]) -> Result<u64, StoreError> {
        self.database.read(|it| {
            let mut statement = it.prepare_cached(
                "SELECT length FROM identifier JOIN revision ON identifier = number
                 JOIN document USING (change) WHERE update_id = ?1 AND revision = ?2",
            )?;
            let mut total = 0_u64;
            for identity in identities {
                let key = params![identity.update_id.as_bytes(), identity.revision];
                let length: Option<i64> = statement.query_row(key, |row| row.get(0)).optional()?;
                // What is there without a document is told when that is read.
                let Some(length) = length else {
                    row_of(it, identity)?;
                    continue;
                };
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
        mut each: impl FnMut(StoredDocument) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut stopped = None;
        let read = self.database.read(|it| {
            for identity in identities {
                if let Err(error) = each(document(it, identity)?) {
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
            documents.push(document);
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
            let mut statement = it.prepare_cached(
                "SELECT publisher_url FROM file
                     WHERE sha1 = ?1 AND publisher_url IS NOT NULL",
            )?;
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

/// The change of a revision.
pub(super) fn row_of(it: &Connection, identity: &UpdateIdentity) -> Result<i64, StoreProblem> {
    it.prepare_cached(
        "SELECT change FROM identifier JOIN revision ON identifier = number
         WHERE update_id = ?1 AND revision = ?2",
    )?
    .query_row(params![identity.update_id.as_bytes(), identity.revision], |row| row.get(0))
    .optional()?
    .ok_or(StoreProblem::NotFound(*identity))
}

fn document(it: &Connection, identity: &UpdateIdentity) -> Result<StoredDocument, StoreProblem> {
    let damaged = || StoreProblem::DamagedDocument(*identity);
    let mut statement = it.prepare_cached(
        "SELECT dictionary, sha256, length, packed, files
         FROM identifier JOIN revision ON identifier = number JOIN document USING (change)
         WHERE update_id = ?1 AND revision = ?2",
    )?;
    let mut rows = statement.query(params![identity.update_id.as_bytes(), identity.revision])?;
    let Some(row) = rows.next()? else {
        row_of(it, identity)?;
        return Err(damaged());
    };
    let text = unpacked(row)?.ok_or_else(damaged)?;
    let (file_digests, locations) = files(it, row.get_ref(4)?.as_blob().unwrap_or_default())?;
    Ok(StoredDocument { identity: *identity, text, file_digests, locations })
}

/// The text in the first columns of a row; `None` if it is not what was stored.
fn unpacked(row: &Row<'_>) -> rusqlite::Result<Option<String>> {
    let sha256 = Digest::from_bytes(row.get(1)?);
    let length: i64 = row.get(2)?;
    let packed = row.get_ref(3)?.as_blob().unwrap_or_default();
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    Ok(unpack(row.get(0)?, &sha256, length, packed))
}

/// The text of a revision's document; `None` if it is not what was stored.
pub(super) fn text(it: &Connection, change: i64) -> Result<Option<String>, StoreProblem> {
    let found = it
        .prepare_cached(
            "SELECT dictionary, sha256, length, packed FROM document WHERE change = ?1",
        )?
        .query_row([change], unpacked)
        .optional()?;
    Ok(found.flatten())
}

/// The files of a revision by their SHA-1, and where they are offered.
pub(super) fn files(
    it: &Connection,
    files: &[u8],
) -> Result<(Vec<Vec<u8>>, Vec<FileLocation>), StoreProblem> {
    let (mut digests, mut locations) = (Vec::new(), Vec::new());
    let numbers = numbers::read_all(files)?;
    if numbers.is_empty() {
        return Ok((digests, locations));
    }
    let mut statement =
        it.prepare_cached("SELECT sha1, publisher_url FROM file WHERE number = ?1")?;
    for number in numbers {
        let (digest, url): (Vec<u8>, Option<String>) =
            statement.query_row([number], |row| Ok((row.get(0)?, row.get(1)?)))?;
        locations.extend(
            url.map(|publisher_url| FileLocation { digest: digest.clone(), publisher_url }),
        );
        digests.push(digest);
    }
    Ok((digests, locations))
}
