//! Which files of updates shall be here, which are, and what came of those that are not (protocol
//! §1.7, step 7).

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::Catalog;
use crate::{
    model::{Digest, FailedUpdateFile, UpdateContentState},
    store::{StoreError, StoreProblem},
    wire::update_content::{ContentName, Sha1, UpdateContent},
};

/// How long a file is kept that nothing chooses any more, and one that a downstream server has asked for.
const KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Longest time that lies between two tries: what is put off for longer was put off by another clock.
const LONGEST: SignedDuration = SignedDuration::from_hours(25);

/// Files of which it is told that they have failed.
const FAILURES: i64 = 20;

/// Longest reason that is kept, in characters.
const REASON: usize = 500;

/// Files that are removed at a time.
const REMOVED: i64 = 1_000;

/// A file that shall be here and is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingContent {
    /// Its number in the catalog.
    pub number: i64,
    /// What it has to be.
    pub content: UpdateContent,
    /// Where its publisher offers it.
    pub publisher_url: Option<String>,
    /// How often it was tried in vain.
    pub tries: u32,
}

impl Catalog {
    /// Files that shall be here, are not, and may be fetched now: those that downstream servers wait
    /// for before the others.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn missing_content(
        &self,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<MissingContent>, StoreError> {
        self.database.read(|it| {
            let mut statement = it.prepare_cached(
                "SELECT f.sha1, f.sha256, f.size, f.name, c.file, f.publisher_url, c.tries
                 FROM content c JOIN file f ON f.number = c.file
                 WHERE NOT c.held AND (c.chosen OR c.asked_at >= ?1) AND f.size IS NOT NULL
                     AND length(f.sha1) = 20 AND (c.retry_at <= ?2 OR c.retry_at > ?3)
                 ORDER BY c.tries, c.asked_at IS NULL, c.retry_at, c.file LIMIT ?4",
            )?;
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            let mut rows = statement.query(params![
                since(now),
                now.as_millisecond(),
                later(now, LONGEST),
                limit
            ])?;
            let mut missing = Vec::new();
            while let Some(row) = rows.next()? {
                let Some(content) = content(row)? else { continue };
                missing.push(MissingContent {
                    number: row.get(4)?,
                    content,
                    publisher_url: row.get(5)?,
                    tries: row.get(6)?,
                });
            }
            Ok(missing)
        })
    }

    /// When the next file may be tried again; `None`: there is none that waits for it.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn next_content_at(&self, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        self.database.read(|it| {
            let next: Option<i64> = it
                .prepare_cached(
                    "SELECT min(c.retry_at) FROM content c JOIN file f ON f.number = c.file
                     WHERE NOT c.held AND (c.chosen OR c.asked_at >= ?1)
                         AND f.size IS NOT NULL AND length(f.sha1) = 20",
                )?
                .query_row([since(now)], |row| row.get(0))?;
            Ok(next.and_then(|it| Timestamp::from_millisecond(it).ok()))
        })
    }

    /// A file is here now.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn content_has_come(&self, number: i64) -> Result<(), StoreError> {
        self.database.write(|it| {
            it.prepare_cached(
                "UPDATE content SET held = 1, tries = 0, reason = NULL, retry_at = 0
                 WHERE file = ?1",
            )?
            .execute([number])?;
            Ok(())
        })
    }

    /// A file has not come, for this reason, and may be tried again then.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn content_has_failed(
        &self,
        number: i64,
        reason: &str,
        again_at: Timestamp,
    ) -> Result<(), StoreError> {
        self.put_off(number, 1, reason, again_at)
    }

    /// A file that has failed waits for another reason, and may be tried again then.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn content_waits(
        &self,
        number: i64,
        reason: &str,
        again_at: Timestamp,
    ) -> Result<(), StoreError> {
        self.put_off(number, 0, reason, again_at)
    }

    fn put_off(
        &self,
        number: i64,
        tries: u32,
        reason: &str,
        again_at: Timestamp,
    ) -> Result<(), StoreError> {
        let reason: String = reason.chars().take(REASON).collect();
        self.database.write(|it| {
            it.prepare_cached(
                "UPDATE content SET tries = tries + ?2, reason = ?3, retry_at = ?4 WHERE file = ?1",
            )?
            .execute(params![number, tries, reason, again_at.as_millisecond()])?;
            Ok(())
        })
    }

    /// Compares what is here by the catalog with what really is.
    ///
    /// # Errors
    ///
    /// The file cannot be read or written.
    pub fn reconcile_content(
        &self,
        is_here: impl Fn(&UpdateContent) -> bool,
    ) -> Result<(), StoreError> {
        let changed = self.database.read(|it| {
            let mut statement = it.prepare_cached(
                "SELECT f.sha1, f.sha256, f.size, f.name, c.file, c.held
                 FROM content c JOIN file f ON f.number = c.file WHERE f.size IS NOT NULL",
            )?;
            let mut rows = statement.query([])?;
            let mut changed = Vec::new();
            while let Some(row) = rows.next()? {
                let Some(content) = content(row)? else { continue };
                let (number, held): (i64, bool) = (row.get(4)?, row.get(5)?);
                if is_here(&content) != held {
                    changed.push((number, !held));
                }
            }
            Ok(changed)
        })?;
        if changed.is_empty() {
            return Ok(());
        }
        self.database.write(|it| {
            let mut update = it.prepare_cached(
                "UPDATE content SET held = ?2, tries = 0, reason = NULL, retry_at = 0
                 WHERE file = ?1",
            )?;
            for (number, held) in &changed {
                update.execute(params![number, held])?;
            }
            Ok(())
        })
    }

    /// Files that are here and that nothing has wanted for long, and that can be had again: from the
    /// upstream server, if there is one, or where the publisher offers them.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn overdue_content(
        &self,
        now: Timestamp,
        has_upstream: bool,
    ) -> Result<Vec<(i64, Sha1)>, StoreError> {
        self.database.read(|it| {
            let mut statement = it.prepare_cached(
                "SELECT c.file, f.sha1 FROM content c JOIN file f ON f.number = c.file
                 WHERE c.held AND NOT c.chosen AND coalesce(c.asked_at, 0) < ?1
                     AND coalesce(c.left_at, 0) < ?1 AND (?2 OR f.publisher_url IS NOT NULL)
                 LIMIT ?3",
            )?;
            let mut rows = statement.query(params![since(now), has_upstream, REMOVED])?;
            let mut overdue = Vec::new();
            while let Some(row) = rows.next()? {
                let sha1: Vec<u8> = row.get(1)?;
                if let Some(sha1) = Sha1::from_slice(&sha1) {
                    overdue.push((row.get(0)?, sha1));
                }
            }
            Ok(overdue)
        })
    }

    /// Forgets these files.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn forget_content(&self, numbers: &[i64]) -> Result<(), StoreError> {
        self.database.write(|it| {
            let mut delete = it.prepare_cached("DELETE FROM content WHERE file = ?1")?;
            for number in numbers {
                delete.execute([number])?;
            }
            Ok(())
        })
    }

    /// What is missing and what has failed, in numbers.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn content_state(&self, now: Timestamp) -> Result<UpdateContentState, StoreError> {
        self.database.read(|it| {
            let count = "SELECT count(*), coalesce(sum(f.size), 0), coalesce(sum(c.tries > 0), 0)
                 FROM content c JOIN file f ON f.number = c.file
                 WHERE NOT c.held AND (c.chosen OR c.asked_at >= ?1)";
            let (missing, missing_bytes, failed): (i64, i64, i64) = it
                .prepare_cached(count)?
                .query_row([since(now)], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
            let of = |it: i64| u64::try_from(it).unwrap_or(0);
            Ok(UpdateContentState {
                missing: of(missing),
                missing_bytes: of(missing_bytes),
                failed: of(failed),
                failures: if failed > 0 { failures(it, now)? } else { Vec::new() },
                ..UpdateContentState::default()
            })
        })
    }

    /// The file of this SHA-1, as documents describe it.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn described_file(&self, sha1: Sha1) -> Result<Option<UpdateContent>, StoreError> {
        self.database.read(|it| {
            let mut statement = it.prepare_cached(
                "SELECT sha1, sha256, size, name FROM file WHERE sha1 = ?1 AND size IS NOT NULL",
            )?;
            let found = statement.query_row([sha1.as_bytes()], |row| Ok(content(row)));
            found.optional()?.transpose().map(Option::flatten)
        })
    }
}

