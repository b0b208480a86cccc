//! The network: resources, and the flows that share them.

use super::{
    History,
    filling::Filling,
    flow::{Flow, Limit, NOBODY, Opening},
};
use crate::simulate::{at::At, numbers::short};

/// So near to the end, or to what a flow follows, it is there: less than any rate moves in the step
/// to which moments are rounded.
pub(super) const NEAR: f64 = 8_192.0;
/// By so much a resource may be asked for more than it has and still counts as having enough: sums of
/// many numbers are off by a little.
const SLACK: f64 = 1.0 + 1e-7;

/// Something that flows go through: a direction of a line, of a network card or of a disk.
#[derive(Debug, Clone)]
pub(crate) struct Resource {
    /// Bytes a second.
    pub(super) capacity: f64,
    /// What its flows would take at most, if nothing else held them up. As long as that is no more
    /// than there is, none of them needs to know of the others.
    pub(super) demand: f64,
    pub(super) flows: Vec<u32>,
    pub(super) rate: f64,
    pub(super) peak: f64,
    most_flows: usize,
    bytes: f64,
    /// Whether its flows would take more than there is.
    pub(super) binds: bool,
    pub(super) seen: u32,
    pub(super) frozen: f64,
    pub(super) rising: u32,
}

impl Resource {
    /// All bytes that went through it.
    pub(crate) fn bytes(&self) -> f64 {
        self.bytes
    }

    /// The most bytes a second that went through it.
    pub(crate) fn peak(&self) -> f64 {
        self.peak
    }

    /// The most flows that went through it at a time.
    pub(crate) fn most_flows(&self) -> usize {
        self.most_flows
    }

    /// Bytes a second that can go through it.
    pub(crate) fn capacity(&self) -> f64 {
        self.capacity
    }

    /// What goes through it now.
    pub(crate) fn flows(&self) -> &[u32] {
        &self.flows
    }
}

/// When to ask a flow again what has come of it; valid as long as it has the stamp.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Due {
    pub(crate) at: At,
    pub(crate) flow: u32,
    pub(crate) stamp: u64,
}

/// Resources, and the flows that share them.
#[derive(Debug, Default)]
pub(crate) struct Network {
    pub(super) resources: Vec<Resource>,
    pub(super) flows: Vec<Flow>,
    free: Vec<u32>,
    /// When how much went through the resources of which that shall be known, and for each resource
    /// its place there, or [`NOBODY`].
    histories: Vec<History>,
    history_of: Vec<u32>,
    /// Flows whose rate may be another one.
    pub(super) changed: Vec<u32>,
    pub(super) epoch: u32,
    /// Flows that are looked at in this epoch, and resources that bind some of them.
    pub(super) component: Vec<u32>,
    pub(super) binding: Vec<u32>,
    pub(super) filling: Filling,
    pub(super) stamps: u64,
}

impl Network {
    /// A resource of so many bytes a second; `told` if it shall be known when how much went through.
    pub(crate) fn add(&mut self, capacity: f64, told: bool) -> u32 {
        self.resources.push(Resource {
            capacity,
            demand: 0.0,
            flows: Vec::new(),
            rate: 0.0,
            peak: 0.0,
            most_flows: 0,
            bytes: 0.0,
            binds: false,
            seen: 0,
            frozen: 0.0,
            rising: 0,
        });
        self.history_of.push(if told { short(self.histories.len()) } else { NOBODY });
        self.histories.extend(told.then(History::default));
        short(self.resources.len() - 1)
    }

    pub(crate) fn resource(&self, number: u32) -> &Resource {
        &self.resources[number as usize]
    }

    /// When how much went through a resource, where that was asked for.
    pub(crate) fn history(&self, number: u32) -> Option<&History> {
        self.histories.get(self.history_of[number as usize] as usize)
    }

    pub(crate) fn flow(&self, number: u32) -> &Flow {
        &self.flows[number as usize]
    }

    /// A resource has another capacity from now on.
    pub(crate) fn set_capacity(&mut self, number: u32, capacity: f64) {
        let resource = &mut self.resources[number as usize];
        resource.capacity = capacity;
        self.changed.extend(&resource.flows);
        self.weigh(number);
        for place in 0..self.resources[number as usize].flows.len() {
            self.measure(self.resources[number as usize].flows[place]);
        }
    }

    /// The sender of a flow sends no faster from now on.
    pub(crate) fn set_most(&mut self, flow: u32, most: f64) {
        self.flows[flow as usize].most = most;
        self.measure(flow);
        self.changed.push(flow);
    }

    /// A new flow, which goes through nothing yet.
    pub(crate) fn open(&mut self, opening: Opening, now: At) -> u32 {
        let new = Flow::new(opening, now);
        let number = if let Some(number) = self.free.pop() {
            let over = std::mem::replace(&mut self.flows[number as usize], new);
            self.flows[number as usize] = Flow::in_place_of(over, opening, now);
            number
        } else {
            self.flows.push(new);
            short(self.flows.len() - 1)
        };
        self.stamps += 1;
        self.flows[number as usize].stamp = self.stamps;
        if let Some(leader) = self.flows.get_mut(opening.leader as usize) {
            leader.followers.push(number);
        }
        number
    }

    /// A flow goes on through these resources, and takes what another flow takes (or [`NOBODY`]).
    pub(crate) fn resume(&mut self, number: u32, path: &[u32], leader: u32, now: At) {
        self.pause(number, now);
        self.leave(number);
        if let Some(leader) = self.flows.get_mut(leader as usize) {
            leader.followers.push(number);
        }
        let flow = &mut self.flows[number as usize];
        flow.leader = leader;
        flow.open = true;
        (flow.since, flow.limited) = (now, now);
        (flow.bound, flow.binding) = (0.0, 0);
        flow.path.extend(path);
        for resource in path {
            let resource = &mut self.resources[*resource as usize];
            resource.flows.push(number);
            resource.most_flows = resource.most_flows.max(resource.flows.len());
            flow.binding += u32::from(resource.binds);
        }
        self.measure(number);
        self.changed.push(number);
    }

