//! Observed state as a file: what the site systems said they are, and when.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{FormatVersion, Observed, UnknownFormat};

/// What was observed, with the time: all that a plan needs beside the manifests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Observation {
    /// [`Observation::FORMAT_VERSION`].
    pub format_version: String,
    /// When the site systems were asked. Schedules are compared with this time, so that the same
    /// file gives the same plan tomorrow.
    pub observed_at: Timestamp,
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
    /// The version of the file's form.
    pub const FORMAT_VERSION: FormatVersion = FormatVersion { major: 1, minor: 0 };

    /// What was observed at a time.
    pub fn new(observed_at: Timestamp, observed: Observed) -> Self {
        Self { format_version: Self::FORMAT_VERSION.to_string(), observed_at, observed }
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
        Observation::new("2026-12-01T00:00:00Z".parse().unwrap(), Observed::default())
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
