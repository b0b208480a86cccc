//! A transfer of a pull distribution point, as it reports it itself (PDP-5, PDP-7).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Digest, Name};

/// A transfer of a pull distribution point that has not finished.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PullJob {
    /// The source version that is being pulled.
    pub version: u32,
    /// The digest of the package's list of files, as the site gave it.
    pub digest: Digest,
    /// What it is doing.
    pub state: PullJobState,
    /// Verified bytes so far.
    pub bytes_done: u64,
    /// Bytes in all; 0 while the list of files is not there yet.
    pub bytes_total: u64,
    /// Bytes of files that are still coming, and are verified once they are whole.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub bytes_coming: u64,
    /// Bytes a second, over the last ten seconds; absent while nothing can be said of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<u64>,
    /// Since when it has been doing that; older agents do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// How many times a source was tried, since the agent started or the transfer was made; 0 also
    /// if the agent does not say.
    #[serde(default, skip_serializing_if = "is_none_yet")]
    pub attempts: u32,
    /// Why a source was given up last; absent if none was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_failure: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
pub(super) fn is_zero(bytes: &u64) -> bool {
    *bytes == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_none_yet(attempts: &u32) -> bool {
    *attempts == 0
}

/// What a transfer is doing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum PullJobState {
    /// Downloading from this source.
    Downloading(Name),
    /// No source had the content: starts over at this time (PDP-7).
    WaitingForSource {
        /// When it starts over.
        until: Timestamp,
        /// What each source answered last.
        reasons: Vec<String>,
    },
    /// Stopped while the agent was down or by an error of its own computer; the text says which.
    Stopped(String),
}

impl PullJob {
    /// Bytes that have come, verified or not; never more than there are in all.
    pub fn bytes_here(&self) -> u64 {
        self.bytes_done.saturating_add(self.bytes_coming).min(self.bytes_total)
    }

    /// In how many seconds it will have come, if it goes on at its present rate; `None` if it does
    /// not move, or nobody knows how much there is.
    pub fn seconds_left(&self) -> Option<u64> {
        let rate = self.rate.filter(|rate| *rate > 0)?;
        let left = self.bytes_total.checked_sub(self.bytes_here())?;
        (self.bytes_total > 0).then(|| left.div_ceil(rate))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_older_agents_report_is_read() {
        let older = json!({
            "version": 1, "digest": Digest::of(b"files"), "state": {"downloading": "dp1"},
            "bytesDone": 40, "bytesTotal": 90,
        });
        let job: PullJob = serde_json::from_value(older.clone()).unwrap();
        assert_eq!((job.rate, job.since, job.attempts, job.seconds_left()), (None, None, 0, None));
        assert_eq!(serde_json::to_value(&job).unwrap(), older);
    }

    #[test]
    fn the_time_left_is_what_is_missing_by_the_rate() {
        let job = |done, coming, total, rate| PullJob {
            version: 1,
            digest: Digest::of(b"files"),
            state: PullJobState::Stopped(String::new()),
            bytes_done: done,
            bytes_total: total,
            bytes_coming: coming,
            rate,
            since: None,
            attempts: 1,
            last_failure: None,
        };
        assert_eq!(job(40, 10, 90, Some(20)).seconds_left(), Some(2));
        assert_eq!(job(40, 10, 90, Some(21)).seconds_left(), Some(2));
        assert_eq!(job(90, 0, 90, Some(21)).seconds_left(), Some(0));
        assert_eq!(job(40, 10, 90, Some(0)).seconds_left(), None);
        assert_eq!(job(0, 0, 0, Some(21)).seconds_left(), None);
        // A report that does not agree with itself is no reason to overflow.
        assert_eq!(job(u64::MAX, u64::MAX, 90, Some(1)).seconds_left(), Some(0));
    }
}
