//! Which manifests of before somebody means.

use jiff::Timestamp;

use super::{ControllerError, InForceFile, Remembered};
use crate::{
    model::{CommitId, RunId, RunState},
    store::{KeptManifests, StoreError},
};

/// Fewer digits of a commit may mean many: as git has it.
const FEWEST_DIGITS: usize = 4;

/// Manifests of before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The run that they are of, if it is for the run that they are meant.
    pub run: Option<RunId>,
    /// The commit that they are of, where they came out of git.
    pub commit: Option<CommitId>,
    /// When the run began, or the commit came in force.
    pub at: Timestamp,
    /// Whether the run ended well; none for a commit.
    pub ended_well: Option<bool>,
    /// The manifests.
    pub manifests: KeptManifests,
}

/// There is no way back to what somebody means.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// It is neither.
    #[error(
        "`{0}` is neither a run (see `headwater history`) nor the beginning of a commit (4 digits or more)"
    )]
    Neither(String),
    /// There is no such run.
    #[error("there is no run {0}, or it is forgotten: see `headwater history`")]
    NoRun(RunId),
    /// A run without manifests that could be brought back.
    #[error(
        "run {0} has no manifests to go back to: it had none, such as a synchronization by hand, or an \
         earlier version wrote it down"
    )]
    NoManifests(RunId),
    /// There is no such commit.
    #[error(
        "no commit that begins with {0} was in force here, or it is forgotten: only such commits can be \
         gone back to"
    )]
    NoCommit(String),
    /// There are several.
    #[error("{0} is the beginning of several commits that were in force: write more digits")]
    Several(String),
    /// Nobody has said what, and there is nothing.
    #[error("no run is remembered that ended well for other manifests than those of now")]
    NothingBefore,
    /// It is not known what the manifests of now are.
    #[error("no manifests are remembered yet")]
    NothingNow,
    /// The journal or the commit in force.
    #[error(transparent)]
    Controller(#[from] ControllerError),
}

impl From<StoreError> for TargetError {
    fn from(error: StoreError) -> Self {
        Self::Controller(error.into())
    }
}

impl Remembered {
    /// The manifests that are meant by a number of a run or the first digits of a commit; by nothing,
    /// those of the last run that ended well for others than those of now.
    ///
    /// # Errors
    ///
    /// They are not there.
    pub fn target(&self, meant: Option<&str>) -> Result<Target, TargetError> {
        let Some(meant) = meant else {
            let now = self.now()?.ok_or(TargetError::NothingNow)?;
            let run = self.journal.last_good_before(now.digest)?;
            return self.run_target(run.ok_or(TargetError::NothingBefore)?);
        };
        let is_commit = meant.len() >= FEWEST_DIGITS
            && meant.bytes().all(|it| it.is_ascii_digit() || (b'a'..=b'f').contains(&it));
        match meant.parse::<RunId>() {
            // Digits alone may be a commit, too; a run of that number is what people see.
            Ok(run) if !is_commit || self.journal.run(run, false)?.is_some() => {
                self.run_target(run)
            }
            _ if is_commit => self.commit_target(meant),
            _ => Err(TargetError::Neither(meant.chars().take(64).collect())),
        }
    }

    fn run_target(&self, id: RunId) -> Result<Target, TargetError> {
        let run = self.journal.run(id, false)?.ok_or(TargetError::NoRun(id))?;
        let manifests = self.journal.manifests_of(id)?.ok_or(TargetError::NoManifests(id))?;
        Ok(Target {
            run: Some(id),
            commit: run.cause.and_then(|it| it.commit),
            at: run.started_at,
            ended_well: Some(run.state == RunState::Converged),
            manifests,
        })
    }

    fn commit_target(&self, begin: &str) -> Result<Target, TargetError> {
        let mut found = self.journal.commits(begin, 2)?.into_iter();
        let commit = found.next().ok_or_else(|| TargetError::NoCommit(begin.to_owned()))?;
        if found.next().is_some() {
            return Err(TargetError::Several(begin.to_owned()));
        }
        Ok(Target {
            run: None,
            commit: Some(commit.id),
            at: commit.since,
            ended_well: None,
            manifests: commit.manifests,
        })
    }

    /// The manifests of now: those of the commit in force, otherwise those that were applied last; none
    /// if nobody remembers any.
    ///
    /// # Errors
    ///
    /// That cannot be read.
    pub fn now(&self) -> Result<Option<KeptManifests>, ControllerError> {
        let in_force = InForceFile::of(&self.data).read()?;
        if let Some(commit) = in_force.and_then(|it| it.commit)
            && let Some(noted) = self.journal.commits(commit.id.as_str(), 1)?.pop()
        {
            return Ok(Some(noted.manifests));
        }
        Ok(self.journal.last_manifests()?)
    }
}
