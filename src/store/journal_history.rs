//! What the journal tells of runs that were, and of one that is under way.

use std::{collections::BTreeMap, str::FromStr};

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, Transaction, params};

use super::{
    Journal, StoreError, StoreProblem,
    journal::{run_id, time},
};
use crate::model::{
    ActionCounts, ActionRecord, Digest, RunCause, RunCommand, RunId, RunRecord, RunState, Trigger,
};

/// Which runs are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunFilter {
    /// Only those that went on at this time or later.
    pub since: Option<Timestamp>,
    /// Only those in which an action failed, and those that were cut off.
    pub failed: bool,
    /// At most so many, the newest ones.
    pub most: u32,
}

/// The manifests of a run or a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeptManifests {
    /// Their digest.
    pub digest: Digest,
    /// Under which their text is kept ([`Journal::text`]).
    pub text: Digest,
}

/// The columns of a run, in the order in which [`record`] reads them.
const COLUMNS: &str = "id, started_at, finished_at, converged, command, by_loop, prune, commit_id, \
                       manifest_digest, plan, planned, repeated";

impl Journal {
    /// Runs, the newest first. `reconciling` says whether a process plans and applies right now: only
    /// then may the last run be under way.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn runs(&self, filter: RunFilter, reconciling: bool) -> Result<Vec<RunRecord>, StoreError> {
        let RunFilter { since, failed, most } = filter;
        let sql = format!(
            "SELECT {COLUMNS} FROM run
             WHERE COALESCE(finished_at, started_at) >= ?1 AND (NOT ?2
                OR finished_at IS NULL AND NOT (?3 AND {IS_LAST})
                OR EXISTS (SELECT 1 FROM action WHERE run = run.id AND outcome = 'failed'))
             ORDER BY id DESC LIMIT ?4"
        );
        self.0.read(|it| {
            let since = since.unwrap_or(Timestamp::MIN).as_millisecond();
            let mut statement = it.prepare_cached(&sql)?;
            let mut rows = statement.query(params![since, failed, reconciling, most])?;
            let mut runs = Vec::new();
            while let Some(row) = rows.next()? {
                runs.push(record(it, row, reconciling)?);
            }
            Ok(runs)
        })
    }

    /// A run; `None` if there is none of that number.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn run(&self, id: RunId, reconciling: bool) -> Result<Option<RunRecord>, StoreError> {
        self.0.read(|it| {
            let mut statement =
                it.prepare_cached(&format!("SELECT {COLUMNS} FROM run WHERE id = ?1"))?;
            let mut rows = statement.query([id.number()])?;
            let Some(row) = rows.next()? else { return Ok(None) };
            record(it, row, reconciling).map(Some)
        })
    }

    /// The actions of a run, in the order in which they began.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn actions(&self, id: RunId) -> Result<Vec<ActionRecord>, StoreError> {
        self.0.read(|it| {
            let mut statement = it.prepare_cached(
                "SELECT id, started_at, finished_at, outcome, COALESCE(detail, '') FROM action
                 WHERE run = ?1 ORDER BY started_at, finished_at IS NULL, finished_at, id",
            )?;
            let mut rows = statement.query([id.number()])?;
            let mut actions = Vec::new();
            while let Some(row) = rows.next()? {
                actions.push(ActionRecord {
                    id: row.get(0)?,
                    started_at: time(row.get(1)?)?,
                    finished_at: row.get::<_, Option<i64>>(2)?.map(time).transpose()?,
                    outcome: row.get(3)?,
                    detail: row.get(4)?,
                });
            }
            Ok(actions)
        })
    }

    /// The manifests of a run; `None` if they are not kept.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn manifests_of(&self, id: RunId) -> Result<Option<KeptManifests>, StoreError> {
        self.0.read(|it| {
            let row = it
                .prepare_cached("SELECT manifest_digest, manifests FROM run WHERE id = ?1")?
                .query_row([id.number()], |row| Ok((row.get::<_, String>(0)?, row.get(1)?)))
                .optional()?;
            let Some((digest, Some(text))) = row else { return Ok(None) };
            let text: String = text;
            Ok(Some(KeptManifests { digest: parsed(&digest)?, text: parsed(&text)? }))
        })
    }

    /// The manifests that were applied last; `None` if none are kept.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn last_manifests(&self) -> Result<Option<KeptManifests>, StoreError> {
        let last = "SELECT max(id) FROM run WHERE manifests IS NOT NULL";
        let last: Option<i64> = self.0.read(|it| Ok(it.query_row(last, [], |row| row.get(0))?))?;
        let Some(last) = last.and_then(|it| u32::try_from(it).ok()).and_then(RunId::new) else {
            return Ok(None);
        };
        self.manifests_of(last)
    }

    /// The last run that ended well for other manifests than these and whose manifests are kept.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn last_good_before(&self, now: Digest) -> Result<Option<RunId>, StoreError> {
        self.0.read(|it| {
            let row = it
                .prepare_cached(
                    "SELECT id FROM run
                     WHERE converged AND manifests IS NOT NULL AND manifest_digest <> ?1
                     ORDER BY id DESC LIMIT 1",
                )?
                .query_row([now.to_string()], |row| row.get(0))
                .optional()?;
            row.map(run_id).transpose()
        })
    }
}

