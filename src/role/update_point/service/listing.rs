//! Long lists of revisions, sent as they are read: however many there are, little of them is in memory.

use std::sync::Arc;

use axum::{
    body::{Body, Bytes},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use futures::stream;

use crate::{
    blocking::{Interrupted, blocking},
    error_text::with_causes,
    model::UpdateIdentity,
    store::catalog::{Catalog, Listing},
    wire::{server_sync::RevisionListFrame, soap::SoapVersion},
};

/// A list of which the first piece was read, and more is there.
pub(super) struct LongList {
    pub(super) frame: RevisionListFrame,
    pub(super) first: Vec<UpdateIdentity>,
    pub(super) listing: Listing,
}

/// What is sent next: a piece, and after the last one the tail; or nothing any more.
enum Next {
    Piece(Box<Listing>, Vec<u8>),
    Nothing,
}

/// The answer, piece by piece. Where the catalog cannot be read any more it breaks off: what has come of it
/// is no XML then, and nobody takes it for a list.
pub(super) fn answer(catalog: &Arc<Catalog>, version: SoapVersion, list: LongList) -> Response {
    let LongList { frame: RevisionListFrame { head, tail }, first, listing } = list;
    let begin = [head, RevisionListFrame::revisions(&first)].concat();
    let rest = stream::unfold(Next::Piece(Box::new(listing), tail), {
        let catalog = Arc::clone(catalog);
        move |next| step(Arc::clone(&catalog), next)
    });
    let begin = stream::iter([Ok(Bytes::from(begin))]);
    let body = Body::from_stream(futures::StreamExt::chain(begin, rest));
    let content_type = HeaderValue::from_static(version.content_type());
    (StatusCode::OK, [(header::CONTENT_TYPE, content_type)], body).into_response()
}

/// A connection that breaks off.
#[derive(Debug, thiserror::Error)]
#[error("the catalog cannot be read any more")]
struct BrokenOff;

async fn step(catalog: Arc<Catalog>, next: Next) -> Option<(Result<Bytes, BrokenOff>, Next)> {
    let Next::Piece(mut listing, tail) = next else { return None };
    let read = blocking(move || {
        let piece = catalog.listed(&mut listing);
        let piece = piece.map(|it| it.map(|it| RevisionListFrame::revisions(&it)));
        Ok::<_, Interrupted>((piece, listing))
    });
    let Ok((piece, listing)) = read.await else { return Some((Err(BrokenOff), Next::Nothing)) };
    Some(match piece {
        Ok(Some(piece)) => (Ok(piece.into()), Next::Piece(listing, tail)),
        Ok(None) => (Ok(tail.into()), Next::Nothing),
        Err(error) => {
            tracing::error!(error = with_causes(&error), "a list breaks off");
            (Err(BrokenOff), Next::Nothing)
        }
    })
}
