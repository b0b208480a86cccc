//! Records of a library that are there whole or not at all, and many files made durable at once.

use std::{
    fs::{self, File},
    io,
    path::Path,
};

use serde::{Serialize, de::DeserializeOwned};

use super::LibraryError;
use crate::{store, world};

/// Replaces a file whole.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), LibraryError> {
    store::replace(path, bytes).map_err(LibraryError::io("write", path))
}

/// Replaces a file whole, without waiting for the disk: whoever reads it has to do without it after the power
/// has failed.
pub(super) fn write_soon(path: &Path, bytes: &[u8]) -> Result<(), LibraryError> {
    store::replace_soon(path, bytes).map_err(LibraryError::io("write", path))
}

/// Replaces a file by a value as JSON, durably.
///
/// # Errors
///
/// The file cannot be written.
pub fn write_json<T: Serialize>(path: &Path, value: &T) -> Result<(), LibraryError> {
    let bytes = serde_json::to_vec(value)
        .map_err(|source| LibraryError::Damaged { path: path.to_owned(), source })?;
    write(path, &bytes)
}

/// Reads what [`write_json`] wrote; `None` if the file is not there.
///
/// # Errors
///
/// The file cannot be read, or holds something else.
pub fn read_json<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, LibraryError> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(LibraryError::io("read", path)(error)),
    };
    serde_json::from_slice(&bytes)
        .map(Some)
        .map_err(|source| LibraryError::Damaged { path: path.to_owned(), source })
}

/// Removes a file, durably; one that is not there is as good.
pub(super) fn remove(path: &Path) -> Result<(), LibraryError> {
    store::remove(path).map_err(LibraryError::io("remove", path))
}

/// Makes everything durable that was written below a directory, in one call.
#[cfg(target_os = "linux")]
pub(super) fn sync_below(directory: &Path, _files: &[&Path]) -> io::Result<()> {
    rustix::fs::syncfs(File::open(directory)?)?;
    world::synced_below(directory);
    Ok(())
}

/// Makes these files durable, and the directory.
#[cfg(not(target_os = "linux"))]
pub(super) fn sync_below(directory: &Path, files: &[&Path]) -> io::Result<()> {
    files.iter().try_for_each(|file| File::open(file)?.sync_all())?;
    File::open(directory)?.sync_all()
}