    /// A flow stands still until it is resumed.
    pub(crate) fn pause(&mut self, number: u32, now: At) {
        if !self.flows[number as usize].open {
            return;
        }
        self.advance(number, now);
        self.count(number);
        let flow = &mut self.flows[number as usize];
        flow.write_down_limit(now);
        let (path, rate, bound) = (std::mem::take(&mut flow.path), flow.rate, flow.bound);
        (flow.open, flow.rate, flow.bound, flow.next) = (false, 0.0, 0.0, At::NEVER);
        self.stamps += 1;
        flow.stamp = self.stamps;
        self.changed.extend(&flow.followers);
        for place in &path {
            let resource = &mut self.resources[*place as usize];
            if resource.binds {
                self.changed.extend(resource.flows.iter().filter(|it| **it != number));
            }
            if let Some(place) = resource.flows.iter().rposition(|it| *it == number) {
                resource.flows.swap_remove(place);
            }
            resource.rate -= rate;
            resource.demand -= bound;
            if resource.flows.is_empty() {
                (resource.rate, resource.demand) = (0.0, 0.0);
            }
            self.weigh(*place);
        }
        // The list is kept: the next path needs room again.
        let mut path = path;
        path.clear();
        self.flows[number as usize].path = path;
    }

    /// A flow is complete: all of it can be taken now. Its number may be another flow's next.
    pub(crate) fn complete(&mut self, number: u32, now: At) {
        self.advance(number, now);
        let flow = &mut self.flows[number as usize];
        // What rounding has left out, or counted twice.
        flow.position = flow.size;
        self.pause(number, now);
        self.leave(number);
        for place in 0..self.flows[number as usize].followers.len() {
            let follower = self.flows[number as usize].followers[place];
            self.flows[follower as usize].leader = NOBODY;
            self.changed.push(follower);
        }
        self.flows[number as usize].followers.clear();
        self.free.push(number);
    }

    /// A flow ends before it is complete. Its number may be another flow's next.
    pub(crate) fn abandon(&mut self, number: u32, now: At) {
        self.pause(number, now);
        self.leave(number);
        self.free.push(number);
    }

    /// Whether a flow has all of its bytes.
    pub(crate) fn is_complete(&self, number: u32, now: At) -> bool {
        let flow = self.flow(number);
        flow.leader == NOBODY && flow.size - flow.position_at(now) <= NEAR
    }

    /// A flow is asked at its time what has come of it.
    pub(crate) fn is_due(&self, flow: u32, stamp: u64) -> bool {
        self.flow(flow).stamp == stamp
    }

    /// It was asked: what comes next is found out anew.
    pub(crate) fn touch(&mut self, number: u32) {
        self.flows[number as usize].next = At::NEVER;
        self.changed.push(number);
    }

    /// Finds out the least of all that a flow goes through.
    fn measure(&mut self, number: u32) {
        let flow = &mut self.flows[number as usize];
        let mut narrowest = (flow.most, Limit::Sender);
        for resource in &flow.path {
            let capacity = self.resources[*resource as usize].capacity;
            if capacity < narrowest.0 {
                narrowest = (capacity, Limit::Resource(*resource));
            }
        }
        flow.narrowest = narrowest;
    }

    /// Finds out whether a resource binds, after its demand or its capacity has become another one.
    pub(super) fn weigh(&mut self, number: u32) {
        let resource = &mut self.resources[number as usize];
        let binds = resource.demand > resource.capacity * SLACK;
        if binds == resource.binds {
            return;
        }
        resource.binds = binds;
        for flow in &resource.flows {
            let binding = &mut self.flows[*flow as usize].binding;
            *binding = if binds { *binding + 1 } else { binding.saturating_sub(1) };
        }
    }

    /// Counts at what a flow goes through what has come by now: once for all the while that it goes
    /// through it.
    fn count(&mut self, number: u32) {
        let flow = &mut self.flows[number as usize];
        let bytes = flow.position - std::mem::replace(&mut flow.counted, flow.position);
        for resource in &flow.path {
            self.resources[*resource as usize].bytes += bytes;
        }
    }

    /// Counts what has come with flows that are still under way.
    pub(crate) fn count_all(&mut self) {
        for number in 0..short(self.flows.len()) {
            self.count(number);
        }
    }

    /// Writes down what has flowed until now.
    pub(super) fn advance(&mut self, number: u32, now: At) {
        let flow = &mut self.flows[number as usize];
        let since = std::mem::replace(&mut flow.since, now);
        let took = now.since(since);
        if took == 0 || !flow.open {
            return;
        }
        let moved = flow.rate * now.seconds_since(since);
        let moved = moved.min(flow.size - flow.position);
        flow.position += moved;
        if moved <= 0.0 {
            return;
        }
        for resource in &flow.path {
            let history = self.history_of[*resource as usize];
            if let Some(history) = self.histories.get_mut(history as usize) {
                history.add(since, now, moved);
            }
        }
    }

    /// A flow follows nobody any more.
    fn leave(&mut self, number: u32) {
        let leader = self.flows[number as usize].leader;
        if let Some(leader) = self.flows.get_mut(leader as usize) {
            leader.followers.retain(|it| *it != number);
        }
        self.flows[number as usize].leader = NOBODY;
    }
}
