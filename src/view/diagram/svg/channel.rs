//! A channel: a strip between boxes in which wires run side by side, each on a track of its own.
//! What is decided here is which wire runs on which track, so that few of them cross.
//!
//! A channel runs along one axis; `at` is a place along it. Its tracks are counted from the side
//! called `Before` to the side called `After`.

/// Where a wire enters or leaves a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// On the side of the first track.
    Before,
    /// On the side of the last track.
    After,
    /// At an end of the channel: nothing is crossed there.
    End,
}

/// Where a wire enters or leaves a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pin {
    pub(super) at: i32,
    pub(super) side: Side,
}

/// A wire in a channel: what connects its pins.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Wire {
    pub(super) pins: Vec<Pin>,
}

/// Which wire is on which track.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tracks {
    /// By wire.
    pub(super) of: Vec<usize>,
    /// How many there are.
    pub(super) count: usize,
    /// Where it could not be avoided that stubs of two wires lie on each other: the wire whose stub
    /// to the side `After` it is, and the place. Whoever can should move one of them.
    pub(super) overlaps: Vec<(usize, i32)>,
}

/// Two wires on one track stay this far apart, so that nobody takes them for one.
const APART: i32 = 10;
/// Two stubs closer than this, from opposite sides, would touch.
const TOUCHING: i32 = 4;
/// What it costs if stubs of two wires lie on each other: more than any number of crossings.
const OVERLAP: u64 = 1 << 20;
/// With more wires than that, the order is not improved any more: it would take seconds, and nobody
/// follows a line through that many.
const MOST_IMPROVED: usize = 400;

/// What counts of a wire: from where to where it runs, and its stubs by side.
struct Run {
    wire: usize,
    from: i32,
    to: i32,
    before: Vec<i32>,
    after: Vec<i32>,
}

/// Gives each wire a track. Wires that only pass straight through are on the first one: they need
/// none.
pub(super) fn tracks(wires: &[Wire]) -> Tracks {
    let mut of = vec![0; wires.len()];
    let mut order: Vec<Run> = Vec::new();
    for (wire, Wire { pins }) in wires.iter().enumerate() {
        let places = |side| {
            let mut places: Vec<i32> =
                pins.iter().filter(|pin| pin.side == side).map(|pin| pin.at).collect();
            places.sort_unstable();
            places
        };
        let (Some(from), Some(to)) =
            (pins.iter().map(|pin| pin.at).min(), pins.iter().map(|pin| pin.at).max())
        else {
            continue;
        };
        if from < to {
            let (before, after) = (places(Side::Before), places(Side::After));
            insert(&mut order, Run { wire, from, to, before, after });
        }
    }
    if order.len() <= MOST_IMPROVED {
        for _ in 0..3 {
            improve(&mut order);
        }
    }
    let mut count = 0;
    let mut placed: Vec<(usize, &Run)> = Vec::new();
    for run in &order {
        let above = placed.iter().filter(|(_, other)| meet(other, run)).map(|(track, _)| track + 1);
        let track = above.max().unwrap_or(0);
        of[run.wire] = track;
        count = count.max(track + 1);
        placed.push((track, run));
    }
    let overlaps = overlaps(&placed);
    Tracks { of, count, overlaps }
}

/// The stubs to the far side that lie on one from the near side.
fn overlaps(placed: &[(usize, &Run)]) -> Vec<(usize, i32)> {
    let mut overlaps = Vec::new();
    for (track, first) in placed {
        for (_, later) in placed.iter().filter(|(other, _)| other > track) {
            let touching = first.after.iter().filter(|at| touches(**at, &later.before));
            overlaps.extend(touching.map(|at| (first.wire, *at)));
        }
    }
    overlaps
}

/// Whether there is a stub at a place, among some that are in order.
fn touches(at: i32, others: &[i32]) -> bool {
    let place = others.partition_point(|other| *other <= at - TOUCHING);
    others.get(place).is_some_and(|other| *other < at + TOUCHING)
}

