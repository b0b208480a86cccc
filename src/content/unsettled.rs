//! Small files take their places at once, before the disk has them for good: moving thousands of them
//! there later would take longer than writing them. While such files wait to be settled a marker lies
//! in the library; a library that is opened and finds one hashes its small files again.

use std::{
    fs,
    io::{self, Write},
    path::Path,
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::{Library, LibraryError, durable, garbage::children, ingest::hash_file, layout::Layout};
use crate::model::Digest;

/// Only files up to this size take their places at once.
pub(super) const SMALL: u64 = 256 << 10;

/// How many files are in their places and not settled.
#[derive(Debug, Default)]
pub(super) struct Unsettled(Mutex<usize>);

impl Unsettled {
    /// Writes a small file, whose digest was verified, where it belongs. What has settled is told by
    /// [`Unsettled::settled`].
    pub(super) fn write(
        &self,
        layout: &Layout,
        digest: &Digest,
        bytes: &[u8],
    ) -> Result<(), LibraryError> {
        {
            let mut files = self.files();
            if *files == 0 {
                durable::write(&layout.unsettled(), b"")?;
            }
            *files = files.saturating_add(1);
        }
        let place = layout.file(digest);
        let written = write_in_place(&place, bytes);
        if written.is_err() {
            // A part of it has not the right size, so that it counts as missing as long as it is there.
            let _ = fs::remove_file(&place);
            self.settled(layout, 1)?;
        }
        written.map_err(LibraryError::io("write", &place))
    }

    /// So many of them are durable now.
    pub(super) fn settled(&self, layout: &Layout, count: usize) -> Result<(), LibraryError> {
        if count == 0 {
            return Ok(());
        }
        let mut files = self.files();
        *files = files.saturating_sub(count);
        if *files == 0 { durable::remove(&layout.unsettled()) } else { Ok(()) }
    }

    fn files(&self) -> MutexGuard<'_, usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Library {
    /// Removes small files that a crash kept from becoming what they should be, if some were not
    /// settled.
    pub(super) fn check_unsettled(&self) -> Result<(), LibraryError> {
        let marker = self.layout().unsettled();
        if !marker.exists() {
            return Ok(());
        }
        tracing::info!("small files are hashed again: they were not settled when it was closed");
        for shard in children(&self.layout().files())?.into_iter().filter(|path| path.is_dir()) {
            for path in children(&shard)? {
                let name = path.file_name().and_then(|name| name.to_str());
                // What has another name was not put there by this library.
                let Some(digest) = name.and_then(|name| Digest::from_hex(name).ok()) else {
                    continue;
                };
                let small = fs::metadata(&path).is_ok_and(|found| found.len() <= SMALL);
                if small && hash_file(&path)?.digest != digest {
                    fs::remove_file(&path).map_err(LibraryError::io("remove", &path))?;
                }
            }
        }
        durable::remove(&marker)
    }
}

fn write_in_place(place: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = match fs::File::create(place) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            place.parent().map_or(Ok(()), fs::create_dir_all)?;
            fs::File::create(place)?
        }
        created => created?,
    };
    file.write_all(bytes)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::wire::file_list::{FileEntry, FileList};

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
        let store = |library: &Library, content: &[u8]| {
            let digest = Digest::of(content);
            assert!(library.store(library.try_claim(digest), digest, content).unwrap());
        };
        let marker = home.path().join("unsettled");
        {
            let library = Library::open(home.path()).unwrap();
            library.begin(Arc::new(list.clone())).unwrap();
            store(&library, b"one");
            assert!(marker.exists() && library.has(&Digest::of(b"one"), 3));
            library.settle().unwrap();
            assert!(!marker.exists());
            store(&library, b"two");
            store(&library, b"three");
        }
        // The power failed: the size of one is there, but not its bytes.
        let hex = Digest::of(b"two").to_hex();
        fs::write(home.path().join("files").join(&hex[..2]).join(&hex), b"\0\0\0").unwrap();
        let library = Library::open(home.path()).unwrap();
        let missing: Vec<_> = library.missing(&list).into_keys().collect();
        assert_eq!(missing, [Digest::of(b"two")]);
        assert!(!marker.exists());
    }
}
