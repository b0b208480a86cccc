//! What the file to import is now: asked often, so hashed only when it has changed.

use std::{
    fs::{File, Metadata},
    io::{self, Read},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use aws_lc_rs::digest::{Context, SHA256};

use crate::model::{Digest, FileFacts};

/// Remembers the digest of the file that was asked for last.
#[derive(Debug, Default)]
pub(super) struct FileFactsCache(Mutex<Option<(Identity, FileFacts)>>);

/// What changes when a file is changed or replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Identity {
    path: PathBuf,
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl FileFactsCache {
    /// What the file is; `None` if it is not there, is no plain file, or cannot be read.
    pub(super) fn of(&self, path: &Path) -> Option<FileFacts> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Asked before it is opened: opening something that is no plain file may block.
        let identity = Identity::of(path, &std::fs::metadata(path).ok()?)?;
        if let Some((of, facts)) = &*known
            && *of == identity
        {
            return Some(facts.clone());
        }
        let facts = hash(path).ok()?;
        if facts.size == identity.size {
            *known = Some((identity, facts.clone()));
        }
        Some(facts)
    }
}

impl Identity {
    fn of(path: &Path, metadata: &Metadata) -> Option<Self> {
        metadata.is_file().then(|| Self {
            path: path.to_owned(),
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        })
    }
}

fn hash(path: &Path) -> io::Result<FileFacts> {
    let mut file = File::open(path)?;
    let mut context = Context::new(&SHA256);
    let mut buffer = vec![0; 1 << 20];
    let mut size = 0_u64;
    loop {
        let read = file.read(&mut buffer)?;
        let Some(bytes) = buffer.get(..read).filter(|it| !it.is_empty()) else { break };
        context.update(bytes);
        size = size.saturating_add(bytes.len() as u64);
    }
    let mut digest = [0; 32];
    digest.copy_from_slice(context.finish().as_ref());
    Ok(FileFacts { digest: Digest::from_bytes(digest), size })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_file_is_hashed_again() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("export.cab");
        let cache = FileFactsCache::default();
        assert_eq!(cache.of(&path), None);
        assert_eq!(cache.of(directory.path()), None);
        for bytes in [b"one".as_slice(), b"two", b"longer"] {
            crate::store::replace(&path, bytes).unwrap();
            let facts = FileFacts { digest: Digest::of(bytes), size: bytes.len() as u64 };
            assert_eq!(cache.of(&path), Some(facts.clone()));
            assert_eq!(cache.of(&path), Some(facts));
        }
    }
}
