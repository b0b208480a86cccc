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
    time::SystemTime,
};

use bytes::{Bytes, BytesMut};
use futures::{Stream, stream};

use super::{Library, LibraryError, packs::PACKED};
use crate::{blocking::begun, model::Digest, net::FileParts};

/// How much is read at once from the disk.
const BLOCK: u64 = 512 << 10;

/// How much is read at once of what the system has in memory: it is still in the processor's cache when
/// it is encrypted and sent.
const BLOCK_IN_CACHE: u64 = 128 << 10;

/// Where many files are being sent, all of them together have so much in memory, as long as each has
/// [`LEAST_BLOCK`].
const BLOCKS: u64 = 16 << 20;
/// See [`BLOCKS`].
const LEAST_BLOCK: u64 = 16 << 10;

/// So many files at a time are read where they are sent, the others on threads that may wait.
const FEW: u64 = 32;

/// How many files are being sent from memory.
static READING: AtomicU64 = AtomicU64::new(0);

/// How far ahead the disk reads where it has to.
const AHEAD: u64 = 8 * BLOCK;

/// Blocks of [`BLOCK_IN_CACHE`] that were sent wait here to be read into again, the last one first: to
/// have them cleared each time would cost as much as reading. So many at most, 4 MiB.
static SENT: Mutex<Vec<Vec<u8>>> = Mutex::new(Vec::new());
const KEPT: usize = 32;

/// A block that goes back to the others when it was sent.
struct Block {
    bytes: Vec<u8>,
    /// How much of it is to be sent.
    length: usize,
}

impl Block {
    fn take() -> Self {
        let sent = SENT.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let bytes = sent.unwrap_or_else(|| vec![0; usize::try_from(BLOCK_IN_CACHE).unwrap_or(0)]);
        Self { bytes, length: 0 }
    }
}

impl AsRef<[u8]> for Block {
    fn as_ref(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        let mut sent = SENT.lock().unwrap_or_else(PoisonError::into_inner);
        if sent.len() < KEPT {
            sent.push(std::mem::take(&mut self.bytes));
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

    /// When the file was written last, if the system can tell.
    pub(super) fn modified(&self) -> Option<SystemTime> {
        self.file.metadata().and_then(|it| it.modified()).ok()
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
    fn read_at_once(&self) -> Option<Bytes> {
        let mut bytes = vec![0; usize::try_from(self.size).ok()?];
        let read = self.at_hand(0, &mut bytes)?;
        (read == bytes.len()).then(|| Bytes::from(bytes))
    }

    /// A part of at most [`BLOCK_IN_CACHE`] bytes, as far as the system has it in memory; `None` if it
    /// has not even its beginning. Does not block.
    fn block_at_hand(&self, start: u64, length: u64) -> Option<Bytes> {
        let length = usize::try_from(length.min(BLOCK_IN_CACHE)).ok()?;
        let mut block = Block::take();
        block.length = self.at_hand(start, block.bytes.get_mut(..length)?)?;
        Some(Bytes::from_owner(block))
    }

    /// Reads what the system has in memory from there on, and tells how much that is, if it is anything.
    /// Does not block.
    #[cfg(target_os = "linux")]
    fn at_hand(&self, start: u64, into: &mut [u8]) -> Option<usize> {
        use rustix::io::{ReadWriteFlags, preadv2};
        let place = self.place(start, into.len() as u64).ok()?;
        let read =
            preadv2(&self.file, &mut [io::IoSliceMut::new(into)], place, ReadWriteFlags::NOWAIT);
        read.ok().filter(|read| *read > 0)
    }

    /// No other system can tell.
    #[cfg(not(target_os = "linux"))]
    fn at_hand(&self, _start: u64, _into: &mut [u8]) -> Option<usize> {
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

    /// Reads a part on a thread that may wait for the disk.
    async fn read_elsewhere(self: Arc<Self>, start: u64, length: u64) -> io::Result<Bytes> {
        let reading = move || self.read_ahead(start, length);
        begun(reading).await.map_err(io::Error::other)?
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
    let mut block = vec![0; usize::try_from(length).map_err(io::Error::other)?];
    file.read_exact_at(&mut block, start)?;
    Ok(Bytes::from(block))
}

/// A part of a file as a stream of blocks. What the system has in memory is read where it is sent; the
/// disk reads ahead of what it has to be asked for.
pub fn read_stream(
    file: Arc<StoredFile>,
    start: u64,
    length: u64,
) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
    let end = start.saturating_add(length);
    let one_more = Reading::begin();
    stream::try_unfold((start, one_more), move |(at, one_more)| {
        let file = Arc::clone(&file);
        async move {
            let left = end.saturating_sub(at);
            if left == 0 {
                return Ok(None);
            }
            if at > start {
                // A connection gathers whatever is ready: let it send the block before first.
                tokio::task::yield_now().await;
            }
            // Who reads slowly would be given more than he takes: where there are many, that adds up.
            let few = READING.load(Ordering::Relaxed) <= FEW;
            let at_hand = || file.block_at_hand(at, left);
            let block = match few.then(at_hand).flatten() {
                Some(block) => block,
                None => file.read_elsewhere(at, left.min(share())).await?,
            };
            let next = at.saturating_add(block.len() as u64);
            Ok(Some((block, (next, one_more))))
        }
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
                file.read_elsewhere(at, (left as u64).min(BLOCK)).await?
            };
            let next = at.saturating_add(block.len() as u64);
            Ok(Some((block, next)))
        }
    })
}

/// One of the files that are being sent from memory.
struct Reading;

impl Reading {
    fn begin() -> Self {
        READING.fetch_add(1, Ordering::Relaxed);
        Self
    }
}

/// How much of one of them may be in memory.
fn share() -> u64 {
    (BLOCKS / READING.load(Ordering::Relaxed).max(1)).clamp(LEAST_BLOCK, BLOCK)
}

impl Drop for Reading {
    fn drop(&mut self) {
        READING.fetch_sub(1, Ordering::Relaxed);
    }
}
