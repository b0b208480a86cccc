//! A large file on its way into the library, in pieces and in any order: each is verified by its own
//! hash as it comes, and found again after an interruption. Nothing is remembered of them but their
//! bytes, which are hashed again, so a crash cannot make a wrong piece a right one.

mod elsewhere;
#[cfg(test)]
mod tests;

use std::{
    collections::BTreeSet,
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::FileExt,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use tokio::sync::Notify;

use super::{Claim, Library, LibraryError, reading::read_block, staging::Staged};
use crate::{
    model::Digest,
    wire::pieces::{HashingPiece, Pieces},
};

/// So many verified bytes are written to the disk while others still come: one large write at the
/// end would make everybody wait for the disk alone.
const WRITE_BACK: u64 = 128 << 20;

/// How much is written at once. More takes twice the time on ext4, which looks for as much memory in one
/// part, and moves other memory for it once little is free.
const WRITTEN: usize = 256 << 10;

/// How much of a piece is read at once where it is hashed again.
const BLOCK: usize = 1 << 20;

/// A file that is being downloaded in pieces. Its pieces can be written by several threads at once.
#[derive(Debug)]
pub struct Download {
    library: Library,
    file: File,
    path: PathBuf,
    digest: Digest,
    size: u64,
    pieces: Pieces,
    state: Mutex<State>,
    /// A piece was verified.
    changed: Notify,
}

#[derive(Debug)]
struct State {
    missing: BTreeSet<u64>,
    /// Verified bytes that the disk may not have yet.
    unwritten: u64,
}

impl Library {
    /// Takes the download of a large file up, or begins it, by whoever has the right to. Pieces that are
    /// there already are found by their hashes: of an earlier download, of a damaged file that was put
    /// aside, or of other files of the library, such as the same file of the version before.
    ///
    /// # Errors
    ///
    /// The disk is full, or refuses.
    pub fn download(
        &self,
        claim: &Claim,
        digest: Digest,
        size: u64,
        pieces: Pieces,
    ) -> Result<Arc<Download>, LibraryError> {
        debug_assert_eq!(claim.digest(), digest);
        let path = self.layout().partial(&digest);
        self.take_damaged(&digest, size, &path)?;
        let mut options = OpenOptions::new();
        let options = options.read(true).write(true).create(true).truncate(false);
        let file = options.open(&path).map_err(LibraryError::io("open", &path))?;
        let state = State { missing: BTreeSet::new(), unwritten: 0 };
        let library = self.clone();
        let state = Mutex::new(state);
        let changed = Notify::new();
        let download = Download { library, file, path, digest, size, pieces, state, changed };
        let missing = download.find_missing()?;
        download.library.with_room(|| download.reserve())?;
        download.state().missing = missing;
        let download = Arc::new(download);
        download.take_from_others()?;
        self.downloads().add(digest, &download);
        Ok(download)
    }

    /// Whether something of a file is here that its download would begin with: what was downloaded of it
    /// before, or a damaged one.
    pub fn has_begun(&self, digest: &Digest) -> bool {
        let layout = self.layout();
        let aside = layout.quarantined(digest);
        [layout.partial(digest), aside, layout.file(digest)].iter().any(|path| path.exists())
    }

    /// The size and the pieces of a file of a package that is on its way, if its list names them.
    pub fn pieces_of(&self, digest: &Digest) -> Option<(u64, Pieces)> {
        let pending = self.all_pending();
        let mut files = pending.iter().flat_map(|list| list.files());
        let file = files.find(|file| file.digest == *digest && file.pieces.is_some())?;
        Some((file.size, file.pieces.clone()?))
    }

    /// Makes a damaged file the beginning of its own repair, if nothing has been downloaded of it.
    fn take_damaged(
        &self,
        digest: &Digest,
        size: u64,
        partial: &PathBuf,
    ) -> Result<(), LibraryError> {
        if partial.exists() || self.has(digest, size) {
            return Ok(());
        }
        let aside = self.layout().quarantined(digest);
        for damaged in [aside, self.layout().file(digest)] {
            match fs::rename(&damaged, partial) {
                Ok(()) => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(LibraryError::io("move", &damaged)(error)),
            }
        }
        Ok(())
    }
}

impl Download {
    /// The pieces that are not there yet.
    pub fn missing(&self) -> BTreeSet<u64> {
        self.state().missing.clone()
    }

    /// The size of the whole file in bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Whether a piece is there.
    pub fn has(&self, index: u64) -> bool {
        index < self.pieces.len() && !self.state().missing.contains(&index)
    }

    /// Waits until a piece is there. Somebody has to write it meanwhile.
    pub async fn wait_for(&self, index: u64) {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if self.has(index) {
                return;
            }
            changed.await;
        }
    }

    /// Reads a part of a piece that is there into memory. Blocks.
    ///
    /// # Errors
    ///
    /// The disk refuses.
    pub fn read(&self, start: u64, length: u64) -> io::Result<Bytes> {
        read_block(&self.file, start, length)
    }

    /// Begins to write a piece. No piece may be written by two at once.
    pub fn piece(self: &Arc<Self>, index: u64) -> PieceWriter {
        PieceWriter { download: Arc::clone(self), index, hashing: HashingPiece::default() }
    }

    /// Ends the file, if every piece of it is there: it waits to be settled then, and nobody else
    /// fetches it before.
    ///
    /// # Errors
    ///
    /// The library refuses the file.
    pub fn finish(&self, claim: Claim) -> Result<bool, LibraryError> {
        if !self.state().missing.is_empty() {
            return Ok(false);
        }
        let (path, digest, size) = (self.path.clone(), self.digest, self.size);
        self.library.stage(Staged { path, digest, size, _claim: Some(claim) })?;
        Ok(true)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn find_missing(&self) -> Result<BTreeSet<u64>, LibraryError> {
        let length = self.file.metadata().map_err(LibraryError::io("read", &self.path))?.len();
        if length > self.size {
            self.file.set_len(self.size).map_err(LibraryError::io("cut", &self.path))?;
        }
        let mut block = vec![0; BLOCK];
        let mut missing = BTreeSet::new();
        for index in 0..self.pieces.len() {
            let there = length >= Pieces::span(index, self.size).end && self.begun(index);
            match there.then(|| self.is_right(index, &mut block)) {
                Some(Ok(true)) => {}
                None | Some(Ok(false)) => drop(missing.insert(index)),
                // A disk that cannot read it any more must not get it back in the same place.
                Some(Err(error)) => {
                    tracing::warn!(digest = %self.digest, %error, "a download begins anew");
                    self.file.set_len(0).map_err(LibraryError::io("cut", &self.path))?;
                    return Ok((0..self.pieces.len()).collect());
                }
            }
        }
        Ok(missing)
    }

    /// Whether something was written where this piece lies: most of a download that was just begun
    /// is a hole, which need not be read.
    #[cfg(target_os = "linux")]
    fn begun(&self, index: u64) -> bool {
        let span = Pieces::span(index, self.size);
        match rustix::fs::seek(&self.file, rustix::fs::SeekFrom::Data(span.start)) {
            Ok(data) => data < span.end,
            Err(rustix::io::Errno::NXIO) => false,
            // Not every file system can tell.
            Err(_) => true,
        }
    }

    #[cfg(not(target_os = "linux"))]
    fn begun(&self, _index: u64) -> bool {
        true
    }

    fn is_right(&self, index: u64, block: &mut [u8]) -> io::Result<bool> {
        let span = Pieces::span(index, self.size);
        let mut hashing = HashingPiece::default();
        let mut at = span.start;
        while at < span.end {
            let left = usize::try_from(span.end - at).unwrap_or(usize::MAX).min(block.len());
            let Some(part) = block.get_mut(..left) else { return Ok(false) };
            self.file.read_exact_at(part, at)?;
            hashing.update(part);
            at = at.saturating_add(left as u64);
        }
        Ok(Some(hashing.finish()) == self.pieces.get(index))
    }

    /// Reserves space for the whole file: a full disk is found early, and ext4 writes into reserved
    /// space twice as fast.
    #[cfg(target_os = "linux")]
    fn reserve(&self) -> Result<(), LibraryError> {
        use rustix::{fs, io::Errno};
        match fs::fallocate(&self.file, fs::FallocateFlags::empty(), 0, self.size) {
            Ok(()) => Ok(()),
            // Not every file system can.
            Err(Errno::OPNOTSUPP | Errno::NOSYS) => self.lengthen(),
            Err(error) => Err(LibraryError::io("reserve space for", &self.path)(error.into())),
        }
    }

    #[cfg(not(target_os = "linux"))]
    fn reserve(&self) -> Result<(), LibraryError> {
        self.lengthen()
    }

    fn lengthen(&self) -> Result<(), LibraryError> {
        self.file.set_len(self.size).map_err(LibraryError::io("lengthen", &self.path))
    }

    fn verified(&self, index: u64) -> Result<(), LibraryError> {
        let span = Pieces::span(index, self.size);
        let write_back = {
            let mut state = self.state();
            state.missing.remove(&index);
            state.unwritten = state.unwritten.saturating_add(span.end - span.start);
            let write_back = state.unwritten >= WRITE_BACK;
            if write_back {
                state.unwritten = 0;
            }
            write_back
        };
        self.changed.notify_waiters();
        if write_back {
            self.file.sync_data().map_err(LibraryError::io("sync", &self.path))?;
        }
        Ok(())
    }
}

/// A piece that is being written. Dropped early, it stays missing.
#[derive(Debug)]
pub struct PieceWriter {
    download: Arc<Download>,
    index: u64,
    hashing: HashingPiece,
}

impl PieceWriter {
    /// Which piece it is.
    pub fn index(&self) -> u64 {
        self.index
    }

    /// Where in the file the next byte belongs.
    pub fn position(&self) -> u64 {
        let span = Pieces::span(self.index, self.download.size);
        span.start.saturating_add(self.hashing.length()).min(span.end)
    }

    /// How many bytes are left.
    pub fn left(&self) -> u64 {
        Pieces::span(self.index, self.download.size).end.saturating_sub(self.position())
    }

    /// Appends bytes; more than are left are not taken. Blocks.
    ///
    /// # Errors
    ///
    /// The disk is full, or refuses.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), LibraryError> {
        let left = usize::try_from(self.left()).unwrap_or(usize::MAX).min(bytes.len());
        let bytes = bytes.get(..left).unwrap_or_default();
        for part in bytes.chunks(WRITTEN) {
            let (at, path) = (self.position(), &self.download.path);
            self.download.file.write_all_at(part, at).map_err(LibraryError::io("write", path))?;
            self.hashing.update(part);
        }
        Ok(())
    }

    /// Ends the piece: whether it is complete and the right one. A wrong one is forgotten. Blocks.
    ///
    /// # Errors
    ///
    /// The disk refuses.
    pub fn finish(self) -> Result<bool, LibraryError> {
        let right =
            self.left() == 0 && Some(self.hashing.finish()) == self.download.pieces.get(self.index);
        if right {
            self.download.verified(self.index)?;
        }
        Ok(right)
    }
}
