//! Connections and ports, as the world around the program has them: of TCP, or those of a fault test.

use std::{
    fmt,
    io::{self, IoSlice},
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
};

use crate::world::{self, Accepts, Duplex};

/// A connection.
pub enum Stream {
    /// Of TCP.
    Tcp(TcpStream),
    /// Of another world.
    Other(Box<dyn Duplex>),
}

impl Stream {
    /// Connects to the first of these addresses that answers.
    ///
    /// # Errors
    ///
    /// What the last one answered.
    pub async fn connect(addresses: &[SocketAddr]) -> io::Result<Self> {
        let Some(world) = world::current() else {
            return TcpStream::connect(addresses).await.map(Self::Tcp);
        };
        let mut last = io::ErrorKind::AddrNotAvailable.into();
        for address in addresses {
            match world.connect(*address).await {
                Ok(stream) => return Ok(Self::Other(stream)),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    /// Sends small packets at once.
    ///
    /// # Errors
    ///
    /// What the system said.
    pub fn set_nodelay(&self, wanted: bool) -> io::Result<()> {
        self.tcp().map_or(Ok(()), |it| it.set_nodelay(wanted))
    }

    /// The socket of the system below, where there is one.
    pub fn tcp(&self) -> Option<&TcpStream> {
        match self {
            Self::Tcp(stream) => Some(stream),
            Self::Other(_) => None,
        }
    }

    fn inner(&mut self) -> Pin<&mut dyn Duplex> {
        match self {
            Self::Tcp(stream) => Pin::new(stream),
            Self::Other(stream) => Pin::new(stream.as_mut()),
        }
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Stream").field(&self.tcp()).finish()
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.inner().poll_read(context, buffer)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.inner().poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.inner().poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Tcp(stream) => stream.is_write_vectored(),
            Self::Other(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.inner().poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.inner().poll_shutdown(context)
    }
}

/// How long no connection is taken in after the system has refused one, as it does where too many
/// files are open: it would refuse the next one too.
pub(super) const REFUSED: Duration = Duration::from_secs(1);

/// Whether it was the client who gave up before its connection was taken in.
pub(super) fn gave_up(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// An open port.
pub(super) enum Listener {
    Tcp(TcpListener),
    Other(Box<dyn Accepts>),
}

impl Listener {
    /// Opens one; port 0 lets the system choose.
    pub(super) async fn bind(at: SocketAddr) -> io::Result<Self> {
        match world::current() {
            None => TcpListener::bind(at).await.map(Self::Tcp),
            Some(world) => world.listen(at).map(Self::Other),
        }
    }

    pub(super) fn address(&self) -> io::Result<SocketAddr> {
        match self {
            Self::Tcp(listener) => listener.local_addr(),
            Self::Other(listener) => Ok(listener.address()),
        }
    }

    /// The next connection. It may be given up at any time.
    pub(super) async fn accept(&mut self) -> io::Result<(Stream, SocketAddr)> {
        match self {
            Self::Tcp(listener) => {
                let (stream, peer) = listener.accept().await?;
                Ok((Stream::Tcp(stream), peer))
            }
            Self::Other(listener) => {
                let (stream, peer) = listener.accept().await?;
                Ok((Stream::Other(stream), peer))
            }
        }
    }
}

impl axum::serve::Listener for Listener {
    type Io = Stream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Stream, SocketAddr) {
        loop {
            match Self::accept(self).await {
                Ok(accepted) => return accepted,
                Err(error) if gave_up(&error) => {}
                Err(error) => {
                    tracing::error!(%error, "no connection can be taken in");
                    tokio::time::sleep(REFUSED).await;
                }
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.address()
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Listener").field(&self.address().ok()).finish()
    }
}
