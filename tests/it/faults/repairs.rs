//! A large file in which a bit is another one: found by a validation, and repaired by a piece.

use std::{collections::BTreeMap, fs, time::Duration};

use headwater::model::FileDamage;

use super::{
    super::library::place,
    fleet::{Fleet, Followed, files, package},
    proxy::Proxy,
};

/// What a repair may move: two pieces.
const MOST: u64 = 8 << 20;

#[test]
fn a_flipped_bit_moves_no_more_than_a_piece() {
    let fleet = Fleet::new();
    let packages = BTreeMap::from([(1, files(1, 48 << 20, 20))]);
    let (source, states) = fleet.source(&packages);
    let proxy = Proxy::before(&source.content(), Duration::ZERO);
    let puller = fleet.puller("puller", 2, &[(1, "source", proxy.url())]);
    let bring = || {
        fleet.notify(&puller, &package(1), &states[0]);
        match fleet.follow(&puller, &package(1)) {
            Followed::Done(state) => assert_eq!(state.damaged, 0),
            other => panic!("{other:?}"),
        }
    };
    bring();
    assert!(fleet.validate(&puller).is_whole());
    let large = &packages[&1]["large.cab"];
    let place = place(&puller.directory().join("distribution-point/library"), large);
    let mut damaged = large.clone();
    damaged[20 << 20] ^= 1;
    fs::write(place, damaged).unwrap();
    let found = fleet.validate(&puller);
    let named: Vec<_> = found.named.iter().map(|it| (it.path.as_str(), it.damage)).collect();
    assert_eq!(named, [("large.cab", FileDamage::Damaged)]);
    puller.assert_serves_nothing_wrong(&packages[&1]);
    let before = proxy.served();
    bring();
    let moved = proxy.served() - before;
    assert!((1..=MOST).contains(&moved), "{moved} bytes");
    puller.assert_holds(&package(1), &packages[&1]);
    assert!(fleet.validate(&puller).is_whole());
}
