//! What a site server sends to a standard distribution point (PDP-1), on the agent's admin port.
//!
//! | request                                       | answer                                          |
//! |-----------------------------------------------|-------------------------------------------------|
//! | `POST /v1/content/missing`, a list of files   | the digests of the files that are not here       |
//! | `PUT /v1/content/files/<digest>?size=N`       | 204 once the bytes are verified                  |
//! | `GET /v1/content/patches/<digest>/<digest>`   | 204 if a patch of the second file is of use here |
//! | `PUT /v1/content/patches/<digest>/<digest>?size=N` | 204 once the first file is here            |
//! | `PUT /v1/content/packages/<ID>?from=<name>`   | the package's state: it is visible now           |

use std::{collections::BTreeSet, sync::Arc};

use axum::{
    Json, Router,
    body::{Body, to_bytes},
    extract::{DefaultBodyLimit, Path, Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{post, put},
};
use serde::Deserialize;
use tokio_util::sync::CancellationToken;

use super::{DistributionPoint, DistributionPointError, receiving_patches, receiving_pieces};
use crate::{
    content::{Intaken, Library, LibraryError, ReceiveError, blocking, receive},
    error_text::with_causes,
    model::{Digest, Name, PackageId},
    wire::file_list::FileList,
};

/// Files up to this size are taken into memory and written in one go.
const AT_ONCE: u64 = 256 << 10;

/// What the admin port takes for the distribution point.
pub(super) fn router(point: DistributionPoint) -> Router {
    Router::new()
        .route("/v1/content/missing", post(missing))
        .route("/v1/content/files/{digest}", put(file))
        .route("/v1/content/packages/{package}", put(package))
        .merge(receiving_patches::router())
        .merge(receiving_pieces::router())
        // Bodies are bounded here, each by what it is.
        .layer(DefaultBodyLimit::disable())
        .with_state(point)
}

impl DistributionPoint {
    /// Its library, if it is a distribution point.
    pub(in crate::role) async fn library(&self) -> Option<Library> {
        self.configured().read().await.as_ref().map(|it| it.library.clone())
    }

    /// The library, if prestaged content may be taken into it (PDP-9): also into one that a site
    /// server sends to.
    pub(in crate::role) async fn extracting_library(
        &self,
    ) -> Result<Library, DistributionPointError> {
        let configured = self.configured().read().await;
        let configured = configured.as_ref().ok_or(DistributionPointError::NotConfigured)?;
        if configured.saved.settings.pulls() {
            return Err(DistributionPointError::NotPrestaged);
        }
        Ok(configured.library.clone())
    }
}

/// Why something that was sent is not taken.
pub(super) struct Refused(StatusCode, String);

impl Refused {
    pub(super) fn because(status: StatusCode, why: impl Into<String>) -> Self {
        Self(status, why.into())
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        (self.0, self.1).into_response()
    }
}

impl From<DistributionPointError> for Refused {
    fn from(error: DistributionPointError) -> Self {
        Self::because(StatusCode::CONFLICT, with_causes(&error))
    }
}

impl From<LibraryError> for Refused {
    fn from(error: LibraryError) -> Self {
        let status = match error {
            LibraryError::DiskFull { .. } => StatusCode::INSUFFICIENT_STORAGE,
            LibraryError::Incomplete { .. } | LibraryError::NoPackage(_) => StatusCode::CONFLICT,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self::because(status, with_causes(&error))
    }
}

async fn missing(
    State(point): State<DistributionPoint>,
    body: Body,
) -> Result<Json<Vec<Digest>>, Refused> {
    let library = point.receiving_library().await?;
    let body = to_bytes(body, FileList::MAX_BYTES).await.map_err(|error| {
        Refused::because(
            StatusCode::BAD_REQUEST,
            format!("the list of files: {}", with_causes(&error)),
        )
    })?;
    let missing = blocking(move || {
        let list = Arc::new(FileList::decode(&body)?);
        library.begin(Arc::clone(&list))?;
        Ok(library.missing(&list).into_keys().collect())
    });
    match missing.await {
        Ok(missing) => Ok(Json(missing)),
        Err(LibraryError::FileList(error)) => {
            Err(Refused::because(StatusCode::BAD_REQUEST, with_causes(&error)))
        }
        Err(error) => Err(error.into()),
    }
}

#[derive(Deserialize)]
pub(super) struct Size {
    pub(super) size: u64,
}

/// A digest of a request.
pub(super) fn parsed(digest: &str) -> Result<Digest, Refused> {
    Digest::from_hex(digest)
        .map_err(|error| Refused::because(StatusCode::BAD_REQUEST, with_causes(&error)))
}

async fn file(
    State(point): State<DistributionPoint>,
    Path(digest): Path<String>,
    Query(Size { size }): Query<Size>,
    body: Body,
) -> Result<StatusCode, Refused> {
    let library = point.receiving_library().await?;
    let digest = parsed(&digest)?;
    if library.size_needed(&digest) != Some(size) {
        let why = format!("no package that is on its way here has a file {digest} of {size} bytes");
        return Err(Refused::because(StatusCode::CONFLICT, why));
    }
    let _permit = point.receive_permit().await;
    match take(library, digest, size, body).await? {
        Intaken::Verified => Ok(StatusCode::NO_CONTENT),
        Intaken::Short { written } => {
            let why = format!("{written} of {size} bytes of {digest} came");
            Err(Refused::because(StatusCode::BAD_REQUEST, why))
        }
        Intaken::TooLong => {
            let why = format!("more than {size} bytes of {digest} came");
            Err(Refused::because(StatusCode::PAYLOAD_TOO_LARGE, why))
        }
        Intaken::WrongDigest(other) => {
            let why = format!("the bytes are those of {other}, not of {digest}");
            Err(Refused::because(StatusCode::UNPROCESSABLE_ENTITY, why))
        }
    }
}

async fn take(library: Library, digest: Digest, size: u64, body: Body) -> Result<Intaken, Refused> {
    if size <= AT_ONCE {
        let limit = usize::try_from(size).unwrap_or(0);
        let Ok(bytes) = to_bytes(body, limit).await else { return Ok(Intaken::TooLong) };
        if bytes.len() < limit {
            return Ok(Intaken::Short { written: bytes.len() as u64 });
        }
        let stored = blocking(move || Ok((library.store(None, digest, &bytes)?, bytes)));
        return match stored.await? {
            (true, _) => Ok(Intaken::Verified),
            (false, bytes) => Ok(Intaken::WrongDigest(Digest::of(&bytes))),
        };
    }
    let intake = blocking(move || library.incoming(digest, size)).await?;
    let never = CancellationToken::new();
    match receive(intake, body.into_data_stream(), &never, |_| {}).await {
        Ok(ended) => Ok(ended),
        Err(ReceiveError::Library(error)) => Err(error.into()),
        Err(error) => Err(Refused::because(StatusCode::BAD_REQUEST, with_causes(&error))),
    }
}

#[derive(Deserialize)]
struct Sender {
    from: Name,
}

async fn package(
    State(point): State<DistributionPoint>,
    Path(package): Path<String>,
    Query(sender): Query<Sender>,
) -> Result<Response, Refused> {
    let library = point.receiving_library().await?;
    let package: PackageId = package
        .parse()
        .map_err(|error| Refused::because(StatusCode::BAD_REQUEST, with_causes(&error)))?;
    let sources = BTreeSet::from([sender.from.to_string()]);
    let published = blocking(move || match library.publish(&package, sources) {
        // Asked again after it was done: it is as asked.
        Err(LibraryError::NoPackage(package)) => {
            let state = library.state(&package).filter(crate::model::PackageState::available);
            state.ok_or(LibraryError::NoPackage(package))
        }
        published => published,
    });
    let state = published.await?;
    tracing::info!(files = state.files, bytes = state.bytes, from = %sender.from, "a package was sent");
    Ok(Json(state).into_response())
}
