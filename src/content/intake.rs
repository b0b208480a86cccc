//! A file on its way into the library: hashed while it is written, kept only if it is the right one.

use std::{
    fs::{self, File, OpenOptions},
    io::{Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use aws_lc_rs::digest::{Context, SHA256};
use uuid::Uuid;

use super::{Claim, Library, LibraryError, staging::Staged};
use crate::model::Digest;

/// How much is read at once where a file is hashed: what was read is still in the processor's own memory
/// then.
pub(super) const BLOCK: usize = 256 << 10;

/// Files of at least this size get their space before their bytes: a full disk is found early, and
/// ext4 writes into reserved space twice as fast.
const RESERVE: u64 = 1 << 20;

/// A file that is being written into the library.
#[derive(Debug)]
pub struct Intake {
    library: Library,
    file: File,
    path: PathBuf,
    digest: Digest,
    size: u64,
    written: u64,
    too_long: bool,
    hash: Hash,
    /// Removed unless it becomes part of the library; a partial download stays.
    temporary: Option<Temporary>,
    claim: Option<Claim>,
}

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Intaken {
    /// It is the right one: [`Library::settle`] makes it durable and part of the library.
    Verified,
    /// Bytes are missing at its end; a download can be taken up again.
    Short {
        /// How many bytes are there.
        written: u64,
    },
    /// There were more bytes than the file has.
    TooLong,
    /// The bytes are not the file's: this is their digest. Nothing of them is kept.
    WrongDigest(Digest),
}

impl Intake {
    /// Takes a download up where it ended; what is there already is hashed first.
    pub(super) fn resume(
        library: &Library,
        claim: Claim,
        digest: Digest,
        size: u64,
    ) -> Result<Self, LibraryError> {
        let path = library.layout().partial(&digest);
        let mut options = OpenOptions::new();
        let options = options.read(true).write(true).create(true).truncate(false);
        let file = options.open(&path).map_err(LibraryError::io("open", &path))?;
        let claim = Some(claim);
        let mut intake = Self::new(library, file, path, digest, size, claim);
        intake.hash_what_is_there()?;
        intake.reserve()?;
        Ok(intake)
    }

    /// Begins a file that is not kept if it stays incomplete.
    pub(super) fn incoming(
        library: &Library,
        digest: Digest,
        size: u64,
    ) -> Result<Self, LibraryError> {
        let (temporary, file) = Temporary::create(library)?;
        let path = temporary.0.clone();
        let mut intake = Self::new(library, file, path, digest, size, None);
        intake.temporary = Some(temporary);
        intake.reserve()?;
        Ok(intake)
    }

    fn new(
        library: &Library,
        file: File,
        path: PathBuf,
        digest: Digest,
        size: u64,
        claim: Option<Claim>,
    ) -> Self {
        let library = library.clone();
        let hash = Hash::new();
        let (written, too_long, temporary) = (0, false, None);
        Self { library, file, path, digest, size, written, too_long, hash, temporary, claim }
    }

    /// How many bytes are there.
    pub fn written(&self) -> u64 {
        self.written
    }

    /// Whether every byte is there.
    pub fn complete(&self) -> bool {
        self.written == self.size
    }

    /// Begins again at the first byte, where a source does not continue in the middle.
    ///
    /// # Errors
    ///
    /// The file cannot be cut.
    pub fn restart(&mut self) -> Result<(), LibraryError> {
        self.hash = Hash::new();
        self.written = 0;
        self.file.set_len(0).map_err(LibraryError::io("cut", &self.path))?;
        self.file.seek(SeekFrom::Start(0)).map_err(LibraryError::io("read", &self.path))?;
        self.reserve()
    }

    /// Appends bytes. More than the file has are not written.
    ///
    /// # Errors
    ///
    /// The disk is full, or refuses.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), LibraryError> {
        let written = self.written.saturating_add(bytes.len() as u64);
        self.too_long |= written > self.size;
        if !self.too_long {
            self.file.write_all(bytes).map_err(LibraryError::io("write", &self.path))?;
            self.hash.update(bytes);
            self.written = written;
        }
        Ok(())
    }

    /// Ends the file: the right one waits to be settled, a wrong one is removed.
    ///
    /// # Errors
    ///
    /// The library refuses the file.
    pub fn finish(mut self) -> Result<Intaken, LibraryError> {
        if self.too_long {
            self.remove();
            return Ok(Intaken::TooLong);
        }
        if self.written < self.size {
            return Ok(Intaken::Short { written: self.written });
        }
        let digest = self.hash.finish();
        if digest != self.digest {
            self.remove();
            return Ok(Intaken::WrongDigest(digest));
        }
        if let Some(temporary) = self.temporary.take() {
            temporary.keep();
        }
        let claim = self.claim.take();
        self.library.stage(Staged { path: self.path, digest, size: self.size, _claim: claim })?;
        Ok(Intaken::Verified)
    }

    /// Whether every byte is there, and the file the right one.
    pub(super) fn is_right(&self) -> bool {
        self.complete() && !self.too_long && self.hash.finish() == self.digest
    }

    /// The right to fetch the file is kept until it is in its place.
    pub(super) fn with_claim(mut self, claim: Claim) -> Self {
        self.claim = Some(claim);
        self
    }

    fn remove(&self) {
        // Not being there is what is wanted; another reason shows when it is written again.
        let _ = fs::remove_file(&self.path);
    }

    fn hash_what_is_there(&mut self) -> Result<(), LibraryError> {
        let length = self.file.metadata().map_err(LibraryError::io("read", &self.path))?.len();
        if length > self.size {
            return self.restart();
        }
        let mut block = vec![0; BLOCK];
        loop {
            match self.file.read(&mut block).map_err(LibraryError::io("read", &self.path))? {
                0 => return Ok(()),
                read => {
                    self.hash.update(block.get(..read).unwrap_or_default());
                    self.written = self.written.saturating_add(read as u64);
                }
            }
        }
    }

    /// Reserves space on the disk.
    fn reserve(&self) -> Result<(), LibraryError> {
        self.library.with_room(|| self.try_to_reserve())
    }

    /// Without changing the length, which says how far a download is.
    #[cfg(target_os = "linux")]
    fn try_to_reserve(&self) -> Result<(), LibraryError> {
        use rustix::{fs, io::Errno};
        let left = self.size.saturating_sub(self.written);
        if left < RESERVE {
            return Ok(());
        }
        match fs::fallocate(&self.file, fs::FallocateFlags::KEEP_SIZE, self.written, left) {
            // Not every file system can.
            Ok(()) | Err(Errno::OPNOTSUPP | Errno::NOSYS) => Ok(()),
            Err(error) => {
                // What was reserved before the disk was full is given back.
                let _ = self.file.set_len(self.written);
                Err(LibraryError::io("reserve space for", &self.path)(error.into()))
            }
        }
    }

    #[cfg(not(target_os = "linux"))]
    fn try_to_reserve(&self) -> Result<(), LibraryError> {
        let _ = RESERVE;
        Ok(())
    }
}

/// A file in `incoming/` that goes away unless it is kept.
#[derive(Debug)]
pub(super) struct Temporary(PathBuf);

impl Temporary {
    pub(super) fn create(library: &Library) -> Result<(Self, File), LibraryError> {
        let path = library.layout().incoming().join(Uuid::new_v4().simple().to_string());
        let file = File::create_new(&path).map_err(LibraryError::io("create", &path))?;
        Ok((Self(path), file))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// Leaves the file to the library.
    pub(super) fn keep(mut self) -> PathBuf {
        std::mem::take(&mut self.0)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if !self.0.as_os_str().is_empty() {
            // The directory is emptied at the next start, whatever happens here.
            let _ = fs::remove_file(&self.0);
        }
    }
}

/// A SHA-256 that is being computed.
pub(super) struct Hash(Context);

impl Hash {
    pub(super) fn new() -> Self {
        Self(Context::new(&SHA256))
    }

    pub(super) fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    pub(super) fn finish(&self) -> Digest {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(self.0.clone().finish().as_ref());
        Digest::from_bytes(bytes)
    }
}

impl std::fmt::Debug for Hash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Hash")
    }
}
