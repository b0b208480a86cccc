//! Connections: what is under way on them, in both directions.

use std::{
    collections::VecDeque,
    io,
    net::{IpAddr, SocketAddr},
    task::Waker,
};

use bytes::{Buf, Bytes};
use tokio::{io::ReadBuf, time::Instant};

use super::{switch::State, trace::Event};

/// The most bytes of one way of a connection that were sent and not read yet.
pub(super) const WINDOW: usize = 256 << 10;

/// The most bytes of one segment.
const SEGMENT: usize = 64 << 10;

pub(super) struct Connection {
    /// Who connected, and who listened.
    pub(super) ends: [End; 2],
    /// From the end of that number to the other.
    pub(super) ways: [Way; 2],
    /// Both ends have lost it.
    pub(super) reset: bool,
}

pub(super) struct End {
    pub(super) address: SocketAddr,
    pub(super) computer: IpAddr,
    /// Whether somebody has it.
    pub(super) present: bool,
}

/// One direction.
#[derive(Default)]
pub(super) struct Way {
    pub(super) queue: VecDeque<Segment>,
    /// When the last segment arrives: none overtakes another.
    last: Option<Instant>,
    /// How many bytes the sender has no receipt for.
    unconfirmed: usize,
    /// Of those: how many have receipts that are held back.
    pub(super) receipts: usize,
    /// Nothing more is sent.
    ended: bool,
    /// Nobody reads any more: what is sent is answered by a reset.
    deaf: bool,
    /// What is sent is never answered.
    pub(super) silent: bool,
    pub(super) reader: Option<Waker>,
    pub(super) writer: Option<Waker>,
}

pub(super) struct Segment {
    /// When it arrives; none for one that is held back.
    pub(super) due: Option<Instant>,
    pub(super) what: What,
}

pub(super) enum What {
    /// The connection itself, for the one who listens.
    Open,
    Bytes(Bytes),
    End,
    Reset,
}

impl Segment {
    pub(super) fn arrived(&self) -> bool {
        self.due.is_some_and(|due| due <= Instant::now())
    }

    pub(super) fn length(&self) -> usize {
        if let What::Bytes(bytes) = &self.what { bytes.len() } else { 0 }
    }
}

impl Way {
    pub(super) fn wake(&mut self) {
        for waker in [self.reader.take(), self.writer.take()].into_iter().flatten() {
            waker.wake();
        }
    }

    /// That many bytes were read, and the sender knows it.
    pub(super) fn confirm(&mut self, bytes: usize) {
        self.unconfirmed -= bytes;
        if let Some(waker) = self.writer.take() {
            waker.wake();
        }
    }

    /// Whether somebody waits for what is on this way to be read.
    pub(super) fn has_unread(&self) -> bool {
        self.queue.iter().any(|it| matches!(it.what, What::Bytes(_) | What::Open))
    }

    /// The reset on this way, which is always the last on it.
    fn resetting(&self) -> Option<&Segment> {
        self.queue.back().filter(|it| matches!(it.what, What::Reset))
    }
}

impl Connection {
    pub(super) fn wake(&mut self) {
        self.ways.iter_mut().for_each(Way::wake);
    }

    fn computers(&self, sender: usize) -> (IpAddr, IpAddr) {
        (self.ends[sender].computer, self.ends[1 - sender].computer)
    }
}

/// What came of an attempt to read or to write.
pub(super) enum Attempt<T> {
    Done(io::Result<T>),
    /// Nothing yet: the waker is called, and at this time something changes at the latest.
    Wait(Option<Instant>),
}

impl<T> Attempt<T> {
    fn failed(kind: io::ErrorKind) -> Self {
        Self::Done(Err(kind.into()))
    }
}

impl State {
    /// The connection of that number, for the one who has that end of it.
    fn held(&mut self, number: u64, side: usize) -> Option<&mut Connection> {
        self.connections.get_mut(&number).filter(|it| it.ends[side].present && !it.reset)
    }

    pub(super) fn read(
        &mut self,
        (number, side): (u64, usize),
        buffer: &mut ReadBuf<'_>,
        waker: &Waker,
    ) -> Attempt<()> {
        let Some(connection) = self.held(number, side) else {
            return Attempt::failed(io::ErrorKind::ConnectionReset);
        };
        let (here, there) = connection.computers(side);
        let way = &mut connection.ways[1 - side];
        let Some(segment) = way.queue.front_mut().filter(|it| it.arrived()) else {
            way.reader = Some(waker.clone());
            return Attempt::Wait(way.queue.front().and_then(|it| it.due));
        };
        let length = match &mut segment.what {
            What::Bytes(bytes) => {
                let length = bytes.len().min(buffer.remaining());
                buffer.put_slice(&bytes[..length]);
                bytes.advance(length);
                if bytes.is_empty() {
                    way.queue.pop_front();
                }
                length
            }
            What::Open | What::End => return Attempt::Done(Ok(())),
            What::Reset => return Attempt::failed(io::ErrorKind::ConnectionReset),
        };
        way.receipts += length;
        if self.passable(here, there) {
            self.confirm(number, 1 - side);
        }
        Attempt::Done(Ok(()))
    }

