//! Taking files in from a directory, and hashing those that are there again: on all processors.

use std::{
    collections::BTreeSet,
    fs::File,
    io::{Read, Write},
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    thread,
};

use super::{
    Library, LibraryError,
    intake::{BLOCK, Hash, Temporary},
    packs::PACKED,
    staging::Staged,
    walk::{SourceFile, source_files},
};
use crate::{
    blocking::processors,
    model::{Digest, PackageId, PackageOrigin, PackageState},
    wire::{
        file_list::{FileEntry, FileList},
        pieces::{PieceHashing, Pieces},
    },
};

/// The version of a package that the files of a directory become.
#[derive(Debug)]
pub struct Taking<'a> {
    /// The package.
    pub package: &'a PackageId,
    /// Its source version.
    pub version: u32,
    /// What is kept beside the content.
    pub origin: Option<PackageOrigin>,
    /// The digest that the list of files must have; none: whatever it is.
    pub content: Option<Digest>,
}

/// The files that a package is made of.
#[derive(Debug)]
pub struct SourceContent<'a> {
    /// Where they come from: for messages.
    pub directory: &'a Path,
    /// Those that are taken in.
    pub files: Vec<SourceFile>,
    /// Those that the library has already, by the version before.
    pub there: Vec<FileEntry>,
}

impl Library {
    /// Takes the files below a directory in and makes them visible as this version of a package.
    /// `progress` is told bytes done and bytes in all. A failure leaves the library as it was.
    ///
    /// # Errors
    ///
    /// The source has something that cannot be in a package, or other content than it must have, or
    /// the disk refuses.
    pub fn ingest_directory(
        &self,
        directory: &Path,
        taking: Taking<'_>,
        progress: &(dyn Fn(u64, u64) + Sync),
    ) -> Result<PackageState, LibraryError> {
        let files = source_files(directory)?;
        if files.is_empty() {
            let why = "it has no files: check the path".to_owned();
            return Err(LibraryError::Source { path: directory.to_owned(), why });
        }
        let content = SourceContent { directory, files, there: Vec::new() };
        self.ingest(content, taking, progress)
    }

    /// The same with these files, and with some that the library has already.
    ///
    /// # Errors
    ///
    /// As [`Library::ingest_directory`].
    pub fn ingest(
        &self,
        source: SourceContent<'_>,
        taking: Taking<'_>,
        progress: &(dyn Fn(u64, u64) + Sync),
    ) -> Result<PackageState, LibraryError> {
        let Taking { package, version, origin, content } = taking;
        let SourceContent { directory, files, there } = source;
        let _ingesting = self.ingesting();
        let total = files.iter().map(|file| file.size).fold(0, u64::saturating_add);
        let done = AtomicU64::new(0);
        let before = self.list(package);
        let taken = on_all_processors(&files, |file| {
            let entry = self.take(file, before.as_deref())?;
            let done = done.fetch_add(entry.size, Ordering::Relaxed).saturating_add(entry.size);
            progress(done.min(total), total);
            Ok(entry)
        });
        let published = taken.and_then(|mut entries| {
            entries.extend(there);
            let list = FileList::new(package.clone(), version, entries)?;
            // In a repair it is the list that is there.
            let is_it = |it: &Arc<FileList>| content == Some(it.digest()) && same_files(it, &list);
            let list = before.filter(is_it).unwrap_or(Arc::new(list));
            if let Some(wanted) = content.filter(|wanted| *wanted != list.digest()) {
                let (path, package) = (directory.to_owned(), package.clone());
                return Err(LibraryError::OtherContent { path, package, version, wanted });
            }
            self.begin_whole(Arc::clone(&list))?;
            self.publish_from(package, BTreeSet::new(), origin)
        });
        if published.is_err() {
            self.forget_unneeded(package)?;
        }
        published
    }

