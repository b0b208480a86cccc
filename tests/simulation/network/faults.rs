//! What goes wrong in a network. All of it may be set and taken back at any time.

use std::{net::IpAddr, time::Duration};

use tokio::time::sleep;

use super::{
    connection::{Connection, What},
    links::{Link, Links},
    switch::{Network, State},
    trace::Event,
};

/// How a computer loses all its connections and ports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Crash {
    /// The program is killed. The system tells the others: by the seed as an end or as a reset.
    Program,
    /// The power goes. The others hear nothing: by the seed until they send something after it is back,
    /// or never.
    Power,
}

/// How long a system looks for an end that says nothing, as the program asks of it: three times 15
/// seconds (keepalive), or 30 seconds where something is sent.
const GIVEN_UP: Duration = Duration::from_mins(1);

impl Network {
    /// Nothing gets through until it is mended.
    pub(crate) fn cut(&self, links: Links) {
        self.state().set(links, Event::Cut, |link| link.cut = true);
    }

    /// Everything gets through again: what was held back arrives. Delays and rates stay.
    pub(crate) fn mend(&self, links: Links) {
        let mut state = self.state();
        state.set(links, Event::Mend, |link| link.cut = false);
        state.release();
        drop(state);
        self.mended().notify_waiters();
    }

    /// Everything takes that much longer; zero takes it back.
    pub(crate) fn delay(&self, links: Links, milliseconds: u64) {
        let delay = Duration::from_millis(milliseconds);
        self.state().set(links, Event::Delay, |link| link.delay = delay);
    }

    /// No more than so many bytes per second get through; none takes it back.
    pub(crate) fn slow(&self, links: Links, bytes_per_second: Option<u64>) {
        self.state().set(links, Event::Slow, |link| link.rate = bytes_per_second);
    }

    /// All connections over these links are lost at once, for both ends.
    pub(crate) fn reset(&self, links: Links) {
        let mut state = self.state();
        let State { connections, trace, .. } = &mut *state;
        for connection in connections.values_mut() {
            let [from, to] = &connection.ends;
            let over =
                links.has(from.computer, to.computer) || links.has(to.computer, from.computer);
            if over && !connection.reset {
                trace.note(Event::Reset, from.address, to.address, 0);
                connection.reset = true;
                connection.wake();
            }
        }
    }

    /// A computer loses its ports and connections; without power it is off as well.
    pub(crate) fn crash(&self, ip: IpAddr, how: Crash) {
        let mut state = self.state();
        let here = (ip, 0).into();
        state.trace.note(Event::Crash, here, here, 0);
        if let Some(attached) = state.computers.get_mut(&ip) {
            attached.crashes += 1;
            attached.on &= how != Crash::Power;
        }
        // What waits to be accepted goes the same way as what was accepted.
        let ports = state.ports.extract_if(.., |(computer, _), _| *computer == ip);
        let wakers: Vec<_> = ports.filter_map(|(_, port)| port.waker).collect();
        let ours =
            |it: &Connection, side: usize| it.ends[side].computer == ip && it.ends[side].present;
        let lost: Vec<_> = state
            .connections
            .iter()
            .flat_map(|(number, it)| [0, 1].map(|side| (*number, side, ours(it, side))))
            .filter_map(|(number, side, lost)| lost.then_some((number, side)))
            .collect();
        for (number, side) in &lost {
            state.lose(*number, *side, how);
        }
        drop(state);
        if how == Crash::Power {
            let (network, lost) = (self.clone(), lost);
            tokio::spawn(async move {
                sleep(GIVEN_UP).await;
                network.give_up(&lost);
            });
        }
        for waker in wakers {
            waker.wake();
        }
    }

    /// The system has heard nothing of the other end for too long.
    fn give_up(&self, connections: &[(u64, usize)]) {
        let mut state = self.state();
        let State { connections: all, trace, .. } = &mut *state;
        for (number, _) in connections {
            if let Some(connection) = all.get_mut(number).filter(|it| !it.reset) {
                let [from, to] = &connection.ends;
                trace.note(Event::Reset, from.address, to.address, 0);
                connection.reset = true;
                connection.wake();
            }
        }
    }

    /// A computer is on, with nothing on it.
    pub(crate) fn switch_on(&self, ip: IpAddr) {
        let mut state = self.state();
        if let Some(attached) = state.computers.get_mut(&ip) {
            attached.on = true;
        }
        state.release();
        drop(state);
        self.mended().notify_waiters();
    }
}

impl State {
    fn set(&mut self, links: Links, event: Event, set: impl Fn(&mut Link)) {
        let all: Vec<_> = self.computers.keys().copied().collect();
        for (from, to) in all.iter().flat_map(|from| all.iter().map(move |to| (*from, *to))) {
            if links.has(from, to) {
                set(self.wiring.link(from, to));
                self.trace.note(event, (from, 0).into(), (to, 0).into(), 0);
            }
        }
    }

    /// One end of a connection is lost with its computer.
    fn lose(&mut self, number: u64, side: usize, how: Crash) {
        let silent = self.chance.once_in(2);
        match how {
            Crash::Program => self.part(number, side, silent),
            Crash::Power => {
                let Some(connection) = self.connections.get_mut(&number) else { return };
                let way = &mut connection.ways[1 - side];
                way.silent = silent;
                // Repeated by the sender until the computer is on again, which knows nothing of it.
                if !silent && way.has_unread() {
                    self.send(number, side, What::Reset);
                }
                self.leave(number, side);
            }
        }
    }

    /// What was held back is under way where it passes now.
    fn release(&mut self) {
        let numbers: Vec<_> = self.connections.keys().copied().collect();
        for (number, sender) in numbers.into_iter().flat_map(|it| [(it, 0), (it, 1)]) {
            let Some(connection) = self.connections.get(&number) else { continue };
            let [from, to] = [sender, 1 - sender].map(|it| connection.ends[it].computer);
            if self.passable(to, from) {
                self.confirm(number, sender);
            }
            if self.passable(from, to) {
                self.repeat(number, sender, from, to);
            }
        }
    }

    fn repeat(&mut self, number: u64, sender: usize, from: IpAddr, to: IpAddr) {
        let Self { connections, wiring, ports, .. } = self;
        let Some(connection) = connections.get_mut(&number) else { return };
        let way = &mut connection.ways[sender];
        if way.queue.iter().all(|it| it.due.is_some()) {
            return;
        }
        let late = wiring.repeated();
        // Taken out, so that their order can be seen to.
        let mut queue = std::mem::take(&mut way.queue);
        for segment in queue.iter_mut().filter(|it| it.due.is_none()) {
            let due = wiring.carry(from, to, segment.length()) + late;
            segment.due = Some(way.in_order(due));
        }
        way.queue = queue;
        connection.wake();
        // What was held back may be the connection itself.
        for waker in ports.values_mut().filter_map(|port| port.waker.take()) {
            waker.wake();
        }
    }
}
