//! What every validation does with one file: its bytes are hashed again, and one that is damaged is
//! put aside.

use std::{
    fs::{self, File},
    io::{self, Read},
    ops::ControlFlow,
    os::unix::fs::MetadataExt,
    path::Path,
};

use super::super::{
    Library, LibraryError,
    garbage::{children, named},
    intake::{BLOCK, Hash},
    packs::PackedFile,
};
use crate::model::Digest;

/// How the hashing of one file ended.
pub(super) enum Hashed {
    Right,
    /// Its bytes are others, or cannot be read any more.
    Damaged,
    /// It is not there, or another one is in its place by now.
    Gone,
    Ended,
}

impl Library {
    /// Hashes one file again, and puts it aside if it is damaged; whether it was.
    ///
    /// # Errors
    ///
    /// The disk refuses more than the file.
    pub fn validate_file(&self, digest: &Digest) -> Result<bool, LibraryError> {
        let go_on = &mut |_| ControlFlow::Continue(());
        let size = self.size_needed(digest).unwrap_or_default();
        match self.hash(digest, size, &mut vec![0; BLOCK], go_on) {
            Hashed::Damaged => self.put_aside(digest),
            Hashed::Right | Hashed::Gone | Hashed::Ended => Ok(false),
        }
    }

    /// Hashes a file, packed or not; `read` is told of every block, and may end it.
    pub(super) fn hash(
        &self,
        digest: &Digest,
        size: u64,
        block: &mut [u8],
        read: &mut dyn FnMut(u64) -> ControlFlow<()>,
    ) -> Hashed {
        let Some(packed) = self.packs().read(digest, size) else {
            return hash(&self.layout().file(digest), digest, block, read);
        };
        match read(size) {
            ControlFlow::Break(()) => Hashed::Ended,
            ControlFlow::Continue(()) if packed.is(digest) => Hashed::Right,
            ControlFlow::Continue(()) => Hashed::Damaged,
        }
    }

    /// Marks a damaged file of a pack, of which a copy is put aside, if there was still one.
    fn bury(&self, digest: &Digest, packed: &PackedFile) -> Result<bool, LibraryError> {
        match &packed.bytes {
            Ok(bytes) => self.keep_damaged(digest, bytes)?,
            Err(error) => tracing::warn!(%digest, %error, "a file cannot be read any more"),
        }
        let buried = self.packs().bury(digest, packed.place)?;
        if buried {
            tracing::warn!(%digest, "a small file is damaged, and was put aside");
        }
        Ok(buried)
    }

    /// Keeps the bytes of a damaged file for whoever wants to see them.
    pub(in crate::content) fn keep_damaged(
        &self,
        digest: &Digest,
        bytes: &[u8],
    ) -> Result<(), LibraryError> {
        let aside = self.layout().quarantined(digest);
        fs::write(&aside, bytes).map_err(LibraryError::io("write", &aside))
    }

    /// Removes what was put aside before, but for what is still missing: most of it is right, and the
    /// beginning of its repair.
    pub(super) fn clear_quarantine(&self) -> Result<(), LibraryError> {
        for path in children(&self.layout().quarantine())? {
            let missing = named(&path).is_some_and(|digest| {
                self.size_needed(&digest).is_some_and(|size| !self.has(&digest, size))
            });
            if !missing {
                fs::remove_file(&path).map_err(LibraryError::io("remove", &path))?;
            }
        }
        Ok(())
    }

    /// Whether there was something to put aside: the last package that had it may be gone.
    pub(super) fn put_aside(&self, digest: &Digest) -> Result<bool, LibraryError> {
        let size = self.size_needed(digest).unwrap_or_default();
        if let Some(packed) = self.packs().read(digest, size) {
            // It may be another one by now.
            return if packed.is(digest) { Ok(false) } else { self.bury(digest, &packed) };
        }
        let path = &self.layout().file(digest);
        let aside = self.layout().quarantined(digest);
        match fs::rename(path, &aside) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            renamed => renamed.map_err(LibraryError::io("put aside", path))?,
        }
        tracing::warn!(%digest, aside = %aside.display(), "a file is damaged, and was put aside");
        Ok(true)
    }
}

/// Hashes a file; `read` is told of every block, and may end it.
fn hash(
    path: &Path,
    digest: &Digest,
    block: &mut [u8],
    read: &mut dyn FnMut(u64) -> ControlFlow<()>,
) -> Hashed {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Hashed::Gone,
        Err(error) => {
            tracing::warn!(%digest, %error, "a file cannot be opened");
            return Hashed::Damaged;
        }
    };
    let mut hash = Hash::new();
    loop {
        let length = match file.read(block) {
            Ok(0) => break,
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => {
                tracing::warn!(%digest, %error, "a file cannot be read any more");
                return Hashed::Damaged;
            }
        };
        hash.update(block.get(..length).unwrap_or_default());
        if read(length as u64).is_break() {
            return Hashed::Ended;
        }
    }
    if hash.finish() == *digest {
        Hashed::Right
    } else if same(&file, path) {
        Hashed::Damaged
    } else {
        Hashed::Gone
    }
}

/// Whether a path still leads to an open file: what was repaired meanwhile is another one.
fn same(file: &File, path: &Path) -> bool {
    let identity = |found: fs::Metadata| (found.dev(), found.ino());
    let open = file.metadata().ok().map(identity);
    open.is_some() && open == fs::metadata(path).ok().map(identity)
}
