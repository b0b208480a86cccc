//! Finding the records of a pack that has no index, whatever a crash has made of it.

use std::{fs::File, os::unix::fs::FileExt};

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

/// Finds the records of a pack of that length and hashes their files. Where something else is between
/// them, such as the zeros of bytes that the disk never got, it looks for the next one; what a file
/// happens to hold is no record because of that, as its hash tells.
///
/// `None` if it is no pack.
pub(super) fn scan(pack: &File, length: u32) -> Option<Scanned> {
    walk(pack, length, FILES, true)
}

/// The records of a pack by their heads alone: of one that this process has written or hashed.
pub(super) fn heads(pack: &File, length: u32) -> Option<Scanned> {
    walk(pack, length, HEADS, false)
}

fn walk(pack: &File, length: u32, block: usize, hash: bool) -> Option<Scanned> {
    let mut window = Window { file: pack, length, block, start: 0, bytes: Vec::new() };
    let begin = HEAD.len();
    if window.get(0, begin)? != HEAD {
        return None;
    }
    let mut at = u32::try_from(begin).ok()?;
    let mut scanned = Scanned { end: at, ..Scanned::default() };
    while let Some(head) = window.get(at, RECORD as usize) {
        let (head, file) = (read_head(head), at.saturating_add(RECORD));
        let right = head.and_then(|head| window.holds(file, &head, hash));
        let (Some(head), Some(right)) = (head, right) else {
            // No record, or one that is cut off: what follows may be one all the same.
            scanned.gaps = true;
            let Some(next) = window.find(at.saturating_add(1)) else { break };
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
    scanned.gaps |= scanned.end < length;
    Some(scanned)
}

/// A part of a pack that is in memory.
struct Window<'a> {
    file: &'a File,
    /// Of the pack.
    length: u32,
    block: usize,
    start: u32,
    bytes: Vec<u8>,
}

impl Window<'_> {
    /// So many bytes; `None` if the pack ends before.
    fn get(&mut self, at: u32, length: usize) -> Option<&[u8]> {
        if self.part(at, length).is_none() {
            self.load(at, self.block.max(length));
        }
        self.part(at, length)
    }

    fn part(&self, at: u32, length: usize) -> Option<&[u8]> {
        let from = usize::try_from(at.checked_sub(self.start)?).ok()?;
        self.bytes.get(from..from.checked_add(length)?)
    }

    fn load(&mut self, at: u32, length: usize) {
        let left = usize::try_from(self.length.saturating_sub(at)).unwrap_or_default();
        self.start = at;
        self.bytes.resize(length.min(left), 0);
        if let Err(error) = self.file.read_exact_at(&mut self.bytes, at.into()) {
            // It is not there any more, and what is readable need not go with it.
            tracing::warn!(at, length, %error, "a part of a pack cannot be read");
            self.bytes.fill(0);
        }
    }

    /// Whether a file is what its head says, as far as that is asked; `None` if the pack ends before it
    /// does.
    fn holds(&mut self, at: u32, head: &RecordHead, hash: bool) -> Option<bool> {
        if !hash {
            return (at.checked_add(head.length)? <= self.length).then_some(true);
        }
        let bytes = self.get(at, usize::try_from(head.length).ok()?)?;
        Some(Digest::of(bytes) == head.digest)
    }

    /// Where the next record may begin.
    fn find(&mut self, mut at: u32) -> Option<u32> {
        loop {
            if self.part(at, MAGIC.len()).is_none() {
                self.load(at, FILES);
            }
            let from = usize::try_from(at.checked_sub(self.start)?).ok()?;
            let bytes = self.bytes.get(from..).filter(|bytes| bytes.len() >= MAGIC.len())?;
            let found = bytes.windows(MAGIC.len()).position(|window| window == MAGIC);
            let further = found.unwrap_or(bytes.len() - MAGIC.len() + 1);
            at = at.checked_add(u32::try_from(further).ok()?)?;
            if found.is_some() {
                return Some(at);
            }
        }
    }
}
