//! Patches that a site server sends instead of files, where the version before is here. They are kept
//! for those who pull from here.

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Path, Query, State},
    http::StatusCode,
    routing::get,
};
use serde::Deserialize;

use super::{DistributionPoint, patched::turn, receiving::Refused};
use crate::{
    content::{Applied, Library, LibraryError, blocking},
    error_text::with_causes,
    model::Digest,
};

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
        let [new, from] = [new, from].map(Digest::from_hex);
        let (Ok(new), Ok(from)) = (new, from) else {
            return Err(Refused::because(StatusCode::BAD_REQUEST, "that is not a digest"));
        };
        let size = library.size_needed(&new).filter(|size| !library.has(&new, *size));
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

#[derive(Deserialize)]
struct Size {
    size: u64,
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
    // Before the bytes are in memory.
    let _turn = turn().await;
    let limit = usize::try_from(patch_size).unwrap_or(0);
    let read = to_bytes(body, limit).await;
    let bytes =
        read.map_err(|error| Refused::because(StatusCode::BAD_REQUEST, with_causes(&error)))?;
    let claim = library.claim(new).await?;
    let applied = blocking(move || {
        let applied = library.apply_patch(claim, size, &from, &bytes)?;
        if matches!(applied, Applied::Verified) {
            // Without it those who pull from here get the whole file.
            if let Err(error) = library.keep_patch(&new, &from, &bytes) {
                tracing::warn!(%new, error = with_causes(&error), "a patch is not kept");
            }
        }
        Ok::<_, LibraryError>(applied)
    });
    match applied.await? {
        Applied::Verified => Ok(StatusCode::NO_CONTENT),
        Applied::Failed { why, .. } => Err(Refused::because(StatusCode::UNPROCESSABLE_ENTITY, why)),
    }
}
