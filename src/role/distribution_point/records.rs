//! What a point remembers over restarts in a directory, one file for each package.

use std::{fs, io, path::Path};

use serde::de::DeserializeOwned;

use super::{means::io_error, removal::remove_file};
use crate::content::{LibraryError, read_json};

/// Everything that a directory has; nothing if it is not there. What is damaged is removed, and the log
/// says that it was `forgotten`: the site sees that it is not there, and tells it again. Blocks.
pub(super) fn read_all<T: DeserializeOwned>(
    directory: &Path,
    forgotten: &str,
) -> Result<Vec<T>, LibraryError> {
    let entries = match fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(io_error("read", directory, error)),
    };
    let mut records = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| io_error("read", directory, error))?.path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        match read_json(&path) {
            Ok(record) => records.extend(record),
            Err(error @ LibraryError::Damaged { .. }) => {
                tracing::warn!(%error, "{forgotten} was forgotten");
                remove_file(&path)?;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(records)
}
