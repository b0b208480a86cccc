//! The journal: what was applied, action by action, and how it ended. Written before and after
//! each action, so that after a crash it tells what was under way.

use std::path::Path;

use jiff::Timestamp;
use rusqlite::{OptionalExtension, params};

use crate::model::Digest;

use super::{Database, Schema, StoreError, StoreProblem};

const SCHEMA: Schema = Schema {
    what: "a journal",
    application_id: 0x4857_6a6c,
    migrations: &[
        "
        CREATE TABLE run (
            id INTEGER PRIMARY KEY,
            started_at INTEGER NOT NULL,
            finished_at INTEGER,
            manifest_digest TEXT NOT NULL,
            observed_digest TEXT NOT NULL,
            converged INTEGER
        ) STRICT;
        CREATE TABLE action (
            run INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
            id TEXT NOT NULL,
            started_at INTEGER NOT NULL,
            finished_at INTEGER,
            outcome TEXT,
            detail TEXT,
            PRIMARY KEY (run, id)
        ) STRICT, WITHOUT ROWID;
    ",
        "
        -- Jobs of Package Transfer Manager that have not finished.
        CREATE TABLE transfer (
            package TEXT NOT NULL,
            point TEXT NOT NULL,
            site TEXT NOT NULL,
            version INTEGER NOT NULL,
            digest TEXT NOT NULL,
            phase TEXT NOT NULL,
            tries INTEGER NOT NULL,
            since INTEGER NOT NULL,
            due INTEGER,
            why TEXT NOT NULL,
            PRIMARY KEY (package, point)
        ) STRICT, WITHOUT ROWID;
    ",
    ],
};

/// How many runs are kept.
const RUNS: i64 = 200;

/// The journal of a hierarchy. Its calls block: asynchronous code makes them on a blocking thread.
#[derive(Debug)]
pub struct Journal(pub(super) Database);

/// A run in the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunId(i64);

/// The last run, as the journal has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastRun {
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended; absent if it was cut off.
    pub finished_at: Option<Timestamp>,
    /// Whether the hierarchy was as wanted then.
    pub converged: bool,
    /// The actions that did not end well, with what they said.
    pub failures: Vec<(String, String)>,
}

impl Journal {
    /// Opens the journal at `path`, or creates an empty one.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Database::open(path, &SCHEMA).map(Self)
    }

    /// A run begins.
    pub fn begin(
        &self,
        manifest: Digest,
        observed: Digest,
        now: Timestamp,
    ) -> Result<RunId, StoreError> {
        self.insert([&manifest.to_string(), &observed.to_string()], now)
    }

    /// A run begins that brings nothing into agreement with manifests, such as a validation of content:
    /// it is never the last run.
    pub fn begin_command(&self, now: Timestamp) -> Result<RunId, StoreError> {
        self.insert(["", ""], now)
    }

    fn insert(&self, digests: [&str; 2], now: Timestamp) -> Result<RunId, StoreError> {
        self.0.write(|it| {
            let [manifest, observed] = digests;
            it.execute(
                "INSERT INTO run (started_at, manifest_digest, observed_digest) VALUES (?1, ?2, ?3)",
                params![now.as_millisecond(), manifest, observed],
            )?;
            let run = it.last_insert_rowid();
            it.execute("DELETE FROM run WHERE id <= ?1", [run - RUNS])?;
            Ok(RunId(run))
        })
    }

    /// An action begins.
    pub fn begin_action(&self, run: RunId, id: &str, now: Timestamp) -> Result<(), StoreError> {
        self.0.write(|it| {
            it.execute(
                "INSERT OR REPLACE INTO action (run, id, started_at) VALUES (?1, ?2, ?3)",
                params![run.0, id, now.as_millisecond()],
            )?;
            Ok(())
        })
    }

    /// An action has ended: `done`, `failed`, `skipped`, `left` or `waiting`, and what it said.
    pub fn finish_action(
        &self,
        run: RunId,
        id: &str,
        outcome: &str,
        detail: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.0.write(|it| {
            it.execute(
                "INSERT INTO action (run, id, started_at, finished_at, outcome, detail)
                 VALUES (?1, ?2, ?3, ?3, ?4, ?5)
                 ON CONFLICT (run, id) DO UPDATE SET
                    finished_at = excluded.finished_at,
                    outcome = excluded.outcome,
                    detail = excluded.detail",
                params![run.0, id, now.as_millisecond(), outcome, detail],
            )?;
            Ok(())
        })
    }

    /// A run has ended.
    pub fn finish(&self, run: RunId, converged: bool, now: Timestamp) -> Result<(), StoreError> {
        self.0.write(|it| {
            it.execute(
                "UPDATE run SET finished_at = ?2, converged = ?3 WHERE id = ?1",
                params![run.0, now.as_millisecond(), converged],
            )?;
            Ok(())
        })
    }

    /// The last run; `None` while there was none.
    pub fn last_run(&self) -> Result<Option<LastRun>, StoreError> {
        self.0.read(|it| {
            let row = it
                .query_row(
                    "SELECT id, started_at, finished_at, converged FROM run
                     WHERE manifest_digest <> '' ORDER BY id DESC LIMIT 1",
                    [],
                    |row| {
                        Ok((
                            row.get::<_, i64>(0)?,
                            row.get::<_, i64>(1)?,
                            row.get::<_, Option<i64>>(2)?,
                            row.get::<_, Option<bool>>(3)?,
                        ))
                    },
                )
                .optional()?;
            let Some((run, started_at, finished_at, converged)) = row else { return Ok(None) };
            let mut statement = it.prepare_cached(
                "SELECT id, COALESCE(detail, 'cut off') FROM action
                 WHERE run = ?1 AND (outcome IS NULL OR outcome <> 'done') ORDER BY id",
            )?;
            let failures = statement
                .query_map([run], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect::<Result<_, _>>()?;
            Ok(Some(LastRun {
                started_at: time(started_at)?,
                finished_at: finished_at.map(time).transpose()?,
                converged: converged.unwrap_or(false),
                failures,
            }))
        })
    }
}

pub(super) fn time(milliseconds: i64) -> Result<Timestamp, StoreProblem> {
    Timestamp::from_millisecond(milliseconds).map_err(|_| StoreProblem::Value("a time"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_run_tells_what_did_not_end_well() {
        let directory = tempfile::tempdir().unwrap();
        let journal = Journal::open(&directory.path().join("journal.db")).unwrap();
        assert_eq!(journal.last_run().unwrap(), None);
        let now = Timestamp::UNIX_EPOCH;
        let run = journal.begin(Digest::of(b"m"), Digest::of(b"o"), now).unwrap();
        for id in ["a", "b", "c"] {
            journal.begin_action(run, id, now).unwrap();
        }
        journal.finish_action(run, "a", "done", "", now).unwrap();
        journal.finish_action(run, "b", "failed", "no answer", now).unwrap();
        let last = journal.last_run().unwrap().unwrap();
        let failures: Vec<_> =
            last.failures.iter().map(|(id, why)| (id.as_str(), why.as_str())).collect();
        assert_eq!(failures, [("b", "no answer"), ("c", "cut off")]);
        assert_eq!((last.finished_at, last.converged), (None, false));
        journal.finish(run, true, now).unwrap();
        assert!(journal.last_run().unwrap().unwrap().converged);
        let command = journal.begin_command(now).unwrap();
        journal.finish(command, false, now).unwrap();
        assert!(journal.last_run().unwrap().unwrap().converged, "a validation is no run of a plan");
    }
}