    /// Copies one file into the library, unless it is there.
    fn take(
        &self,
        file: &SourceFile,
        before: Option<&FileList>,
    ) -> Result<FileEntry, LibraryError> {
        let entry = |Hashed { digest, size, pieces }| FileEntry {
            path: file.name.clone(),
            size,
            digest,
            pieces,
        };
        // Most files of a new version are those of the version before: reading is enough for them.
        let known = before.and_then(|list| list.file(&file.name));
        if known.is_some_and(|known| known.size == file.size && self.has(&known.digest, known.size))
        {
            let hashed = hash_file(&file.path)?;
            if self.has(&hashed.digest, hashed.size) {
                return Ok(entry(hashed));
            }
        }
        let mut source = File::open(&file.path).map_err(LibraryError::io("open", &file.path))?;
        if file.size <= PACKED {
            let mut bytes = Vec::with_capacity(block_for(file.size));
            let hashed = read(&file.path, &mut source, file.size, |part| {
                bytes.extend_from_slice(part);
                Ok(())
            })?;
            if !self.has(&hashed.digest, hashed.size) {
                // It may have grown while it was read.
                if hashed.size <= PACKED {
                    self.pack(&[(hashed.digest, &bytes)])?;
                } else {
                    self.store(None, hashed.digest, &bytes)?;
                }
            }
            return Ok(entry(hashed));
        }
        let (temporary, mut copy) = Temporary::create(self)?;
        let hashed = read(&file.path, &mut source, file.size, |bytes| {
            copy.write_all(bytes).map_err(LibraryError::io("write", temporary.path()))
        })?;
        let Hashed { digest, size, .. } = hashed;
        if !self.has(&digest, size) {
            self.stage(Staged { path: temporary.keep(), digest, size, _claim: None })?;
        }
        Ok(entry(hashed))
    }

    /// Removes what a failed intake of a package left: its list, and files that nothing needs. Called
    /// while `ingesting` is held.
    fn forget_unneeded(&self, package: &PackageId) -> Result<(), LibraryError> {
        // Files that were verified wait to be settled; they must not be forgotten there.
        let settled = self.settle();
        self.abandon(package)?;
        self.sweep_files()?;
        self.compact();
        settled
    }
}

/// Whether two lists name the same files, pieces apart: lists of earlier versions have none.
fn same_files(one: &FileList, other: &FileList) -> bool {
    one.version() == other.version()
        && one.files().len() == other.files().len()
        && one.files().iter().zip(other.files()).all(|(one, other)| {
            (&one.path, one.size, one.digest) == (&other.path, other.size, other.digest)
        })
}

/// A file that was read whole.
#[derive(Debug)]
pub(super) struct Hashed {
    pub(super) digest: Digest,
    pub(super) size: u64,
    pub(super) pieces: Option<Pieces>,
}

/// Hashes a file.
pub(super) fn hash_file(path: &Path) -> Result<Hashed, LibraryError> {
    let mut file = File::open(path).map_err(LibraryError::io("open", path))?;
    let length = file.metadata().map_err(LibraryError::io("read", path))?.len();
    read(path, &mut file, length, |_| Ok(()))
}

/// Reads a file of about that length, hashes it and hands its bytes on.
fn read(
    path: &Path,
    file: &mut File,
    length: u64,
    mut take: impl FnMut(&[u8]) -> Result<(), LibraryError>,
) -> Result<Hashed, LibraryError> {
    let (mut hash, mut pieces, mut size) = (Hash::new(), PieceHashing::default(), 0_u64);
    let mut block = vec![0; block_for(length)];
    loop {
        let read = file.read(&mut block).map_err(LibraryError::io("read", path))?;
        if read == 0 {
            return Ok(Hashed { digest: hash.finish(), size, pieces: pieces.finish() });
        }
        let bytes = block.get(..read).unwrap_or_default();
        hash.update(bytes);
        pieces.update(bytes);
        take(bytes)?;
        size = size.saturating_add(read as u64);
    }
}

/// A buffer that holds a small file at once, with room to see its end.
pub(super) fn block_for(size: u64) -> usize {
    usize::try_from(size.saturating_add(1)).unwrap_or(BLOCK).clamp(4 << 10, BLOCK)
}

/// Does the same with every item, on all processors; the first failure ends it. Results come in the
/// order of the items.
pub(super) fn on_all_processors<T: Sync, R: Send, E: Send>(
    items: &[T],
    work: impl Fn(&T) -> Result<R, E> + Sync,
) -> Result<Vec<R>, E> {
    let threads = processors().min(items.len());
    let (next, failed) = (AtomicUsize::new(0), AtomicBool::new(false));
    let results = Mutex::new(Vec::with_capacity(items.len()));
    let one_thread = || {
        let mut mine = Vec::new();
        while !failed.load(Ordering::Relaxed) {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(at) else { break };
            let result = work(item);
            failed.fetch_or(result.is_err(), Ordering::Relaxed);
            mine.push((at, result));
        }
        results.lock().unwrap_or_else(PoisonError::into_inner).append(&mut mine);
    };
    thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(one_thread);
        }
        one_thread();
    });
    let mut results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.sort_by_key(|(at, _)| *at);
    results.into_iter().map(|(_, result)| result).collect()
}