/// Whether two wires cannot be on one track.
fn meet(a: &Run, b: &Run) -> bool {
    a.from < b.to + APART && b.from < a.to + APART
}

/// What it costs when a wire is on an earlier track than another.
fn cost(first: &Run, later: &Run) -> u64 {
    if !meet(first, later) {
        return 0;
    }
    // A stub to the far side has to cross the later track, one from the near side the first.
    let crossings = within(&first.after, later) + within(&later.before, first);
    let overlapping = first.after.iter().filter(|at| touches(**at, &later.before)).count();
    number(crossings) + OVERLAP * number(overlapping)
}

fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

/// How many of these places, which are in order, are between the ends of a wire.
fn within(places: &[i32], run: &Run) -> usize {
    places.partition_point(|at| *at < run.to) - places.partition_point(|at| *at <= run.from)
}

/// Puts a wire where it costs least among those that are there.
fn insert(order: &mut Vec<Run>, new: Run) {
    if order.len() > MOST_IMPROVED {
        order.push(new);
        return;
    }
    let mut costs: u64 = order.iter().map(|other| cost(&new, other)).sum();
    let (mut least, mut best) = (costs, 0);
    for (place, other) in order.iter().enumerate() {
        costs = costs - cost(&new, other) + cost(other, &new);
        if costs < least {
            (least, best) = (costs, place + 1);
        }
    }
    order.insert(best, new);
}

/// Takes each wire out and puts it where it costs least.
fn improve(order: &mut Vec<Run>) {
    let mut wires: Vec<usize> = order.iter().map(|run| run.wire).collect();
    wires.sort_unstable();
    for wire in wires {
        if let Some(place) = order.iter().position(|run| run.wire == wire) {
            let run = order.remove(place);
            insert(order, run);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wire(before: &[i32], after: &[i32]) -> Wire {
        let pin = |side| move |at: &i32| Pin { at: *at, side };
        let before = before.iter().map(pin(Side::Before));
        Wire { pins: before.chain(after.iter().map(pin(Side::After))).collect() }
    }

    #[test]
    fn straight_wires_need_no_track() {
        let tracks = tracks(&[wire(&[5], &[5]), wire(&[9], &[9]), Wire::default()]);
        assert_eq!(tracks, Tracks { of: vec![0, 0, 0], count: 0, overlaps: Vec::new() });
    }

    #[test]
    fn wires_that_run_alike_do_not_cross() {
        // To the right: the one that begins further right is above, whichever comes first.
        let right = [wire(&[0], &[100]), wire(&[50], &[150])];
        assert_eq!(tracks(&right).of, [1, 0]);
        let left = [wire(&[100], &[0]), wire(&[150], &[50])];
        assert_eq!(tracks(&left).of, [0, 1]);
    }

    #[test]
    fn wires_far_apart_share_a_track_and_near_ones_do_not() {
        let far = [wire(&[0], &[100]), wire(&[100 + APART], &[300])];
        assert_eq!((tracks(&far).of, tracks(&far).count), (vec![0, 0], 1));
        let near = [wire(&[0], &[100]), wire(&[99 + APART], &[300])];
        assert_eq!(tracks(&near).count, 2);
    }

    #[test]
    fn stubs_do_not_lie_on_each_other() {
        let crossing = [wire(&[0], &[100]), wire(&[100], &[200])];
        assert_eq!(tracks(&crossing).of, [1, 0]);
        let other = [wire(&[100], &[200]), wire(&[0], &[100])];
        assert_eq!(tracks(&other).of, [0, 1]);
    }

    #[test]
    fn stubs_that_cannot_but_lie_on_each_other_are_told() {
        let ring = [wire(&[0], &[100]), wire(&[100], &[0])];
        let tracks = tracks(&ring);
        assert_eq!((tracks.count, tracks.overlaps.len()), (2, 1));
    }
}
