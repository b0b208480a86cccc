//! Content validation: every file of the library is hashed again, and what is damaged is put aside
//! (PDP-15).

use std::{
    fs::{self, File},
    io::{self, Read},
    ops::ControlFlow,
    os::unix::fs::MetadataExt,
    path::Path,
};

use serde::{Deserialize, Serialize};

use super::{
    Library, LibraryError,
    garbage::children,
    intake::{BLOCK, Hash},
};
use crate::model::Digest;

/// How far a validation has come. Files are hashed in the order of their digests, so that one that
/// was interrupted goes on behind the last one, whatever has come or gone meanwhile.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ValidationProgress {
    /// The last file that was hashed.
    pub last: Option<Digest>,
    /// How many files were hashed.
    pub files: u64,
    /// How many bytes they have.
    pub bytes: u64,
    /// How many of them were damaged.
    pub damaged: u64,
}

/// How the hashing of one file ended.
enum Hashed {
    Right,
    /// Its bytes are others, or cannot be read any more.
    Damaged,
    /// It is not there, or another one is in its place by now.
    Gone,
    Ended,
}

impl Library {
    /// Hashes every file that a package needs, one after the other, from where `progress` ends. One
    /// whose bytes are not its own any more is put aside in `quarantine/`, so that it is never served
    /// again and counts as missing; what was put aside before is removed when a validation begins.
    ///
    /// `hashed` is told how far it is and how many bytes were hashed in this run, at least once for
    /// each mebibyte; it may wait there, or end the run, which answers `None` then.
    ///
    /// # Errors
    ///
    /// The disk refuses more than a file.
    pub fn validate(
        &self,
        mut progress: ValidationProgress,
        hashed: &dyn Fn(&ValidationProgress, u64) -> ControlFlow<()>,
    ) -> Result<Option<ValidationProgress>, LibraryError> {
        if progress.last.is_none() {
            for path in children(&self.layout().quarantine())? {
                fs::remove_file(&path).map_err(LibraryError::io("remove", &path))?;
            }
        }
        let contents = self.index().contents();
        let left = contents.into_iter().filter(|(digest, _)| Some(*digest) > progress.last);
        let mut of_run = 0;
        let mut block = vec![0; BLOCK];
        for (digest, size) in left.collect::<Vec<_>>() {
            // What is not there was noticed already.
            if self.has(&digest, size) {
                let path = self.layout().file(&digest);
                let bytes = &mut |read: u64| {
                    of_run += read;
                    hashed(&progress, of_run)
                };
                match hash(&path, &digest, &mut block, bytes) {
                    Hashed::Ended => return Ok(None),
                    Hashed::Gone => {}
                    Hashed::Right => progress.add(size, false),
                    Hashed::Damaged => progress.add(size, self.put_aside(&digest, &path)?),
                }
            }
            progress.last = Some(digest);
        }
        Ok(Some(progress))
    }

    /// Whether there was something to put aside: the last package that had it may be gone.
    fn put_aside(&self, digest: &Digest, path: &Path) -> Result<bool, LibraryError> {
        let aside = self.layout().quarantine().join(digest.to_hex());
        match fs::rename(path, &aside) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            renamed => renamed.map_err(LibraryError::io("put aside", path))?,
        }
        tracing::warn!(%digest, aside = %aside.display(), "a file is damaged, and was put aside");
        Ok(true)
    }
}

impl ValidationProgress {
    fn add(&mut self, size: u64, damaged: bool) {
        self.files += 1;
        self.bytes = self.bytes.saturating_add(size);
        self.damaged += u64::from(damaged);
    }
}

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
