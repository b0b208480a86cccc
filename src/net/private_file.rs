//! Secrets that are made once and that only their owner may read.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use uuid::Uuid;

use crate::store;

/// Reads the file, of at most `longest` bytes, or makes it of what `make` gives, for its owner alone
/// (mode 0600). Of several processes that make it at the same time, all get the same. Blocks.
pub(super) fn make_once(
    path: &Path,
    longest: u64,
    make: impl FnOnce() -> io::Result<Vec<u8>>,
) -> io::Result<Vec<u8>> {
    if let Some(bytes) = store::read_bounded(path, longest)? {
        return Ok(bytes);
    }
    let bytes = make()?;
    let temporary = path.with_extension(format!("{}.new", Uuid::new_v4().simple()));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary)?;
    // Unlike renaming, linking never replaces a secret that somebody may be using already.
    let linked = file
        .write_all(&bytes)
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::hard_link(&temporary, path));
    fs::remove_file(&temporary)?;
    match linked {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => store::read_bounded(path, longest)?.ok_or_else(|| io::ErrorKind::NotFound.into()),
    }
}
