//! Where layers stand one after the other, and how lines run in the channels between them.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    super::{
        channel::{Pin, Side, Tracks, Wire, tracks},
        content::label_width,
        scene::pixels,
    },
    across::Across,
    items::{APART, Items, Piece, What, apart},
    layers::Layers,
    spread::{Wish, spread},
};

/// Lines in a channel run this far apart.
const GAP: i32 = 10;
/// Between a layer and the first line, and between the last one and the next layer: there the
/// arrowheads are.
const LEAVING: i32 = 12;
const ARRIVING: i32 = 20;
/// Channels in which nothing runs are as wide.
const LEAST: i32 = 34;
/// Lines keep this far away from the corners of nodes.
const CORNER: i32 = 10;

/// Lines that would lie on each other are moved aside by that much, and as often.
const ASIDE: i32 = 4;
const MOST_TRIES: i32 = 3;

/// Where everything is, along the way from layer to layer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Along {
    /// By layer, where it begins.
    pub(super) layers: Vec<i32>,
    /// By layer and by piece that begins in it, where its line runs in the channel.
    pub(super) lines: Vec<Vec<i32>>,
    /// By layer and piece: where it leaves, across.
    pub(super) leaving: Vec<Vec<i32>>,
    /// By layer, piece and target: where it arrives, across.
    pub(super) arriving: Vec<Vec<Vec<i32>>>,
    pub(super) deep: i32,
}

/// Nodes and lines are moved a little where lines would lie on each other otherwise.
pub(super) fn along(layers: &Layers, items: &Items, across: &mut Across, right: bool) -> Along {
    let mut along = Along::default();
    let mut at = 0;
    let mut deep = vec![0; layers.count];
    for item in &items.all {
        deep[item.layer] = item.deep.max(deep[item.layer]);
    }
    for (layer, pieces) in items.pieces.iter().enumerate() {
        along.layers.push(at);
        at += deep[layer];
        let channel = channel(layers, items, across, pieces, right);
        let of = channel.tracks.of.iter();
        along.lines.push(of.map(|track| at + LEAVING + pixels(*track) * GAP).collect());
        if layer + 1 < layers.count {
            let after = ARRIVING + room_for_labels(layers, items, pieces, right);
            let tracks = (pixels(channel.tracks.count) - 1).max(0) * GAP;
            at += (LEAVING + tracks + after).max(LEAST);
        }
        along.leaving.push(channel.leaving);
        along.arriving.push(channel.arriving);
    }
    along.deep = at;
    along
}

/// The lines between two layers.
struct Channel {
    tracks: Tracks,
    leaving: Vec<i32>,
    arriving: Vec<Vec<i32>>,
}

fn channel(
    layers: &Layers,
    items: &Items,
    across: &mut Across,
    pieces: &[Piece],
    right: bool,
) -> Channel {
    let leaving = leaving(items, across, pieces);
    let mut arriving = arriving(layers, items, across, pieces, &leaving, right);
    let mut tries = 0;
    loop {
        let wires = leaving.iter().zip(&arriving).map(|(from, to)| {
            let to = to.iter().map(|at| Pin { at: *at, side: Side::After });
            let from = Pin { at: *from, side: Side::Before };
            Wire { pins: std::iter::once(from).chain(to).collect() }
        });
        let tracks = tracks(&wires.collect::<Vec<_>>());
        tries += 1;
        if tracks.overlaps.is_empty() || tries > MOST_TRIES {
            return Channel { tracks, leaving, arriving };
        }
        // To one side, then twice as far to the other, and so on.
        let aside = if tries % 2 == 0 { -ASIDE * tries } else { ASIDE * tries };
        let mut moved = BTreeSet::new();
        for (piece, at) in &tracks.overlaps {
            let places = pieces[*piece].to.iter().zip(&arriving[*piece]);
            moved.extend(places.filter(|(_, place)| *place == at).map(|(to, _)| *to));
        }
        for (piece, arriving) in pieces.iter().zip(&mut arriving) {
            for (to, at) in piece.to.iter().zip(arriving) {
                if moved.contains(to) {
                    *at += aside;
                    if let What::Line(_) = items.all[*to].what {
                        across.items[*to] += aside;
                    }
                }
            }
        }
    }
}

