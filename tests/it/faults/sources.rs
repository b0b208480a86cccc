//! One fault after the other at a source: with another source the package arrives; alone, it waits
//! with a reason that names the source, and arrives once the source is well again.

use std::{collections::BTreeMap, thread, time::Duration};

use headwater::model::PackageState;

use super::{
    fleet::{Files, Fleet, Followed, Node, files, package},
    proxy::{Fault, Proxy},
};

const LARGE: usize = 6 << 20;
const SMALL: usize = 20;

/// All that is asked of a puller, with one fault.
fn survives(fault: Fault) {
    thread::scope(|scope| {
        scope.spawn(|| waits_until_it_is_well_again(fault));
        scope.spawn(|| takes_another_source(fault));
    });
}

/// Packages, a source that has them, and a proxy that does as the fault says.
struct Faulty {
    fleet: Fleet,
    packages: BTreeMap<usize, Files>,
    states: Vec<PackageState>,
    source: Node,
    proxy: Proxy,
}

impl Faulty {
    fn new(fault: Fault, packages: usize) -> Self {
        let fleet = Fleet::new();
        let packages: BTreeMap<usize, Files> =
            (1..=packages).map(|number| (number, files(number, LARGE, SMALL))).collect();
        let (source, states) = fleet.source(&packages);
        let proxy = Proxy::before(&source.content(), Duration::ZERO);
        proxy.set(fault);
        Self { fleet, packages, states, source, proxy }
    }
}

/// Alone, a source that fails makes the point wait and say for whom; the package arrives later.
fn waits_until_it_is_well_again(fault: Fault) {
    let Faulty { fleet, packages, states, source: _source, proxy } = Faulty::new(fault, 1);
    let puller = fleet.puller("puller", 2, &[(1, "faulty", proxy.url())]);
    fleet.notify(&puller, &package(1), &states[0]);
    match fleet.follow(&puller, &package(1)) {
        Followed::Waits(why) => assert!(why.contains("faulty"), "{why}"),
        other => panic!("with {fault:?} it is {other:?}"),
    }
    assert!(fleet.jobs(&puller).contains_key(&package(1)));
    assert!(!puller.publishes(&package(1)));
    puller.assert_serves_nothing_wrong(&packages[&1]);
    // The site notifies again (PDP-5).
    proxy.set(Fault::None);
    fleet.notify(&puller, &package(1), &states[0]);
    match fleet.follow(&puller, &package(1)) {
        Followed::Done(state) => assert_eq!(state.sources, ["faulty"]),
        other => panic!("once {fault:?} is over it is {other:?}"),
    }
    puller.assert_holds(&package(1), &packages[&1]);
}

/// With another source, of a higher number or an equal, nobody has to wait for the one that fails.
fn takes_another_source(fault: Fault) {
    let Faulty { fleet, packages, states, source, proxy } = Faulty::new(fault, 2);
    let good = Proxy::before(&source.content(), Duration::ZERO);
    let sources = |priority| [(1, "faulty", proxy.url()), (priority, "good", good.url())];
    let mut puller = fleet.puller("puller", 2, &sources(2));
    for (number, priority) in [(1, 2), (2, 1)] {
        fleet.be_a_point(&puller, &sources(priority));
        fleet.notify(&puller, &package(number), &states[number - 1]);
        match fleet.follow(&puller, &package(number)) {
            Followed::Done(state) => assert!(state.sources.contains(&"good".to_owned())),
            other => panic!("with {fault:?} and another source it is {other:?}"),
        }
        puller.assert_holds(&package(number), &packages[&number]);
    }
    // The lower number was asked first: the log says why it was left.
    let names = |line: &&String| line.contains("WARN") && line.contains("faulty");
    let said = puller.running.said_so_far();
    assert!(said.iter().filter(names).any(|line| line.contains("ONE00001")), "{said:#?}");
}

#[test]
fn connection_that_is_cut_in_the_first_bytes() {
    survives(Fault::Cut(10));
}

#[test]
fn body_without_an_end() {
    survives(Fault::Endless);
}

/// Silence before the first byte, silence in the middle, and a server that says that it is busy: each
/// is waited for for a while, more than once. At the same time, because nothing else happens.
#[test]
fn sources_that_keep_one_waiting() {
    thread::scope(|scope| {
        scope.spawn(|| survives(Fault::Stall(0)));
        scope.spawn(|| survives(Fault::Stall(50_000)));
        scope.spawn(|| survives(Fault::Status(503, "Retry-After: 1\r\n")));
    });
}

#[test]
fn wrong_bytes() {
    survives(Fault::WrongByte);
}

#[test]
fn head_that_promises_too_much() {
    survives(Fault::WrongLength(1));
}

#[test]
fn head_that_promises_too_little() {
    survives(Fault::WrongLength(-1));
}

#[test]
fn head_that_breaks_off() {
    survives(Fault::TruncatedHead);
}

#[test]
fn refusal_403() {
    survives(Fault::Status(403, ""));
}

#[test]
fn files_that_are_not_there_404() {
    survives(Fault::Status(404, ""));
}

#[test]
fn server_that_fails_500() {
    survives(Fault::Status(500, ""));
}

#[test]
fn connections_that_are_cut_again_and_again_come_to_an_end() {
    transfers(Fault::Cut(1 << 20));
}

#[test]
fn slow_source_is_a_source() {
    transfers(Fault::Slow(32 << 10));
}

/// A fault with which everything can be transferred by patience alone, from one source; the site
/// notifies again where it is needed.
fn transfers(fault: Fault) {
    let fleet = Fleet::new();
    let packages = BTreeMap::from([(1, files(1, LARGE, SMALL))]);
    let (source, states) = fleet.source(&packages);
    let faulty = Proxy::before(&source.content(), Duration::ZERO);
    faulty.set(fault);
    let puller = fleet.puller("puller", 2, &[(1, "faulty", faulty.url())]);
    let mut notified = 0;
    loop {
        fleet.notify(&puller, &package(1), &states[0]);
        notified += 1;
        match fleet.follow(&puller, &package(1)) {
            Followed::Done(_) => break,
            Followed::Waits(_) if notified < 30 => {
                puller.assert_serves_nothing_wrong(&packages[&1]);
            }
            other => panic!("with {fault:?} it is {other:?} after {notified} notifications"),
        }
    }
    puller.assert_holds(&package(1), &packages[&1]);
}
