//! The content port: packages, files by digest, and files by their path for people with `curl`.
//!
//! | request                          | answer                                                     |
//! |----------------------------------|------------------------------------------------------------|
//! | `GET /packages/<ID>`             | the list of files (JSON), if every file of it is there      |
//! | `GET /files/<digest>`            | a file by the 64 digits of its SHA-256                      |
//! | `GET /content/<ID>/<path>`       | a file of a package by its path                             |
//! | `GET /distribution-point`        | its name (JSON): what only a distribution point answers     |
//!
//! `HEAD`, `Range`, `If-Range`, `If-None-Match` and `If-Match` work everywhere. Only the library's
//! own names reach the disk, never a path of a request.

use axum::{
    Router,
    body::Body,
    extract::{Path, State},
    http::{
        HeaderMap, Method, StatusCode,
        header::{ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG},
    },
    response::{IntoResponse, Response},
    routing::get,
};
use bytes::Bytes;
use tokio::sync::watch;

use super::validators::{Answer, entity_tag};
use crate::{
    content::{Library, LibraryError, StoredFile, blocking, read_stream},
    error_text::with_causes,
    model::{Digest, Name, PackageId},
    wire::{
        content_identity::{self, ContentIdentity},
        content_path::ContentPath,
        range::unsatisfied_content_range,
    },
};

/// Parts up to this size are read where the file is opened: one change of threads for each of
/// thousands of small files, not three.
const AT_ONCE: u64 = 512 << 10;

const JSON: &str = "application/json";
const BYTES: &str = "application/octet-stream";

/// What the content port serves, under the name that the point has at the time of a request.
pub(super) fn router(library: Library, name: watch::Receiver<Option<Name>>) -> Router {
    let identity = Router::new().route(content_identity::PATH, get(identity)).with_state(name);
    Router::new()
        .route("/packages/{package}", get(package))
        .route("/files/{digest}", get(file))
        .route("/content/{package}/{*path}", get(content))
        .with_state(library)
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
    method: Method,
    headers: HeaderMap,
) -> Response {
    let Ok(package) = package.parse::<PackageId>() else {
        return not_found("that is not a package ID");
    };
    let read = blocking(move || {
        let Some(list) = library.whole(&package) else { return Ok(None) };
        Ok(Some((list.digest(), Bytes::from(list.encode()?))))
    });
    match read.await {
        Ok(Some((digest, list))) => {
            let part = |start: u64, length: u64| {
                let (start, length) = (usize::try_from(start), usize::try_from(length));
                let end = start.ok().zip(length.ok()).and_then(|(start, length)| {
                    start
                        .checked_add(length)
                        .filter(|end| *end <= list.len())
                        .map(|end| (start, end))
                });
                end.map(|(start, end)| list.slice(start..end)).unwrap_or_default()
            };
            let size = list.len() as u64;
            let answer = Answer::to(&headers, &entity_tag(&digest), size);
            let body = match wanted(answer, size) {
                Some((start, length)) if method != Method::HEAD => Body::from(part(start, length)),
                _ => Body::empty(),
            };
            respond(answer, &digest, size, JSON, body)
        }
        Ok(None) => not_found("the package is not available here"),
        Err(error) => failed(&error),
    }
}

async fn file(
    State(library): State<Library>,
    Path(digest): Path<String>,
    method: Method,
    headers: HeaderMap,
) -> Response {
    match Digest::from_hex(&digest) {
        Ok(digest) => send(library, digest, method, headers).await,
        Err(_) => not_found("a file is named by the 64 hexadecimal digits of its SHA-256"),
    }
}

async fn content(
    State(library): State<Library>,
    Path((package, path)): Path<(String, String)>,
    method: Method,
    headers: HeaderMap,
) -> Response {
    let (Ok(package), Ok(path)) = (package.parse::<PackageId>(), path.parse::<ContentPath>())
    else {
        return not_found("that is not a file of a package");
    };
    let found = library.list(&package).and_then(|list| Some(list.file(&path)?.digest));
    match found {
        Some(digest) => send(library, digest, method, headers).await,
        None => not_found("the package has no such file here"),
    }
}

/// Sends a file of the library, or the part of it that was asked for.
async fn send(library: Library, digest: Digest, method: Method, headers: HeaderMap) -> Response {
    let opened = blocking(move || {
        let file = library.open_file(&digest)?;
        let answer = Answer::to(&headers, &entity_tag(&digest), file.size());
        let size = file.size();
        let content = match wanted(answer, size) {
            Some((start, length)) if method != Method::HEAD => read(file, start, length, digest)?,
            _ => Content::Nothing,
        };
        Ok((answer, size, content))
    });
    match opened.await {
        Ok((answer, size, content)) => respond(answer, &digest, size, BYTES, content.into_body()),
        Err(LibraryError::NoFile(_)) => not_found("the file is not here"),
        Err(error) => failed(&error),
    }
}

enum Content {
    Nothing,
    InMemory(Bytes),
    Stream { file: StoredFile, start: u64, length: u64 },
}

impl Content {
    fn into_body(self) -> Body {
        match self {
            Self::Nothing => Body::empty(),
            Self::InMemory(bytes) => Body::from(bytes),
            Self::Stream { file, start, length } => {
                Body::from_stream(read_stream(file, start, length))
            }
        }
    }
}

fn read(
    file: StoredFile,
    start: u64,
    length: u64,
    digest: Digest,
) -> Result<Content, LibraryError> {
    if length > AT_ONCE {
        return Ok(Content::Stream { file, start, length });
    }
    // Cut since it was opened: it is not there any more.
    file.read(start, length).map(Content::InMemory).map_err(|_| LibraryError::NoFile(digest))
}

/// Start and length of the bytes that an answer carries.
fn wanted(answer: Answer, size: u64) -> Option<(u64, u64)> {
    match answer {
        Answer::Whole => Some((0, size)),
        Answer::Part(part) => Some((part.start, part.length())),
        Answer::NotModified | Answer::PreconditionFailed | Answer::Unsatisfiable => None,
    }
}

fn respond(answer: Answer, digest: &Digest, size: u64, kind: &str, body: Body) -> Response {
    let tag = entity_tag(digest);
    let length = wanted(answer, size).map_or(0, |(_, length)| length);
    let content = [
        (ETAG, tag.clone()),
        (ACCEPT_RANGES, "bytes".to_owned()),
        (CONTENT_TYPE, kind.to_owned()),
        (CONTENT_LENGTH, length.to_string()),
    ];
    match answer {
        Answer::Whole => (StatusCode::OK, content, body).into_response(),
        Answer::Part(part) => {
            let range = [(CONTENT_RANGE, part.content_range(size))];
            (StatusCode::PARTIAL_CONTENT, content, range, body).into_response()
        }
        Answer::NotModified => (StatusCode::NOT_MODIFIED, [(ETAG, tag)]).into_response(),
        Answer::PreconditionFailed => StatusCode::PRECONDITION_FAILED.into_response(),
        Answer::Unsatisfiable => {
            let range = [(CONTENT_RANGE, unsatisfied_content_range(size))];
            (StatusCode::RANGE_NOT_SATISFIABLE, range).into_response()
        }
    }
}

fn not_found(why: &'static str) -> Response {
    (StatusCode::NOT_FOUND, format!("{why}\n")).into_response()
}

fn failed(error: &LibraryError) -> Response {
    tracing::error!(error = with_causes(error), "content could not be served");
    (StatusCode::INTERNAL_SERVER_ERROR, "the content library failed\n").into_response()
}
