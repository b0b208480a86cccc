//! Finding the records of a pack that has no index, whatever a crash has made of it.

use std::{fs::File, io, os::unix::fs::FileExt};

use super::format::{HEAD, MAGIC, RECORD, Record, RecordHead, read_head};
use crate::model::Digest;

/// How much is read at once: where files are hashed, and where only heads are read.
const FILES: usize = 1 << 20;
const HEADS: usize = 256;

/// What was found in a pack.
#[derive(Debug, Default)]
pub(super) struct Scanned {
    /// The records, in their order.
    pub(super) records: Vec<Record>,
    /// Those whose files have other digests than they say.
    pub(super) wrong: Vec<Record>,
    /// Where the last record ends.
    pub(super) end: u32,
    /// Whether there was something between records, or behind the last one.
    pub(super) gaps: bool,
}

/// Finds the records of a pack and hashes their files. Where something else is between them, such as
/// the zeros of bytes that the disk never got, it looks for the next one; what a file happens to hold
/// is no record because of that, as its hash tells.
///
/// `None` if it is no pack.
pub(super) fn scan(pack: &File) -> io::Result<Option<Scanned>> {
    walk(pack, FILES, true)
}

/// The records of a pack by their heads alone: of one that this process has written or hashed.
pub(super) fn heads(pack: &File) -> io::Result<Option<Scanned>> {
    walk(pack, HEADS, false)
}

fn walk(pack: &File, block: usize, hash: bool) -> io::Result<Option<Scanned>> {
    let mut window = Window { file: pack, block, start: 0, bytes: Vec::new() };
    let begin = HEAD.len();
    if window.get(0, begin)? != Some(HEAD) {
        return Ok(None);
    }
    let mut at = u32::try_from(begin).unwrap_or_default();
    let mut scanned = Scanned { end: at, ..Scanned::default() };
    while let Some(head) = window.get(at, RECORD as usize)? {
        let (head, file) = (read_head(head), at.saturating_add(RECORD));
        let right = head.map_or(Ok(None), |head| window.holds(file, &head, hash))?;
        let (Some(head), Some(right)) = (head, right) else {
            // No record, or one that is cut off: what follows may be one all the same.
            scanned.gaps = true;
            let Some(next) = window.find(at.saturating_add(1))? else { break };
            at = next;
            continue;
        };
        let record = Record { digest: head.digest, at: file, length: head.length };
        match (head.damaged, right) {
            (true, _) => {}
            (false, true) => scanned.records.push(record),
            (false, false) => scanned.wrong.push(record),
        }
        at = file.saturating_add(head.length);
        scanned.end = at;
    }
    scanned.gaps |= window.reaches(scanned.end, 1)?;
    Ok(Some(scanned))
}

/// A part of a pack that is in memory.
struct Window<'a> {
    file: &'a File,
    block: usize,
    start: u32,
    bytes: Vec<u8>,
}

impl Window<'_> {
    /// So many bytes; `None` if the pack ends before.
    fn get(&mut self, at: u32, length: usize) -> io::Result<Option<&[u8]>> {
        if self.part(at, length).is_none() {
            self.load(at, length)?;
        }
        Ok(self.part(at, length))
    }

    fn part(&self, at: u32, length: usize) -> Option<&[u8]> {
        let from = usize::try_from(at.checked_sub(self.start)?).ok()?;
        self.bytes.get(from..from.checked_add(length)?)
    }

    fn load(&mut self, at: u32, length: usize) -> io::Result<()> {
        self.start = at;
        self.bytes.resize(self.block.max(length), 0);
        let mut filled = 0;
        while let Some(rest) = self.bytes.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match self.file.read_at(rest, u64::from(at).saturating_add(filled as u64)) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.bytes.truncate(filled);
        Ok(())
    }

    /// Whether a file is what its head says, as far as that is asked; `None` if the pack ends before it
    /// does.
    fn holds(&mut self, at: u32, head: &RecordHead, hash: bool) -> io::Result<Option<bool>> {
        if !hash {
            return Ok(self.reaches(at, head.length)?.then_some(true));
        }
        let length = usize::try_from(head.length).unwrap_or(usize::MAX);
        Ok(self.get(at, length)?.map(|bytes| Digest::of(bytes) == head.digest))
    }

    /// Whether the pack has so many bytes from there on.
    fn reaches(&mut self, at: u32, length: u32) -> io::Result<bool> {
        match length.checked_sub(1) {
            Some(before) => Ok(self.get(at.saturating_add(before), 1)?.is_some()),
            None => Ok(true),
        }
    }

    /// Where the next record may begin.
    fn find(&mut self, mut at: u32) -> io::Result<Option<u32>> {
        loop {
            if self.part(at, MAGIC.len()).is_none() {
                self.load(at, FILES)?;
            }
            let from = usize::try_from(at.saturating_sub(self.start)).unwrap_or(usize::MAX);
            let bytes = self.bytes.get(from..).unwrap_or_default();
            if bytes.len() < MAGIC.len() {
                return Ok(None);
            }
            let found = bytes.windows(MAGIC.len()).position(|window| window == MAGIC);
            let further = found.unwrap_or(bytes.len() - MAGIC.len() + 1);
            at = at.saturating_add(u32::try_from(further).unwrap_or(u32::MAX));
            if found.is_some() {
                return Ok(Some(at));
            }
        }
    }
}
