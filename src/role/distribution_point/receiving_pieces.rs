//! The repair of a large file of a standard distribution point by its site server, piece by piece, on the
//! agent's admin port. A site server that does not know it sends the whole file.
//!
//! | request                                             | answer                                     |
//! |-----------------------------------------------------|--------------------------------------------|
//! | `GET /v1/content/files/<digest>/pieces`             | which pieces are missing, by number; 404 if nothing of the file is here |
//! | `PUT /v1/content/files/<digest>/pieces?missing=3,7` | 204 once these, one after the other, are verified |

use std::{collections::BTreeSet, sync::Arc};

use axum::{
    Json, Router,
    body::{Body, BodyDataStream},
    extract::{Path, Query, State},
    http::StatusCode,
    routing::get,
};
use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use serde::Deserialize;

use super::{
    DistributionPoint,
    receiving::{Refused, parsed},
};
use crate::{
    content::{Claim, Download, Library, LibraryError, blocking},
    error_text::with_causes,
    model::Digest,
    wire::pieces::Pieces,
};

/// What the admin port takes of pieces.
pub(super) fn router() -> Router<DistributionPoint> {
    Router::new().route("/v1/content/files/{digest}/pieces", get(missing).put(pieces))
}

async fn missing(
    State(point): State<DistributionPoint>,
    Path(digest): Path<String>,
) -> Result<Json<BTreeSet<u64>>, Refused> {
    let library = point.receiving_library().await?;
    let digest = parsed(&digest)?;
    let nothing = || Refused::because(StatusCode::NOT_FOUND, "nothing of the file is here");
    // Who has it already will have all of it.
    let claim = library.try_claim(digest).ok_or_else(nothing)?;
    let missing = blocking(move || {
        let found =
            if library.has_begun(&digest) { begin(&library, &claim, digest)? } else { None };
        Ok(found.map(|download| download.missing()))
    });
    missing.await?.map(Json).ok_or_else(nothing)
}

#[derive(Deserialize)]
struct Sent {
    /// Numbers of pieces, separated by commas.
    missing: String,
}

async fn pieces(
    State(point): State<DistributionPoint>,
    Path(digest): Path<String>,
    Query(Sent { missing }): Query<Sent>,
    body: Body,
) -> Result<StatusCode, Refused> {
    let library = point.receiving_library().await?;
    let digest = parsed(&digest)?;
    let _permit = point.receive_permit().await;
    let claim = library.claim(digest).await?;
    let begun = blocking(move || Ok((begin(&library, &claim, digest)?, claim)));
    let mut coming = Coming { body: body.into_data_stream(), read: BytesMut::new() };
    let (Some(download), claim) = begun.await? else {
        let why = format!("no package that is on its way here has pieces of {digest}");
        return Err(coming.ask_again(why).await);
    };
    let wanted = download.missing();
    let told: Vec<String> = wanted.iter().map(u64::to_string).collect();
    if told.join(",") != missing {
        let why = format!("other pieces of {digest} are missing by now: ask again");
        return Err(coming.ask_again(why).await);
    }
    for index in wanted {
        let span = Pieces::span(index, download.size());
        let Some(bytes) = coming.next(span.end.saturating_sub(span.start)).await? else {
            let why = format!("piece {index} of {digest} did not come whole");
            return Err(Refused::because(StatusCode::BAD_REQUEST, why));
        };
        let into = Arc::clone(&download);
        let written = blocking(move || {
            let mut piece = into.piece(index);
            piece.write(&bytes)?;
            piece.finish()
        });
        if !written.await? {
            let why = format!("the bytes are not those of piece {index} of {digest}");
            return Err(Refused::because(StatusCode::UNPROCESSABLE_ENTITY, why));
        }
    }
    blocking(move || download.finish(claim)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes a file up whose pieces are known, if it is missing. Blocks.
fn begin(
    library: &Library,
    claim: &Claim,
    digest: Digest,
) -> Result<Option<Arc<Download>>, LibraryError> {
    let wanted = library.pieces_of(&digest);
    let Some((size, pieces)) = wanted.filter(|(size, _)| !library.has(&digest, *size)) else {
        return Ok(None);
    };
    library.download(claim, digest, size, pieces).map(Some)
}

/// What comes, cut into pieces.
struct Coming {
    body: BodyDataStream,
    read: BytesMut,
}

impl Coming {
    /// Why it is not taken, once all of it has come: whoever is still sending would hear nothing.
    async fn ask_again(mut self, why: String) -> Refused {
        while let Some(Ok(_)) = self.body.next().await {}
        Refused::because(StatusCode::CONFLICT, why)
    }

    /// The next so many bytes, at most a piece; `None` if there are fewer.
    async fn next(&mut self, length: u64) -> Result<Option<Bytes>, Refused> {
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        while self.read.len() < length {
            match self.body.next().await {
                Some(Ok(block)) => self.read.extend_from_slice(&block),
                Some(Err(error)) => {
                    return Err(Refused::because(StatusCode::BAD_REQUEST, with_causes(&error)));
                }
                None => return Ok(None),
            }
        }
        Ok(Some(self.read.split_to(length).freeze()))
    }
}