    /// The receipts for what was read on this way arrive.
    pub(super) fn confirm(&mut self, number: u64, sender: usize) {
        if let Some(connection) = self.connections.get_mut(&number) {
            let way = &mut connection.ways[sender];
            let bytes = std::mem::take(&mut way.receipts);
            way.confirm(bytes);
        }
    }

    pub(super) fn write(
        &mut self,
        (number, side): (u64, usize),
        bytes: &[u8],
        waker: &Waker,
    ) -> Attempt<usize> {
        let Some(connection) = self.held(number, side) else {
            return Attempt::failed(io::ErrorKind::ConnectionReset);
        };
        let resetting = connection.ways[1 - side].resetting();
        if resetting.is_some_and(Segment::arrived) {
            return Attempt::failed(io::ErrorKind::ConnectionReset);
        }
        let until = resetting.and_then(|it| it.due);
        let way = &mut connection.ways[side];
        if way.ended {
            return Attempt::failed(io::ErrorKind::BrokenPipe);
        }
        let length = bytes.len().min(SEGMENT).min(WINDOW - way.unconfirmed);
        if length == 0 && !bytes.is_empty() {
            way.writer = Some(waker.clone());
            return Attempt::Wait(until);
        }
        if length > 0 {
            way.unconfirmed += length;
            let (silent, deaf) = (way.silent, way.deaf);
            if silent || deaf {
                self.note(Event::Segment, number, side, length);
            } else {
                self.send(number, side, What::Bytes(Bytes::copy_from_slice(&bytes[..length])));
            }
            if deaf && !silent {
                self.send(number, 1 - side, What::Reset);
            }
        }
        Attempt::Done(Ok(length))
    }

    /// Nothing more is sent by that end.
    pub(super) fn end(&mut self, number: u64, side: usize) -> io::Result<()> {
        let connection = self.held(number, side).ok_or(io::ErrorKind::ConnectionReset)?;
        let way = &connection.ways[side];
        if !way.ended && !way.silent {
            self.send(number, side, What::End);
        }
        Ok(())
    }

    /// Nobody has that end any more. Who has not read all resets the connection, as with TCP.
    pub(super) fn close(&mut self, number: u64, side: usize) {
        self.part(number, side, false);
    }

    /// The same; with `abrupt` the connection is reset in any case.
    pub(super) fn part(&mut self, number: u64, side: usize, abrupt: bool) {
        let Some(connection) = self.connections.get(&number) else { return };
        if connection.ways[1 - side].has_unread() || abrupt {
            self.send(number, side, What::Reset);
        } else {
            self.end(number, side).unwrap_or_default();
        }
        self.leave(number, side);
    }

    /// Nobody has that end any more, and the other one does not hear of it before it sends something.
    pub(super) fn leave(&mut self, number: u64, side: usize) {
        let Some(connection) = self.connections.get_mut(&number) else { return };
        connection.ends[side].present = false;
        connection.ways[1 - side].deaf = true;
        connection.ways[1 - side].queue.clear();
        connection.wake();
        if connection.ends.iter().all(|it| !it.present) {
            self.connections.remove(&number);
        }
    }

    /// Sends something from that end, behind all that was sent.
    pub(super) fn send(&mut self, number: u64, sender: usize, what: What) {
        let Some(connection) = self.connections.get(&number) else { return };
        if connection.ways[sender].resetting().is_some() {
            return;
        }
        let (from, to) = connection.computers(sender);
        let (event, length) = match &what {
            What::Open => (Event::Open, 0),
            What::Bytes(bytes) => (Event::Segment, bytes.len()),
            What::End => (Event::End, 0),
            What::Reset => (Event::Reset, 0),
        };
        self.note(event, number, sender, length);
        let passable = self.passable(from, to);
        let due = passable.then(|| self.wiring.carry(from, to, length));
        let Some(connection) = self.connections.get_mut(&number) else { return };
        let way = &mut connection.ways[sender];
        way.ended |= matches!(what, What::End | What::Reset);
        let due = due.map(|due| way.in_order(due));
        let reset = matches!(what, What::Reset);
        way.queue.push_back(Segment { due, what });
        let reader = way.reader.take();
        // A reset is heard by the one who writes as well.
        let writer = connection.ways[1 - sender].writer.take_if(|_| reset);
        [reader, writer].into_iter().flatten().for_each(Waker::wake);
    }

    fn note(&mut self, event: Event, number: u64, sender: usize, length: usize) {
        if let Some(connection) = self.connections.get(&number) {
            let [from, to] = [sender, 1 - sender].map(|it| connection.ends[it].address);
            self.trace.note(event, from, to, length);
        }
    }
}

impl Way {
    /// When something arrives behind all that was sent before.
    pub(super) fn in_order(&mut self, due: Instant) -> Instant {
        let due = self.last.map_or(due, |last| last.max(due));
        self.last = Some(due);
        due
    }
}
