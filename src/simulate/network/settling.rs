//! Everybody gets the rate that is his by now: only flows are looked at that have to do with what has
//! changed.

use super::{
    flow::Standing,
    sharing::{Due, NEAR, Network},
};
use crate::simulate::at::At;

impl Network {
    /// Gives everybody the rate that is his by now, and says when something happens next.
    pub(crate) fn settle(&mut self, now: At, dues: &mut Vec<Due>) {
        if self.changed.is_empty() {
            return;
        }
        self.epoch += 1;
        self.component.clear();
        self.binding.clear();
        while let Some(flow) = self.changed.pop() {
            self.look(flow, now);
        }
        self.fill(now);
        self.arrange(now, dues);
    }

    /// Takes a flow among those that are looked at, and what it has to do with.
    fn look(&mut self, number: u32, now: At) {
        let first = self.flows[number as usize].seen != self.epoch;
        if first {
            self.advance(number, now);
            self.component.push(number);
            let standing = self.standing(number, now);
            let flow = &mut self.flows[number as usize];
            flow.seen = self.epoch;
            let before = std::mem::replace(&mut flow.standing, standing);
            // Whoever follows goes as fast as this one will, which stands still as long as it is ahead.
            if (before, standing) != (Standing::Ahead, Standing::Ahead) {
                self.changed.extend(&flow.followers);
            }
        }
        let bound = self.bound(number);
        let before = std::mem::replace(&mut self.flows[number as usize].bound, bound);
        let same = (bound - before).abs() < f64::EPSILON;
        if same && !(first && self.flows[number as usize].binding > 0) {
            return;
        }
        for place in 0..self.flows[number as usize].path.len() {
            let resource = self.flows[number as usize].path[place];
            let it = &mut self.resources[resource as usize];
            let bound_before = it.binds;
            it.demand += bound - before;
            self.weigh(resource);
            let it = &mut self.resources[resource as usize];
            if (bound_before || it.binds) && it.seen != self.epoch {
                it.seen = self.epoch;
                (it.frozen, it.rising) = (0.0, 0);
                self.binding.push(resource);
                self.changed.extend(&it.flows);
            }
        }
        if !first {
            self.changed.extend(&self.flows[number as usize].followers);
        }
    }

    fn standing(&self, number: u32, now: At) -> Standing {
        let flow = self.flow(number);
        let Some(leader) = self.flows.get(flow.leader as usize) else { return Standing::Behind };
        let gap = leader.position_at(now) - flow.lag.min(flow.size) - flow.position;
        if gap > NEAR {
            Standing::Behind
        } else if gap < -NEAR {
            Standing::Ahead
        } else {
            Standing::Caught
        }
    }

    /// No rate of a flow is higher.
    fn bound(&self, number: u32) -> f64 {
        let flow = self.flow(number);
        if !flow.open || flow.standing == Standing::Ahead {
            return 0.0;
        }
        let leader = self.flows.get(flow.leader as usize);
        match leader.filter(|_| flow.standing == Standing::Caught) {
            Some(leader) => flow.narrowest.0.min(leader.bound),
            None => flow.narrowest.0,
        }
    }

    /// Says when something happens next to each flow that was looked at.
    fn arrange(&mut self, now: At, dues: &mut Vec<Due>) {
        for place in 0..self.component.len() {
            let number = self.component[place];
            let flow = &self.flows[number as usize];
            let (rate, change) = (flow.rate, flow.rate - flow.before);
            if change.abs() > 0.0 {
                for resource in &flow.path {
                    self.resources[*resource as usize].rate += change;
                }
            }
            let leader = self.flows.get(flow.leader as usize);
            let next = match (leader, flow.standing) {
                _ if !flow.open => None,
                (None, _) => (rate > 0.0).then(|| (flow.size - flow.position) / rate),
                (Some(_), Standing::Caught) => None,
                (Some(leader), Standing::Ahead) => {
                    let gap = flow.position + flow.lag.min(flow.size) - leader.position_at(now);
                    (leader.rate > 0.0).then(|| gap / leader.rate)
                }
                (Some(leader), Standing::Behind) => {
                    let gap = leader.position_at(now) - flow.lag.min(flow.size) - flow.position;
                    (rate > leader.rate).then(|| gap / (rate - leader.rate))
                }
            };
            let next = next.map_or(At::NEVER, |seconds| now.plus_seconds(seconds));
            let flow = &mut self.flows[number as usize];
            if flow.next != next {
                self.stamps += 1;
                (flow.next, flow.stamp) = (next, self.stamps);
                if next != At::NEVER {
                    dues.push(Due { at: next, flow: number, stamp: self.stamps });
                }
            }
        }
        for flow in &self.component {
            let flow = &self.flows[*flow as usize];
            // At what it goes through nothing is higher than before, as far as it is concerned.
            if flow.rate <= flow.before {
                continue;
            }
            for resource in &flow.path {
                let resource = &mut self.resources[*resource as usize];
                resource.peak = resource.peak.max(resource.rate);
            }
        }
    }
}
