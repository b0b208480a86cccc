//! Where things stand across the layers: lanes side by side, and in each of them what is connected
//! as straight as possible.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    super::super::{Diagram, Direction, outline::Step},
    super::content::{WIDEST, of_group},
    items::{Items, What},
    order::{Order, neighbours},
    spread::{Wish, spread},
};

/// Between two things in a layer.
const BETWEEN: i32 = 22;
/// Between the edge of a lane and what is in it.
pub(super) const INSIDE: i32 = 14;
/// Between two lanes.
const BETWEEN_LANES: i32 = 12;
/// A bend of a line by less is none.
const NEARLY: i32 = 16;
/// As often things are moved toward what they are connected with.
const SWEEPS: usize = 10;

/// From where to where something reaches.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) from: i32,
    pub(super) to: i32,
}

/// Where everything is, across the layers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Across {
    /// By item, its middle.
    pub(super) items: Vec<i32>,
    /// By group.
    pub(super) groups: Vec<Span>,
    pub(super) wide: i32,
}

pub(super) fn across(diagram: &Diagram, items: &Items, order: &Order) -> Across {
    let mut lanes = vec![Span::default(); items.lanes];
    let mut groups = vec![Span::default(); diagram.groups.len()];
    let needed = needed(items, order);
    let right = diagram.direction == Direction::Right;
    let mut at = 0;
    lanes[0] = Span { from: 0, to: needed[0] };
    if needed[0] > 0 {
        at = needed[0] + BETWEEN_LANES;
    }
    let mut open = Vec::new();
    let mut last_begun = usize::MAX;
    for step in diagram.outline() {
        match step {
            Step::Begin(group) => {
                // After the nodes of the group that it is in.
                let around = diagram.groups[group].parent.map(|it| items.lane_of_group[it.0]);
                if around.is_some_and(|lane| needed[lane] > 0 && lanes[lane].to == at) {
                    at += INSIDE;
                }
                groups[group].from = at;
                let title = of_group(&diagram.groups[group], WIDEST);
                // Growing to the right, the title stands above the lane instead of before it.
                at += if right { title.height } else { INSIDE };
                let lane = items.lane_of_group[group];
                lanes[lane] = Span { from: at, to: at + needed[lane] };
                at += needed[lane];
                open.push((group, if right { 0 } else { title.width }));
                last_begun = group;
            }
            Step::Node(_) => {}
            Step::End => {
                if let Some((group, wide)) = open.pop() {
                    at = (at + INSIDE).max(groups[group].from + wide);
                    let lane = items.lane_of_group[group];
                    // Without groups in it, its nodes have all the room that its title needs.
                    if last_begun == group {
                        lanes[lane].to = at - INSIDE;
                    }
                    groups[group].to = at;
                    at += BETWEEN_LANES;
                }
            }
        }
    }
    let wide = groups.iter().map(|span| span.to).max().unwrap_or(0).max(lanes[0].to);
    Across { items: placed(items, order, &lanes), groups, wide }
}

/// How much room each lane needs.
fn needed(items: &Items, order: &Order) -> Vec<i32> {
    let mut needed = vec![0; items.lanes];
    for layer in order {
        for lane in layer.chunk_by(|a, b| items.all[*a].lane == items.all[*b].lane) {
            let wide: i32 = lane.iter().map(|item| items.all[*item].wide + BETWEEN).sum();
            if let Some(first) = lane.first() {
                let needed = &mut needed[items.all[*first].lane];
                *needed = (*needed).max(wide - BETWEEN);
            }
        }
    }
    needed
}

