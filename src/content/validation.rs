//! Content validation: every file of the library is hashed again, and what is damaged is put aside
//! (PDP-15).

use std::{
    fs::{self, File},
    io::Read,
    ops::ControlFlow,
    os::unix::fs::MetadataExt,
    path::Path,
};

use super::{
    Library, LibraryError,
    garbage::children,
    intake::{BLOCK, Hash},
};
use crate::model::Digest;

/// What a validation has found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Validated {
    /// How many files were hashed.
    pub files: u64,
    /// How many bytes they have.
    pub bytes: u64,
    /// How many of them were damaged.
    pub damaged: u64,
}

impl Library {
    /// Hashes every file that a package needs, one after the other. One whose bytes are not its own
    /// any more is put aside in `quarantine/`, so that it is never served again and counts as
    /// missing; what was put aside before is removed. `hashed` is told how many bytes have been
    /// hashed, at least once for each mebibyte, and may wait there, or end it.
    ///
    /// `None` if it was ended.
    ///
    /// # Errors
    ///
    /// The disk refuses.
    pub fn validate(
        &self,
        hashed: &dyn Fn(u64) -> ControlFlow<()>,
    ) -> Result<Option<Validated>, LibraryError> {
        for path in children(&self.layout().quarantine())? {
            fs::remove_file(&path).map_err(LibraryError::io("remove", &path))?;
        }
        let contents = self.index().contents();
        let mut found = Validated::default();
        let mut block = vec![0; BLOCK];
        for (digest, size) in contents {
            // What is not there was noticed already.
            if !self.has(&digest, size) {
                continue;
            }
            let path = self.layout().file(&digest);
            let mut file = match File::open(&path) {
                Ok(file) => file,
                // Removed meanwhile, with the last package that had it.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                Err(error) => return Err(LibraryError::io("open", &path)(error)),
            };
            let mut hash = Hash::new();
            loop {
                let read = file.read(&mut block).map_err(LibraryError::io("read", &path))?;
                hash.update(block.get(..read).unwrap_or_default());
                found.bytes = found.bytes.saturating_add(read as u64);
                if hashed(found.bytes).is_break() {
                    return Ok(None);
                }
                if read == 0 {
                    break;
                }
            }
            found.files += 1;
            if hash.finish() != digest && same(&file, &path) {
                self.put_aside(&digest, &path)?;
                found.damaged += 1;
            }
        }
        Ok(Some(found))
    }

    fn put_aside(&self, digest: &Digest, path: &Path) -> Result<(), LibraryError> {
        let aside = self.layout().quarantine().join(digest.to_hex());
        tracing::warn!(%digest, aside = %aside.display(), "a file is damaged, and was put aside");
        fs::rename(path, &aside).map_err(LibraryError::io("put aside", path))
    }
}

/// Whether a path still leads to an open file: what was repaired meanwhile is another one.
fn same(file: &File, path: &Path) -> bool {
    let identity = |found: fs::Metadata| (found.dev(), found.ino());
    let open = file.metadata().ok().map(identity);
    open.is_some() && open == fs::metadata(path).ok().map(identity)
}
