//! The files that are here.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

use uuid::Uuid;

use super::{IncomingUpdateFile, UpdateFileError};
use crate::{
    content::{LibraryError, StoredFile, room},
    wire::update_content::{ContentName, Sha1, UpdateContent},
};

/// What is still coming, and what a crash has left of it.
const INCOMING: &str = "incoming";

/// What ends the name of a download that goes on where it was.
const PARTIAL: &str = "part";

/// How much is read at once of what is put here.
const BLOCK: usize = 256 << 10;

/// The files of updates of one update point. Clones are the same. Its calls block: asynchronous code
/// makes them on a blocking thread.
#[derive(Debug, Clone)]
pub struct UpdateFiles(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    root: PathBuf,
    held: Mutex<Held>,
    /// Downloads under way: a file has one at a time.
    coming: Mutex<BTreeSet<Sha1>>,
}

#[derive(Debug, Default)]
struct Held {
    files: BTreeMap<Sha1, HeldFile>,
    bytes: u64,
}

/// A file that is here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldFile {
    /// How it is named.
    pub name: ContentName,
    /// Its size in bytes.
    pub size: u64,
}

/// A file that was opened to be read.
#[derive(Debug)]
pub struct OpenedFile {
    /// The file.
    pub file: StoredFile,
    /// When it came.
    pub modified: Option<SystemTime>,
}

impl UpdateFiles {
    /// Opens the files at `root`, or makes an empty place for them. What a crash has left half
    /// written is removed, but for downloads that can go on.
    ///
    /// # Errors
    ///
    /// The directory cannot be made or read.
    pub fn open(root: &Path) -> Result<Self, UpdateFileError> {
        let incoming = root.join(INCOMING);
        fs::create_dir_all(&incoming).map_err(LibraryError::io("create", &incoming))?;
        for path in entries(&incoming)? {
            if path.extension().is_none_or(|it| it != PARTIAL) {
                fs::remove_file(&path).map_err(LibraryError::io("remove", &path))?;
            }
        }
        let mut held = Held::default();
        for folder in entries(root)? {
            let is_folder = folder.file_name().is_some_and(|it| it.len() == 2) && folder.is_dir();
            for path in if is_folder { entries(&folder)? } else { Vec::new() } {
                held.find(&folder, &path)?;
            }
        }
        let (root, held, coming) = (root.to_owned(), Mutex::new(held), Mutex::default());
        Ok(Self(Arc::new(Inner { root, held, coming })))
    }

    /// Takes in a file that somebody has, if it is what its update says: both digests and the size.
    /// One that is here already stays as it is, and nothing is read.
    ///
    /// # Errors
    ///
    /// It is another file, or cannot be read, or the disk is full or refuses.
    pub fn put(&self, wanted: &UpdateContent, mut from: impl Read) -> Result<(), UpdateFileError> {
        if self.has(wanted) {
            return Ok(());
        }
        let path = self.0.root.join(INCOMING).join(Uuid::new_v4().simple().to_string());
        let mut incoming = IncomingUpdateFile::new(self.clone(), path, wanted.clone())?;
        let mut block = vec![0; BLOCK];
        loop {
            let read = from
                .read(&mut block)
                .map_err(|source| UpdateFileError::Source { name: wanted.name.clone(), source })?;
            if read == 0 {
                return incoming.finish();
            }
            incoming.write(block.get(..read).unwrap_or_default())?;
        }
    }

    /// The same of a file on this computer.
    ///
    /// # Errors
    ///
    /// As [`UpdateFiles::put`].
    pub fn put_file(&self, wanted: &UpdateContent, path: &Path) -> Result<(), UpdateFileError> {
        if self.has(wanted) {
            return Ok(());
        }
        let file = File::open(path)
            .map_err(|source| UpdateFileError::Source { name: wanted.name.clone(), source })?;
        self.put(wanted, file)
    }

    /// Begins a download, or takes it up where it ended: what is there already is hashed first.
    ///
    /// # Errors
    ///
    /// It is being downloaded already, the disk has not enough room for it, or refuses.
    pub fn download(&self, wanted: &UpdateContent) -> Result<IncomingUpdateFile, UpdateFileError> {
        let sha1 = wanted.name.sha1();
        if !self.coming().insert(sha1) {
            return Err(UpdateFileError::Coming(wanted.name.clone()));
        }
        let path = self.partial(sha1);
        let begun = IncomingUpdateFile::resume(self.clone(), path, wanted.clone());
        if begun.is_err() {
            self.ended(sha1);
        }
        begun
    }

    /// Checks that the disk has room for so many bytes.
    ///
    /// # Errors
    ///
    /// It has not, or cannot be asked.
    pub fn check_room(&self, bytes: u64) -> Result<(), UpdateFileError> {
        Ok(room::check(&self.0.root, bytes)?)
    }

    /// Whether this file is here.
    pub fn has(&self, wanted: &UpdateContent) -> bool {
        let held = self.held();
        held.files.get(&wanted.name.sha1()).is_some_and(|it| it.size == wanted.size)
    }

    /// The file of that digest, if it is here.
    pub fn find(&self, sha1: Sha1) -> Option<HeldFile> {
        self.held().files.get(&sha1).cloned()
    }

