//! Answers with content: all of it, a part, or several parts (RFC 9110, section 14).

use std::{convert::Infallible, io, sync::Arc};

use axum::{
    body::Body,
    extract::FromRequestParts,
    http::{
        HeaderMap, Method, StatusCode,
        header::{
            ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, HeaderValue,
            LAST_MODIFIED,
        },
        request::Parts,
    },
    response::{IntoResponse, Response},
};
use bytes::{Bytes, BytesMut};
use futures::{
    StreamExt,
    stream::{self, BoxStream},
};

use super::validators::{Answer, entity_tag};
use crate::{
    content::{StoredFile, read_stream, send_stream},
    model::Digest,
    net::FileParts,
    wire::{
        byte_ranges::ByteRanges,
        range::{ByteRange, unsatisfied_content_range},
    },
};

/// Parts up to this size are read where the file is opened: one change of threads for each of
/// thousands of small files, not three.
const AT_ONCE: u64 = 512 << 10;

/// How content is asked for.
pub(in crate::role) struct Asked {
    method: Method,
    headers: HeaderMap,
    /// Where the kernel can send files by itself.
    parts: Option<FileParts>,
}

impl<S: Send + Sync> FromRequestParts<S> for Asked {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(Self::of(parts))
    }
}

impl Asked {
    /// Of a request, whose headers it takes.
    pub(in crate::role) fn of(parts: &mut Parts) -> Self {
        let method = parts.method.clone();
        let headers = std::mem::take(&mut parts.headers);
        Self { method, headers, parts: parts.extensions.remove() }
    }

    /// How it is asked for.
    pub(in crate::role) fn method(&self) -> &Method {
        &self.method
    }
}

/// Content that was found.
pub(in crate::role) struct Found {
    /// Its entity tag, with the quotes.
    pub(in crate::role) tag: String,
    /// What stands between several parts of it: the hexadecimal digits of a digest of it.
    pub(in crate::role) boundary: String,
    /// `Last-Modified`, where that is told.
    pub(in crate::role) modified: Option<String>,
    /// Its media type.
    pub(in crate::role) kind: &'static str,
    pub(in crate::role) bytes: Source,
}

/// Where its bytes are.
pub(in crate::role) enum Source {
    Memory(Bytes),
    File(StoredFile),
    /// A file that is still being downloaded: its size, and what reads a part of it.
    Coming(u64, ReadPart),
}

/// Reads so many bytes from there on.
pub(in crate::role) type ReadPart =
    Box<dyn Fn(u64, u64) -> BoxStream<'static, io::Result<Bytes>> + Send + Sync>;

impl Found {
    /// Content of that SHA-256.
    pub(in crate::role) fn new(digest: &Digest, kind: &'static str, bytes: Source) -> Self {
        let (tag, boundary) = (entity_tag(digest), digest.to_hex());
        Self { tag, boundary, modified: None, kind, bytes }
    }

