//! Whom requests are made with.

use std::{fmt, sync::Arc, time::Duration};

use axum::http::{
    HeaderMap, HeaderValue, Method, Request,
    header::{ACCEPT, USER_AGENT},
};
use hyper_util::{client::legacy, rt::TokioTimer};
use rustls::ClientConfig;
use tokio::time::timeout;

use super::{
    Body, Find, HttpError, RequestBuilder, Response,
    connecting::Connector,
    request::{Schemes, target},
};
use crate::world::Executor;

/// Connections to one host that are kept though nobody needs them just now.
const IDLE_PER_HOST: usize = 16;

/// How long such a connection is kept: longer than a controller pauses between two looks.
const IDLE: Duration = Duration::from_secs(90);

/// An HTTP client. Clones are the same, and share their connections.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    pool: legacy::Client<Connector, Body>,
    /// What every request says that does not say otherwise.
    headers: HeaderMap,
    read_timeout: Option<Duration>,
    schemes: Schemes,
}

impl Client {
    /// A client that does TLS in such a way, and finds hosts so.
    pub(in crate::net) fn builder(tls: ClientConfig, find: impl Find) -> ClientBuilder {
        let agent = HeaderValue::from_static(concat!("headwater/", env!("CARGO_PKG_VERSION")));
        let headers =
            [(USER_AGENT, agent), (ACCEPT, HeaderValue::from_static("*/*"))].into_iter().collect();
        let connector = Connector::new(tls, find);
        ClientBuilder { connector, headers, read_timeout: None, schemes: Schemes::Both }
    }

    /// A request for what is at a URL.
    pub fn get(&self, url: impl AsRef<str>) -> RequestBuilder {
        self.request(Method::GET, url)
    }

    /// A request that brings something to a URL.
    pub fn post(&self, url: impl AsRef<str>) -> RequestBuilder {
        self.request(Method::POST, url)
    }

    /// A request that puts something at a URL.
    pub fn put(&self, url: impl AsRef<str>) -> RequestBuilder {
        self.request(Method::PUT, url)
    }

    /// A request that removes what is at a URL.
    pub fn delete(&self, url: impl AsRef<str>) -> RequestBuilder {
        self.request(Method::DELETE, url)
    }

    fn request(&self, method: Method, url: impl AsRef<str>) -> RequestBuilder {
        RequestBuilder::new(self, method, target(url.as_ref(), self.0.schemes))
    }

    pub(super) async fn send(&self, mut request: Request<Body>) -> Result<Response, HttpError> {
        let Inner { pool, headers, read_timeout, schemes: _ } = &*self.0;
        for (name, value) in headers {
            request.headers_mut().entry(name).or_insert_with(|| value.clone());
        }
        let answer = pool.request(request);
        let answer = match *read_timeout {
            Some(limit) => timeout(limit, answer).await.map_err(|_| HttpError::Silent(limit))?,
            None => answer.await,
        };
        Ok(Response::new(answer?, *read_timeout))
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Client")
    }
}

/// How a [`Client`] shall be.
#[must_use]
pub struct ClientBuilder {
    connector: Connector,
    headers: HeaderMap,
    read_timeout: Option<Duration>,
    schemes: Schemes,
}

impl ClientBuilder {
    /// How long a server may take until the head of its answer, and how long it may send nothing in the
    /// middle of it; without this, for ever.
    pub(in crate::net) fn read_timeout(mut self, limit: Duration) -> Self {
        self.read_timeout = Some(limit);
        self
    }

    /// Nobody is asked in the clear.
    pub(in crate::net) fn https_only(mut self) -> Self {
        self.schemes = Schemes::Https;
        self
    }

    /// What every request says that does not say otherwise.
    pub(in crate::net) fn default_headers(mut self, headers: HeaderMap) -> Self {
        self.headers.extend(headers);
        self
    }

    /// The client.
    pub(in crate::net) fn build(self) -> Client {
        let Self { connector, headers, read_timeout, schemes } = self;
        let pool = legacy::Client::builder(Executor)
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(IDLE_PER_HOST)
            .build(connector);
        Client(Arc::new(Inner { pool, headers, read_timeout, schemes }))
    }
}
