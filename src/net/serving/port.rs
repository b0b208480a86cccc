//! Takes connections in until the port is closed.

use std::sync::Arc;

use axum::Router;
use tokio::{task::JoinSet, time::timeout};
use tokio_util::sync::CancellationToken;

use super::{Limits, connection::Served};
use crate::{
    net::{
        BoundPort, OpenPort, ServerTls,
        listener::CLOSING,
        stream::{Listener, REFUSED, gave_up},
    },
    world::here,
};

impl BoundPort {
    /// Serves `router` on it to everybody, within limits; over TLS and over nothing else, if there is
    /// any.
    pub fn serve_within(
        self,
        router: Router,
        tls: Option<Arc<ServerTls>>,
        limits: Limits,
    ) -> OpenPort {
        let served = Arc::new(Served::new(router, tls, limits));
        self.serve_by(|listener, stop| take_in(listener, served, stop))
    }
}

async fn take_in(mut listener: Listener, served: Arc<Served>, stop: CancellationToken) {
    let mut connections = JoinSet::new();
    loop {
        let taken = tokio::select! {
            () = stop.cancelled() => break,
            Some(_) = connections.join_next() => continue,
            taken = listener.accept() => taken,
        };
        match taken {
            Ok((stream, peer)) => {
                // Without a place it is closed: better than to let it wait for nothing.
                if let Some(place) = served.place() {
                    let served = Arc::clone(&served);
                    let served = served.connection(stream, peer, place, stop.clone());
                    connections.spawn(here(served));
                }
            }
            Err(error) if gave_up(&error) => {}
            Err(error) => {
                tracing::error!(%error, "no connection can be taken in");
                let _stopped = timeout(REFUSED, stop.cancelled()).await;
            }
        }
    }
    drop(listener);
    let ended = async { while connections.join_next().await.is_some() {} };
    // What is left ends with the set.
    let _in_time = timeout(CLOSING, ended).await;
}
