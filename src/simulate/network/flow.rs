//! A flow: one transfer, from when it first begins until it is complete.

use crate::simulate::at::At;

/// No flow, no resource.
pub(crate) const NOBODY: u32 = u32::MAX;

/// What a flow is opened with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Opening {
    /// All bytes of it.
    pub(crate) size: f64,
    /// How many of them are there already.
    pub(crate) position: f64,
    /// The most bytes a second, whatever it goes through.
    pub(crate) most: f64,
    /// The flow whose content it takes while that one still comes; [`NOBODY`] if it is all there.
    pub(crate) leader: u32,
    /// By how many bytes it stays behind that one.
    pub(crate) lag: f64,
}

impl Opening {
    /// So many bytes, of which none is there yet and all can be taken, as fast as they come.
    pub(crate) fn of(size: f64) -> Self {
        Self { size, position: 0.0, most: f64::INFINITY, leader: NOBODY, lag: 0.0 }
    }
}

/// What keeps a flow from being faster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Limit {
    /// This resource.
    Resource(u32),
    /// What it takes comes no faster.
    Leader,
    /// Its sender sends no faster.
    Sender,
}

/// How a flow stands to the one whose content it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// There is more than it has taken, or all of it.
    Behind,
    /// It takes what comes as it comes.
    Caught,
    /// What it needs next is not there yet.
    Ahead,
}

/// One transfer.
#[derive(Debug, Clone)]
pub(crate) struct Flow {
    /// What it goes through; empty while it is paused.
    pub(super) path: Vec<u32>,
    pub(super) open: bool,
    pub(super) size: f64,
    pub(super) position: f64,
    pub(super) rate: f64,
    pub(super) before: f64,
    pub(super) since: At,
    pub(super) most: f64,
    pub(super) leader: u32,
    pub(super) lag: f64,
    pub(super) followers: Vec<u32>,
    pub(super) standing: Standing,
    /// No rate of it is higher, by all that it goes through and by its leader.
    pub(super) bound: f64,
    /// The least of all that it goes through, and of what its sender sends; as long as it is open.
    pub(super) narrowest: (f64, Limit),
    /// How many of the resources that it goes through bind.
    pub(super) binding: u32,
    /// How many of its bytes are counted at what it goes through.
    pub(super) counted: f64,
    /// When something happens to it next, and which of its events is the valid one.
    pub(super) next: At,
    pub(super) stamp: u64,
    /// What keeps it from being faster, and since when.
    pub(super) limit: Limit,
    pub(super) limited: At,
    /// For how many nanoseconds each of these did before.
    pub(super) limits: Vec<(Limit, u64)>,
    pub(super) seen: u32,
    pub(super) frozen: bool,
    /// Whether it goes through something that is filled now.
    pub(super) shares: bool,
}

impl Flow {
    /// A flow in the place of one that is over, whose lists it uses: thousands end and begin at a time.
    pub(super) fn in_place_of(mut over: Self, opening: Opening, now: At) -> Self {
        over.path.clear();
        over.followers.clear();
        over.limits.clear();
        let Self { path, followers, limits, seen, .. } = over;
        Self { path, followers, limits, seen, ..Self::new(opening, now) }
    }

    pub(super) fn new(opening: Opening, now: At) -> Self {
        let position = opening.position.min(opening.size);
        Self {
            path: Vec::new(),
            open: false,
            size: opening.size,
            position,
            rate: 0.0,
            before: 0.0,
            since: now,
            most: opening.most,
            leader: opening.leader,
            lag: opening.lag,
            followers: Vec::new(),
            standing: Standing::Behind,
            bound: 0.0,
            narrowest: (opening.most, Limit::Sender),
            binding: 0,
            counted: position,
            next: At::NEVER,
            stamp: 0,
            limit: Limit::Sender,
            limited: now,
            limits: Vec::new(),
            seen: 0,
            frozen: false,
            shares: false,
        }
    }

    /// How many bytes are there at a moment.
    pub(crate) fn position_at(&self, now: At) -> f64 {
        (self.position + self.rate * now.seconds_since(self.since)).min(self.size)
    }

    /// How many bytes are missing at a moment.
    pub(crate) fn missing(&self, now: At) -> f64 {
        self.size - self.position_at(now)
    }

    /// How fast it is now, in bytes a second.
    pub(crate) fn rate(&self) -> f64 {
        self.rate
    }

    /// Whether it goes through anything now.
    pub(crate) fn is_open(&self) -> bool {
        self.open
    }

    /// Those that take its content while it comes.
    pub(crate) fn followers(&self) -> &[u32] {
        &self.followers
    }

    /// Something else keeps it from being faster from now on.
    pub(super) fn limit_by(&mut self, limit: Limit, now: At) {
        if limit != self.limit {
            self.write_down_limit(now);
            self.limit = limit;
        }
    }

    /// Writes down what has kept it from being faster until now.
    pub(super) fn write_down_limit(&mut self, now: At) {
        let long = now.since(std::mem::replace(&mut self.limited, now));
        if long == 0 || !self.open {
            return;
        }
        match self.limits.iter_mut().find(|(limit, _)| *limit == self.limit) {
            Some((_, before)) => *before += long,
            None => self.limits.push((self.limit, long)),
        }
    }

    /// What kept it from being faster for the longest time.
    pub(crate) fn longest_limit(&self) -> Limit {
        let not_written = if self.open { self.since.since(self.limited) } else { 0 };
        let written = self.limits.iter().find(|(limit, _)| *limit == self.limit);
        let now = (self.limit, not_written + written.map_or(0, |(_, long)| *long));
        let all = self.limits.iter().copied().chain((not_written > 0).then_some(now));
        let longest = all.max_by_key(|(limit, long)| (*long, *limit));
        longest.map_or(self.limit, |(limit, _)| limit)
    }
}
