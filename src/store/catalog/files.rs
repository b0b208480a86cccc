//! Files of updates: the keys of those that are published encrypted, and those that downstream
//! servers have asked for.

use std::collections::BTreeSet;

use jiff::Timestamp;
use rusqlite::{OptionalExtension, params};

use super::{Catalog, documents::row_of, numbers::read_all};
use crate::{
    model::UpdateIdentity,
    store::{StoreError, StoreProblem},
    wire::server_sync::{FileDecryption, UpdateDecryption},
};

/// Longest key that is kept, in bytes: a digest's length is usual.
const KEY_BYTES: usize = 1_024;

impl Catalog {
    /// Keeps the keys of files. What is no key is passed over.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn store_file_keys(&self, files: &[FileDecryption]) -> Result<(), StoreError> {
        if files.is_empty() {
            return Ok(());
        }
        self.database.write(|it| {
            for file in files {
                let key = file.decryption_key.as_ref().filter(|key| key.len() <= KEY_BYTES);
                let Some(key) = key.filter(|_| file.file_digest.len() == 20) else { continue };
                it.prepare_cached("INSERT OR REPLACE INTO file_key VALUES (?1, ?2)")?
                    .execute(params![file.file_digest, key])?;
            }
            Ok(())
        })
    }

    /// The keys of the files of these updates, as far as they have any.
    ///
    /// # Errors
    ///
    /// One of the updates is not there, or the file cannot be read.
    pub fn file_keys(
        &self,
        identities: &[UpdateIdentity],
    ) -> Result<Vec<UpdateDecryption>, StoreError> {
        self.database.read(|it| {
            let mut files_of = it.prepare_cached("SELECT files FROM revision WHERE change = ?1")?;
            let mut key_of = it.prepare_cached(
                "SELECT k.digest, k.key FROM file f JOIN file_key k ON k.digest = f.sha1
                 WHERE f.number = ?1",
            )?;
            let mut updates = Vec::with_capacity(identities.len());
            for identity in identities {
                let numbers: Vec<u8> =
                    files_of.query_row([row_of(it, identity)?], |row| row.get(0))?;
                let mut files = Vec::new();
                for number in read_all(&numbers)? {
                    let key = key_of.query_row([number], |row| {
                        Ok(FileDecryption { file_digest: row.get(0)?, decryption_key: row.get(1)? })
                    });
                    files.extend(key.optional()?);
                }
                updates.push(UpdateDecryption { identity: *identity, files });
            }
            Ok(updates)
        })
    }

    /// Notes that downstream servers want these files, if all of them belong to updates that are
    /// here. Tells those that do not; then nothing is noted.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn want_files(
        &self,
        digests: &[Vec<u8>],
        now: Timestamp,
    ) -> Result<Vec<Vec<u8>>, StoreError> {
        self.database.write(|it| {
            let mut unknown = Vec::new();
            for digest in digests.iter().collect::<BTreeSet<_>>() {
                let known: Option<i64> = it
                    .prepare_cached("SELECT 1 FROM file WHERE sha1 = ?1")?
                    .query_row([digest], |row| row.get(0))
                    .optional()?;
                if known.is_none() {
                    unknown.push(digest.clone());
                }
            }
            if unknown.is_empty() {
                for digest in digests {
                    it.prepare_cached(
                        "INSERT INTO content (file, chosen, asked_at)
                         SELECT number, 0, ?2 FROM file WHERE sha1 = ?1
                         ON CONFLICT DO UPDATE SET asked_at = ?2",
                    )?
                    .execute(params![digest, now.as_millisecond()])?;
                }
            }
            Ok(unknown)
        })
    }

    /// The files that downstream servers want, those that were asked for first before the others.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn wanted_files(&self) -> Result<Vec<Vec<u8>>, StoreError> {
        self.database.read(|it| {
            let mut statement = it.prepare_cached(
                "SELECT sha1 FROM content JOIN file ON number = file
                 WHERE asked_at IS NOT NULL ORDER BY asked_at, sha1",
            )?;
            let rows = statement.query_map([], |row| row.get(0))?;
            Ok::<_, StoreProblem>(rows.collect::<Result<_, _>>()?)
        })
    }
}
