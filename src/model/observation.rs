//! Observed state as a file: what the site systems said they are, and when.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{FormatVersion, Hierarchy, Known, Name, Observed, UnknownFormat};

/// What was observed, with the time: all that a plan needs beside the manifests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Observation {
    /// [`Observation::FORMAT_VERSION`].
    pub format_version: String,
    /// When the site systems were asked. Schedules are compared with this time, so that the same
    /// file gives the same plan tomorrow.
    pub observed_at: Timestamp,
    /// The admin addresses of the agents on computers of their own that were asked; the others were
    /// asked where they are hosted. Absent where it was not noted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<BTreeMap<Name, String>>,
    /// What they answered.
    pub observed: Observed,
}

/// A file is not observed state.
#[derive(Debug, thiserror::Error)]
pub enum ObservationError {
    /// It is not what `headwater observe` writes.
    #[error("it is not observed state as `headwater observe` writes it")]
    NotUnderstood(#[from] serde_json::Error),
    /// Another version wrote it.
    #[error(transparent)]
    Format(#[from] UnknownFormat),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Versioned {
    format_version: String,
}

impl Observation {
    /// The version of the file's form. Every field is of 1.0: no release knows fewer.
    pub const FORMAT_VERSION: FormatVersion = FormatVersion { major: 1, minor: 0 };

    /// What was observed at a time, and at which addresses.
    pub fn new(observed_at: Timestamp, asked: BTreeMap<Name, String>, observed: Observed) -> Self {
        let format_version = Self::FORMAT_VERSION.to_string();
        Self { format_version, observed_at, asked: Some(asked), observed }
    }

    /// Forgets what was said by others than those that are wanted: a site system whose agent has
    /// another address now was not asked there, so that it is unknown.
    pub fn forget_moved(&mut self, wanted: &Hierarchy) {
        let Some(asked) = &self.asked else { return };
        let now = wanted.remote_agents();
        for name in wanted.site_systems.keys() {
            let (before, now) = (asked.get(name), now.get(name));
            let at = |url: Option<&String>, hosted: &str| {
                url.map_or_else(|| hosted.to_owned(), |url| format!("at {url}"))
            };
            if before != now {
                let seen = self.observed.site_systems.contains_key(name);
                let nowhere = if seen { "where it was hosted" } else { "nowhere" };
                let why = format!(
                    "it was asked {}, and its agent is {} now: observe again",
                    at(before, nowhere),
                    at(now, "hosted there")
                );
                self.observed.site_systems.insert(name.clone(), Known::Unknown(why));
            }
        }
    }

    /// Reads what [`Serialize`] wrote.
    ///
    /// # Errors
    ///
    /// It is something else, or of a version that is not known.
    pub fn read(bytes: &[u8]) -> Result<Self, ObservationError> {
        // The version first: what a newer one has more of is no damage.
        let Versioned { format_version } = serde_json::from_slice(bytes)?;
        Self::FORMAT_VERSION.reads(&format_version)?;
        Ok(serde_json::from_slice(bytes)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn observation() -> Observation {
        let at = "2026-12-01T00:00:00Z".parse().unwrap();
        Observation::new(at, BTreeMap::new(), Observed::default())
    }

    #[test]
    fn what_was_written_reads_back() {
        let bytes = serde_json::to_vec(&observation()).unwrap();
        assert_eq!(Observation::read(&bytes).unwrap(), observation());
    }

    #[test]
    fn something_else_is_refused_by_its_reason() {
        let mut value = serde_json::to_value(observation()).unwrap();
        for damaged in ["", "{", "[]", "{\"formatVersion\": 1}"] {
            let read = Observation::read(damaged.as_bytes());
            assert!(matches!(read, Err(ObservationError::NotUnderstood(_))), "{damaged}");
        }
        value["more"] = true.into();
        let read = Observation::read(value.to_string().as_bytes());
        assert!(matches!(read, Err(ObservationError::NotUnderstood(_))));
        value["formatVersion"] = "1.1".into();
        let read = Observation::read(value.to_string().as_bytes());
        assert!(matches!(read, Err(ObservationError::Format(UnknownFormat::Newer { .. }))));
    }
}
