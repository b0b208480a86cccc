//! Links: what lies between two computers, in one direction.

use std::{collections::BTreeMap, net::IpAddr, time::Duration};

use tokio::time::Instant;

use crate::chance::{Chance, mixed};

/// Some links.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Links {
    /// From one computer to another.
    From(IpAddr, IpAddr),
    /// Between two computers, both ways.
    Between(IpAddr, IpAddr),
    /// To and from all others.
    Of(IpAddr),
    All,
}

impl Links {
    pub(super) fn has(self, from: IpAddr, to: IpAddr) -> bool {
        from != to
            && match self {
                Self::From(a, b) => (a, b) == (from, to),
                Self::Between(a, b) => (a, b) == (from, to) || (b, a) == (from, to),
                Self::Of(a) => a == from || a == to,
                Self::All => true,
            }
    }
}

/// The longest latency that a seed gives a link, and the most that chance adds to it each time.
const LATENCY: u64 = 20;
const JITTER: u64 = 5;

/// What is shorter counts as that long: handshakes of TLS differ by a few bytes each time, whatever the
/// seed is.
const SHORT: usize = 4096;
const SHORT_AS: usize = 512;

pub(super) struct Link {
    latency: Duration,
    /// What a fault adds to the latency.
    pub(super) delay: Duration,
    /// Bytes per second.
    pub(super) rate: Option<u64>,
    pub(super) cut: bool,
    /// When what was sent before has left, where there is a rate.
    free: Option<Instant>,
}

impl Link {
    /// How long something short takes.
    pub(super) fn trip(&self, chance: &mut Chance) -> Duration {
        self.latency + self.delay + Duration::from_millis(chance.below(JITTER + 1))
    }

    /// When what is sent now arrives.
    fn carry(&mut self, bytes: usize, chance: &mut Chance) -> Instant {
        let now = Instant::now();
        let left = match self.rate {
            None => now,
            Some(rate) => {
                let bytes = if bytes < SHORT { SHORT_AS } else { bytes };
                let nanos =
                    u128::try_from(bytes).unwrap() * 1_000_000_000 / u128::from(rate.max(1));
                let start = self.free.map_or(now, |free| free.max(now));
                let left = start + Duration::from_nanos(u64::try_from(nanos).unwrap());
                self.free = Some(left);
                left
            }
        };
        let waited = u64::try_from((left - now).as_micros().div_ceil(1000)).unwrap();
        now + Duration::from_millis(waited) + self.trip(chance)
    }
}

/// All links; each is there as soon as somebody asks for it.
pub(super) struct Wiring {
    seed: u64,
    chance: Chance,
    links: BTreeMap<(IpAddr, IpAddr), Link>,
}

impl Wiring {
    pub(super) fn new(seed: u64, chance: Chance) -> Self {
        Self { seed, chance, links: BTreeMap::new() }
    }

    /// Its latency depends on the seed and on its ends, and not on what else happens.
    pub(super) fn link(&mut self, from: IpAddr, to: IpAddr) -> &mut Link {
        let seed = self.seed;
        self.links.entry((from, to)).or_insert_with(|| {
            let ends = [from, to].map(number);
            let mut chance = Chance::new(ends.into_iter().fold(seed, |all, end| mixed(all ^ end)));
            let latency = Duration::from_millis(1 + chance.below(LATENCY));
            Link { latency, delay: Duration::ZERO, rate: None, cut: false, free: None }
        })
    }

    pub(super) fn trip(&mut self, from: IpAddr, to: IpAddr) -> Duration {
        let mut chance = self.chance.apart();
        self.link(from, to).trip(&mut chance)
    }

    pub(super) fn carry(&mut self, from: IpAddr, to: IpAddr, bytes: usize) -> Instant {
        let mut chance = self.chance.apart();
        if from == to { Instant::now() } else { self.link(from, to).carry(bytes, &mut chance) }
    }

    /// How long it takes until something is repeated that did not come through.
    pub(super) fn repeated(&mut self) -> Duration {
        Duration::from_millis(self.chance.below(1000))
    }
}

fn number(ip: IpAddr) -> u64 {
    match ip {
        IpAddr::V4(ip) => u64::from(ip.to_bits()),
        IpAddr::V6(ip) => ip.segments().into_iter().fold(0, |all, it| mixed(all ^ u64::from(it))),
    }
}
