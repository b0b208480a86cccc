//! Writes that are there whole, or not at all, whatever happens in between.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

use serde::{Serialize, de::DeserializeOwned};

use super::LibraryError;

/// Replaces a file: temporary file, fsync, rename, fsync of the directory.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), LibraryError> {
    let temporary = temporary(path);
    let written = (|| {
        let mut file = File::create(&temporary)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&temporary, path)?;
        sync_parent(path)
    })();
    written.map_err(|error| {
        // The error that is reported is the first one; what is left is removed at the next start.
        let _ = fs::remove_file(&temporary);
        LibraryError::io("write", path)(error)
    })
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
    match fs::remove_file(path) {
        Ok(()) => sync_parent(path).map_err(LibraryError::io("remove", path)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(LibraryError::io("remove", path)(error)),
    }
}

/// The name under which a file is written before it takes its own; the directory is cleaned of them
/// at the start.
fn temporary(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".tmp");
    PathBuf::from(name)
}

fn sync_parent(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(parent) => File::open(parent)?.sync_all(),
        None => Ok(()),
    }
}

/// Makes everything durable that was written below a directory, in one call.
#[cfg(target_os = "linux")]
pub(super) fn sync_below(directory: &Path, _files: &[&Path]) -> io::Result<()> {
    Ok(rustix::fs::syncfs(File::open(directory)?)?)
}

/// Makes these files durable, and the directory.
#[cfg(not(target_os = "linux"))]
pub(super) fn sync_below(directory: &Path, files: &[&Path]) -> io::Result<()> {
    files.iter().try_for_each(|file| File::open(file)?.sync_all())?;
    File::open(directory)?.sync_all()
}
