//! A port that serves an axum router until it is closed.

use std::{
    convert::Infallible,
    io,
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use axum::Router;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tower::util::MapFutureLayer;

use super::stream::Listener;
use crate::world::{self, living_in, spawn};

/// A port could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// Another program has it.
    #[error("{0} is in use by another program: stop that program, or choose another port")]
    InUse(SocketAddr),
    /// The system refuses it to this user.
    #[error("{0} may not be opened by this user: choose a port of 1024 or above, or run as root")]
    Denied(SocketAddr),
    /// Anything else.
    #[error("{address} could not be opened")]
    Failed {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

/// An open port: serves until [`OpenPort::close`] or until it is dropped.
#[derive(Debug)]
pub struct OpenPort {
    address: SocketAddr,
    stop: CancellationToken,
    serving: JoinHandle<()>,
}

/// How long requests in flight may take to finish once their port is being closed.
pub(super) const CLOSING: Duration = Duration::from_secs(5);

/// A port that is bound, so that its address is known, but not served yet.
#[derive(Debug)]
pub struct BoundPort {
    address: SocketAddr,
    listener: Listener,
}

impl BoundPort {
    /// Binds a port; port 0 lets the system choose.
    ///
    /// # Errors
    ///
    /// The port is taken or may not be opened.
    pub async fn bind(ip: IpAddr, port: u16) -> Result<Self, ListenError> {
        let wanted = SocketAddr::new(ip, port);
        let failed = |source: io::Error| match source.kind() {
            io::ErrorKind::AddrInUse => ListenError::InUse(wanted),
            io::ErrorKind::PermissionDenied => ListenError::Denied(wanted),
            _ => ListenError::Failed { address: wanted, source },
        };
        let listener = Listener::bind(wanted).await.map_err(failed)?;
        let address = listener.address().map_err(failed)?;
        Ok(Self { address, listener })
    }

    /// The address it is bound to.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Takes connections and lets go of them at once, until this is dropped: whoever looks whether somebody
    /// is there sees it, and nothing else.
    pub async fn turn_away(&mut self) -> Infallible {
        loop {
            drop(axum::serve::Listener::accept(&mut self.listener).await);
        }
    }

    /// Serves `router` on it, to those who are let in by it: without limits.
    pub fn serve(self, router: Router) -> OpenPort {
        let address = self.address;
        let router = in_its_world(router);
        self.serve_by(|listener, stop| async move {
            let listener = axum::serve::ListenerExt::tap_io(listener, |stream| {
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!(%error, "a connection keeps its small packets together");
                }
            });
            let stopped = stop.cancelled_owned();
            let served = axum::serve(listener, router).with_graceful_shutdown(stopped).await;
            if let Err(error) = served {
                tracing::error!(%address, %error, "a port stopped serving");
            }
        })
    }

    /// Serves in this way, which ends after the token was cancelled.
    pub(super) fn serve_by<F>(
        self,
        serve: impl FnOnce(Listener, CancellationToken) -> F,
    ) -> OpenPort
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let Self { address, listener } = self;
        let stop = CancellationToken::new();
        let serving = spawn(serve(listener, stop.clone()));
        OpenPort { address, stop, serving }
    }
}

/// Requests are answered in the world of the one who has opened the port, also where axum starts the
/// tasks of connections.
pub(super) fn in_its_world(router: Router) -> Router {
    match world::current() {
        None => router,
        Some(world) => {
            router.layer(MapFutureLayer::new(move |answer| living_in(world.clone(), answer)))
        }
    }
}

impl OpenPort {
    /// Opens a port and serves `router` on it; port 0 lets the system choose.
    ///
    /// # Errors
    ///
    /// The port is taken or may not be opened.
    pub async fn open(ip: IpAddr, port: u16, router: Router) -> Result<Self, ListenError> {
        Ok(BoundPort::bind(ip, port).await?.serve(router))
    }

    /// The address it really listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Closes the port: no new connections at once, requests in flight within a few seconds.
    pub async fn close(mut self) {
        self.stop.cancel();
        if tokio::time::timeout(CLOSING, &mut self.serving).await.is_err() {
            self.serving.abort();
        }
    }
}

impl Drop for OpenPort {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}