    /// The answer to a request. Blocks: what is small is read here.
    ///
    /// # Errors
    ///
    /// The file is not as it was when it was opened.
    pub(in crate::role) fn answer(self, asked: &Asked) -> io::Result<Response> {
        let Asked { method, headers, parts: sending } = asked;
        let Self { tag, boundary, modified, kind, bytes } = self;
        let size = bytes.size();
        let whole = ByteRange { start: 0, end_inclusive: size.saturating_sub(1) };
        let asked_for = |part| if size == 0 || *method == Method::HEAD { None } else { Some(part) };
        let of = |length: u64, kind: String| {
            [
                (ETAG, tag.clone()),
                (ACCEPT_RANGES, "bytes".to_owned()),
                (CONTENT_TYPE, kind),
                (CONTENT_LENGTH, length.to_string()),
            ]
        };
        let answer = Answer::to(method, headers, &tag, modified.as_deref(), size);
        let mut response = match answer {
            Answer::Whole => {
                let body = bytes.body(asked_for(whole), sending.as_ref())?;
                (StatusCode::OK, of(size, kind.to_owned()), body).into_response()
            }
            Answer::Part(part) => {
                let body = bytes.body(asked_for(part), sending.as_ref())?;
                let range = [(CONTENT_RANGE, part.content_range(size))];
                let content = of(part.length(), kind.to_owned());
                (StatusCode::PARTIAL_CONTENT, content, range, body).into_response()
            }
            Answer::Parts(parts) => {
                let parts = ByteRanges::new(parts, boundary, kind, size);
                let content = of(parts.length(), parts.content_type());
                let body = bytes.body_of_parts(&parts);
                (StatusCode::PARTIAL_CONTENT, content, body).into_response()
            }
            Answer::NotModified => {
                (StatusCode::NOT_MODIFIED, [(ETAG, tag.clone())]).into_response()
            }
            Answer::PreconditionFailed => StatusCode::PRECONDITION_FAILED.into_response(),
            Answer::Unsatisfiable => {
                let range = [(CONTENT_RANGE, unsatisfied_content_range(size))];
                (StatusCode::RANGE_NOT_SATISFIABLE, range).into_response()
            }
        };
        if let Some(modified) = modified.and_then(|it| HeaderValue::try_from(it).ok()) {
            response.headers_mut().insert(LAST_MODIFIED, modified);
        }
        Ok(response)
    }
}

impl Source {
    fn size(&self) -> u64 {
        match self {
            Self::Memory(bytes) => bytes.len() as u64,
            Self::File(file) => file.size(),
            Self::Coming(size, _) => *size,
        }
    }

    fn body(self, part: Option<ByteRange>, sending: Option<&FileParts>) -> io::Result<Body> {
        let Some(part) = part else { return Ok(Body::empty()) };
        match self {
            Self::Memory(bytes) => Ok(Body::from(slice(&bytes, part))),
            Self::File(file) if part.length() <= AT_ONCE => {
                file.read(part.start, part.length()).map(Body::from)
            }
            Self::File(file) => {
                let (file, start, length) = (Arc::new(file), part.start, part.length());
                Ok(match sending.cloned() {
                    Some(parts) => Body::from_stream(send_stream(file, start, length, parts)),
                    None => Body::from_stream(read_stream(file, start, length)),
                })
            }
            Self::Coming(_, read) => Ok(Body::from_stream(read(part.start, part.length()))),
        }
    }

    /// The parts one after the other, each behind what tells where it belongs.
    fn body_of_parts(self, ranges: &ByteRanges) -> Body {
        match self {
            Self::Memory(bytes) => {
                let mut body = BytesMut::new();
                for (head, part) in ranges.parts() {
                    body.extend_from_slice(head.as_bytes());
                    body.extend_from_slice(&slice(&bytes, part));
                }
                body.extend_from_slice(ranges.end().as_bytes());
                Body::from(body.freeze())
            }
            Self::Coming(_, read) => Self::body_of(ranges, |part| read(part.start, part.length())),
            Self::File(file) => {
                let file = Arc::new(file);
                Self::body_of(ranges, |part| {
                    read_stream(Arc::clone(&file), part.start, part.length()).boxed()
                })
            }
        }
    }

    fn body_of(
        ranges: &ByteRanges,
        read: impl Fn(ByteRange) -> BoxStream<'static, io::Result<Bytes>>,
    ) -> Body {
        let mut blocks = Vec::new();
        for (head, part) in ranges.parts() {
            blocks.push(text(head));
            blocks.push(read(part));
        }
        blocks.push(text(ranges.end()));
        Body::from_stream(stream::iter(blocks).flatten())
    }
}

fn text(text: String) -> BoxStream<'static, io::Result<Bytes>> {
    stream::once(async { Ok(Bytes::from(text)) }).boxed()
}

/// A part of what is in memory, inside of which it lies.
fn slice(bytes: &Bytes, part: ByteRange) -> Bytes {
    let [start, end] = [part.start, part.end_inclusive.saturating_add(1)]
        .map(|at| usize::try_from(at).unwrap_or(usize::MAX).min(bytes.len()));
    bytes.slice(start.min(end)..end)
}
