//! Where in a file streams of deflate are: in the entries of zip files (and all that are zip files by
//! another name) and in gzip files. Found by what stands before each, so that no directory has to be
//! right.

use super::{MAX_SIZE, deflate::measure, format::in_memory};

/// Shorter streams are not worth their step.
const SHORTEST: usize = 64;

/// So many bytes are inflated at most, however often a file seems to have a stream and has none.
const MOST_WORK: usize = 1 << 30;

/// A stream of deflate in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stream {
    pub(super) start: usize,
    pub(super) end: usize,
    /// How many bytes of plain text it has.
    pub(super) plain: usize,
}

impl Stream {
    pub(super) fn of<'a>(&self, file: &'a [u8]) -> &'a [u8] {
        file.get(self.start..self.end).unwrap_or_default()
    }
}

/// All streams of a file, in their order.
pub(super) fn streams(file: &[u8]) -> Vec<Stream> {
    let (mut found, mut at, mut work) = (Vec::new(), 0_usize, 0_usize);
    while let Some(rest) = file.get(at..).filter(|rest| !rest.is_empty()) {
        let Some(start) = data(rest).and_then(|skip| at.checked_add(skip)) else {
            at = at.saturating_add(1);
            continue;
        };
        if work > MOST_WORK {
            break;
        }
        let stream = file.get(start..).and_then(|bytes| measure(bytes, in_memory(MAX_SIZE)));
        match stream {
            Some((deflated, plain)) if deflated >= SHORTEST => {
                let end = start.saturating_add(deflated);
                found.push(Stream { start, end, plain });
                (at, work) = (end, work.saturating_add(plain));
            }
            // Where there is none, it is known after a few bytes, or after many.
            _ => (at, work) = (at.saturating_add(3), work.saturating_add(PRICE)),
        }
    }
    found
}

/// What a place counts as that was none.
const PRICE: usize = 64 << 10;

/// How far behind this the data of an entry begins, if one begins here and is deflated.
fn data(bytes: &[u8]) -> Option<usize> {
    match bytes {
        [b'P', b'K', 3, 4, ..] => zip_entry(bytes),
        [0x1f, 0x8b, 8, flags, ..] => gzip(bytes, *flags),
        _ => None,
    }
}

fn zip_entry(bytes: &[u8]) -> Option<usize> {
    let number = |at: usize| {
        let &[low, high] = bytes.get(at..at.checked_add(2)?)?.first_chunk()?;
        Some(u16::from_le_bytes([low, high]))
    };
    let encrypted = number(6)? & 1 != 0;
    let deflated = number(8)? == 8;
    let head = 30 + usize::from(number(26)?) + usize::from(number(28)?);
    (deflated && !encrypted).then_some(head)
}

fn gzip(bytes: &[u8], flags: u8) -> Option<usize> {
    let mut at = 10_usize;
    if flags & 4 != 0 {
        let &[low, high] = bytes.get(at..)?.first_chunk()?;
        at = at.checked_add(2)?.checked_add(u16::from_le_bytes([low, high]).into())?;
    }
    for text in [8, 16] {
        if flags & text != 0 {
            let name = bytes.get(at..)?.iter().take(4_096);
            at = at.checked_add(name.take_while(|byte| **byte != 0).count())?.checked_add(1)?;
        }
    }
    if flags & 2 != 0 {
        at = at.checked_add(2)?;
    }
    // Its three highest bits mean nothing, and are not set.
    (flags < 32).then_some(at)
}
