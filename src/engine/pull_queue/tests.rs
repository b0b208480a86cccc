//! Herds, by a seed: thousands of pulls, sources that stay within their capacity, and everybody's turn.

use std::collections::{BTreeMap, BTreeSet};

use proptest::{collection::vec, prelude::*};

use super::{PullQueue, QueuedPull, Ticket};
use crate::model::{Name, PackageId};

fn name(number: usize) -> Name {
    format!("dp-{number}").parse().unwrap()
}

fn package(number: usize) -> PackageId {
    format!("CEN{number:05}").parse().unwrap()
}

fn pull(number: usize, depth: usize, sources: &[usize]) -> QueuedPull {
    let sources: BTreeSet<Name> = sources.iter().map(|source| name(*source)).collect();
    QueuedPull { package: package(number), depth, sources: sources.into() }
}

fn queue(capacity: usize, sources: usize) -> PullQueue {
    let mut queue = PullQueue::default();
    (0..sources).for_each(|source| queue.set_capacity(&name(source), capacity));
    queue
}

/// Lets pulls end one after the other, whichever a seed says, until none is left; the order in which
/// they began. Checks the capacity at each step.
fn run(queue: &mut PullQueue, capacity: usize, sources: usize, mut seed: u64) -> Vec<Ticket> {
    let mut order = Vec::new();
    let mut active: Vec<Ticket> = Vec::new();
    loop {
        let begun = queue.begin();
        order.extend(&begun);
        active.extend(begun);
        let counts = (0..sources).map(|source| queue.active(&name(source)));
        assert!(counts.clone().all(|count| count <= capacity));
        assert!(active.len() <= capacity * sources);
        assert!(active.len() <= counts.sum(), "each counts somewhere");
        if active.is_empty() {
            return order;
        }
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let chosen = usize::try_from(seed >> 33).unwrap() % active.len();
        queue.end(active.swap_remove(chosen));
    }
}

#[test]
fn release_to_2000_points_never_has_more_than_capacity_at_a_source() {
    // Four sources near the site server; 40 points pull from them and are sources of 1,960 others.
    let (capacity, sources) = (8, 44);
    let mut queue = queue(capacity, sources);
    let mut depths = BTreeMap::new();
    for point in 0..2_000 {
        let asks = match point {
            0..40 => pull(1, 1, &[point % 4, (point + 1) % 4]),
            _ => pull(1, 2, &[4 + point % 40]),
        };
        let depth = asks.depth;
        depths.insert(queue.ask(asks), depth);
    }
    let order = run(&mut queue, capacity, sources, 1);
    assert_eq!(order.len(), 2_000);
    assert_eq!(order.iter().collect::<BTreeSet<_>>().len(), 2_000, "each once");
    assert_eq!(queue.waiting(), 0);
    // Those that others pull from do not wait behind others.
    let first: Vec<usize> = order[..8].iter().map(|ticket| depths[ticket]).collect();
    assert_eq!(first, [1; 8]);
}

#[test]
fn a_source_is_used_to_its_capacity() {
    let mut queue = queue(3, 1);
    let tickets: Vec<Ticket> = (0..10).map(|_| queue.ask(pull(1, 1, &[0]))).collect();
    assert_eq!(queue.begin(), tickets[..3]);
    assert_eq!(queue.begin(), []);
    assert_eq!((queue.active(&name(0)), queue.waiting()), (3, 7));
    queue.end(tickets[1]);
    assert_eq!(queue.begin(), tickets[3..4]);
    queue.set_capacity(&name(0), 5);
    assert_eq!(queue.begin(), tickets[4..6]);
    queue.set_capacity(&name(0), 0);
    assert_eq!(queue.begin(), [], "more than that go on, and nobody begins");
    for ticket in &tickets[..6] {
        queue.end(*ticket);
    }
    assert_eq!(queue.begin(), tickets[6..7], "a source without any capacity serves one at a time");
}

#[test]
fn packages_take_turns_and_sources_of_others_go_first() {
    let mut queue = queue(1, 1);
    let mut names = BTreeMap::new();
    for number in [1, 1, 1, 2, 2, 3] {
        names.insert(queue.ask(pull(number, 2, &[0])), number);
    }
    names.insert(queue.ask(pull(9, 1, &[0])), 9);
    let order = run(&mut queue, 1, 1, 1);
    let order: Vec<usize> = order.iter().map(|ticket| names[ticket]).collect();
    assert_eq!(order, [9, 1, 2, 3, 1, 2, 1]);
}

#[test]
fn pull_from_two_sources_is_not_passed_by_for_ever() {
    let mut queue = queue(1, 2);
    let first = [queue.ask(pull(1, 1, &[0])), queue.ask(pull(1, 1, &[1]))];
    assert_eq!(queue.begin(), first);
    let both = queue.ask(pull(2, 1, &[0, 1]));
    let later: Vec<Ticket> = (0..20).map(|number| queue.ask(pull(1, 1, &[number % 2]))).collect();
    let mut begun: Vec<Ticket> = Vec::new();
    let mut active = Vec::from(first);
    while !active.is_empty() {
        queue.end(active.remove(0));
        let new = queue.begin();
        begun.extend(&new);
        active.extend(new);
    }
    assert_eq!(begun.len(), 1 + later.len());
    let place = begun.iter().position(|it| *it == both).unwrap();
    assert!(place <= 2, "it comes in place {place}");
}

#[test]
fn one_that_is_given_up_takes_no_turn() {
    let mut queue = queue(1, 1);
    let tickets: Vec<Ticket> = (0..3).map(|_| queue.ask(pull(1, 1, &[0]))).collect();
    assert_eq!(queue.begin(), tickets[..1]);
    queue.end(tickets[1]);
    queue.end(tickets[1]);
    queue.end(tickets[0]);
    assert_eq!(queue.begin(), tickets[2..]);
    queue.end(tickets[2]);
    assert_eq!((queue.active(&name(0)), queue.waiting()), (0, 0));
}

#[test]
fn pull_without_known_sources_or_capacity_waits_for_nobody() {
    let mut queue = PullQueue::default();
    let tickets: Vec<Ticket> = [pull(1, 1, &[]), pull(1, 1, &[5])].map(|it| queue.ask(it)).into();
    assert_eq!(queue.begin(), tickets);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn any_herd_comes_through(
        asks in vec((0..5_usize, 1..4_usize, vec(0..6_usize, 0..4)), 0..120),
        capacity in 1..5_usize, seed: u64,
    ) {
        let mut queue = queue(capacity, 6);
        // One source of its own for those without, so that all count somewhere.
        let mut tickets: Vec<Ticket> = Vec::new();
        for (number, depth, mut sources) in asks {
            if sources.is_empty() {
                sources.push(0);
            }
            tickets.push(queue.ask(pull(number, depth, &sources)));
        }
        let mut order = run(&mut queue, capacity, 6, seed);
        order.sort_unstable();
        prop_assert_eq!(order, tickets);
    }
}
