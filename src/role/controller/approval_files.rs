//! What waits for approval and what is approved, as files of the data directory: `headwater approve`
//! writes down what somebody approves, and the controller everything else.

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    model::{CommitId, Digest},
    plan::Approvals,
    role::host::DataDirectory,
    store,
};

/// An approval that no plan has used is forgotten after this time: what the same plan would mean later,
/// nobody has looked at.
pub const APPROVAL_COUNTS_FOR: SignedDuration = SignedDuration::from_hours(7 * 24);

/// More than anybody gives in a week; what is beyond is not looked at.
const MOST_GIVEN: usize = 1_000;
/// Longer than any that is written: a time and a commit.
const LONGEST_GIVEN: u64 = 4 << 10;
/// Longer than what a plan for thousands of distribution points and packages leaves.
const LONGEST_STATE: u64 = 256 << 20;

/// The files cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ApprovalError {
    /// One cannot be read or written.
    #[error("failed to {doing} {path}")]
    File {
        /// What was to be done.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// It holds something else.
    #[error(
        "{path} does not say what is approved: remove it, and what is not done yet has to be approved \
         again"
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        #[source]
        source: serde_json::Error,
    },
}

/// An approval that somebody has given.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Given {
    at: Timestamp,
    /// The commit whose message gives it; none: `headwater approve`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    commit: Option<CommitId>,
}

/// The files with approvals.
#[derive(Debug, Clone)]
pub struct ApprovalFiles {
    /// Written by the controller.
    state: PathBuf,
    /// A file for each approval that is given and not used yet.
    given: PathBuf,
}

impl ApprovalFiles {
    /// Those of a data directory.
    pub fn of(data: &DataDirectory) -> Self {
        let directory = data.approvals();
        Self { state: directory.join("state.json"), given: directory.join("given") }
    }

    /// What waits, and what is left of what was approved.
    ///
    /// # Errors
    ///
    /// It cannot be read.
    pub fn read(&self) -> Result<Approvals, ApprovalError> {
        let path = &self.state;
        let read = store::read_bounded(path, LONGEST_STATE);
        let Some(bytes) = read.map_err(failed("read", path))? else {
            return Ok(Approvals::default());
        };
        serde_json::from_slice(&bytes)
            .map_err(|source| ApprovalError::Damaged { path: path.clone(), source })
    }

    /// Replaces what [`Self::read`] reads.
    ///
    /// # Errors
    ///
    /// It cannot be written; what was there is there then.
    pub(super) fn write(&self, approvals: &Approvals) -> Result<(), ApprovalError> {
        serde_json::to_vec(approvals)
            .map_err(io::Error::from)
            .and_then(|bytes| store::replace_private(&self.state, &bytes))
            .map_err(failed("write", &self.state))
    }

    /// Removes everything: nothing has to be approved any more.
    ///
    /// # Errors
    ///
    /// It cannot be removed.
    pub fn forget_all(&self) -> Result<(), ApprovalError> {
        store::remove_directory(&self.given).map_err(failed("remove", &self.given))?;
        if self.state.exists() {
            store::remove(&self.state).map_err(failed("remove", &self.state))?;
        }
        Ok(())
    }

    /// Somebody, or the message of a commit, approves a plan.
    ///
    /// # Errors
    ///
    /// It cannot be written down, and does not count then.
    pub fn give(
        &self,
        digest: Digest,
        commit: Option<&CommitId>,
        at: Timestamp,
    ) -> Result<(), ApprovalError> {
        let path = self.path_of(digest);
        serde_json::to_vec(&Given { at, commit: commit.cloned() })
            .map_err(io::Error::from)
            .and_then(|bytes| store::replace_private(&path, &bytes))
            .map_err(failed("write", &path))
    }

