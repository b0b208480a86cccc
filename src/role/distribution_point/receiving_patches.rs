//! Patches that a site server sends instead of files, where the version before is here. They are kept
//! for those who pull from here.

use std::time::Duration;

use axum::{
    Router,
    body::Body,
    extract::{Path, Query, State},
    http::StatusCode,
    routing::get,
};
use bytes::BytesMut;
use futures::StreamExt;
use tokio::time::timeout;

use super::{
    DistributionPoint,
    patched::turn,
    receiving::{Refused, Size, parsed},
};
use crate::{
    content::{Applied, Library, blocking, may_be_patched},
    error_text::with_causes,
    model::Digest,
};

/// How long nothing of a patch may come: longer than the slowest rate pauses between two blocks.
const SILENCE: Duration = Duration::from_mins(5);

/// What the admin port takes.
pub(super) fn router() -> Router<DistributionPoint> {
    Router::new().route("/v1/content/patches/{new}/{from}", get(of_use).put(patch))
}

/// A file that is on its way here, and the one of which it is made.
struct Asked {
    library: Library,
    new: Digest,
    size: u64,
    from: Digest,
}

impl Asked {
    async fn read(point: &DistributionPoint, new: &str, from: &str) -> Result<Self, Refused> {
        let library = point.receiving_library().await?;
        let (new, from) = (parsed(new)?, parsed(from)?);
        let size = library.size_needed(&new);
        let size = size.filter(|size| may_be_patched(*size) && !library.has(&new, *size));
        let Some(size) = size.filter(|_| library.holds(&from)) else {
            let why = "the patch is of no use here";
            return Err(Refused::because(StatusCode::NOT_FOUND, why));
        };
        Ok(Self { library, new, size, from })
    }
}

async fn of_use(
    State(point): State<DistributionPoint>,
    Path((new, from)): Path<(String, String)>,
) -> Result<StatusCode, Refused> {
    Asked::read(&point, &new, &from).await.map(|_| StatusCode::NO_CONTENT)
}

async fn patch(
    State(point): State<DistributionPoint>,
    Path((new, from)): Path<(String, String)>,
    Query(Size { size: patch_size }): Query<Size>,
    body: Body,
) -> Result<StatusCode, Refused> {
    let Asked { library, new, size, from } = Asked::read(&point, &new, &from).await?;
    if patch_size > size / 2 {
        let why = "a patch of more than half of the file is not worth it";
        return Err(Refused::because(StatusCode::PAYLOAD_TOO_LARGE, why));
    }
    let claim = library.claim(new).await?;
    // Somebody else has sent it meanwhile.
    if library.has(&new, size) {
        return Ok(StatusCode::NO_CONTENT);
    }
    // Before the bytes are in memory.
    let _turn = turn().await;
    let bytes = whole(body, patch_size).await?;
    let applied = blocking(move || library.apply_patch(claim, size, &from, &bytes));
    match applied.await? {
        Applied::Verified => Ok(StatusCode::NO_CONTENT),
        Applied::Failed { why, .. } => Err(Refused::because(StatusCode::UNPROCESSABLE_ENTITY, why)),
    }
}

/// Reads a patch of that size. A sender of whom nothing comes any more does not keep the turn.
async fn whole(body: Body, size: u64) -> Result<BytesMut, Refused> {
    let broken = |why: &str| Refused::because(StatusCode::BAD_REQUEST, format!("the patch {why}"));
    let mut bytes = BytesMut::new();
    let mut blocks = body.into_data_stream();
    loop {
        let block = timeout(SILENCE, blocks.next()).await;
        let Some(block) = block.map_err(|_| broken("does not come"))? else { return Ok(bytes) };
        let block =
            block.map_err(|error| broken(&format!("broke off: {}", with_causes(&error))))?;
        bytes.extend_from_slice(&block);
        if bytes.len() as u64 > size {
            return Err(broken("is longer than was said"));
        }
    }
}
