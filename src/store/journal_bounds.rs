//! How much the journal keeps: ninety days, and not more than a disk has room for.

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Transaction, params};

use super::StoreProblem;

/// How long runs and commits are remembered.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(90 * 24);

/// So many of the newest are kept however old they are: who comes back after months, or whose clock was
/// wrong, still sees what was last.
const NEWEST: u32 = 200;

/// What is kept at most. The oldest runs go first; where texts take too much room, their plans.
#[derive(Debug, Clone, Copy)]
struct Most {
    runs: u32,
    /// Actions of all runs: about 150 bytes each.
    actions: i64,
    /// Packed bytes of all plans and manifests.
    bytes: i64,
}

/// A few hundred megabytes at worst: a run that ends differently every half minute for ninety days
/// would otherwise be 260,000 of them.
const MOST: Most = Most { runs: 50_000, actions: 1_000_000, bytes: 128 << 20 };

/// Forgets what is too old or too much. The newest run and the newest commit stay in any case.
pub(super) fn make_room(it: &Transaction<'_>, now: Timestamp) -> Result<(), StoreProblem> {
    keep_within(it, now, MOST)
}

fn keep_within(it: &Transaction<'_>, now: Timestamp, most: Most) -> Result<(), StoreProblem> {
    let oldest = now.saturating_sub(REMEMBERED).unwrap_or(Timestamp::MIN).as_millisecond();
    let forgotten = it
        .prepare_cached(
            "DELETE FROM run WHERE
                id <= (SELECT id FROM run ORDER BY id DESC LIMIT 1 OFFSET ?2)
                OR COALESCE(finished_at, started_at) < ?1
                    AND id <= (SELECT id FROM run ORDER BY id DESC LIMIT 1 OFFSET ?3)",
        )?
        .execute(params![oldest, most.runs, NEWEST])?;
    let commits = it
        .prepare_cached(
            "DELETE FROM commit_in_force WHERE since < ?1 AND id NOT IN
                (SELECT id FROM commit_in_force ORDER BY since DESC LIMIT ?2)
             OR id IN (SELECT id FROM commit_in_force ORDER BY since DESC LIMIT -1 OFFSET ?3)",
        )?
        .execute(params![oldest, NEWEST, most.runs])?;
    if forgotten + commits > 0 {
        forget_texts(it)?;
    }
    let actions = "SELECT COALESCE(sum(planned), 0) FROM run";
    while sum(it, actions)? > most.actions && forget_oldest_run(it)? {
        forget_texts(it)?;
    }
    let bytes = "SELECT COALESCE(sum(length(packed)), 0) FROM kept_text";
    while sum(it, bytes)? > most.bytes
        && (forget_oldest_plan(it)? || forget_oldest_run(it)? || forget_oldest_commit(it)?)
    {
        forget_texts(it)?;
    }
    Ok(())
}

fn sum(it: &Transaction<'_>, sql: &str) -> Result<i64, StoreProblem> {
    Ok(it.prepare_cached(sql)?.query_row([], |row| row.get(0))?)
}

/// Forgets the plan of the oldest run that has one, but for the newest run; whether there was one. What
/// was done, and for which manifests, is still known then.
fn forget_oldest_plan(it: &Transaction<'_>) -> Result<bool, StoreProblem> {
    let oldest = it
        .prepare_cached(
            "UPDATE run SET plan = NULL
             WHERE id = (SELECT min(id) FROM run WHERE plan IS NOT NULL)
                AND id < (SELECT max(id) FROM run)",
        )?
        .execute([])?;
    Ok(oldest > 0)
}

/// Forgets the oldest run, if there is another one; whether there was.
fn forget_oldest_run(it: &Transaction<'_>) -> Result<bool, StoreProblem> {
    let oldest = it
        .prepare_cached("DELETE FROM run WHERE id = (SELECT min(id) FROM run HAVING count(*) > 1)")?
        .execute([])?;
    Ok(oldest > 0)
}

/// Forgets the oldest commit, if there is another one; whether there was.
fn forget_oldest_commit(it: &Transaction<'_>) -> Result<bool, StoreProblem> {
    let oldest = it
        .prepare_cached(
            "DELETE FROM commit_in_force WHERE id =
                (SELECT id FROM commit_in_force
                 WHERE since < (SELECT max(since) FROM commit_in_force) ORDER BY since, id LIMIT 1)",
        )?
        .execute([])?;
    Ok(oldest > 0)
}