    /// The approvals that count now. Those that do not count any more are removed, and so is what is
    /// none.
    ///
    /// # Errors
    ///
    /// They cannot be read.
    pub(super) fn given(&self, now: Timestamp) -> Result<BTreeSet<Digest>, ApprovalError> {
        let mut counting = BTreeSet::new();
        for (digest, given) in self.all_given()? {
            if now.duration_since(given.at) <= APPROVAL_COUNTS_FOR {
                counting.insert(digest);
            } else {
                self.forget(digest)?;
            }
        }
        Ok(counting)
    }

    /// Whether a plan is approved that waited a moment ago.
    pub(super) fn is_given(&self, digest: Digest) -> bool {
        self.path_of(digest).exists()
    }

    /// An approval is used, or not given any more.
    ///
    /// # Errors
    ///
    /// It cannot be removed.
    pub(super) fn forget(&self, digest: Digest) -> Result<(), ApprovalError> {
        let path = self.path_of(digest);
        store::remove(&path).map_err(failed("remove", &path))
    }

    /// Forgets what commits have approved: another one is in force now.
    ///
    /// # Errors
    ///
    /// It cannot be removed.
    pub fn forget_commits(&self) -> Result<(), ApprovalError> {
        for (digest, given) in self.all_given()? {
            if given.commit.is_some() {
                self.forget(digest)?;
            }
        }
        Ok(())
    }

    fn all_given(&self) -> Result<Vec<(Digest, Given)>, ApprovalError> {
        let entries = match fs::read_dir(&self.given) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed("read", &self.given)(error)),
        };
        let mut all = Vec::new();
        for entry in entries.take(MOST_GIVEN) {
            let path = entry.map_err(failed("read", &self.given))?.path();
            let name = path.file_name().and_then(|name| name.to_str());
            let Some(digest) = name.and_then(|name| Digest::from_hex(name).ok()) else { continue };
            let bytes = store::read_bounded(&path, LONGEST_GIVEN).map_err(failed("read", &path))?;
            match bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()) {
                Some(given) => all.push((digest, given)),
                None => self.forget(digest)?,
            }
        }
        Ok(all)
    }

    fn path_of(&self, digest: Digest) -> PathBuf {
        self.given.join(digest.to_hex())
    }
}

fn failed(doing: &'static str, path: &Path) -> impl Fn(io::Error) -> ApprovalError {
    let path = path.to_owned();
    move |source| ApprovalError::File { doing, path: path.clone(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_approval_counts_until_it_is_used_or_a_week_old_or_its_commit_is_not_in_force() {
        let directory = tempfile::tempdir().unwrap();
        let data = DataDirectory::open(directory.path()).unwrap();
        let files = ApprovalFiles::of(&data);
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let [one, two, three] = ["one", "two", "three"].map(|it| Digest::of(it.as_bytes()));
        assert_eq!(files.given(now).unwrap(), BTreeSet::new());
        let commit: CommitId = "a".repeat(40).parse().unwrap();
        files.give(one, None, now).unwrap();
        files.give(two, Some(&commit), now).unwrap();
        files.give(three, None, now - APPROVAL_COUNTS_FOR - SignedDuration::from_secs(1)).unwrap();
        // What is no approval is none.
        fs::write(directory.path().join("approvals/given/nonsense"), "{}").unwrap();
        let other = Digest::of(b"other").to_hex();
        fs::write(directory.path().join("approvals/given").join(other), "nonsense").unwrap();
        assert_eq!(files.given(now).unwrap(), BTreeSet::from([one, two]));
        assert!(files.is_given(one) && !files.is_given(three));
        assert!(!files.is_given(Digest::of(b"other")), "it is removed");
        files.forget_commits().unwrap();
        assert_eq!(files.given(now).unwrap(), BTreeSet::from([one]));
        files.forget(one).unwrap();
        assert_eq!(files.given(now).unwrap(), BTreeSet::new());
        files.write(&Approvals::default()).unwrap();
        assert_eq!(files.read().unwrap(), Approvals::default());
        fs::write(directory.path().join("approvals/state.json"), "{").unwrap();
        assert!(files.read().unwrap_err().to_string().contains("has to be approved again"));
        files.forget_all().unwrap();
        assert_eq!(files.read().unwrap(), Approvals::default());
    }
}
