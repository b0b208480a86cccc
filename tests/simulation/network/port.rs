//! Ports on which somebody listens.

use std::{
    future::poll_fn,
    io,
    net::{IpAddr, SocketAddr},
    task::{Context, Poll, Waker, ready},
};

use futures::future::BoxFuture;
use headwater::world::{Accepts, Duplex};
use tokio::time::Instant;

use super::{
    connection::{Segment, What},
    stream::{Stream, Timer},
    switch::{Network, State},
    trace::Event,
};

/// A port in the network.
pub(super) struct Port {
    /// Not that of another one that was there before, or comes after.
    pub(super) number: u64,
    /// Connections that nobody has accepted yet.
    pub(super) waiting: Vec<u64>,
    pub(super) waker: Option<Waker>,
}

/// An open port, as the program has it. Who drops it closes it.
pub(crate) struct Listening {
    network: Network,
    computer: IpAddr,
    address: SocketAddr,
    number: u64,
    timer: Timer,
}

impl Network {
    /// Opens a port of a computer; number 0 leaves the choice to the network.
    ///
    /// # Errors
    ///
    /// Somebody has it, or the computer has no such address.
    pub(crate) fn listen(&self, computer: IpAddr, at: SocketAddr) -> io::Result<Listening> {
        let ip = at.ip();
        if !(ip.is_unspecified() || ip.is_loopback() || ip == computer) {
            return Err(io::ErrorKind::AddrNotAvailable.into());
        }
        let mut state = self.state();
        let port = if at.port() == 0 { state.choose_port(computer)? } else { at.port() };
        let taken = state.ports.keys().any(|(host, other)| {
            let all = ip.is_unspecified() || other.ip().is_unspecified();
            (*host, other.port()) == (computer, port) && (all || ip == other.ip())
        });
        if taken {
            return Err(io::ErrorKind::AddrInUse.into());
        }
        let (address, number) = (SocketAddr::new(ip, port), state.number());
        state.ports.insert((computer, address), Port { number, waiting: Vec::new(), waker: None });
        drop(state);
        Ok(Listening { network: self.clone(), computer, address, number, timer: Timer::default() })
    }
}

impl State {
    /// Who listens at that address of a computer.
    pub(super) fn port(&mut self, computer: IpAddr, at: SocketAddr) -> Option<&mut Port> {
        let all = if at.is_ipv4() { [0; 4].into() } else { [0_u16; 8].into() };
        let found = [at, SocketAddr::new(all, at.port())].map(|address| (computer, address));
        let key = found.into_iter().find(|key| self.ports.contains_key(key))?;
        self.ports.get_mut(&key)
    }

    /// Closes a port, and what nobody has accepted there.
    pub(super) fn close_port(&mut self, key: (IpAddr, SocketAddr)) {
        let Some(port) = self.ports.remove(&key) else { return };
        for number in port.waiting {
            self.close(number, 1);
        }
        port.waker.into_iter().for_each(Waker::wake);
    }

    /// The next connection that has arrived, or when the next one arrives.
    fn accept(&mut self, listening: &Listening, waker: &Waker) -> Accepted {
        let key = (listening.computer, listening.address);
        let open = self.ports.get_mut(&key).filter(|port| port.number == listening.number);
        let Some(port) = open else { return Accepted::Closed };
        let opened = |number: &u64| {
            let connection = self.connections.get(number)?;
            let Segment { due, .. } = connection.ways[0].queue.front()?;
            Some((due.as_ref().copied()?, *number))
        };
        let Some((due, number)) = port.waiting.iter().filter_map(opened).min() else {
            port.waker = Some(waker.clone());
            return Accepted::Wait(None);
        };
        if due > Instant::now() {
            port.waker = Some(waker.clone());
            return Accepted::Wait(Some(due));
        }
        port.waiting.retain(|it| *it != number);
        let Some(connection) = self.connections.get_mut(&number) else { return Accepted::Closed };
        let queue = &mut connection.ways[0].queue;
        if queue.front().is_some_and(|it| matches!(it.what, What::Open)) {
            queue.pop_front();
        }
        let [peer, here] = [0, 1].map(|side| connection.ends[side].address);
        self.trace.note(Event::Accept, here, peer, 0);
        Accepted::Connection(number, peer)
    }
}

enum Accepted {
    Connection(u64, SocketAddr),
    Wait(Option<Instant>),
    Closed,
}

impl Listening {
    pub(super) fn poll_accept(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<(Stream, SocketAddr)>> {
        loop {
            let accepted = self.network.state().accept(self, context.waker());
            match accepted {
                Accepted::Connection(number, peer) => {
                    let stream = Stream::new(self.network.clone(), number, 1);
                    return Poll::Ready(Ok((stream, peer)));
                }
                Accepted::Wait(until) => ready!(self.timer.poll(context, until)),
                // Not an error that says that a client gave up, after which one would ask again.
                Accepted::Closed => return Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
            }
        }
    }
}

impl Accepts for Listening {
    fn address(&self) -> SocketAddr {
        self.address
    }

    fn accept(&mut self) -> BoxFuture<'_, io::Result<(Box<dyn Duplex>, SocketAddr)>> {
        Box::pin(async {
            let (stream, peer) = poll_fn(|context| self.poll_accept(context)).await?;
            Ok((Box::new(stream) as Box<dyn Duplex>, peer))
        })
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        let (mut state, key) = (self.network.state(), (self.computer, self.address));
        if state.ports.get(&key).is_some_and(|port| port.number == self.number) {
            state.close_port(key);
        }
    }
}
