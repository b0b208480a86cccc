//! The content port: packages, files by digest, and files by their path for people with `curl`.
//!
//! | request                          | answer                                                     |
//! |----------------------------------|------------------------------------------------------------|
//! | `GET /packages/<ID>`             | the list of files (JSON), if every file of it is there      |
//! | `GET /files/<digest>`            | a file by the 64 digits of its SHA-256                      |
//! | `POST /files`                    | small files, one after the other ([`crate::wire::bundle`])  |
//! | `GET /patches/<digest>`          | what makes that file of others ([`crate::wire::patches`])   |
//! | `GET /content/<ID>/<path>`       | a file of a package by its path                             |
//! | `GET /distribution-point`        | its name (JSON): what only a distribution point answers     |
//!
//! `HEAD`, `Range` (one part, or several), `If-Range`, `If-None-Match` and `If-Match` work
//! everywhere. Only the library's own names reach the disk, never a path of a request.

use axum::{
    Router,
    extract::{Path, State},
    http::{
        StatusCode,
        header::{CONTENT_TYPE, RETRY_AFTER},
    },
    response::{IntoResponse, Response},
    routing::get,
};
use bytes::Bytes;
use tokio::sync::watch;

use super::{
    answering::{Asked, Found, Source},
    bundling,
    coming::ComingFile,
    offering,
};
use crate::{
    content::{Library, LibraryError, blocking},
    error_text::with_causes,
    model::{Digest, Name, PackageId},
    wire::{
        content_identity::{self, ContentIdentity},
        content_path::ContentPath,
    },
};

const JSON: &str = "application/json";
const BYTES: &str = "application/octet-stream";

/// What the content port serves, under the name that the point has at the time of a request.
pub(super) fn router(library: Library, name: watch::Receiver<Option<Name>>) -> Router {
    let identity = Router::new().route(content_identity::PATH, get(identity)).with_state(name);
    Router::new()
        .route("/packages/{package}", get(package))
        .route("/files/{digest}", get(file))
        .route("/content/{package}/{*path}", get(content))
        .with_state(library.clone())
        .merge(offering::router(library.clone()))
        .merge(bundling::router(library))
        .merge(identity)
}

async fn identity(State(name): State<watch::Receiver<Option<Name>>>) -> Response {
    let Some(distribution_point) = name.borrow().clone() else {
        return not_found("the distribution point is being configured");
    };
    ([(CONTENT_TYPE, JSON)], ContentIdentity { distribution_point }.encode()).into_response()
}

async fn package(
    State(library): State<Library>,
    Path(package): Path<String>,
    asked: Asked,
) -> Response {
    let Ok(package) = package.parse::<PackageId>() else {
        return not_found("that is not a package ID");
    };
    let answered = blocking(move || {
        let shared = || library.pending(&package).filter(|_| library.shares_downloads());
        let Some(list) = library.whole(&package).or_else(shared) else { return Ok(None) };
        let bytes = Source::Memory(Bytes::from(list.encode()?));
        let found = Found { digest: list.digest(), kind: JSON, bytes };
        found.answer(&asked).map(Some)
    });
    match answered.await {
        Ok(Some(answer)) => answer,
        Ok(None) => not_found("the package is not available here"),
        Err(error) => failed(&error),
    }
}

async fn file(
    State(library): State<Library>,
    Path(digest): Path<String>,
    asked: Asked,
) -> Response {
    match Digest::from_hex(&digest) {
        Ok(digest) => send(library, digest, asked).await,
        Err(_) => not_found("a file is named by the 64 hexadecimal digits of its SHA-256"),
    }
}

async fn content(
    State(library): State<Library>,
    Path((package, path)): Path<(String, String)>,
    asked: Asked,
) -> Response {
    let (Ok(package), Ok(path)) = (package.parse::<PackageId>(), path.parse::<ContentPath>())
    else {
        return not_found("that is not a file of a package");
    };
    let found = library.list(&package).and_then(|list| Some(list.file(&path)?.digest));
    match found {
        Some(digest) => send(library, digest, asked).await,
        None => not_found("the package has no such file here"),
    }
}

/// Sends a file of the library, or the parts of it that were asked for.
async fn send(library: Library, digest: Digest, asked: Asked) -> Response {
    let answered = blocking(move || {
        let bytes = match library.open_file(&digest) {
            Ok(file) => Source::File(file),
            Err(error @ LibraryError::NoFile(_)) if library.shares_downloads() => {
                match ComingFile::find(&library, digest) {
                    Some(file) => Source::Coming(file),
                    None if library.size_needed(&digest).is_some() => return Ok(later()),
                    None => return Err(error),
                }
            }
            Err(error) => return Err(error),
        };
        Found { digest, kind: BYTES, bytes }.answer(&asked)
    });
    match answered.await {
        Ok(answer) => answer,
        Err(LibraryError::NoFile(_)) => not_found("the file is not here"),
        Err(error) => failed(&error),
    }
}

/// A file of a package that is on its way here.
fn later() -> Response {
    let told = [(RETRY_AFTER.as_str(), "1"), (content_identity::COMING, "1")];
    (StatusCode::SERVICE_UNAVAILABLE, told, "the file is on its way here\n").into_response()
}

fn not_found(why: &'static str) -> Response {
    (StatusCode::NOT_FOUND, format!("{why}\n")).into_response()
}

pub(super) fn failed(error: &LibraryError) -> Response {
    tracing::error!(error = with_causes(error), "content could not be served");
    (StatusCode::INTERNAL_SERVER_ERROR, "the content library failed\n").into_response()
}
