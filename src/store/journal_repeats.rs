//! Runs that come to the same end again and again: one row that is extended.

use rusqlite::{OptionalExtension, Transaction, params};

use crate::model::RunId;

use super::{StoreProblem, journal::run_id};

/// A run of the loop that has ended and did nothing, after one with the same plan that came to the same
/// end and did nothing either, is a repetition of that one: what it said takes the place of what that one
/// said. The run that is told of.
///
/// What actions say may differ, such as the time at which something goes on.
pub(super) fn joined(it: &Transaction<'_>, run: RunId) -> Result<RunId, StoreProblem> {
    let number = run.number();
    // One that was cut off stays as it is, and so does one that somebody set in motion.
    let before: Option<i64> = it
        .prepare_cached(
            "SELECT one.id FROM run AS one, run AS other
             WHERE other.id = ?1
                AND one.id = (SELECT max(id) FROM run WHERE id < ?1)
                AND one.finished_at IS NOT NULL AND one.by_loop AND other.by_loop
                AND one.plan = other.plan AND one.manifests IS other.manifests
                AND one.commit_id IS other.commit_id AND one.command = other.command
                AND one.prune = other.prune AND one.converged = other.converged",
        )?
        .query_row([number], |row| row.get(0))
        .optional()?;
    let Some(before) = before else { return Ok(run) };
    let differs: bool = it
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM action WHERE run = ?1 AND outcome = 'done')
                OR EXISTS (SELECT id, outcome FROM action WHERE run = ?1
                    EXCEPT SELECT id, outcome FROM action WHERE run = ?2)
                OR EXISTS (SELECT id, outcome FROM action WHERE run = ?2
                    EXCEPT SELECT id, outcome FROM action WHERE run = ?1)",
        )?
        .query_row(params![number, before], |row| row.get(0))?;
    if differs {
        return Ok(run);
    }
    it.prepare_cached("DELETE FROM action WHERE run = ?1")?.execute([before])?;
    it.prepare_cached("UPDATE action SET run = ?2 WHERE run = ?1")?
        .execute(params![number, before])?;
    it.prepare_cached(
        "UPDATE run SET repeated = repeated + 1,
            finished_at = (SELECT finished_at FROM run WHERE id = ?1),
            observed_digest = (SELECT observed_digest FROM run WHERE id = ?1)
         WHERE id = ?2",
    )?
    .execute(params![number, before])?;
    it.prepare_cached("DELETE FROM run WHERE id = ?1")?.execute([number])?;
    run_id(before)
}
