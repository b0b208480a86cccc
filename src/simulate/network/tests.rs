//! Flows beside each other and behind each other.

use jiff::SignedDuration;

use super::{Limit, NOBODY, Network, Opening};
use crate::simulate::at::At;

const MEGABYTE: f64 = 1e6;

/// Lets time pass until nothing happens any more; when each flow was complete, in seconds.
fn run(network: &mut Network) -> Vec<(u32, f64)> {
    let mut now = At::BEGIN;
    let mut dues = Vec::new();
    let mut complete = Vec::new();
    network.settle(now, &mut dues);
    while !dues.is_empty() {
        dues.sort_by_key(|due| std::cmp::Reverse((due.at, due.flow)));
        let due = dues.pop().unwrap();
        if !network.is_due(due.flow, due.stamp) {
            continue;
        }
        now = due.at;
        if network.is_complete(due.flow, now) {
            network.complete(due.flow, now);
            complete.push((due.flow, now.seconds_since(At::BEGIN)));
        } else {
            network.touch(due.flow);
        }
        network.settle(now, &mut dues);
        for resource in &network.resources {
            assert!(resource.peak() <= resource.capacity() * 1.000_001, "{resource:?}");
        }
    }
    complete
}

fn near(found: f64, wanted: f64) {
    assert!((found - wanted).abs() <= wanted * 1e-3, "{found} instead of {wanted}");
}

#[test]
fn flows_share_what_they_go_through_and_take_what_others_leave() {
    let mut network = Network::default();
    let [wide, narrow] = [10.0, 2.0].map(|it| network.add(it * MEGABYTE, true));
    let [slow, fast] = [(); 2].map(|()| network.open(Opening::of(10.0 * MEGABYTE), At::BEGIN));
    network.resume(slow, &[wide, narrow], NOBODY, At::BEGIN);
    network.resume(fast, &[wide], NOBODY, At::BEGIN);
    let complete = run(&mut network);
    // Eight of the ten that the other one leaves, and two on the narrow one.
    near(complete[0].1, 10.0 / 8.0);
    near(complete[1].1, 5.0);
    near(network.resource(wide).bytes(), 20.0 * MEGABYTE);
    near(network.resource(narrow).bytes(), 10.0 * MEGABYTE);
    near(network.history(narrow).unwrap().spans().1[1], 2.0 * MEGABYTE);
    assert_eq!(network.resource(wide).most_flows(), 2);
}

#[test]
fn three_on_one_line_get_a_third_each() {
    let mut network = Network::default();
    let line = network.add(3.0 * MEGABYTE, false);
    for size in [1.0, 2.0, 3.0] {
        let flow = network.open(Opening::of(size * MEGABYTE), At::BEGIN);
        network.resume(flow, &[line], NOBODY, At::BEGIN);
    }
    let complete = run(&mut network);
    let times: Vec<f64> = complete.iter().map(|(_, at)| *at).collect();
    // A third each for a second; then a half each; then all.
    near(times[0], 1.0);
    near(times[1], 1.0 + 2.0 / 3.0);
    near(times[2], 2.0);
}

#[test]
fn who_follows_is_behind_by_its_lag_and_never_ahead() {
    let mut network = Network::default();
    let [line, card] = [1.0, 100.0].map(|it| network.add(it * MEGABYTE, false));
    let leader = network.open(Opening::of(100.0 * MEGABYTE), At::BEGIN);
    let mut before = leader;
    for _ in 0..3 {
        let lag = 5.0 * MEGABYTE;
        let follower = network
            .open(Opening { leader: before, lag, ..Opening::of(100.0 * MEGABYTE) }, At::BEGIN);
        network.resume(follower, &[card], before, At::BEGIN);
        before = follower;
    }
    network.resume(leader, &[line], NOBODY, At::BEGIN);
    let complete = run(&mut network);
    assert_eq!(complete.len(), 4);
    near(complete[0].1, 100.0);
    // The first follower has five megabytes left, and shares the card with two more that go along.
    for (place, (_, at)) in complete.iter().enumerate().skip(1) {
        let most = 100.0 + 0.2 * f64::from(u32::try_from(place).unwrap());
        assert!(*at > complete[place - 1].1 && *at <= most, "{place}: {at}");
    }
}

#[test]
fn who_follows_through_something_narrow_does_not_hold_up_the_other() {
    let mut network = Network::default();
    let [line, narrow] = [4.0, 1.0].map(|it| network.add(it * MEGABYTE, false));
    let leader = network.open(Opening::of(8.0 * MEGABYTE), At::BEGIN);
    let follower = Opening { leader, lag: MEGABYTE, ..Opening::of(8.0 * MEGABYTE) };
    let follower = network.open(follower, At::BEGIN);
    network.resume(leader, &[line], NOBODY, At::BEGIN);
    network.resume(follower, &[narrow], leader, At::BEGIN);
    let limits = |network: &Network| network.flow(follower).longest_limit();
    let complete = run(&mut network);
    near(complete[0].1, 2.0);
    near(complete[1].1, 0.25 + 8.0);
    assert_eq!(limits(&network), Limit::Resource(narrow));
}

#[test]
fn a_flow_that_was_paused_goes_on_where_it_was() {
    let mut network = Network::default();
    let line = network.add(MEGABYTE, true);
    let flow = network.open(Opening::of(4.0 * MEGABYTE), At::BEGIN);
    network.resume(flow, &[line], NOBODY, At::BEGIN);
    let mut dues = Vec::new();
    network.settle(At::BEGIN, &mut dues);
    let [one, ten] = [1, 10].map(|it| At::after(SignedDuration::from_secs(it)));
    network.pause(flow, one);
    network.settle(one, &mut dues);
    network.resume(flow, &[line], NOBODY, ten);
    network.settle(ten, &mut dues);
    let due = dues.into_iter().find(|due| network.is_due(due.flow, due.stamp)).unwrap();
    near(due.at.seconds_since(At::BEGIN), 13.0);
    assert!(network.is_complete(flow, due.at));
}
