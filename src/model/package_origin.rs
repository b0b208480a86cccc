//! Where the content of a package was taken from.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Digest, Name, Priority, UpdateSelection, settings::is_default};

/// What a site server is told of a package when it takes its source in: kept beside the content, so
/// that manifests can be written for what is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PackageOrigin {
    /// The name of its document.
    pub name: Name,
    /// What was taken in.
    #[serde(flatten)]
    pub source: TakenSource,
    /// What people call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// Which packages go first.
    #[serde(default, skip_serializing_if = "is_default")]
    pub priority: Priority,
}

/// What the content of a package was taken from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum TakenSource {
    /// A directory, absolute, on the site server.
    Path(String),
    /// Files of updates.
    Updates(TakenUpdates),
    /// The offline catalog of the site (SYNC-11).
    LegacyCatalog(ProducedCatalog),
}

/// Files of updates that were taken in, or are to be.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TakenUpdates {
    /// Which updates.
    pub selection: UpdateSelection,
    /// The digest of the list of their files, once they are taken in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub files: Option<Digest>,
}

/// An offline catalog that was produced, or is to be.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProducedCatalog {
    /// When, once it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
}

impl TakenSource {
    /// The directory, if it is one.
    pub fn path(&self) -> Option<&str> {
        match self {
            Self::Path(path) => Some(path),
            Self::Updates(_) | Self::LegacyCatalog(_) => None,
        }
    }

    /// What it is, in words.
    pub fn words(&self) -> String {
        match self {
            Self::Path(path) => path.clone(),
            Self::Updates(_) => "the files of its updates".to_owned(),
            Self::LegacyCatalog(_) => "the offline catalog of the site".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_earlier_versions_kept_is_read() {
        let text = r#"{"name":"tools","path":"/srv/tools","displayName":"Tools"}"#;
        let origin: PackageOrigin = serde_json::from_str(text).unwrap();
        assert_eq!(origin.source, TakenSource::Path("/srv/tools".to_owned()));
        assert_eq!(serde_json::to_string(&origin).unwrap(), text);
    }

    #[test]
    fn what_was_taken_is_read_back() {
        let updates = TakenUpdates { files: Some(Digest::of(b"files")), ..TakenUpdates::default() };
        let catalog = ProducedCatalog { at: Some(Timestamp::UNIX_EPOCH) };
        for source in [TakenSource::Updates(updates), TakenSource::LegacyCatalog(catalog)] {
            let name = "tools".parse().unwrap();
            let priority = Priority::High;
            let origin = PackageOrigin { name, source, display_name: None, priority };
            let text = serde_json::to_string(&origin).unwrap();
            assert_eq!(serde_json::from_str::<PackageOrigin>(&text).unwrap(), origin);
        }
    }
}
