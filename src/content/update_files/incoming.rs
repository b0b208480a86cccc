//! A file on its way in: hashed while it is written, kept only if both digests and the size are right.

use std::{
    fs::{self, File, OpenOptions},
    io::{Read, Seek, Write},
    path::PathBuf,
};

use super::{UpdateFileError, UpdateFiles, store::remove};
use crate::{
    content::{LibraryError, room},
    wire::update_content::{HashingContent, UpdateContent},
};

/// How much is read at once where a file is hashed again.
const BLOCK: usize = 256 << 10;

/// A file that is being written. One that is a download stays where it ended, and goes on from there;
/// any other goes away unless it is finished.
#[derive(Debug)]
pub struct IncomingUpdateFile {
    files: UpdateFiles,
    file: File,
    path: PathBuf,
    wanted: UpdateContent,
    written: u64,
    too_long: bool,
    hashing: HashingContent,
    is_download: bool,
}

impl IncomingUpdateFile {
    /// One that begins at its first byte.
    pub(super) fn new(
        files: UpdateFiles,
        path: PathBuf,
        wanted: UpdateContent,
    ) -> Result<Self, UpdateFileError> {
        let file = File::create_new(&path).map_err(LibraryError::io("create", &path))?;
        Self::of(files, file, path, wanted, false)
    }

    /// A download, which goes on where it was.
    pub(super) fn resume(
        files: UpdateFiles,
        path: PathBuf,
        wanted: UpdateContent,
    ) -> Result<Self, UpdateFileError> {
        let mut options = OpenOptions::new();
        let options = options.read(true).write(true).create(true).truncate(false);
        let file = options.open(&path).map_err(LibraryError::io("open", &path))?;
        Self::of(files, file, path, wanted, true)
    }

    fn of(
        files: UpdateFiles,
        file: File,
        path: PathBuf,
        wanted: UpdateContent,
        is_download: bool,
    ) -> Result<Self, UpdateFileError> {
        let hashing = HashingContent::default();
        let (written, too_long) = (0, false);
        let mut new = Self { files, file, path, wanted, written, too_long, hashing, is_download };
        new.hash_what_is_there()?;
        let left = new.wanted.size.saturating_sub(new.written);
        room::check(new.files.root(), left)?;
        Ok(new)
    }

    /// How many bytes are there.
    pub fn written(&self) -> u64 {
        self.written
    }

    /// What it has to become.
    pub fn wanted(&self) -> &UpdateContent {
        &self.wanted
    }

    /// Begins again at the first byte, where a server does not continue in the middle.
    ///
    /// # Errors
    ///
    /// The file cannot be cut.
    pub fn restart(&mut self) -> Result<(), UpdateFileError> {
        self.hashing = HashingContent::default();
        (self.written, self.too_long) = (0, false);
        self.file.set_len(0).map_err(LibraryError::io("cut", &self.path))?;
        self.file.rewind().map_err(LibraryError::io("read", &self.path))?;
        Ok(())
    }

    /// Appends bytes. More than the file has are not written.
    ///
    /// # Errors
    ///
    /// The disk is full, or refuses.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), UpdateFileError> {
        let written = self.written.saturating_add(bytes.len() as u64);
        self.too_long |= written > self.wanted.size;
        if !self.too_long {
            self.file.write_all(bytes).map_err(LibraryError::io("write", &self.path))?;
            self.hashing.update(bytes);
            self.written = written;
        }
        Ok(())
    }

    /// Ends the file: the right one is made durable and is here from now on, nothing is kept of a
    /// wrong one, and a download that ends early goes on later.
    ///
    /// # Errors
    ///
    /// It is not the right one, or the disk refuses.
    pub fn finish(self) -> Result<(), UpdateFileError> {
        let UpdateContent { name, size, .. } = self.wanted.clone();
        if !self.too_long && self.written < size {
            return Err(UpdateFileError::Short { name, written: self.written, size });
        }
        if let Err(error) = self.verify() {
            remove(&self.path)?;
            return Err(error);
        }
        self.file.sync_all().map_err(LibraryError::io("sync", &self.path))?;
        self.files.keep(&self.path, &self.wanted)
    }

    fn verify(&self) -> Result<(), UpdateFileError> {
        let UpdateContent { name, sha256, size } = &self.wanted;
        let name = || name.clone();
        if self.too_long {
            return Err(UpdateFileError::TooLong { name: name(), size: *size });
        }
        let (found, found_sha256) = self.hashing.digests();
        if found != self.wanted.name.sha1() {
            return Err(UpdateFileError::Sha1 { name: name(), found });
        }
        match sha256 {
            Some(wanted) if *wanted != found_sha256 => {
                Err(UpdateFileError::Sha256 { name: name(), found: found_sha256, wanted: *wanted })
            }
            _ => Ok(()),
        }
    }

    fn hash_what_is_there(&mut self) -> Result<(), UpdateFileError> {
        let length = self.file.metadata().map_err(LibraryError::io("read", &self.path))?.len();
        if length == 0 {
            return Ok(());
        }
        if length > self.wanted.size {
            return self.restart();
        }
        let mut block = vec![0; BLOCK];
        loop {
            match self.file.read(&mut block).map_err(LibraryError::io("read", &self.path))? {
                0 => return Ok(()),
                read => {
                    self.hashing.update(block.get(..read).unwrap_or_default());
                    self.written = self.written.saturating_add(read as u64);
                }
            }
        }
    }
}

impl Drop for IncomingUpdateFile {
    fn drop(&mut self) {
        if self.is_download {
            self.files.ended(self.wanted.name.sha1());
        } else {
            // One that was finished is not there any more; the others the next start would remove.
            let _ = fs::remove_file(&self.path);
        }
    }
}
