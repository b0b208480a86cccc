//! Connections to a declared address, however many IP addresses it has.

use std::{future::Future, io, net::SocketAddr, time::Duration};

use tokio::time::{Instant, timeout_at};

use crate::{
    model::{Address, Port},
    net::{Addresses, Stream, names},
};

/// How long a connection may take: a computer that is there answers within moments.
const CONNECT: Duration = Duration::from_secs(3);

/// How long whatever listens may take for an answer. A web server that has to start its application
/// first is slower than that; but then its clients wait too.
pub(super) const ANSWER: Duration = Duration::from_secs(5);

/// IP addresses of one name that are tried.
const MOST_ADDRESSES: usize = 4;

/// A port that is looked at.
#[derive(Debug, Clone)]
pub(super) struct Target {
    pub(super) addresses: Addresses,
    pub(super) host: Address,
    pub(super) port: Port,
}

impl Target {
    /// Opens a connection.
    ///
    /// # Errors
    ///
    /// In words, why it cannot be opened.
    pub(super) async fn connect(&self) -> Result<Stream, String> {
        let deadline = Instant::now() + CONNECT;
        let in_time = |what: &str| format!("{what} within {} s", CONNECT.as_secs());
        let found = timeout_at(deadline, self.resolve());
        let found = found.await.map_err(|_| in_time("its name was not resolved"))?;
        let mut why = format!("`{}` has no address", self.host);
        for address in found.map_err(|_| why.clone())?.into_iter().take(MOST_ADDRESSES) {
            match timeout_at(deadline, Stream::connect(&[address])).await {
                Ok(Ok(stream)) => return Ok(stream),
                // The kind alone: what the system adds is a number.
                Ok(Err(error)) => why = error.kind().to_string(),
                Err(_) => return Err(in_time("no answer")),
            }
        }
        Err(why)
    }

    async fn resolve(&self) -> io::Result<Vec<SocketAddr>> {
        let (host, port) = (self.host.as_str(), self.port.get());
        if let Some(ip) = self.addresses.lookup(host) {
            return Ok(vec![SocketAddr::new(ip, port)]);
        }
        names::lookup(&self.addresses.known_as(host), port).await
    }
}

/// Waits for an answer, but not for ever.
pub(super) async fn in_time<T>(answer: impl Future<Output = T>) -> Option<T> {
    tokio::time::timeout(ANSWER, answer).await.ok()
}
