//! The file of a package in a content library.

use std::{collections::BTreeSet, io, path::Path, sync::Arc};

use jiff::Timestamp;
use serde::{Deserialize, Serialize, de::Error as _};

use super::{LibraryError, durable};
use crate::{
    model::{PackageOrigin, PackageState},
    wire::file_list::FileList,
};

/// A package that is visible: its files and where they came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PackageRecord {
    pub(super) list: Arc<FileList>,
    pub(super) sources: BTreeSet<String>,
    /// When it became visible; unknown if that was before it was remembered. A repair changes nothing
    /// of it.
    pub(super) since: Option<Timestamp>,
    /// In the library of a site server: what it was told when it took the package in.
    pub(super) origin: Option<PackageOrigin>,
}

/// The list stands as text in it, so that its bytes stay the canonical ones.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct OnDisk<'a> {
    sources: BTreeSet<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    since: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    origin: Option<PackageOrigin>,
    #[serde(borrow)]
    files: &'a serde_json::value::RawValue,
}

impl PackageRecord {
    pub(super) fn read(path: &Path) -> Result<Self, LibraryError> {
        let bytes = std::fs::read(path).map_err(LibraryError::io("read", path))?;
        let damaged = |source| LibraryError::Damaged { path: path.to_owned(), source };
        let on_disk: OnDisk<'_> = serde_json::from_slice(&bytes).map_err(damaged)?;
        let list = decode(path, on_disk.files.get().as_bytes())?;
        let OnDisk { sources, since, origin, .. } = on_disk;
        Ok(Self { list: Arc::new(list), sources, since, origin })
    }

    pub(super) fn write(&self, path: &Path) -> Result<(), LibraryError> {
        let damaged = |source| LibraryError::Damaged { path: path.to_owned(), source };
        let list = String::from_utf8(self.list.encode()?)
            .map_err(io::Error::other)
            .map_err(LibraryError::io("write", path))?;
        let files = serde_json::value::RawValue::from_string(list).map_err(damaged)?;
        let on_disk = OnDisk {
            sources: self.sources.clone(),
            since: self.since,
            origin: self.origin.clone(),
            files: &files,
        };
        durable::write_json(path, &on_disk)
    }
}

/// Reads the list of files of a package that is on its way.
pub(super) fn read_pending(path: &Path) -> Result<FileList, LibraryError> {
    let bytes = std::fs::read(path).map_err(LibraryError::io("read", path))?;
    decode(path, &bytes)
}

fn decode(path: &Path, bytes: &[u8]) -> Result<FileList, LibraryError> {
    FileList::decode(bytes).map_err(|error| LibraryError::Damaged {
        path: path.to_owned(),
        source: serde_json::Error::custom(error),
    })
}

impl PackageRecord {
    /// What is reported of it, with so many of its files missing.
    pub(super) fn state(&self, damaged: u64) -> PackageState {
        PackageState {
            version: self.list.version(),
            digest: self.list.digest(),
            files: self.list.files().len() as u64,
            bytes: self.list.bytes(),
            damaged,
            sources: self.sources.iter().cloned().collect(),
        }
    }
}
