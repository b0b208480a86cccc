//! The content port: packages, files by digest, and files by their path for people with `curl`.
//!
//! | request                          | answer                                                     |
//! |----------------------------------|------------------------------------------------------------|
//! | `GET /packages/<ID>`             | the list of files (JSON), if every file of it is there      |
//! | `GET /files/<digest>`            | a file by the 64 digits of its SHA-256                      |
//! | `POST /files`                    | small files, one after the other ([`crate::wire::bundle`])  |
//! | `GET /patches/<digest>`          | what makes that file of others ([`crate::wire::patches`])   |
//! | `GET /patches/<digest>/<digest>` | what makes the first one of the second                      |
//! | `GET /content/<ID>/<path>`       | a file of a package by its path                             |
//! | `GET /distribution-point`        | its name (JSON): what only a distribution point answers     |
//!
//! `HEAD`, `Range` (one part, or several), `If-Range`, `If-None-Match` and `If-Match` work
//! everywhere. Only the library's own names reach the disk, never a path of a request. A package that is
//! on demand (PDP-3) is answered with 503 and `Retry-After` until it is here.

use axum::{
    Router,
    extract::{Path, State},
    http::{
        HeaderValue, StatusCode,
        header::{CONTENT_TYPE, RETRY_AFTER},
    },
    response::{IntoResponse, Response},
    routing::get,
};
use bytes::Bytes;
use futures::StreamExt;
use tokio::sync::watch;

use super::{bundling, coming::ComingFile, offering, point::WeakPoint};
use crate::{
    content::{Library, LibraryError, blocking},
    error_text::with_causes,
    model::{Digest, Name, PackageId},
    role::answering::{Asked, Found, Source},
    wire::{
        content_identity::{self, ContentIdentity},
        content_path::ContentPath,
    },
};

const JSON: &str = "application/json";
const BYTES: &str = "application/octet-stream";

/// What is served: by whom, for what is not here.
#[derive(Debug, Clone)]
struct Served {
    library: Library,
    point: WeakPoint,
}

/// What the content port serves, under the name that the point has at the time of a request.
pub(super) fn router(
    library: Library,
    point: WeakPoint,
    name: watch::Receiver<Option<Name>>,
) -> Router {
    let identity = Router::new().route(content_identity::PATH, get(identity)).with_state(name);
    Router::new()
        .route("/packages/{package}", get(package))
        .route("/files/{digest}", get(file))
        .route("/content/{package}/{*path}", get(content))
        .with_state(Served { library: library.clone(), point })
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
    State(Served { library, point }): State<Served>,
    Path(package): Path<String>,
    asked: Asked,
) -> Response {
    let Ok(package) = package.parse::<PackageId>() else {
        return not_found("that is not a package ID");
    };
    let wanted = package.clone();
    let answered = blocking(move || {
        let shared = || library.pending(&package).filter(|_| library.shares_downloads());
        let Some(list) = library.whole(&package).or_else(shared) else { return Ok(None) };
        let bytes = Source::Memory(Bytes::from(list.encode()?));
        let digest = list.digest();
        let answer = Found::new(&digest, JSON, bytes).answer(&asked);
        answer.map(Some).map_err(|_| LibraryError::NoFile(digest))
    });
    match answered.await {
        Ok(Some(answer)) => answer,
        Ok(None) => {
            let answer = match point.asked_for(&wanted).await {
                None => point.list_comes(&wanted).await,
                asked => asked,
            };
            answer.unwrap_or_else(|| not_found("the package is not available here"))
        }
        Err(error) => failed(&error),
    }
}

async fn file(State(served): State<Served>, Path(digest): Path<String>, asked: Asked) -> Response {
    match Digest::from_hex(&digest) {
        Ok(digest) => send(served, digest, asked).await,
        Err(_) => not_found("a file is named by the 64 hexadecimal digits of its SHA-256"),
    }
}

async fn content(
    State(served): State<Served>,
    Path((package, path)): Path<(String, String)>,
    asked: Asked,
) -> Response {
    let (Ok(package), Ok(path)) = (package.parse::<PackageId>(), path.parse::<ContentPath>())
    else {
        return not_found("that is not a file of a package");
    };
    let Some(list) = served.library.list(&package) else {
        let fetched = served.point.asked_for(&package).await;
        return fetched.unwrap_or_else(|| not_found("the package is not available here"));
    };
    match list.file(&path) {
        Some(file) => send(served, file.digest, asked).await,
        None => not_found("the package has no such file here"),
    }
}

/// Sends a file of the library, or the parts of it that were asked for.
async fn send(served: Served, digest: Digest, asked: Asked) -> Response {
    let Served { library, point } = served;
    // Most small files are read again and again.
    if let Some(bytes) = library.read_at_once(&digest) {
        let found = Found::new(&digest, BYTES, Source::Memory(bytes));
        return found.answer(&asked).unwrap_or_else(|_| not_found("the file is not here"));
    }
    let answered = blocking(move || {
        let bytes = match library.open_file(&digest) {
            Ok(file) => Source::File(file),
            Err(error @ LibraryError::NoFile(_)) if library.shares_downloads() => {
                match ComingFile::find(&library, digest) {
                    Some(file) => Source::Coming(
                        file.size(),
                        Box::new(move |start, length| file.clone().read(start, length).boxed()),
                    ),
                    None if library.is_awaited(&digest) => return Ok(coming()),
                    None => return Err(error),
                }
            }
            // One of a package that a client has asked for, and that comes for that.
            Err(LibraryError::NoFile(_))
                if point.fetches_on_demand() && library.is_awaited(&digest) =>
            {
                return Ok(coming());
            }
            Err(error) => return Err(error),
        };
        // Cut since it was opened: it is not there any more.
        let gone = |_| LibraryError::NoFile(digest);
        Found::new(&digest, BYTES, bytes).answer(&asked).map_err(gone)
    });
    match answered.await {
        Ok(answer) => answer,
        Err(LibraryError::NoFile(_)) => not_found("the file is not here"),
        Err(error) => failed(&error),
    }
}

/// A file of a package that is on its way here.
fn coming() -> Response {
    later("the file is on its way here\n".to_owned(), 1, true)
}

/// The answer to whoever shall ask again after so many seconds, for something that may be coming already.
pub(super) fn later(text: String, after: u64, comes: bool) -> Response {
    let told = [(RETRY_AFTER, after.to_string())];
    let mut answer = (StatusCode::SERVICE_UNAVAILABLE, told, text).into_response();
    if comes {
        answer.headers_mut().insert(content_identity::COMING, HeaderValue::from_static("1"));
    }
    answer
}

fn not_found(why: &'static str) -> Response {
    (StatusCode::NOT_FOUND, format!("{why}\n")).into_response()
}

pub(super) fn failed(error: &LibraryError) -> Response {
    tracing::error!(error = with_causes(error), "content could not be served");
    (StatusCode::INTERNAL_SERVER_ERROR, "the content library failed\n").into_response()
}
