//! The network itself: who is in it, and what is under way.

use std::{
    collections::BTreeMap,
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard},
};

use tokio::sync::Notify;

use super::{connection::Connection, links::Wiring, port::Port, trace::Trace};
use crate::chance::Chance;

/// A network. Clones are the same one.
#[derive(Clone)]
pub(crate) struct Network(Arc<Inner>);

struct Inner {
    state: Mutex<State>,
    /// Told whenever something may pass that did not pass before.
    mended: Notify,
}

pub(super) struct State {
    pub(super) chance: Chance,
    pub(super) wiring: Wiring,
    pub(super) trace: Trace,
    pub(super) computers: BTreeMap<IpAddr, Attached>,
    pub(super) names: BTreeMap<String, IpAddr>,
    /// By computer and address.
    pub(super) ports: BTreeMap<(IpAddr, SocketAddr), Port>,
    pub(super) connections: BTreeMap<u64, Connection>,
    last_number: u64,
}

/// A computer as the network sees it.
pub(super) struct Attached {
    pub(super) on: bool,
    /// How often it has crashed: what was begun before has no effect any more.
    pub(super) crashes: u64,
    last_port: u16,
}

/// The ports from which the choice is made where nobody wants a certain one.
const CHOSEN: std::ops::RangeInclusive<u16> = 40_000..=65_000;

impl Network {
    /// An empty network; in a runtime whose time is paused.
    pub(crate) fn new(seed: u64) -> Self {
        let mut chance = Chance::new(seed);
        let state = State {
            wiring: Wiring::new(seed, chance.apart()),
            chance,
            trace: Trace::new(),
            computers: BTreeMap::new(),
            names: BTreeMap::new(),
            ports: BTreeMap::new(),
            connections: BTreeMap::new(),
            last_number: 0,
        };
        Self(Arc::new(Inner { state: Mutex::new(state), mended: Notify::new() }))
    }

    /// Adds a computer, which is on. Answers with chance of its own for it.
    pub(crate) fn attach(&self, name: &str, ip: IpAddr) -> Chance {
        let mut state = self.state();
        let attached = Attached { on: true, crashes: 0, last_port: *CHOSEN.end() };
        assert!(state.computers.insert(ip, attached).is_none(), "{ip} is there twice");
        assert!(state.names.insert(name.to_owned(), ip).is_none(), "{name} is there twice");
        state.chance.apart()
    }

    /// The address of the computer with this name.
    ///
    /// # Errors
    ///
    /// Nobody has it.
    pub(crate) fn lookup(&self, host: &str) -> io::Result<IpAddr> {
        if host == "localhost" {
            return Ok(Ipv4Addr::LOCALHOST.into());
        }
        let unknown =
            || io::Error::new(io::ErrorKind::NotFound, format!("nobody is called {host}"));
        self.state().names.get(host).copied().ok_or_else(unknown)
    }

    /// A number that is the same if all events were the same, with the same ends and at the same
    /// times.
    pub(crate) fn digest(&self) -> u64 {
        self.state().trace.digest()
    }

    /// The last events, a line each.
    pub(crate) fn last_events(&self) -> String {
        self.state().trace.words()
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap()
    }

    pub(super) fn mended(&self) -> &Notify {
        &self.0.mended
    }
}

impl State {
    /// Whether what is sent now passes.
    pub(super) fn passable(&mut self, from: IpAddr, to: IpAddr) -> bool {
        let on = |ip| self.computers.get(ip).is_some_and(|it| it.on);
        on(&from) && on(&to) && (from == to || !self.wiring.link(from, to).cut)
    }

    pub(super) fn number(&mut self) -> u64 {
        self.last_number += 1;
        self.last_number
    }

    /// A port of a computer that nobody listens on, and one after the other.
    pub(super) fn choose_port(&mut self, computer: IpAddr) -> io::Result<u16> {
        let attached = self.computers.get_mut(&computer).ok_or(io::ErrorKind::NetworkDown)?;
        for _ in CHOSEN {
            let next = attached.last_port.wrapping_add(1);
            attached.last_port = if CHOSEN.contains(&next) { next } else { *CHOSEN.start() };
            let port = attached.last_port;
            if !self.ports.keys().any(|(it, at)| (*it, at.port()) == (computer, port)) {
                return Ok(port);
            }
        }
        Err(io::ErrorKind::AddrInUse.into())
    }

    pub(super) fn crashes(&self, computer: IpAddr) -> Option<u64> {
        self.computers.get(&computer).map(|it| it.crashes)
    }
}