/// Whether a run is the last one that brought something into agreement with manifests.
const IS_LAST: &str =
    "run.id = (SELECT max(last.id) FROM run AS last WHERE last.manifest_digest <> '')";

fn record(
    it: &Transaction<'_>,
    row: &Row<'_>,
    reconciling: bool,
) -> Result<RunRecord, StoreProblem> {
    let id = run_id(row.get(0)?)?;
    let finished_at = row.get::<_, Option<i64>>(2)?.map(time).transpose()?;
    let converged = row.get::<_, Option<bool>>(3)?.unwrap_or(false);
    let manifests: String = row.get(8)?;
    let state = match finished_at {
        Some(_) if converged => RunState::Converged,
        Some(_) => RunState::Left,
        None if manifests.is_empty() => RunState::Open,
        None if reconciling && is_last(it, id)? => RunState::UnderWay,
        None => RunState::CutOff,
    };
    let (actions, done) = counts(it, id, row.get(10)?)?;
    Ok(RunRecord {
        id,
        started_at: time(row.get(1)?)?,
        finished_at,
        state,
        cause: cause(row)?,
        repeated: row.get(11)?,
        manifests: if manifests.is_empty() { None } else { Some(parsed(&manifests)?) },
        plan: row.get::<_, Option<String>>(9)?.map(|it| parsed(&it)).transpose()?,
        actions,
        done,
    })
}

fn is_last(it: &Transaction<'_>, id: RunId) -> Result<bool, StoreProblem> {
    let sql = format!("SELECT {IS_LAST} FROM run WHERE id = ?1");
    Ok(it.prepare_cached(&sql)?.query_row([id.number()], |row| row.get(0))?)
}

fn cause(row: &Row<'_>) -> Result<Option<RunCause>, StoreProblem> {
    let Some(command) = row.get::<_, Option<String>>(4)? else { return Ok(None) };
    let command = RunCommand::of(&command).ok_or(StoreProblem::Value("the command of a run"))?;
    let trigger = if row.get(5)? { Trigger::Loop } else { Trigger::Person };
    let commit = row.get::<_, Option<String>>(7)?.map(|it| parsed(&it)).transpose()?;
    Ok(Some(RunCause { command, trigger, prune: row.get(6)?, commit }))
}

fn counts(
    it: &Transaction<'_>,
    id: RunId,
    planned: u32,
) -> Result<(ActionCounts, BTreeMap<String, u32>), StoreProblem> {
    let mut statement = it.prepare_cached(
        "SELECT COALESCE(outcome, ''), substr(id, 1, instr(id, ':') - 1), count(*)
         FROM action WHERE run = ?1 GROUP BY 1, 2",
    )?;
    let mut rows = statement.query([id.number()])?;
    let mut all = ActionCounts { planned, ..ActionCounts::default() };
    let mut done = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let (outcome, count): (String, u32) = (row.get(0)?, row.get(2)?);
        let one = match &*outcome {
            "done" => {
                done.insert(row.get(1)?, count);
                &mut all.done
            }
            "failed" => &mut all.failed,
            "skipped" => &mut all.skipped,
            "left" => &mut all.left,
            "waiting" => &mut all.waiting,
            _ => &mut all.open,
        };
        *one += count;
    }
    Ok((all, done))
}

pub(super) fn parsed<T: FromStr>(text: &str) -> Result<T, StoreProblem> {
    text.parse().map_err(|_| StoreProblem::Value("a run"))
}
