//! Writing a run of pieces as its bytes come: hashing and the disk have a thread of their own.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::runs::{Run, Runs};
use crate::content::{Download, LibraryError, PieceWriter};

/// Where the bytes of an answer belong.
pub(super) struct Part {
    pub(super) run: Run,
    pub(super) piece: PieceWriter,
    /// Bytes before the first one that is wanted.
    pub(super) skip: u64,
    /// The source sends whole files only.
    pub(super) whole: bool,
}

/// How writing a run ended, and how many bytes it took.
pub(super) struct Written {
    pub(super) bytes: u64,
    pub(super) end: WrittenEnd,
}

pub(super) enum WrittenEnd {
    Over,
    Short(PieceWriter),
    /// This piece has another hash.
    Wrong(u64),
}

/// Hashes and writes blocks as they come, on a thread of its own.
pub(super) async fn write(
    runs: &Runs,
    download: &Arc<Download>,
    part: Part,
    mut waiting: mpsc::Receiver<Vec<u8>>,
    emptied: &mpsc::Sender<Vec<u8>>,
) -> Result<Written, LibraryError> {
    let Part { run, mut piece, whole, .. } = part;
    let mut written = 0;
    while let Some(mut block) = waiting.recv().await {
        let mut bytes = block.as_slice();
        while !bytes.is_empty() {
            let room = usize::try_from(piece.left()).unwrap_or(usize::MAX).min(bytes.len());
            let (now, later) = bytes.split_at(room);
            piece.write(now)?;
            written += room as u64;
            bytes = later;
            if piece.left() > 0 {
                continue;
            }
            let index = piece.index();
            if !piece.finish()? {
                return Ok(Written { bytes: written, end: WrittenEnd::Wrong(index) });
            }
            let next = if whole { runs.advance_beyond(run) } else { runs.advance(run) };
            let Some(next) = next else {
                return Ok(Written { bytes: written, end: WrittenEnd::Over });
            };
            piece = download.piece(next);
        }
        block.clear();
        // Nobody waits for it behind the last one.
        let _ = emptied.try_send(block);
    }
    Ok(Written { bytes: written, end: WrittenEnd::Short(piece) })
}