fn failures(it: &Connection, now: Timestamp) -> Result<Vec<FailedUpdateFile>, StoreProblem> {
    let mut statement = it.prepare_cached(
        "SELECT f.sha1, f.sha256, f.size, f.name, c.reason, c.tries, c.retry_at
         FROM content c JOIN file f ON f.number = c.file
         WHERE NOT c.held AND (c.chosen OR c.asked_at >= ?1) AND c.tries > 0
         ORDER BY c.tries DESC, c.file LIMIT ?2",
    )?;
    let mut rows = statement.query(params![since(now), FAILURES])?;
    let mut failures = Vec::new();
    while let Some(row) = rows.next()? {
        let Some(content) = content(row)? else { continue };
        let again_at = Timestamp::from_millisecond(row.get(6)?);
        failures.push(FailedUpdateFile {
            name: content.name.to_string(),
            size: content.size,
            reason: row.get::<_, Option<String>>(4)?.unwrap_or_default(),
            tries: row.get(5)?,
            again_at: again_at.map_err(|_| StoreProblem::Value("a time of a file"))?,
        });
    }
    Ok(failures)
}

/// The file of the first four columns of a row: SHA-1, SHA-256, size and name. `None` where they say
/// nothing that could be compared.
pub(super) fn content(row: &Row<'_>) -> Result<Option<UpdateContent>, StoreProblem> {
    let sha1: Vec<u8> = row.get(0)?;
    let sha256: Option<Vec<u8>> = row.get(1)?;
    let (size, name): (Option<i64>, Option<String>) = (row.get(2)?, row.get(3)?);
    let (Some(sha1), Some(size)) = (Sha1::from_slice(&sha1), size) else { return Ok(None) };
    let sha256 = sha256.and_then(|it| <[u8; 32]>::try_from(it).ok()).map(Digest::from_bytes);
    Ok(Some(UpdateContent {
        name: ContentName::new(sha1, name.as_deref().unwrap_or_default()),
        sha256,
        size: u64::try_from(size).unwrap_or(u64::MAX),
    }))
}

/// What was asked for before is not wanted any more.
pub(super) fn since(now: Timestamp) -> i64 {
    now.saturating_sub(KEPT).unwrap_or(Timestamp::MIN).as_millisecond()
}

fn later(now: Timestamp, by: SignedDuration) -> i64 {
    now.saturating_add(by).unwrap_or(Timestamp::MAX).as_millisecond()
}
