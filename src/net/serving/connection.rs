//! One connection, from its first byte to its last.

use std::{convert::Infallible, net::SocketAddr, pin::Pin, sync::Arc};

use axum::{
    Router,
    body::Body,
    extract::ConnectInfo,
    http::{
        HeaderValue, Request, Response, StatusCode, Version,
        header::{CONNECTION, RETRY_AFTER},
    },
    response::IntoResponse,
};
use hyper::{
    body::Incoming,
    server::conn::{http1, http2},
    service::{HttpService, service_fn},
};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use super::{FileParts, Limits, file_parts::SendsFiles, permitted::Permitted, watched::Watched};
use crate::{
    net::{
        ServerTls, Stream as Connection,
        tls::{HTTP_2, ShownCertificate},
    },
    world::Executor,
};

/// Whoever is told to come back does so after this many seconds at least, and each a little later than
/// another, so that not all of them come at once.
const COME_BACK: u16 = 5;
/// See [`COME_BACK`].
const APART: u16 = 16;

/// What all connections of a port share.
pub(super) struct Served {
    router: Router,
    tls: Option<Arc<ServerTls>>,
    limits: Limits,
    connections: Arc<Semaphore>,
    turned_away: Arc<Semaphore>,
    requests: Arc<Semaphore>,
    /// Those who wait for one of `requests`: as many as there are connections.
    waiting: Semaphore,
}

/// The place of a connection.
pub(super) struct Place {
    /// Whether it is served, or told to come back.
    served: bool,
    _permit: OwnedSemaphorePermit,
}

/// Who is at the other end of a connection.
#[derive(Clone)]
struct Client {
    peer: SocketAddr,
    /// See [`Place::served`].
    served: bool,
    /// Where the kernel can send files by itself.
    parts: Option<FileParts>,
    /// What it has shown of itself, over TLS.
    certificate: Option<ShownCertificate>,
}

impl Served {
    pub(super) fn new(router: Router, tls: Option<Arc<ServerTls>>, limits: Limits) -> Self {
        let places = |number| Arc::new(Semaphore::new(number));
        Self {
            router,
            tls,
            limits,
            connections: places(limits.connections),
            turned_away: places(Limits::TURNED_AWAY),
            requests: places(limits.requests),
            waiting: Semaphore::new(limits.connections),
        }
    }

    /// A place for one more connection; `None` if there is not even time to turn it away.
    pub(super) fn place(&self) -> Option<Place> {
        let place = |places: &Arc<Semaphore>| Arc::clone(places).try_acquire_owned().ok();
        let served = place(&self.connections).map(|permit| Place { served: true, _permit: permit });
        served.or_else(|| Some(Place { served: false, _permit: place(&self.turned_away)? }))
    }

