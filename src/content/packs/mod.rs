//! Small files, one behind the other in packs: to append one costs a fourth of making a file, and a
//! pack is made durable at once.
//!
//! Packs are only appended to, and only the one with the highest number. What is in them is known from
//! the packs alone: a full one has an index, which is written when the pack is durable, so that files
//! of packs without one are hashed when the library opens (a crash may have kept the disk from getting
//! them). Of records of one file the last one counts. A record that nothing needs stays where it is
//! until its pack is rewritten ([`compacting`]); a damaged one is marked, so that it is never read.

mod compacting;
mod format;
mod opening;
mod reading;
mod retiring;
mod scanning;
mod settling;
mod state;
#[cfg(test)]
mod tests;

use std::{
    fs::File,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

pub(super) use self::reading::PackedFile;
use self::{
    format::{HEAD, RECORD, write_record},
    state::{Place, State},
};
use super::{LibraryError, garbage::remove};
use crate::model::Digest;

/// Files up to this size are packed. Of larger ones making a file is a small part of the work.
pub(super) const PACKED: u64 = 64 << 10;

/// A pack takes no more when it has so many bytes, or records: so much is hashed again when a library
/// opens, and copied at most half of it when the pack is rewritten.
const MAX_BYTES: u32 = 128 << 20;
const MAX_RECORDS: usize = 1 << 16;

/// So many bytes are made durable while others still come: one large write at the end would make
/// everybody wait for the disk alone.
const WRITE_BACK: u64 = 32 << 20;

/// The small files of a library. Locks are taken in the order of the fields.
#[derive(Debug)]
pub(super) struct Packs {
    directory: PathBuf,
    /// Held while packs are rewritten and removed.
    compacting: Mutex<()>,
    /// Held while packs become durable and get their indexes, and while records are marked.
    settling: Mutex<()>,
    /// The pack that is appended to.
    writer: Mutex<Option<Writer>>,
    /// Held for moments: at most a pack is opened meanwhile.
    state: Mutex<State>,
}

#[derive(Debug)]
struct Writer {
    number: u32,
    file: Arc<File>,
    /// Where the next record begins.
    end: u32,
    records: usize,
}

impl Packs {
    /// Stores files whose digests were verified, with one write; what is there is not written again.
    /// They are there from now on, and durable after [`Packs::settle`].
    pub(super) fn append(&self, files: &[(Digest, &[u8])]) -> Result<(), LibraryError> {
        let unsettled = {
            let mut writer = self.writer();
            let files = self.state().new_ones(files);
            if files.is_empty() {
                return Ok(());
            }
            let places = self.write(&mut writer, &files)?;
            let mut state = self.state();
            for ((digest, _), place) in files.iter().zip(places) {
                state.put(*digest, place);
            }
            state.unsettled_bytes
        };
        if unsettled >= WRITE_BACK { self.settle() } else { Ok(()) }
    }

    /// Appends files to the packs; nobody finds them yet.
    fn write(
        &self,
        writer: &mut Option<Writer>,
        files: &[(Digest, &[u8])],
    ) -> Result<Vec<Place>, LibraryError> {
        let bytes: usize = files.iter().map(|(_, file)| file.len() + RECORD as usize).sum();
        let mut block = Vec::with_capacity(bytes);
        let mut starts = Vec::with_capacity(files.len());
        for (digest, file) in files {
            let length = u32::try_from(file.len()).unwrap_or(u32::MAX);
            starts.push((u32::try_from(block.len()).unwrap_or(u32::MAX), length));
            write_record(&mut block, digest, length, file);
        }
        if let Some(full) = writer.take_if(|it| !it.has_room(block.len(), files.len())) {
            self.state().full(full.number, &full.file);
        }
        let current = match writer.take() {
            Some(current) => current,
            None => self.begin()?,
        };
        let current = writer.insert(current);
        let (start, number) = (current.end, current.number);
        if let Err(error) = current.file.write_all_at(&block, u64::from(start)) {
            // What was written of it is taken away again. If not: it is no record, or a right one.
            let _ = current.file.set_len(u64::from(start));
            return Err(LibraryError::io("write", &pack_path(&self.directory, number))(error));
        }
        current.records = current.records.saturating_add(files.len());
        current.end = start.saturating_add(u32::try_from(block.len()).unwrap_or(u32::MAX));
        self.state().appended(number, &current.file, start, current.end);
        let place = |(at, length): (u32, u32)| {
            let at = start.saturating_add(at).saturating_add(RECORD);
            Place { pack: number, at, length }
        };
        Ok(starts.into_iter().map(place).collect())
    }

    /// Begins a pack; the one before takes no more.
    fn begin(&self) -> Result<Writer, LibraryError> {
        let number = self.state().next_number();
        let path = pack_path(&self.directory, number);
        let mut options = File::options();
        let made = options.read(true).write(true).create_new(true).open(&path);
        let file = made.map_err(LibraryError::io("create", &path))?;
        if let Err(error) = file.write_all_at(HEAD, 0) {
            // An empty one would be one more at every attempt.
            let _ = std::fs::remove_file(&path);
            return Err(LibraryError::io("write", &path)(error));
        }
        let (file, end) = (Arc::new(file), HEAD.len() as u64);
        self.state().begun(number, &file, end);
        Ok(Writer { number, file, end: u32::try_from(end).unwrap_or_default(), records: 0 })
    }

    /// Whether a file is there, with the right size.
    pub(super) fn has(&self, digest: &Digest, size: u64) -> bool {
        self.state().found(digest, size).is_some()
    }

    fn writer(&self) -> MutexGuard<'_, Option<Writer>> {
        lock(&self.writer)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

impl Writer {
    fn has_room(&self, bytes: usize, records: usize) -> bool {
        let end = u64::from(self.end).saturating_add(bytes as u64);
        end <= u64::from(MAX_BYTES) && self.records.saturating_add(records) <= MAX_RECORDS
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn pack_path(directory: &Path, number: u32) -> PathBuf {
    directory.join(format!("{number:08}.pack"))
}

fn index_path(directory: &Path, number: u32) -> PathBuf {
    directory.join(format!("{number:08}.index"))
}