fn placed(items: &Items, order: &Order, lanes: &[Span]) -> Vec<i32> {
    let (above, below) = neighbours(items);
    let thick: BTreeSet<(usize, usize)> = items
        .pieces
        .iter()
        .flatten()
        .filter(|piece| piece.heavy)
        .flat_map(|piece| piece.to.iter().map(|to| (piece.from, *to)))
        .collect();
    let factor_of = |a: usize, b: usize| {
        if thick.contains(&(a, b)) || thick.contains(&(b, a)) { 32 } else { 1 }
    };
    let mut middles = vec![0; items.all.len()];
    for layer in order {
        let middle = |item: usize| {
            let lane = lanes[items.all[item].lane];
            i32::midpoint(lane.from, lane.to)
        };
        set(items, layer, lanes, &mut middles, |item, _| (middle(item), 1));
    }
    for sweep in 0..SWEEPS {
        let last = sweep + 1 == SWEEPS;
        let downward = sweep % 2 == 0;
        for step in 0..order.len() {
            let layer = if downward { step } else { order.len() - 1 - step };
            set(items, &order[layer], lanes, &mut middles, |item, middles| {
                let near = if downward { &above[item] } else { &below[item] };
                let far = if downward { &below[item] } else { &above[item] };
                let mut sum = 0;
                let mut weights = 0;
                // What is on the other side counts little until the end, and then alike.
                for (side, factor) in [(near, if last { 1 } else { 8 }), (far, 1)] {
                    for other in side {
                        let weight = factor * weight(items, item, *other) * factor_of(item, *other);
                        sum += i64::from(middles[*other]) * weight;
                        weights += weight;
                    }
                }
                if weights == 0 {
                    return (middles[item], 1);
                }
                (i32::try_from(sum / weights).unwrap_or(0), weights)
            });
        }
    }
    straighten(items, order, &mut middles);
    middles
}

/// A line that nearly goes straight on does, as far as its neighbours let it.
fn straighten(items: &Items, order: &Order, middles: &mut [i32]) {
    let mut runs: Vec<Vec<usize>> = Vec::new();
    let mut run_of = BTreeMap::new();
    for piece in items.pieces.iter().flatten() {
        for &to in &piece.to {
            let line = |item: usize| matches!(items.all[item].what, What::Line(_));
            if line(piece.from) && line(to) && (middles[piece.from] - middles[to]).abs() <= NEARLY {
                let run = *run_of.entry(piece.from).or_insert_with(|| {
                    runs.push(vec![piece.from]);
                    runs.len() - 1
                });
                runs[run].push(to);
                run_of.insert(to, run);
            }
        }
    }
    // The neighbours may be lines too: what has been moved is where it is now.
    let mut place = vec![(0, 0); items.all.len()];
    for (layer, all) in order.iter().enumerate() {
        for (number, item) in all.iter().enumerate() {
            place[*item] = (layer, number);
        }
    }
    for run in runs {
        let mut reach = Span { from: i32::MIN / 2, to: i32::MAX / 2 };
        for &item in &run {
            let (layer, number) = place[item];
            let half = items.all[item].wide / 2;
            let neighbour = |number: Option<usize>| number.and_then(|it| order[layer].get(it));
            if let Some(&other) = neighbour(number.checked_sub(1)) {
                let edge = middles[other] + items.all[other].wide / 2 + NEARLY / 2 + half;
                reach.from = reach.from.max(edge);
            }
            if let Some(&other) = neighbour(number.checked_add(1)) {
                let edge = middles[other] - items.all[other].wide / 2 - NEARLY / 2 - half;
                reach.to = reach.to.min(edge);
            }
        }
        let sum: i64 = run.iter().map(|item| i64::from(middles[*item])).sum();
        let mean = sum / i64::try_from(run.len()).unwrap_or(1);
        let mean = i32::try_from(mean).unwrap_or(0);
        if reach.from <= reach.to {
            for item in run {
                middles[item] = mean.clamp(reach.from, reach.to);
            }
        }
    }
}

/// Lines that pass through layers shall be straight: a bend in them is seen more than one at a node.
/// And the thick ones before all others: the eye follows them.
fn weight(items: &Items, a: usize, b: usize) -> i64 {
    let line = |item: usize| matches!(items.all[item].what, What::Line(_));
    match (line(a), line(b)) {
        (true, true) => 8,
        (true, false) | (false, true) => 2,
        (false, false) => 1,
    }
}

fn set(
    items: &Items,
    layer: &[usize],
    lanes: &[Span],
    middles: &mut [i32],
    wish: impl Fn(usize, &[i32]) -> (i32, i64),
) {
    for part in layer.chunk_by(|a, b| items.all[*a].lane == items.all[*b].lane) {
        let wishes: Vec<_> = part
            .iter()
            .map(|item| {
                let (at, weight) = wish(*item, middles);
                Wish { at, half: (items.all[*item].wide + 1) / 2, weight }
            })
            .collect();
        let lane = part.first().map_or(Span::default(), |item| lanes[items.all[*item].lane]);
        let places = spread(&wishes, BETWEEN - 2, lane.from, lane.to);
        for (item, place) in part.iter().zip(places) {
            middles[*item] = place;
        }
    }
}
