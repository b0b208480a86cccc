//! What an update point has of the files of updates.

use serde::{Deserialize, Serialize};

/// The files of updates at an update point, in numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdateContentState {
    /// How many files are there.
    pub held: u64,
    /// How many bytes they have together.
    pub held_bytes: u64,
}
