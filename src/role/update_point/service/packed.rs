//! Answers as they travel: packed, where the caller accepts it and it pays.

use crate::wire::content_encoding::ContentEncoding;

/// Answers that are shorter fit into one packet anyway, in bytes.
const PAYS: usize = 1_400;

/// Answers that are longer travel as they are, so that they are not in memory twice, in bytes.
const FITS: usize = 64 << 20;

/// An answer.
pub(super) struct Packed {
    pub(super) bytes: Vec<u8>,
    pub(super) encoding: Option<ContentEncoding>,
}

impl Packed {
    /// Packs an answer in the way that is wanted. Takes a while for a long one.
    pub(super) fn new(bytes: Vec<u8>, wanted: Option<ContentEncoding>) -> Self {
        let wanted = wanted.filter(|_| (PAYS..=FITS).contains(&bytes.len()));
        match wanted.and_then(|it| Some((it, it.pack(&bytes)?))) {
            Some((encoding, bytes)) => Self { bytes, encoding: Some(encoding) },
            None => Self { bytes, encoding: None },
        }
    }
}
