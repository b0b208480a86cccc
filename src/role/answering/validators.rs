//! What a request's validators and ranges ask for (RFC 9110, sections 13 and 14).

use axum::http::{
    HeaderMap, HeaderName, Method,
    header::{IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, RANGE},
};

use crate::{
    model::Digest,
    wire::range::{self, ByteRange, RangeRequest},
};

/// More bytes than a boundary, a media type and a range take before a part.
const AROUND_A_PART: u64 = 256;

/// How a request for some bytes is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    /// 200: all of it.
    Whole,
    /// 206: one part of it.
    Part(ByteRange),
    /// 206: several parts of it.
    Parts(Vec<ByteRange>),
    /// 304: the client has it.
    NotModified,
    /// 412: it is not what the client expects.
    PreconditionFailed,
    /// 416: it has no such part.
    Unsatisfiable,
}

/// The entity tag of content: its digest.
pub(in crate::role) fn entity_tag(digest: &Digest) -> String {
    format!("\"{digest}\"")
}

impl Answer {
    /// The answer for content of this tag and size. Parts that are more than the whole together, with
    /// what stands around each, are answered with the whole: section 14.2 allows it, and no request
    /// gets more bytes than there are.
    pub(super) fn to(
        method: &Method,
        headers: &HeaderMap,
        tag: &str,
        modified: Option<&str>,
        size: u64,
    ) -> Self {
        if value(headers, &IF_MATCH).is_some_and(|it| !range::match_holds(&it, tag)) {
            return Self::PreconditionFailed;
        }
        let none_match = value(headers, &IF_NONE_MATCH);
        if none_match.as_ref().is_some_and(|it| range::none_match_hits(it, tag)) {
            return Self::NotModified;
        }
        // A date counts only where no tag is given (section 13.1.3); ours are compared letter by letter.
        let since = value(headers, &IF_MODIFIED_SINCE).filter(|_| none_match.is_none());
        if since.is_some_and(|it| modified == Some(it.trim())) {
            return Self::NotModified;
        }
        // Only of GET is it said what a part means (section 14.2).
        let ranges = value(headers, &RANGE).filter(|_| *method == Method::GET);
        let Some(ranges) = ranges else { return Self::Whole };
        if value(headers, &IF_RANGE).is_some_and(|it| !range::if_range_holds(&it, tag, modified)) {
            return Self::Whole;
        }
        match range::parse(&ranges, size) {
            RangeRequest::Whole => Self::Whole,
            RangeRequest::Multiple(parts) => {
                let lengths = parts.iter().map(|part| part.length().saturating_add(AROUND_A_PART));
                let together = lengths.fold(0, u64::saturating_add);
                if together > size { Self::Whole } else { Self::Parts(parts) }
            }
            RangeRequest::Single(part) => Self::Part(part),
            RangeRequest::Unsatisfiable => Self::Unsatisfiable,
        }
    }
}

/// All values of a header as one list, as section 5.3 says; what is not text counts as not sent.
fn value(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let values: Vec<&str> =
        headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).collect();
    if values.is_empty() { None } else { Some(values.join(", ")) }
}
