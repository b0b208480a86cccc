//! What the journal knows of actions that failed: when the controller starts anew, they are not tried
//! sooner for that.

use jiff::Timestamp;
use rusqlite::params;

use super::{Journal, StoreError, journal::time};
use crate::model::Digest;

/// In so many of the last runs; one that goes on failing is tried in each of them, and after a dozen
/// tries nothing changes any more.
const RUNS: i64 = 50;

/// A run that was repeated more often counts so often.
const REPETITIONS: u32 = 12;

/// How an action ended once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionEnd {
    /// Its identity.
    pub id: String,
    /// When it ended.
    pub at: Timestamp,
    /// Why it failed; none if it was done.
    pub failed: Option<String>,
}

impl Journal {
    /// How actions ended in the last runs for these manifests, the oldest first: those that were done
    /// and those that failed.
    ///
    /// # Errors
    ///
    /// The journal cannot be read.
    pub fn action_ends(&self, manifest: Digest) -> Result<Vec<ActionEnd>, StoreError> {
        self.0.read(|it| {
            let mut statement = it.prepare_cached(
                "SELECT action.id, action.finished_at, action.outcome = 'failed', action.detail,
                     run.repeated
                 FROM run JOIN action ON action.run = run.id
                 WHERE run.id > (SELECT MAX(id) FROM run) - ?1 AND run.manifest_digest = ?2
                     AND action.outcome IN ('done', 'failed')
                     AND action.id IN (
                         SELECT id FROM action
                         WHERE run > (SELECT MAX(id) FROM run) - ?1 AND outcome = 'failed')
                 ORDER BY run.id",
            )?;
            let rows = statement.query_map(params![RUNS, manifest.to_string()], |row| {
                let at = row.get::<_, Option<i64>>(1)?.unwrap_or_default();
                let detail = row.get::<_, Option<String>>(3)?.unwrap_or_default();
                let failed = row.get::<_, bool>(2)?.then_some(detail);
                Ok((row.get(0)?, at, failed, row.get::<_, u32>(4)?))
            })?;
            let mut ends = Vec::new();
            for row in rows {
                let (id, at, failed, repeated) = row?;
                // Nothing is done in a repetition: what ended in it failed each time.
                let end = ActionEnd { id, at: time(at)?, failed };
                let times = 1 + usize::try_from(repeated.min(REPETITIONS)).unwrap_or_default();
                ends.extend(std::iter::repeat_n(end, times));
            }
            Ok(ends)
        })
    }

    /// The manifests of the last run; none while there was none.
    ///
    /// # Errors
    ///
    /// The journal cannot be read.
    pub fn last_manifest_digest(&self) -> Result<Option<Digest>, StoreError> {
        self.0.read(|it| {
            let mut statement = it.prepare_cached(
                "SELECT manifest_digest FROM run WHERE manifest_digest <> ''
                 ORDER BY id DESC LIMIT 1",
            )?;
            let mut rows = statement.query([])?;
            let Some(row) = rows.next()? else { return Ok(None) };
            Ok(row.get::<_, String>(0)?.parse().ok())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::{RunCause, RunCommand, Trigger},
        store::{NewRun, PackedText},
    };

    #[test]
    fn only_runs_for_the_same_manifests_tell_how_actions_ended() {
        let directory = tempfile::tempdir().unwrap();
        let journal = Journal::open(&directory.path().join("journal.db")).unwrap();
        let [one, other] = [b"one", b"two"].map(|it| Digest::of(it));
        assert_eq!(journal.last_manifest_digest().unwrap(), None);
        let ended = |manifest, second, ends: &[(&str, &'static str)]| {
            let now = Timestamp::from_second(second).unwrap();
            let cause = RunCause {
                command: RunCommand::Controller,
                trigger: Trigger::Loop,
                prune: false,
                commit: None,
            };
            let plan = PackedText::pack("a plan");
            let observed = Digest::of(b"o");
            let run = NewRun { cause, manifest, observed, planned: 4, plan, manifests: None };
            let run = journal.begin(&run, now).unwrap();
            for (id, outcome) in ends {
                journal.begin_action(run, id, now).unwrap();
                journal.finish_action(run, id, outcome, "why", now).unwrap();
            }
            journal.finish(run, false, now).unwrap();
        };
        ended(other, 1, &[("a", "failed")]);
        ended(one, 2, &[("a", "failed"), ("b", "done"), ("c", "skipped")]);
        ended(one, 3, &[("a", "done")]);
        ended(one, 4, &[("a", "failed"), ("d", "waiting")]);
        ended(one, 5, &[("a", "failed"), ("d", "waiting")]);
        let ends = journal.action_ends(one).unwrap();
        let ends: Vec<_> = ends
            .iter()
            .map(|it| (it.id.as_str(), it.at.as_second(), it.failed.as_deref()))
            .collect();
        let repeated = ("a", 5, Some("why"));
        assert_eq!(ends, [("a", 2, Some("why")), ("a", 3, None), repeated, repeated]);
        assert_eq!(journal.last_manifest_digest().unwrap(), Some(one));
    }
}