    /// Opens a file to be read; `None` if there is none of exactly this name.
    ///
    /// # Errors
    ///
    /// The disk refuses.
    pub fn open_file(&self, name: &ContentName) -> Result<Option<OpenedFile>, UpdateFileError> {
        let Some(held) = self.find(name.sha1()).filter(|it| it.name == *name) else {
            return Ok(None);
        };
        let opened = StoredFile::open(&self.place(name), held.size)?;
        Ok(opened.map(|file| OpenedFile { modified: file.modified(), file }))
    }

    /// Where a file lies that is here: to be linked or copied, never to be changed.
    pub fn path(&self, sha1: Sha1) -> Option<PathBuf> {
        self.find(sha1).map(|it| self.place(&it.name))
    }

    /// All files that are here, by their digests.
    pub fn list(&self) -> Vec<HeldFile> {
        self.held().files.values().cloned().collect()
    }

    /// How many there are, and how many bytes they have together.
    pub fn total(&self) -> (u64, u64) {
        let held = self.held();
        (held.files.len() as u64, held.bytes)
    }

    /// Removes the file of that digest, and what is there of its download; tells whether it was here.
    ///
    /// # Errors
    ///
    /// The disk refuses.
    pub fn remove(&self, sha1: Sha1) -> Result<bool, UpdateFileError> {
        let partial = self.partial(sha1);
        if !self.coming().contains(&sha1) {
            remove(&partial)?;
        }
        let Some(held) = self.find(sha1) else { return Ok(false) };
        remove(&self.place(&held.name))?;
        self.held().forget(sha1);
        Ok(true)
    }

    /// How much of a download is there, in bytes.
    pub fn begun(&self, sha1: Sha1) -> u64 {
        fs::metadata(self.partial(sha1)).map_or(0, |it| it.len())
    }

    pub(super) fn root(&self) -> &Path {
        &self.0.root
    }

    /// Puts a file in its place that was verified and is durable.
    pub(super) fn keep(&self, path: &Path, wanted: &UpdateContent) -> Result<(), UpdateFileError> {
        let folder = self.0.root.join(wanted.name.folder());
        if !folder.exists() {
            fs::create_dir_all(&folder).map_err(LibraryError::io("create", &folder))?;
            sync_directory(&self.0.root)?;
        }
        let before = self.find(wanted.name.sha1()).filter(|it| it.name != wanted.name);
        let place = self.place(&wanted.name);
        fs::rename(path, &place).map_err(LibraryError::io("move", path))?;
        sync_directory(&folder)?;
        self.held().keep(HeldFile { name: wanted.name.clone(), size: wanted.size });
        // Another document has called it otherwise.
        before.map_or(Ok(()), |before| remove(&self.place(&before.name)))
    }

    /// A download has ended, however it has.
    pub(super) fn ended(&self, sha1: Sha1) {
        self.coming().remove(&sha1);
    }

    fn place(&self, name: &ContentName) -> PathBuf {
        self.0.root.join(name.folder()).join(name.to_string())
    }

    fn partial(&self, sha1: Sha1) -> PathBuf {
        self.0.root.join(INCOMING).join(format!("{sha1}.{PARTIAL}"))
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        // Nothing that holds this lock can leave the value half changed.
        self.0.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn coming(&self) -> MutexGuard<'_, BTreeSet<Sha1>> {
        self.0.coming.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    /// Takes a file of the disk in, if it has the name and the folder of one.
    fn find(&mut self, folder: &Path, path: &Path) -> Result<(), UpdateFileError> {
        let text = path.file_name().and_then(|it| it.to_str()).unwrap_or_default();
        let Ok(name) = text.parse::<ContentName>() else { return Ok(()) };
        let is_here = name.to_string() == text && folder.ends_with(name.folder());
        let found = fs::symlink_metadata(path).map_err(LibraryError::io("read", path))?;
        if is_here && found.is_file() {
            self.keep(HeldFile { name, size: found.len() });
        }
        Ok(())
    }

    fn keep(&mut self, file: HeldFile) {
        let (sha1, size) = (file.name.sha1(), file.size);
        self.forget(sha1);
        self.files.insert(sha1, file);
        self.bytes = self.bytes.saturating_add(size);
    }

    fn forget(&mut self, sha1: Sha1) {
        if let Some(file) = self.files.remove(&sha1) {
            self.bytes = self.bytes.saturating_sub(file.size);
        }
    }
}

fn entries(directory: &Path) -> Result<Vec<PathBuf>, UpdateFileError> {
    let failed = |error| LibraryError::io("read", directory)(error);
    let found = fs::read_dir(directory).map_err(failed)?;
    found.map(|it| Ok(it.map_err(failed)?.path())).collect()
}

/// Removes a file for good, if it is there.
pub(super) fn remove(path: &Path) -> Result<(), UpdateFileError> {
    match fs::remove_file(path) {
        Ok(()) => sync_directory(path.parent().unwrap_or(path)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(LibraryError::io("remove", path)(error).into()),
    }
}

fn sync_directory(directory: &Path) -> Result<(), UpdateFileError> {
    let synced = File::open(directory).and_then(|it| it.sync_all());
    Ok(synced.map_err(LibraryError::io("sync", directory))?)
}
