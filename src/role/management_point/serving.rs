//! What the port of a management point answers: `GET` and `HEAD` of `/policy`, and nothing else.

use std::sync::Arc;

use axum::{
    Router,
    extract::State,
    http::{
        HeaderMap, HeaderName, HeaderValue, StatusCode,
        header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH, LAST_MODIFIED},
    },
    response::{IntoResponse, Response},
    routing::get,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use tokio::sync::watch;

use super::ManagementPointError;
use crate::{
    model::{Digest, ServedPolicy, SiteCode},
    net::Certificates,
    store::site_database::PublishedPolicy,
    wire::client_policy::{self, PolicyDocument},
};

/// A policy with all that is answered of it: made once, not for each client.
#[derive(Debug)]
pub(super) struct Served {
    which: ServedPolicy,
    document: Bytes,
    headers: HeaderMap,
    tag: String,
}

impl Served {
    /// The policy of a site, signed.
    pub(super) fn new(
        site: SiteCode,
        published: &PublishedPolicy,
        certificates: &Certificates,
    ) -> Result<Self, ManagementPointError> {
        let PublishedPolicy { policy, announced, since, serial } = published;
        let document = PolicyDocument::new(site, *serial, *since, policy, *announced)?.encode();
        let digest = Digest::of(&document);
        let tag = format!("\"{}\"", digest.to_hex());
        let mut headers = HeaderMap::new();
        let mut add = |name: HeaderName, value: &str| {
            // Digits, letters and signs of Base64 and of dates: each is a header.
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(name, value);
            }
        };
        add(CONTENT_TYPE, "application/json");
        add(ETAG, &tag);
        // Kept by whoever likes, and never used without asking: it tells clients to scan.
        add(CACHE_CONTROL, "no-cache");
        if let Some(at) = since {
            add(LAST_MODIFIED, &at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string());
        }
        let signature = STANDARD.encode(certificates.sign(&document)?);
        add(HeaderName::from_static(client_policy::SIGNATURE), &signature);
        let which = ServedPolicy { serial: *serial, digest, published_at: *since };
        Ok(Self { which, document: document.into(), headers, tag })
    }

    /// Which policy it is.
    pub(super) fn which(&self) -> ServedPolicy {
        self.which
    }

    /// Whether a client has it already.
    fn known_to(&self, asked: &HeaderMap) -> bool {
        let lists = asked.get_all(IF_NONE_MATCH).into_iter().filter_map(|it| it.to_str().ok());
        let mut tags = lists.flat_map(|list| list.split(',')).map(str::trim);
        tags.any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == self.tag)
    }
}

/// What the port serves.
pub(super) fn router(served: watch::Receiver<Option<Arc<Served>>>) -> Router {
    Router::new().route(client_policy::PATH, get(policy)).with_state(served)
}

async fn policy(
    State(served): State<watch::Receiver<Option<Arc<Served>>>>,
    asked: HeaderMap,
) -> Response {
    let served = served.borrow().clone();
    let Some(served) = served else {
        let why = "no policy has been published yet: it comes with the first synchronization of the \
                   site\n";
        return (StatusCode::NOT_FOUND, [(CACHE_CONTROL, "no-store")], why).into_response();
    };
    let headers = served.headers.clone();
    if served.known_to(&asked) {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    (headers, served.document.clone()).into_response()
}