/// Lines leave a node where they lead to if that is below it: then they are straight.
fn leaving(items: &Items, across: &Across, pieces: &[Piece]) -> Vec<i32> {
    let mut leaving: Vec<i32> = pieces.iter().map(|piece| across.items[piece.from]).collect();
    let mut of_node: BTreeMap<usize, Vec<(i32, usize)>> = BTreeMap::new();
    for (number, piece) in pieces.iter().enumerate() {
        if let What::Node(node) = items.all[piece.from].what {
            let to: Vec<i32> = piece.to.iter().map(|it| across.items[*it]).collect();
            let sum: i64 = to.iter().map(|at| i64::from(*at)).sum();
            let mean = sum / i64::try_from(to.len().max(1)).unwrap_or(1);
            let mean = i32::try_from(mean).unwrap_or(0);
            of_node.entry(node).or_default().push((mean, number));
        }
    }
    for (node, mut lines) in of_node {
        lines.sort_unstable();
        let wishes = lines.iter().map(|(mean, piece)| {
            let alone = pieces[*piece].to.len() == 1;
            let at = if alone { near(items, across, node, *mean) } else { across.items[node] };
            Wish { at, half: APART / 2, weight: 1 }
        });
        let wishes: Vec<Wish> = wishes.collect();
        for ((_, piece), at) in lines.iter().zip(at_node(items, across, node, &wishes)) {
            leaving[*piece] = at;
        }
    }
    leaving
}

/// Where a line meets a node that comes from or leads to a place: right there if it can, otherwise
/// on that side of the node's middle.
fn near(items: &Items, across: &Across, node: usize, place: i32) -> i32 {
    let middle = across.items[node];
    let wide = items.all[node].wide;
    if (place - middle).abs() <= wide / 2 - CORNER {
        place
    } else {
        middle + (place - middle).signum() * wide / 5
    }
}

/// The places at the side of a node for lines that wish to be somewhere.
fn at_node(items: &Items, across: &Across, node: usize, wishes: &[Wish]) -> Vec<i32> {
    let reach = items.all[node].wide / 2 - CORNER + APART / 2;
    let middle = across.items[node];
    spread(wishes, 0, middle - reach, middle + reach)
}

/// Lines arrive at a node where they come from if that is above it.
fn arriving(
    layers: &Layers,
    items: &Items,
    across: &Across,
    pieces: &[Piece],
    leaving: &[i32],
    right: bool,
) -> Vec<Vec<i32>> {
    let mut arriving: Vec<Vec<i32>> =
        pieces.iter().map(|piece| piece.to.iter().map(|it| across.items[*it]).collect()).collect();
    let mut of_node: BTreeMap<usize, Vec<(i32, usize, usize)>> = BTreeMap::new();
    for (number, piece) in pieces.iter().enumerate() {
        for (place, to) in piece.to.iter().enumerate() {
            if let What::Node(node) = items.all[*to].what {
                of_node.entry(node).or_default().push((leaving[number], number, place));
            }
        }
    }
    for (node, mut lines) in of_node {
        lines.sort_unstable();
        let wishes = lines.iter().map(|(from, piece, _)| {
            let label = layers.bundles[pieces[*piece].bundle].to.get(&node);
            let label = label.and_then(Option::as_deref);
            let half = label.map_or(APART, |label| apart(label, right)) / 2;
            // What comes from far stays straight, and what is thick too.
            let far = matches!(items.all[pieces[*piece].from].what, What::Line(_));
            let weight = if far { 8 } else { 1 } * if pieces[*piece].heavy { 8 } else { 1 };
            Wish { at: near(items, across, node, *from), half, weight }
        });
        let places = at_node(items, across, node, &wishes.collect::<Vec<_>>());
        for ((_, piece, place), at) in lines.into_iter().zip(places) {
            arriving[piece][place] = at;
        }
    }
    arriving
}

/// How much room labels need at the ends of the lines in a channel.
fn room_for_labels(layers: &Layers, items: &Items, pieces: &[Piece], right: bool) -> i32 {
    let labels = pieces.iter().flat_map(|piece| {
        let bundle = &layers.bundles[piece.bundle];
        piece.to.iter().filter_map(move |to| match items.all[*to].what {
            What::Node(node) => bundle.to.get(&node)?.as_deref(),
            What::Line(_) => None,
        })
    });
    let room = |label: &str| if right { label_width(label) + 6 } else { 20 };
    labels.map(room).max().unwrap_or(0)
}
