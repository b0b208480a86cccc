//! Files of the library as they are read: in blocks, off the asynchronous threads, with bounded memory.

use std::{
    fs::File,
    io,
    num::NonZero,
    os::{
        fd::{AsFd, BorrowedFd},
        unix::fs::FileExt,
    },
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use bytes::{Bytes, BytesMut};
use futures::{Stream, stream};
use tokio::task::JoinHandle;

use super::{Library, LibraryError, packs::PACKED};
use crate::{model::Digest, net::FileParts};

/// How much is read at once where few files are being sent: two such blocks are in memory for each.
const BLOCK: u64 = 512 << 10;

/// Where many are, all of them together have so much in memory, as long as each has [`LEAST_BLOCK`].
const BLOCKS: u64 = 32 << 20;
/// See [`BLOCKS`].
const LEAST_BLOCK: u64 = 16 << 10;

/// How many files are being sent from memory.
static READING: AtomicU64 = AtomicU64::new(0);

/// How far ahead the disk reads where it has to.
const AHEAD: u64 = 8 * BLOCK;

/// Blocks that were sent wait here to be read into again: to have them cleared each time would cost as
/// much as reading. So many at most, 16 MiB.
static SENT: Mutex<Vec<Vec<u8>>> = Mutex::new(Vec::new());
const KEPT: usize = 32;

/// A block that goes back to the others when it was sent.
struct Block(Vec<u8>);

impl Block {
    fn take(size: usize) -> Self {
        let sent = SENT.lock().unwrap_or_else(PoisonError::into_inner).pop();
        Self(sent.unwrap_or_else(|| vec![0; size]))
    }
}

impl AsRef<[u8]> for Block {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        let mut sent = SENT.lock().unwrap_or_else(PoisonError::into_inner);
        if sent.len() < KEPT {
            sent.push(std::mem::take(&mut self.0));
        }
    }
}

/// An open file of the library, of the size that its packages say: a file of its own, or a part of a
/// pack.
#[derive(Debug)]
pub struct StoredFile {
    file: Arc<File>,
    /// Where its first byte is.
    start: u64,
    size: u64,
}

impl StoredFile {
    /// `None` if there is no such file or its size is another one.
    pub(super) fn open(path: &Path, size: u64) -> Result<Option<Self>, LibraryError> {
        let opened = File::open(path).and_then(|file| Ok((file.metadata()?, file)));
        match opened {
            Ok((found, file)) if found.is_file() && found.len() == size => {
                Ok(Some(Self { file: Arc::new(file), start: 0, size }))
            }
            Ok(_) => Ok(None),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(LibraryError::io("open", path)(error)),
        }
    }

    /// A part of a pack.
    pub(super) fn part(pack: Arc<File>, start: u64, size: u64) -> Self {
        Self { file: pack, start, size }
    }

    /// Its size in bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Reads a part into memory. Blocks.
    ///
    /// # Errors
    ///
    /// The disk refuses, or the file has been cut meanwhile.
    pub fn read(&self, start: u64, length: u64) -> io::Result<Bytes> {
        read_block(&self.file, self.place(start, length)?, length)
    }

    /// All of it, if the system has it in memory. Does not block.
    #[cfg(target_os = "linux")]
    fn read_at_once(&self) -> Option<Bytes> {
        use rustix::io::{ReadWriteFlags, preadv2};
        let mut bytes = vec![0; usize::try_from(self.size).ok()?];
        let part = &mut [io::IoSliceMut::new(&mut bytes)];
        let read = preadv2(&self.file, part, self.start, ReadWriteFlags::NOWAIT).ok()?;
        (read == bytes.len()).then(|| Bytes::from(bytes))
    }

    #[cfg(not(target_os = "linux"))]
    fn read_at_once(&self) -> Option<Bytes> {
        None
    }

    /// Where a part of it begins: nothing behind its end belongs to it.
    fn place(&self, start: u64, length: u64) -> io::Result<u64> {
        let inside = start.checked_add(length).is_some_and(|end| end <= self.size);
        let place = self.start.checked_add(start).filter(|_| inside);
        place.ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }

    /// Whether a part of it is in memory, by its first and its last byte; yes where the system cannot
    /// tell.
    #[cfg(target_os = "linux")]
    fn is_in_memory(&self, start: u64, length: u64) -> bool {
        use rustix::io::{Errno, ReadWriteFlags, preadv2};
        let is_there = |at| {
            let mut byte = [0];
            let into = &mut [io::IoSliceMut::new(&mut byte)];
            let at = self.start.saturating_add(at);
            let read = preadv2(&self.file, into, at, ReadWriteFlags::NOWAIT);
            matches!(read, Ok(1) | Err(Errno::OPNOTSUPP | Errno::NOSYS))
        };
        is_there(start) && is_there(start.saturating_add(length).saturating_sub(1))
    }

    /// No other system can send it by itself.
    #[cfg(not(target_os = "linux"))]
    fn is_in_memory(&self, _start: u64, _length: u64) -> bool {
        false
    }

