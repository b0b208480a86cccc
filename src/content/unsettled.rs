//! Small files of a version that did not pack them, and put them in their places before the disk had
//! them for good. While such files waited to be settled a marker lay in the library; a library that is
//! opened and finds one hashes its small files again.

use std::fs;

use super::{
    Library, LibraryError, durable,
    garbage::{named, remove},
    ingest::hash_file,
};

/// Only files up to this size took their places at once.
const SMALL: u64 = 256 << 10;

impl Library {
    /// Removes small files that a crash kept from becoming what they should be, if some were not
    /// settled.
    pub(super) fn check_unsettled(&self) -> Result<(), LibraryError> {
        let marker = self.layout().unsettled();
        if !marker.exists() {
            return Ok(());
        }
        tracing::info!("small files are hashed again: they were not settled when it was closed");
        for path in self.in_files()? {
            // What has another name was not put there by this library.
            let Some(digest) = named(&path) else { continue };
            let small = fs::metadata(&path).is_ok_and(|found| found.len() <= SMALL);
            if small && hash_file(&path)?.digest != digest {
                remove(&path)?;
            }
        }
        durable::remove(&marker)
    }
}

#[cfg(test)]
mod tests {
    use std::{path::Path, sync::Arc};

    use super::*;
    use crate::{
        model::Digest,
        wire::file_list::{FileEntry, FileList},
    };

    fn place(home: &Path, content: &[u8], bytes: &[u8]) {
        let hex = Digest::of(content).to_hex();
        let shard = home.join("files").join(&hex[..2]);
        fs::create_dir_all(&shard).unwrap();
        fs::write(shard.join(&hex), bytes).unwrap();
    }

    #[test]
    fn what_was_not_settled_is_hashed_again() {
        let home = tempfile::tempdir().unwrap();
        let contents: [&[u8]; 3] = [b"one", b"two", b"three"];
        let files = contents.iter().map(|content| FileEntry {
            path: str::from_utf8(content).unwrap().parse().unwrap(),
            size: content.len() as u64,
            digest: Digest::of(content),
            pieces: None,
        });
        let list = FileList::new("CEN00001".parse().unwrap(), 1, files.collect()).unwrap();
        let missing = |library: &Library| library.missing(&list).into_keys().collect::<Vec<_>>();
        Library::open(home.path()).unwrap().begin(Arc::new(list.clone())).unwrap();
        // The power failed: the size of one is there, but not its bytes.
        for content in contents {
            place(home.path(), content, content);
        }
        place(home.path(), b"two", b"\0\0\0");
        let library = Library::open(home.path()).unwrap();
        assert_eq!(missing(&library), [] as [Digest; 0], "it was settled");
        drop(library);
        let marker = home.path().join("unsettled");
        fs::write(&marker, "").unwrap();
        let library = Library::open(home.path()).unwrap();
        assert_eq!(missing(&library), [Digest::of(b"two")]);
        assert!(!marker.exists());
    }
}