/// Forgets the texts that nobody has any more.
fn forget_texts(it: &Transaction<'_>) -> Result<(), StoreProblem> {
    it.prepare_cached(
        "DELETE FROM kept_text WHERE
            NOT EXISTS (SELECT 1 FROM run WHERE plan = digest)
            AND NOT EXISTS (SELECT 1 FROM run WHERE manifests = digest)
            AND NOT EXISTS (SELECT 1 FROM commit_in_force WHERE manifests = digest)",
    )?
    .execute([])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::{Digest, RunCause, RunCommand, RunId, Trigger},
        store::{Journal, NewRun, PackedText, RunFilter},
    };

    const ALL: RunFilter = RunFilter { since: None, failed: false, most: u32::MAX };

    fn begin(journal: &Journal, plan: &str, day: i64) -> RunId {
        let run = NewRun {
            cause: RunCause {
                command: RunCommand::Controller,
                trigger: Trigger::Loop,
                prune: false,
                commit: None,
            },
            manifest: Digest::of(b"manifests"),
            observed: Digest::of(b"observed"),
            planned: 10,
            plan: PackedText::pack(plan),
            manifests: Some(PackedText::pack("the same for all")),
        };
        let run = journal.begin(&run, on(day)).unwrap();
        // Something is done: otherwise it is a repetition.
        journal.finish_action(run, "A:B/c", "done", "", on(day)).unwrap();
        journal.finish(run, true, on(day)).unwrap()
    }

    fn on(day: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24 * day)
    }

    fn kept(journal: &Journal) -> (usize, i64, i64) {
        let count = |sql: &str| {
            journal.0.read(|it| Ok(it.query_row(sql, [], |row| row.get::<_, i64>(0))?)).unwrap()
        };
        let texts = count("SELECT count(*) FROM kept_text");
        (journal.runs(ALL, false).unwrap().len(), count("SELECT count(*) FROM action"), texts)
    }

    #[test]
    fn ninety_days_are_kept_and_the_newest_runs_in_any_case() {
        let directory = tempfile::tempdir().unwrap();
        let journal = Journal::open(&directory.path().join("journal.db")).unwrap();
        for day in 0..300 {
            begin(&journal, &format!("plan {day}"), day);
        }
        assert_eq!(kept(&journal), (200, 200, 201), "the newest, though some of them are old");
        for hour in 0..100 {
            begin(&journal, &format!("another plan {hour}"), 299);
        }
        let runs = journal.runs(ALL, false).unwrap();
        assert_eq!(runs.len(), 200, "100 of one day, and 99 of the days before");
        for number in 0..300 {
            begin(&journal, &format!("one more {number}"), 300);
        }
        let runs = journal.runs(ALL, false).unwrap();
        assert!(runs.iter().all(|it| it.started_at >= on(210)), "{:?}", runs.last());
        assert!(runs.len() > 400, "{}", runs.len());
    }

    #[test]
    fn the_oldest_make_room_for_what_is_new() {
        let directory = tempfile::tempdir().unwrap();
        let journal = Journal::open(&directory.path().join("journal.db")).unwrap();
        for number in 0..20 {
            begin(&journal, &format!("plan {number}"), 0);
        }
        let within = |most| journal.0.write(|it| keep_within(it, on(0), most)).unwrap();
        within(Most { runs: 15, ..MOST });
        assert_eq!(kept(&journal), (15, 15, 16));
        within(Most { actions: 100, ..MOST });
        assert_eq!(kept(&journal), (10, 10, 11));
        // A text of a few letters takes some more packed.
        within(Most { bytes: 100, ..MOST });
        let (runs, _, texts) = kept(&journal);
        assert!(runs == 10 && (2..8).contains(&texts), "plans go first: {texts} are left");
        let plans = journal.runs(ALL, false).unwrap().into_iter().map(|it| it.plan.is_some());
        let plans: Vec<bool> = plans.collect();
        assert!(plans.is_sorted_by(|newer, older| newer >= older) && plans[0], "{plans:?}");
        let id = "a".repeat(40).parse().unwrap();
        let manifests = PackedText::pack("of a commit alone");
        journal.note_commit(&id, Digest::of(b"m"), &manifests, on(0)).unwrap();
        within(Most { bytes: 0, ..MOST });
        assert_eq!(kept(&journal), (1, 1, 3), "never the newest run, nor the newest commit");
        assert_eq!(journal.commits("aaaa", 2).unwrap().len(), 1);
    }
}
