//! What is asked.

use axum::http::{
    HeaderName, HeaderValue, Method, Request, Uri,
    header::{AUTHORIZATION, CONTENT_TYPE},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use percent_encoding::percent_decode_str;
use serde::Serialize;
use url::Url;

use super::{Body, Client, HttpError, Response};

/// A request that is put together. What is wrong with it is told when it is sent.
#[derive(Debug)]
#[must_use]
pub struct RequestBuilder {
    client: Client,
    request: Result<Request<Body>, HttpError>,
}

/// Where a request goes.
pub(super) struct Target {
    uri: Uri,
    /// The account that the URL names, as a header.
    account: Option<HeaderValue>,
}

/// How others may be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Schemes {
    Both,
    /// Over TLS alone.
    Https,
}

impl RequestBuilder {
    pub(super) fn new(client: &Client, method: Method, to: Result<Target, HttpError>) -> Self {
        let request = to.map(|Target { uri, account }| {
            let mut request = Request::new(Body::default());
            *request.method_mut() = method;
            *request.uri_mut() = uri;
            request.headers_mut().extend(account.map(|it| (AUTHORIZATION, it)));
            request
        });
        Self { client: client.clone(), request }
    }

    /// Says something in a header, in place of what it said before.
    pub fn header<N, V>(mut self, name: N, value: V) -> Self
    where
        HeaderName: TryFrom<N>,
        HeaderValue: TryFrom<V>,
    {
        if let Ok(request) = &mut self.request {
            match (HeaderName::try_from(name), HeaderValue::try_from(value)) {
                (Ok(name), Ok(value)) => drop(request.headers_mut().insert(name, value)),
                _ => self.request = Err(HttpError::Header),
            }
        }
        self
    }

    /// Carries this.
    pub fn body(mut self, body: impl Into<Body>) -> Self {
        if let Ok(request) = &mut self.request {
            *request.body_mut() = body.into();
        }
        self
    }

    /// Carries a value as JSON.
    pub fn json(mut self, value: &impl Serialize) -> Self {
        match serde_json::to_vec(value) {
            Ok(bytes) => {
                self.header(CONTENT_TYPE, HeaderValue::from_static("application/json")).body(bytes)
            }
            Err(error) => {
                self.request = self.request.and(Err(HttpError::Json(error)));
                self
            }
        }
    }

    /// The same once more; `None` where it carries a stream, which comes once, or cannot be sent.
    pub fn try_clone(&self) -> Option<Self> {
        let request = self.request.as_ref().ok()?;
        let mut again = Request::new(request.body().try_clone()?);
        request.method().clone_into(again.method_mut());
        request.uri().clone_into(again.uri_mut());
        request.headers().clone_into(again.headers_mut());
        Some(Self { client: self.client.clone(), request: Ok(again) })
    }

    /// Sends it, and waits for the head of the answer. A connection that the other side had closed before
    /// anything was sent is replaced by another one.
    ///
    /// # Errors
    ///
    /// The request is none, nobody is reached, or nothing comes back.
    pub async fn send(self) -> Result<Response, HttpError> {
        self.client.send(self.request?).await
    }

    /// What would be sent.
    #[cfg(test)]
    pub(in crate::net) fn build(self) -> Result<Request<Body>, HttpError> {
        self.request
    }
}

/// Where a request for a URL goes.
pub(super) fn target(url: &str, schemes: Schemes) -> Result<Target, HttpError> {
    let mut url = Url::parse(url).map_err(|error| HttpError::Url(error.into()))?;
    match (url.scheme(), schemes) {
        ("https", _) | ("http", Schemes::Both) => {}
        (_, Schemes::Both) => return Err(HttpError::Scheme("`http://` or `https://`")),
        (_, Schemes::Https) => return Err(HttpError::Scheme("`https://`")),
    }
    let account = account(&mut url)?;
    let uri = Uri::try_from(url.as_str()).map_err(|error| HttpError::Url(error.into()))?;
    Ok(Target { uri, account })
}

/// Takes the account out of a URL: it goes into a header, and into no log.
fn account(url: &mut Url) -> Result<Option<HeaderValue>, HttpError> {
    if url.username().is_empty() && url.password().is_none() {
        return Ok(None);
    }
    let mut plain: Vec<u8> = percent_decode_str(url.username()).collect();
    plain.push(b':');
    plain.extend(percent_decode_str(url.password().unwrap_or_default()));
    let encoded = STANDARD.encode(plain);
    let mut value =
        HeaderValue::try_from(format!("Basic {encoded}")).map_err(|_| HttpError::Header)?;
    value.set_sensitive(true);
    // Refused only where there is no host, and then it is none of HTTP.
    let cannot = |()| HttpError::Url(url::ParseError::EmptyHost.into());
    url.set_username("").and_then(|()| url.set_password(None)).map_err(cannot)?;
    Ok(Some(value))
}