    /// Serves a connection to its end.
    pub(super) async fn connection(
        self: Arc<Self>,
        stream: Connection,
        peer: SocketAddr,
        place: Place,
        stop: CancellationToken,
    ) {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection keeps its small packets together");
        }
        let stream = Watched::new(SendsFiles::new(stream), self.limits.still);
        if place.served {
            self.speak(stream, peer, true, stop).await;
        } else {
            let turned_away = self.speak(stream, peer, false, stop);
            let _in_time = timeout(Limits::TURNING_AWAY, turned_away).await;
        }
    }

    async fn speak(
        self: Arc<Self>,
        stream: Watched<SendsFiles>,
        peer: SocketAddr,
        served: bool,
        stop: CancellationToken,
    ) {
        let Some(tls) = &self.tls else {
            let parts = stream.get_ref().parts();
            let client = Client { peer, served, parts, certificate: None };
            return self.http1(stream, client, stop).await;
        };
        let open = self.limits.connections.saturating_sub(self.connections.available_permits());
        let accepting = tls.acceptor().accept_with(stream, |connection| {
            connection.set_buffer_limit(Some(Limits::buffer(open)));
        });
        match timeout(Limits::HANDSHAKE, accepting).await {
            Ok(Ok(stream)) => {
                let (_, connection) = stream.get_ref();
                let certificate = Some(tls.shown_by(connection));
                let client = Client { peer, served, parts: None, certificate };
                if connection.alpn_protocol() == Some(HTTP_2) {
                    self.http2(stream, client, stop).await;
                } else {
                    self.http1(stream, client, stop).await;
                }
            }
            Ok(Err(error)) => tracing::debug!(%peer, %error, "a client broke the handshake off"),
            Err(_) => tracing::debug!(%peer, "a client does not end its handshake"),
        }
    }

    async fn http1(self: Arc<Self>, stream: impl Stream, client: Client, stop: CancellationToken) {
        let peer = client.peer;
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.limits.head)
            .writev(true)
            .max_header_size(Limits::HEAD)
            .max_headers(Limits::HEADERS)
            .serve_connection(TokioIo::new(stream), self.service(client));
        to_its_end(connection, http1::Connection::graceful_shutdown, peer, stop).await;
    }

    /// What a client resets again and again ends its connection: hyper counts (CVE-2023-44487).
    async fn http2(self: Arc<Self>, stream: impl Stream, client: Client, stop: CancellationToken) {
        let peer = client.peer;
        let connection = http2::Builder::new(Executor)
            .timer(TokioTimer::new())
            .max_concurrent_streams(Limits::STREAMS)
            .max_header_list_size(Limits::HEAD_LIST)
            .max_send_buf_size(Limits::STREAM_BUFFER)
            .initial_stream_window_size(Limits::WINDOW)
            .initial_connection_window_size(Limits::WINDOW)
            .serve_connection(TokioIo::new(stream), self.service(client));
        to_its_end(connection, http2::Connection::graceful_shutdown, peer, stop).await;
    }

    fn service(
        self: Arc<Self>,
        client: Client,
    ) -> impl HttpService<Incoming, ResBody = Body, Error = Infallible, Future: Send> + Send {
        service_fn(move |request| {
            let (it, client) = (Arc::clone(&self), client.clone());
            async move { Ok(it.answer(request, client).await) }
        })
    }

    /// Waits for one of the places that others have.
    async fn request_place(&self) -> Option<OwnedSemaphorePermit> {
        let requests = || Arc::clone(&self.requests);
        if let Ok(place) = requests().try_acquire_owned() {
            return Some(place);
        }
        let _waiting = self.waiting.try_acquire().ok()?;
        timeout(self.limits.wait, requests().acquire_owned()).await.ok()?.ok()
    }

    async fn answer(&self, mut request: Request<Incoming>, client: Client) -> Response<Body> {
        let Client { peer, served, parts, certificate } = client;
        let version = request.version();
        let place = if served { self.request_place().await } else { None };
        let Some(place) = place else {
            return come_back(peer, version, served);
        };
        request.extensions_mut().insert(ConnectInfo(peer));
        if let Some(parts) = parts {
            request.extensions_mut().insert(parts);
        }
        if let (Some(tls), Some(certificate)) = (&self.tls, certificate) {
            // As it is wanted now, however long the client has been connected.
            request.extensions_mut().insert(tls.admission(certificate));
        }
        let answer: Result<_, Infallible> = self.router.clone().oneshot(request).await;
        match answer {
            Ok(answer) => answer.map(|body| Body::new(Permitted { body, _place: place })),
            Err(never) => match never {},
        }
    }
}

/// A stream of bytes, in the clear or not.
trait Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> Stream for S {}

/// Drives a connection until it ends; once the port is being closed, until the requests that there are
/// have been answered.
async fn to_its_end<C: Future<Output = hyper::Result<()>>>(
    connection: C,
    shut_down: impl FnOnce(Pin<&mut C>),
    peer: SocketAddr,
    stop: CancellationToken,
) {
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            shut_down(connection.as_mut());
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%peer, %error, "a connection broke off");
    }
}

/// The answer where there is no place; the connection goes on if it has one.
fn come_back(peer: SocketAddr, version: Version, served: bool) -> Response<Body> {
    let seconds = COME_BACK + peer.port() % APART;
    let later = [(RETRY_AFTER, seconds.to_string())];
    let text = "as much is served as this server bears: come back later\n";
    let mut answer = (StatusCode::SERVICE_UNAVAILABLE, later, text).into_response();
    // HTTP/2 has its own words for that.
    if !served && version < Version::HTTP_2 {
        answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    answer
}
