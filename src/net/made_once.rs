//! Files that are made once, by whichever of several processes is the first.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use uuid::Uuid;

use crate::store;

/// Who may read such a file.
#[derive(Debug, Clone, Copy)]
pub(super) enum Readers {
    /// Its owner alone: it is a secret.
    Owner,
    Everybody,
}

impl Readers {
    const fn mode(self) -> u32 {
        match self {
            Self::Owner => 0o600,
            Self::Everybody => 0o644,
        }
    }
}

/// Reads the file, of at most `longest` bytes, or makes it of what `make` gives. Of several processes
/// that make it at the same time, all get the same, and none a part of it. Blocks.
pub(super) fn make_once(
    path: &Path,
    longest: u64,
    readers: Readers,
    make: impl FnOnce() -> io::Result<Vec<u8>>,
) -> io::Result<Vec<u8>> {
    if let Some(bytes) = store::read_bounded(path, longest)? {
        return Ok(bytes);
    }
    let bytes = make()?;
    let temporary = path.with_extension(format!("{}.new", Uuid::new_v4().simple()));
    let mut file =
        OpenOptions::new().write(true).create_new(true).mode(readers.mode()).open(&temporary)?;
    // Unlike renaming, linking never replaces what somebody may be using already.
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
