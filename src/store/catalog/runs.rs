//! What became of synchronizations: the last of them with their counts, and the revisions that were set
//! aside.

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Transaction, params};

use super::Catalog;
use crate::{
    model::{SetAsideUpdate, SynchronizationRun, UpdateIdentity},
    store::{StoreError, StoreProblem, revisions::identity},
};

/// How long a run is remembered, as WSUS does.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(90 * 24);

/// The longest reason that is kept, in characters.
const REASON_CHARACTERS: usize = 500;

impl Catalog {
    /// Sets revisions aside, each with the reason; those that were, get the new one.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn set_aside(
        &self,
        revisions: &[(UpdateIdentity, String)],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        if revisions.is_empty() {
            return Ok(());
        }
        self.database.write(|it| {
            let mut statement =
                it.prepare_cached("INSERT OR REPLACE INTO set_aside VALUES (?1, ?2, ?3, ?4)")?;
            for (UpdateIdentity { update_id, revision }, reason) in revisions {
                let reason: String = reason.chars().take(REASON_CHARACTERS).collect();
                let at = now.as_millisecond();
                statement.execute(params![update_id.as_bytes(), revision, reason, at])?;
            }
            Ok(())
        })
    }

    /// What is set aside, in the order of identities, at most so many.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn set_aside_updates(&self, most: u32) -> Result<Vec<SetAsideUpdate>, StoreError> {
        self.database.read(|it| {
            let mut statement = it.prepare_cached(
                "SELECT update_id, revision, reason, at FROM set_aside ORDER BY 1, 2 LIMIT ?1",
            )?;
            let mut rows = statement.query([most])?;
            let mut all = Vec::new();
            while let Some(row) = rows.next()? {
                all.push(SetAsideUpdate {
                    identity: identity(row, 0)?,
                    reason: row.get(2)?,
                    at: time(row.get(3)?)?,
                });
            }
            Ok(all)
        })
    }

    /// How many revisions are set aside.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn count_set_aside(&self) -> Result<u64, StoreError> {
        self.database.read(|it| {
            let count: i64 =
                it.query_row("SELECT count(*) FROM set_aside", [], |row| row.get(0))?;
            Ok(count.unsigned_abs())
        })
    }

    /// Nothing is asked for again that was set aside: the upstream server is another one.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn forget_set_aside(&self) -> Result<(), StoreError> {
        self.database.write(|it| {
            it.execute("DELETE FROM set_aside", [])?;
            Ok(())
        })
    }

    /// Remembers a run, and forgets those that are older than ninety days.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn remember_run(&self, run: &SynchronizationRun) -> Result<(), StoreError> {
        self.database.write(|it| {
            let record = serde_json::to_string(run).map_err(|_| INVALID)?;
            it.execute(
                "INSERT INTO synchronization (began_at, finished_at, record) VALUES (?1, ?2, ?3)",
                params![run.began_at.as_millisecond(), run.finished_at.as_millisecond(), record],
            )?;
            let oldest = run.finished_at.saturating_sub(REMEMBERED);
            let oldest = oldest.unwrap_or(Timestamp::MIN).as_millisecond();
            it.execute("DELETE FROM synchronization WHERE finished_at < ?1", [oldest])?;
            Ok(())
        })
    }

    /// The last runs, the newest first, at most so many.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn runs(&self, most: u32) -> Result<Vec<SynchronizationRun>, StoreError> {
        self.database.read(|it| {
            let mut statement =
                it.prepare_cached("SELECT record FROM synchronization ORDER BY id DESC LIMIT ?1")?;
            let rows = statement.query_map([most], |row| row.get::<_, String>(0))?;
            rows.map(|record| serde_json::from_str(&record?).map_err(|_| INVALID)).collect()
        })
    }
}

/// Whether anything is set aside.
pub(super) fn any_set_aside(it: &Transaction<'_>) -> Result<bool, StoreProblem> {
    Ok(it.prepare_cached("SELECT 1 FROM set_aside LIMIT 1")?.exists([])?)
}

/// A revision that has come after all is not set aside any more.
pub(super) fn has_come(it: &Transaction<'_>, id: UpdateIdentity) -> Result<(), StoreProblem> {
    it.prepare_cached("DELETE FROM set_aside WHERE update_id = ?1 AND revision = ?2")?
        .execute(params![id.update_id.as_bytes(), id.revision])?;
    Ok(())
}

fn time(milliseconds: i64) -> Result<Timestamp, StoreProblem> {
    Timestamp::from_millisecond(milliseconds).map_err(|_| INVALID)
}

const INVALID: StoreProblem = StoreProblem::Value("what is remembered of synchronizations");