    /// Reads a part, and has the disk begin with what follows it. Blocks.
    fn read_ahead(&self, start: u64, length: u64) -> io::Result<Bytes> {
        #[cfg(target_os = "linux")]
        if let Some(ahead) = NonZero::new(AHEAD) {
            let at = self.start.saturating_add(start);
            // It would only be slower without.
            let _advised =
                rustix::fs::fadvise(&self.file, at, Some(ahead), rustix::fs::Advice::WillNeed);
        }
        self.read(start, length)
    }
}

impl AsFd for StoredFile {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

impl Library {
    /// A small file that some package needs, if it can be read without waiting for anything: to have
    /// another thread read it costs more than that. `None` says nothing about it. Does not block.
    pub fn read_at_once(&self, digest: &Digest) -> Option<Bytes> {
        let size = self.try_index()?.size(digest).filter(|size| *size <= PACKED)?;
        self.packs().stored(digest, size).ok()??.read_at_once()
    }

    /// Reads files that packages need one behind the other into memory; `None` if they have more than
    /// so many bytes together.
    ///
    /// # Errors
    ///
    /// One of them is not there, or cannot be read.
    pub fn read_together(
        &self,
        digests: &[Digest],
        at_most: u64,
    ) -> Result<Option<Bytes>, LibraryError> {
        let mut files = Vec::with_capacity(digests.len());
        let mut total = 0_u64;
        {
            let index = self.index();
            for digest in digests {
                let size = index.size(digest).ok_or(LibraryError::NoFile(*digest))?;
                total = total.saturating_add(size);
                files.push((*digest, size));
            }
        }
        if total > at_most {
            return Ok(None);
        }
        if let Some(bytes) = self.packs().read_together(&files) {
            return Ok(Some(bytes));
        }
        let mut bytes = BytesMut::with_capacity(usize::try_from(total).unwrap_or_default());
        for (digest, size) in &files {
            // Cut since it was opened: it is not there any more.
            let gone = |_| LibraryError::NoFile(*digest);
            bytes.extend_from_slice(&self.open_file(digest)?.read(0, *size).map_err(gone)?);
        }
        Ok(Some(bytes.freeze()))
    }
}

/// Reads a part of a file into memory. Blocks.
pub(super) fn read_block(file: &File, start: u64, length: u64) -> io::Result<Bytes> {
    let size = usize::try_from(length).map_err(io::Error::other)?;
    if length != BLOCK {
        let mut block = vec![0; size];
        file.read_exact_at(&mut block, start)?;
        return Ok(Bytes::from(block));
    }
    let mut block = Block::take(size);
    file.read_exact_at(&mut block.0, start)?;
    Ok(Bytes::from_owner(block))
}

/// A part of a file as a stream of blocks; the next one is read while one is being sent.
pub fn read_stream(
    file: Arc<StoredFile>,
    start: u64,
    length: u64,
) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
    READING.fetch_add(1, Ordering::Relaxed);
    let reading = Reading { file, at: start, left: length, next: None };
    stream::try_unfold(reading, |mut reading| async move {
        let Some(block) = reading.next.take().or_else(|| reading.begin()) else { return Ok(None) };
        let block = block.await.map_err(io::Error::other)??;
        reading.next = reading.begin();
        Ok(Some((block, reading)))
    })
}

/// The same where the kernel can send files by itself: `parts` are those of the connection that the
/// stream is the body of an answer on. What is not in memory is read first, since the kernel would make
/// everybody on the connection's thread wait for the disk.
pub fn send_stream(
    file: Arc<StoredFile>,
    start: u64,
    length: u64,
    parts: FileParts,
) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
    let end = start.saturating_add(length);
    stream::try_unfold(start, move |at| {
        let (file, parts) = (Arc::clone(&file), parts.clone());
        async move {
            let left = usize::try_from(end.saturating_sub(at)).unwrap_or(usize::MAX);
            if left == 0 {
                return Ok(None);
            }
            let next = left.min(FileParts::MOST);
            let block = if file.is_in_memory(at, next as u64) {
                let place = file.start.saturating_add(at);
                parts.stand_in(file, place, next)
            } else {
                let reading = move || file.read_ahead(at, (left as u64).min(BLOCK));
                tokio::task::spawn_blocking(reading).await.map_err(io::Error::other)??
            };
            Ok(Some((block.clone(), at.saturating_add(block.len() as u64))))
        }
    })
}

struct Reading {
    file: Arc<StoredFile>,
    at: u64,
    left: u64,
    next: Option<JoinHandle<io::Result<Bytes>>>,
}

impl Reading {
    /// Begins to read the next block; `None` after the last one.
    fn begin(&mut self) -> Option<JoinHandle<io::Result<Bytes>>> {
        let share = BLOCKS / 2 / READING.load(Ordering::Relaxed).max(1);
        let length = self.left.min(share.clamp(LEAST_BLOCK, BLOCK));
        if length == 0 {
            return None;
        }
        let (file, start) = (Arc::clone(&self.file), self.at);
        self.at = self.at.saturating_add(length);
        self.left -= length;
        Some(tokio::task::spawn_blocking(move || file.read(start, length)))
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        READING.fetch_sub(1, Ordering::Relaxed);
    }
}
