//! Pieces that other files of the library have: most of a large file is often what it was in the
//! version before.

use std::{
    collections::{BTreeSet, HashMap},
    fs::File,
    os::unix::fs::FileExt,
    sync::Arc,
};

use super::{BLOCK, Download};
use crate::{
    content::{Library, LibraryError},
    model::Digest,
    wire::pieces::{PieceHash, Pieces},
};

/// Where a piece lies in another file.
struct Place {
    digest: Digest,
    at: u64,
}

impl Library {
    /// How many bytes of a file of that size other files of the library have, by the lists of files.
    pub fn bytes_elsewhere(&self, pieces: &Pieces, size: u64) -> u64 {
        let all = (0..pieces.len()).collect();
        let spans = self.elsewhere(pieces, &all).into_iter().map(|(it, _)| Pieces::span(it, size));
        spans.fold(0, |sum, span| sum.saturating_add(span.end - span.start))
    }

    /// Where else pieces are, by the lists of files.
    fn elsewhere(&self, pieces: &Pieces, missing: &BTreeSet<u64>) -> Vec<(u64, Place)> {
        let mut wanted: HashMap<PieceHash, Vec<u64>> = HashMap::new();
        for index in missing {
            if let Some(hash) = pieces.get(*index) {
                wanted.entry(hash).or_default().push(*index);
            }
        }
        let packages: Vec<_> = self.index().packages.values().cloned().collect();
        let mut found = Vec::new();
        for file in packages.iter().flat_map(|record| record.list.files()) {
            for (hash, index) in file.pieces.iter().flat_map(Pieces::iter).zip(0_u64..) {
                let at = Pieces::span(index, file.size).start;
                let here = wanted.remove(&hash).unwrap_or_default();
                found.extend(here.into_iter().map(|it| (it, Place { digest: file.digest, at })));
            }
        }
        found.sort_unstable_by_key(|(index, _)| *index);
        found
    }
}

impl Download {
    /// Copies pieces that other files of the library have, of packages that are visible.
    pub(super) fn take_from_others(self: &Arc<Self>) -> Result<(), LibraryError> {
        let mut block = vec![0; BLOCK];
        for (index, Place { digest, at }) in self.library.elsewhere(&self.pieces, &self.missing()) {
            if let Ok(other) = File::open(self.library.layout().file(&digest)) {
                self.copy(index, &other, at, &mut block)?;
            }
        }
        Ok(())
    }

    /// Copies a piece from a place in another file. Whatever is wrong with that one, the piece can
    /// still be fetched.
    fn copy(
        self: &Arc<Self>,
        index: u64,
        other: &File,
        mut from: u64,
        block: &mut [u8],
    ) -> Result<(), LibraryError> {
        let mut piece = self.piece(index);
        while piece.left() > 0 {
            let left = usize::try_from(piece.left()).unwrap_or(usize::MAX).min(block.len());
            let part = block.get_mut(..left).unwrap_or_default();
            if other.read_exact_at(part, from).is_err() {
                return Ok(());
            }
            piece.write(part)?;
            from = from.saturating_add(left as u64);
        }
        piece.finish().map(drop)
    }
}
