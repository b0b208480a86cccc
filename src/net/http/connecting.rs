//! How connections are made: hosts are found, addresses tried, and TLS begun.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::http::{Uri, uri::Scheme};
use futures::{FutureExt, StreamExt, future::BoxFuture, stream::FuturesUnordered};
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, pki_types::ServerName};
use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::TlsConnector;

use super::connection::Connection;
use crate::net::Stream;

/// How long a connection may take, TLS included: a computer that is there answers within moments, and one
/// that is not should be reported while somebody still looks.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long an address may keep silent before the next one is tried beside it.
const NEXT_ADDRESS: Duration = Duration::from_millis(300);

/// Addresses of one host that are tried.
const MOST_ADDRESSES: usize = 16;

/// After so long without a word the system asks the other side whether it is there, so often, and so long
/// after each other: a computer that lost its power says nothing when it goes.
const ALIVE: Duration = Duration::from_secs(15);
const ALIVE_TRIES: u32 = 3;

/// How long what was sent may be on its way, in milliseconds.
const UNCONFIRMED: u32 = 30_000;

/// How a client finds hosts.
pub(in crate::net) trait Find: Send + Sync + 'static {
    /// The addresses of a host, each with its port: the one that is given, where nobody knows better. IP
    /// addresses are not looked for.
    ///
    /// # Errors
    ///
    /// Nobody knows the host.
    fn find(&self, host: &str, port: u16) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>>;
}

/// Makes connections. Clones are the same.
#[derive(Clone)]
pub(super) struct Connector {
    find: Arc<dyn Find>,
    tls: TlsConnector,
}

impl Connector {
    pub(super) fn new(tls: ClientConfig, find: impl Find) -> Self {
        Self { find: Arc::new(find), tls: Arc::new(tls).into() }
    }

    async fn connect(self, to: Uri) -> io::Result<TokioIo<Connection>> {
        let over_tls = to.scheme() == Some(&Scheme::HTTPS);
        let host = to.host().unwrap_or_default().trim_matches(['[', ']']);
        let port = to.port_u16().unwrap_or(if over_tls { 443 } else { 80 });
        let addresses = match host.parse::<IpAddr>() {
            Ok(ip) => vec![SocketAddr::new(ip, port)],
            Err(_) => self.find.find(host, port).await?,
        };
        let stream = first(addresses).await?;
        stream.set_nodelay(true)?;
        if let Some(socket) = stream.tcp() {
            notice_death(socket)?;
        }
        if !over_tls {
            return Ok(TokioIo::new(Connection::Plain(stream)));
        }
        let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
        let secured = self.tls.connect(name, stream).await?;
        Ok(TokioIo::new(Connection::Secured(Box::new(secured))))
    }
}

impl tower::Service<Uri> for Connector {
    type Response = TokioIo<Connection>;
    type Error = io::Error;
    type Future = BoxFuture<'static, io::Result<TokioIo<Connection>>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, to: Uri) -> Self::Future {
        timeout(CONNECT_TIMEOUT, self.clone().connect(to))
            .map(|connected| connected.unwrap_or_else(|_| Err(too_late())))
            .boxed()
    }
}

fn too_late() -> io::Error {
    let text = format!("it does not answer within {} seconds", CONNECT_TIMEOUT.as_secs());
    io::Error::new(io::ErrorKind::TimedOut, text)
}

/// A connection to the first address that answers. Each is tried when the ones before have failed, or keep
/// silent; a host with one address that leads nowhere is reached by the others.
async fn first(addresses: Vec<SocketAddr>) -> io::Result<Stream> {
    let mut why = io::Error::new(io::ErrorKind::NotFound, "its name has no address");
    let mut left = addresses.into_iter().take(MOST_ADDRESSES);
    let mut tried = FuturesUnordered::new();
    loop {
        let next = left.next();
        let is_last = next.is_none();
        tried.extend(next.map(async |address| Stream::connect(&[address]).await));
        let answered = if is_last {
            tried.next().await
        } else {
            match timeout(NEXT_ADDRESS, tried.next()).await {
                Ok(answered) => answered,
                Err(_) => continue,
            }
        };
        match answered {
            Some(Ok(stream)) => return Ok(stream),
            Some(Err(error)) => why = error,
            None => return Err(why),
        }
    }
}

/// Has the system break a connection off whose other side is gone without a word.
pub(super) fn notice_death(socket: &TcpStream) -> io::Result<()> {
    use rustix::net::sockopt;

    sockopt::set_tcp_keepidle(socket, ALIVE)?;
    sockopt::set_tcp_keepintvl(socket, ALIVE)?;
    sockopt::set_tcp_keepcnt(socket, ALIVE_TRIES)?;
    sockopt::set_socket_keepalive(socket, true)?;
    Ok(sockopt::set_tcp_user_timeout(socket, UNCONFIRMED)?)
}
