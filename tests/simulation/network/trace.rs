//! What happened in the network, and when: a number that is the same for the same, and the last events
//! in words.

use std::{
    collections::VecDeque,
    fmt::Write,
    net::{IpAddr, SocketAddr},
};

use tokio::time::Instant;

use crate::chance::mixed;

/// How many events are kept to be read after a seed has failed.
const KEPT: usize = 400;

#[derive(Debug, Clone, Copy)]
pub(super) enum Event {
    Connect,
    Refuse,
    Open,
    Accept,
    Segment,
    End,
    Reset,
    Crash,
    Cut,
    Mend,
    Delay,
    Slow,
}

pub(super) struct Trace {
    began: Instant,
    digest: u64,
    kept: VecDeque<(u64, Event, SocketAddr, SocketAddr, usize)>,
}

impl Trace {
    pub(super) fn new() -> Self {
        Self { began: Instant::now(), digest: 0, kept: VecDeque::new() }
    }

    /// Notes an event. The digest does not know how many bytes there were: with TLS this is not a
    /// matter of the seed, since signatures differ in length.
    pub(super) fn note(&mut self, event: Event, from: SocketAddr, to: SocketAddr, bytes: usize) {
        let at = u64::try_from(self.began.elapsed().as_millis()).unwrap();
        let ends = [from, to].map(|end| {
            let ip = match end.ip() {
                IpAddr::V4(ip) => u128::from(ip.to_bits()),
                IpAddr::V6(ip) => ip.to_bits(),
            };
            let halves = [ip >> 64, ip & u128::from(u64::MAX)].map(|half| half.try_into().unwrap());
            halves.into_iter().fold(u64::from(end.port()), |all, half: u64| mixed(all ^ half))
        });
        for part in [event as u64, at, ends[0], ends[1]] {
            self.digest = mixed(self.digest.wrapping_mul(31) ^ part);
        }
        if self.kept.len() == KEPT {
            self.kept.pop_front();
        }
        self.kept.push_back((at, event, from, to, bytes));
    }

    pub(super) const fn digest(&self) -> u64 {
        self.digest
    }

    pub(super) fn words(&self) -> String {
        self.kept.iter().fold(String::new(), |mut words, (at, event, from, to, bytes)| {
            let event = format!("{event:?}").to_lowercase();
            writeln!(words, "{at:>9} ms  {event:<8} {from} -> {to}  {bytes} bytes").unwrap();
            words
        })
    }
}
