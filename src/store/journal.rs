//! The journal: what was applied, action by action, and how it ended. Written before and after
//! each action, so that after a crash it tells what was under way.

use std::path::Path;

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Transaction, params};

use crate::model::{CommitId, Digest, RunCause, RunId, Trigger};

use super::{
    Database, Schema, StoreError, StoreProblem, journal_bounds::make_room, journal_repeats::joined,
    journal_texts::PackedText,
};

pub(super) const SCHEMA: Schema = Schema {
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
        "
        -- Plans and manifests as JSON, compressed, each once.
        CREATE TABLE kept_text (
            digest TEXT PRIMARY KEY,
            length INTEGER NOT NULL,
            packed BLOB NOT NULL
        ) STRICT;
        -- Commits that were in force, also where nothing had to be done for them.
        CREATE TABLE commit_in_force (
            id TEXT PRIMARY KEY,
            since INTEGER NOT NULL,
            manifest_digest TEXT NOT NULL,
            manifests TEXT NOT NULL REFERENCES kept_text (digest)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX commit_manifests ON commit_in_force (manifests);
        -- What set a run in motion: not known of runs before.
        ALTER TABLE run ADD COLUMN command TEXT;
        ALTER TABLE run ADD COLUMN by_loop INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE run ADD COLUMN prune INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE run ADD COLUMN commit_id TEXT;
        ALTER TABLE run ADD COLUMN plan TEXT REFERENCES kept_text (digest);
        ALTER TABLE run ADD COLUMN manifests TEXT REFERENCES kept_text (digest);
        ALTER TABLE run ADD COLUMN planned INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE run ADD COLUMN repeated INTEGER NOT NULL DEFAULT 0;
        UPDATE run SET planned = (SELECT count(*) FROM action WHERE run = run.id);
        CREATE INDEX run_plan ON run (plan);
        CREATE INDEX run_manifests ON run (manifests);
    ",
    ],
};

/// The journal of a hierarchy. Its calls block: asynchronous code makes them on a blocking thread.
#[derive(Debug)]
pub struct Journal(pub(super) Database);

/// A run that begins.
#[derive(Debug, Clone)]
pub struct NewRun {
    /// What set it in motion.
    pub cause: RunCause,
    /// The manifests that it is for.
    pub manifest: Digest,
    /// What was observed before it.
    pub observed: Digest,
    /// How many actions its plan has.
    pub planned: usize,
    /// Its plan, as JSON.
    pub plan: PackedText,
    /// The manifests, as JSON; none if it is not for any.
    pub manifests: Option<PackedText>,
}

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

/// A step of an action.
#[derive(Debug, Clone)]
pub struct Step {
    /// The ID of the action.
    pub action: String,
    /// When that was.
    pub at: Timestamp,
    /// How it has ended (`done`, `failed`, `skipped`, `left` or `waiting`), and what it said; it begins
    /// without.
    pub end: Option<(&'static str, String)>,
}

impl Journal {
    /// Opens the journal at `path`, or creates an empty one.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Database::open(path, &SCHEMA).map(Self)
    }

    /// A run begins.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn begin(&self, run: &NewRun, now: Timestamp) -> Result<RunId, StoreError> {
        let NewRun { cause, manifest, observed, planned, plan, manifests } = run;
        let planned = u32::try_from(*planned).unwrap_or(u32::MAX);
        self.0.write(|it| {
            plan.keep(it)?;
            if let Some(manifests) = manifests {
                manifests.keep(it)?;
            }
            let id = insert(it, cause, [&manifest.to_string(), &observed.to_string()], now)?;
            let (plan, manifests) = (plan.digest(), manifests.as_ref().map(PackedText::digest));
            it.prepare_cached(
                "UPDATE run SET plan = ?2, manifests = ?3, planned = ?4 WHERE id = ?1",
            )?
            .execute(params![id.number(), plan, manifests, planned])?;
            make_room(it, now)?;
            Ok(id)
        })
    }

    /// A run begins that brings nothing into agreement with manifests, such as a validation of content:
    /// it is never the last run.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn begin_command(&self, cause: &RunCause, now: Timestamp) -> Result<RunId, StoreError> {
        self.0.write(|it| {
            let id = insert(it, cause, ["", ""], now)?;
            make_room(it, now)?;
            Ok(id)
        })
    }

    /// An action begins.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn begin_action(&self, run: RunId, id: &str, now: Timestamp) -> Result<(), StoreError> {
        self.note(run, &[Step { action: id.to_owned(), at: now, end: None }])
    }

    /// An action has ended: `done`, `failed`, `skipped`, `left` or `waiting`, and what it said.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn finish_action(
        &self,
        run: RunId,
        id: &str,
        outcome: &'static str,
        detail: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let end = Some((outcome, detail.to_owned()));
        self.note(run, &[Step { action: id.to_owned(), at: now, end }])
    }

    /// Steps of actions, one after the other: all of them are noted, or none. What happens together is on
    /// the disk at the cost of one.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn note(&self, run: RunId, steps: &[Step]) -> Result<(), StoreError> {
        self.0.write(|it| {
            let mut begins = it.prepare_cached(
                "INSERT OR REPLACE INTO action (run, id, started_at) VALUES (?1, ?2, ?3)",
            )?;
            let mut ends = it.prepare_cached(
                "INSERT INTO action (run, id, started_at, finished_at, outcome, detail)
                 VALUES (?1, ?2, ?3, ?3, ?4, ?5)
                 ON CONFLICT (run, id) DO UPDATE SET
                    finished_at = excluded.finished_at,
                    outcome = excluded.outcome,
                    detail = excluded.detail",
            )?;
            for Step { action, at, end } in steps {
                let (run, at) = (run.number(), at.as_millisecond());
                match end {
                    None => begins.execute(params![run, action, at])?,
                    Some((outcome, detail)) => {
                        ends.execute(params![run, action, at, outcome, detail])?
                    }
                };
            }
            Ok(())
        })
    }

    /// A run has ended; the run that the journal tells of it in. One that came to the same end as the
    /// run before, and did nothing, is told of as a repetition of that one.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn finish(&self, run: RunId, converged: bool, now: Timestamp) -> Result<RunId, StoreError> {
        self.0.write(|it| {
            it.prepare_cached("UPDATE run SET finished_at = ?2, converged = ?3 WHERE id = ?1")?
                .execute(params![run.number(), now.as_millisecond(), converged])?;
            joined(it, run)
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

fn insert(
    it: &Transaction<'_>,
    cause: &RunCause,
    [manifest, observed]: [&str; 2],
    now: Timestamp,
) -> Result<RunId, StoreProblem> {
    let RunCause { command, trigger, prune, commit } = cause;
    it.prepare_cached(
        "INSERT INTO run
            (started_at, manifest_digest, observed_digest, command, by_loop, prune, commit_id)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute(params![
        now.as_millisecond(),
        manifest,
        observed,
        command.as_str(),
        *trigger == Trigger::Loop,
        prune,
        commit.as_ref().map(CommitId::as_str),
    ])?;
    run_id(it.last_insert_rowid())
}

pub(super) fn run_id(number: i64) -> Result<RunId, StoreProblem> {
    let number = u32::try_from(number).ok().and_then(RunId::new);
    number.ok_or(StoreProblem::Value("the number of a run"))
}

pub(super) fn time(milliseconds: i64) -> Result<Timestamp, StoreProblem> {
    Timestamp::from_millisecond(milliseconds).map_err(|_| StoreProblem::Value("a time"))
}
