//! Fair shares: the rates of all flows rise together, and each stays where something is full that it
//! goes through (max-min fairness). A flow that takes what comes stays with the one that brings it.

use std::{cmp::Ordering, collections::BinaryHeap};

use super::{
    flow::{Limit, Standing},
    sharing::Network,
};
use crate::simulate::at::At;

/// A level of rates at which a resource is full; the lowest comes first out of a heap.
#[derive(Debug, Clone, Copy)]
struct Full {
    level: f64,
    resource: u32,
}

impl PartialEq for Full {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Full {}

impl PartialOrd for Full {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Full {
    fn cmp(&self, other: &Self) -> Ordering {
        other.level.total_cmp(&self.level).then(other.resource.cmp(&self.resource))
    }
}

/// What filling needs while it goes on, kept for its memory.
#[derive(Debug, Default)]
pub(super) struct Filling {
    /// Levels at which single flows stay, whatever the others do.
    own: Vec<(f64, u32, Limit)>,
    full: BinaryHeap<Full>,
    stack: Vec<(u32, Limit)>,
}

impl Network {
    /// Gives the flows of the component their rates.
    pub(super) fn fill(&mut self, now: At) {
        self.begin();
        let mut own = std::mem::take(&mut self.filling.own);
        own.sort_unstable_by(|one, other| one.0.total_cmp(&other.0).then(one.1.cmp(&other.1)));
        let mut own = own.into_iter().peekable();
        loop {
            while own.next_if(|(_, flow, _)| self.flows[*flow as usize].frozen).is_some() {}
            let full = self.next_full();
            let next = own.peek().copied();
            if let Some((level, flow, limit)) = next
                && full.is_none_or(|full| level <= full.level)
            {
                own.next();
                self.freeze(flow, level, limit, now);
            } else if let Some(Full { level, resource }) = full {
                for place in 0..self.resources[resource as usize].flows.len() {
                    let flow = self.resources[resource as usize].flows[place];
                    self.freeze(flow, level, Limit::Resource(resource), now);
                }
            } else {
                return;
            }
        }
    }

    fn begin(&mut self) {
        self.filling.own.clear();
        self.filling.full.clear();
        for place in 0..self.component.len() {
            let number = self.component[place];
            let flow = &self.flows[number as usize];
            let (narrowest, limit) = flow.narrowest;
            let rises = flow.open && flow.standing != Standing::Ahead;
            let leader = self.flows.get(flow.leader as usize);
            let leader = leader.filter(|_| flow.standing == Standing::Caught);
            let leader = leader.map(|leader| {
                let rises = leader.open && leader.standing != Standing::Ahead;
                (leader.seen == self.epoch && rises, if rises { leader.rate } else { 0.0 })
            });
            let flow = &mut self.flows[number as usize];
            (flow.before, flow.frozen, flow.shares) = (flow.rate, !rises, false);
            if !rises {
                flow.rate = 0.0;
                continue;
            }
            self.filling.own.push(match leader {
                // A leader that is looked at too takes it along.
                Some((false, rate)) if rate < narrowest => (rate, number, Limit::Leader),
                _ => (narrowest, number, limit),
            });
        }
        for resource in &self.binding {
            let it = &mut self.resources[*resource as usize];
            it.rising = 0;
            for flow in &it.flows {
                let flow = &mut self.flows[*flow as usize];
                flow.shares = true;
                it.rising += u32::from(!flow.frozen);
            }
            if let Some(level) = self.level(*resource) {
                self.filling.full.push(Full { level, resource: *resource });
            }
        }
    }

    /// The level at which a resource is full, if any of its flows still rises.
    fn level(&self, resource: u32) -> Option<f64> {
        let it = &self.resources[resource as usize];
        (it.rising > 0).then(|| ((it.capacity - it.frozen) / f64::from(it.rising)).max(0.0))
    }

    /// The resource that is full next. Levels only rise, so that one that is not up to date is looked
    /// at too early, never too late.
    fn next_full(&mut self) -> Option<Full> {
        loop {
            let Full { level, resource } = *self.filling.full.peek()?;
            match self.level(resource) {
                None => drop(self.filling.full.pop()),
                Some(now) if now > level => {
                    self.filling.full.pop();
                    self.filling.full.push(Full { level: now, resource });
                }
                Some(_) => return Some(Full { level, resource }),
            }
        }
    }

    /// A flow stays at a level, and with it all that take what it brings.
    fn freeze(&mut self, first: u32, level: f64, limit: Limit, now: At) {
        let mut stack = std::mem::take(&mut self.filling.stack);
        stack.push((first, limit));
        while let Some((number, limit)) = stack.pop() {
            let flow = &mut self.flows[number as usize];
            if flow.frozen {
                continue;
            }
            flow.limit_by(limit, now);
            (flow.frozen, flow.rate) = (true, level);
            let path: &[u32] = if flow.shares { &flow.path } else { &[] };
            for resource in path {
                let resource = &mut self.resources[*resource as usize];
                if resource.seen == self.epoch {
                    resource.rising -= 1;
                    resource.frozen += level;
                }
            }
            let followers = &self.flows[number as usize].followers;
            stack.extend(followers.iter().filter_map(|follower| {
                let caught = self.flows[*follower as usize].standing == Standing::Caught;
                caught.then_some((*follower, Limit::Leader))
            }));
        }
        self.filling.stack = stack;
    }
}
