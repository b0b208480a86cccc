//! Small files that are replaced whole: after a crash there is the old one or the new one.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

/// Puts `bytes` in place of the file at `path`: temporary file, fsync, rename, fsync of the
/// directory. Its directory is made where it is not there.
///
/// # Errors
///
/// What the system said; the old file is still there then.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    replace_with(path, bytes, OpenOptions::new().create(true).truncate(true))
}

/// The same without waiting for the disk: when the power fails soon after, there may be neither the old file
/// nor the new one. For what is as good as its loss.
///
/// # Errors
///
/// What the system said; the old file is still there then.
pub fn replace_soon(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let temporary = temporary(path);
    put(&temporary, path, || fs::write(&temporary, bytes))
}

/// The same as [`replace`] for what only its owner may read (mode 0600).
///
/// # Errors
///
/// What the system said; the old file is still there then.
pub fn replace_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    // The mode is that of a new file: what a crash left behind may have another one.
    remove(&temporary(path))?;
    replace_with(path, bytes, OpenOptions::new().create_new(true).mode(0o600))
}

fn replace_with(path: &Path, bytes: &[u8], options: &mut OpenOptions) -> io::Result<()> {
    let temporary = temporary(path);
    put(&temporary, path, || write_synced(&temporary, bytes, options))?;
    sync_directory(directory_of(path))
}

/// Puts what is written at `temporary` in the place of the file at `path`.
fn put(temporary: &Path, path: &Path, write: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
    fs::create_dir_all(directory_of(path))?;
    let written = write().and_then(|()| fs::rename(temporary, path));
    if written.is_err() {
        // The error that matters is the first one.
        let _ = fs::remove_file(temporary);
    }
    written
}

fn directory_of(path: &Path) -> &Path {
    path.parent().unwrap_or_else(|| Path::new("."))
}

/// Removes the file at `path`, if it is there, for good.
///
/// # Errors
///
/// What the system said.
pub fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Ok(()) => sync_directory(directory_of(path)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// Removes a directory with all that is in it, if it is there.
///
/// # Errors
///
/// What the system said; a part of it may be gone then.
pub fn remove_directory(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Reads a file of at most `limit` bytes; `None` if it is not there.
///
/// # Errors
///
/// What the system said; [`io::ErrorKind::FileTooLarge`] for a longer file.
pub fn read_bounded(path: &Path, limit: u64) -> io::Result<Option<Vec<u8>>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut bytes = Vec::new();
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > limit {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    Ok(Some(bytes))
}

/// One writer at a time is each role's own affair, so the name may be fixed; what a crash left behind
/// is overwritten.
fn temporary(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    path.with_file_name(name)
}

fn write_synced(path: &Path, bytes: &[u8], options: &mut OpenOptions) -> io::Result<()> {
    let mut file = options.write(true).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn sync_directory(directory: &Path) -> io::Result<()> {
    // A name without a directory in front lies in the current one.
    let directory = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
    File::open(directory)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("deep").join("settings.json");
        replace(&path, b"old and long").unwrap();
        replace_soon(&path, b"middle").unwrap();
        assert_eq!(read_bounded(&path, 6).unwrap().unwrap(), b"middle");
        replace(&path, b"new").unwrap();
        assert_eq!(read_bounded(&path, 3).unwrap().unwrap(), b"new");
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
        remove(&path).unwrap();
        remove(&path).unwrap();
        assert_eq!(read_bounded(&path, 3).unwrap(), None);
    }

    #[test]
    fn a_directory_that_is_gone_is_removed() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("one");
        replace(&path.join("two/file"), b"text").unwrap();
        remove_directory(&path).unwrap();
        assert!(!path.exists());
        remove_directory(&path).unwrap();
        fs::write(&path, "a file").unwrap();
        assert!(remove_directory(&path).is_err() && path.exists());
    }

    #[test]
    fn a_private_file_is_its_owners_whatever_was_there() {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("plan.json");
        replace(&path, b"open").unwrap();
        fs::write(directory.path().join("plan.json.new"), b"left behind").unwrap();
        replace_private(&path, b"private").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"private");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_file_that_is_too_long_is_not_read() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        replace(&path, b"four").unwrap();
        assert_eq!(read_bounded(&path, 3).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
    }
}
