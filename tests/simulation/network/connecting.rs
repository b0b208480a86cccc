//! How a connection comes about: there and back, and who listens has it half a trip later.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
};

use tokio::time::sleep;

use super::{
    connection::{Connection, End, What},
    stream::Stream,
    switch::{Network, State},
    trace::Event,
};

impl Network {
    /// Connects from a computer to an address.
    ///
    /// # Errors
    ///
    /// Nobody listens there, or the computer has crashed meanwhile.
    pub(crate) async fn connect(self, from: IpAddr, to: SocketAddr) -> io::Result<Stream> {
        let inside = to.ip().is_loopback() || to.ip() == from;
        let there = if inside { from } else { to.ip() };
        let (here, crashes) = {
            let mut state = self.state();
            let ip = if to.ip().is_loopback() { Ipv4Addr::LOCALHOST.into() } else { from };
            let here = SocketAddr::new(ip, state.choose_port(from)?);
            state.trace.note(Event::Connect, here, to, 0);
            (here, state.crashes(from))
        };
        self.trip(from, there).await;
        let listening = self.state().port(there, to).map(|port| port.number);
        self.trip(there, from).await;
        let mut state = self.state();
        if state.crashes(from) != crashes {
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        let ends = [(here, from), (to, there)].map(|(address, computer)| End {
            address,
            computer,
            present: true,
        });
        let number = state.open(ends, listening)?;
        drop(state);
        Ok(Stream::new(self, number, 0))
    }

    /// Something short goes from one computer to another; it is repeated until it gets through.
    async fn trip(&self, from: IpAddr, to: IpAddr) {
        if from == to {
            return tokio::task::yield_now().await;
        }
        let mut waited = false;
        loop {
            // Asked for before one looks, so that nothing is missed in between.
            let mended = self.mended().notified();
            let trip = {
                let mut state = self.state();
                state.passable(from, to).then(|| {
                    let trip = state.wiring.trip(from, to);
                    if waited { trip + state.wiring.repeated() } else { trip }
                })
            };
            match trip {
                None => mended.await,
                Some(trip) => sleep(trip).await,
            }
            if trip.is_some() && self.state().passable(from, to) {
                return;
            }
            waited = true;
        }
    }
}

impl State {
    /// The connection is there, for the one who connects; for who listens it is on its way.
    fn open(&mut self, ends: [End; 2], listening: Option<u64>) -> io::Result<u64> {
        let [(here, _), (to, there)] = [0, 1].map(|it| (ends[it].address, ends[it].computer));
        let port = self.port(there, to).filter(|port| Some(port.number) == listening);
        if port.is_none() {
            self.trace.note(Event::Refuse, to, here, 0);
            return Err(io::ErrorKind::ConnectionRefused.into());
        }
        let number = self.number();
        self.connections
            .insert(number, Connection { ends, ways: Default::default(), reset: false });
        self.send(number, 0, What::Open);
        if let Some(port) = self.port(there, to) {
            port.waiting.push(number);
            if let Some(waker) = port.waker.take() {
                waker.wake();
            }
        }
        Ok(number)
    }
}
