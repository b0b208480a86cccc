//! In which manner a file comes.

use crate::wire::pieces::Pieces;

/// How a file is fetched.
#[derive(Clone, Copy)]
pub(super) enum Manner<'a> {
    /// Into memory: it is small.
    AtOnce,
    /// From its first byte on, or from where an earlier transfer ended.
    AsItComes,
    /// In pieces, in any order.
    InPieces(&'a Pieces),
}

impl<'a> Manner<'a> {
    /// Its pieces, if it comes in pieces.
    pub(super) fn pieces(self) -> Option<&'a Pieces> {
        match self {
            Self::InPieces(pieces) => Some(pieces),
            Self::AtOnce | Self::AsItComes => None,
        }
    }
}
