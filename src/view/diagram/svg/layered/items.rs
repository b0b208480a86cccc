//! What stands in the layers: nodes, and the places at which lines pass between them.

use std::collections::BTreeMap;

use super::{
    super::{
        super::{Diagram, Direction, outline::Step},
        content::{label_width, of_node},
        scene::pixels,
    },
    layers::Layers,
};

/// Lines end this far apart at a node.
pub(super) const APART: i32 = 14;
/// The same where they have labels that stand one below the other.
const LABELS_APART: i32 = 18;
/// What a line needs that passes through a layer.
const PASSING: i32 = 10;

/// A node, or a line that passes through a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    Node(usize),
    Line(usize),
}

/// Something in a layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) what: What,
    pub(super) layer: usize,
    pub(super) lane: usize,
    /// The size across the layers.
    pub(super) wide: i32,
    /// The size along the way from layer to layer.
    pub(super) deep: i32,
}

/// What a bundle does between a layer and the next one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) bundle: usize,
    /// The item in the layer.
    pub(super) from: usize,
    /// The items in the next one.
    pub(super) to: Vec<usize>,
    /// Whether its lines are thick.
    pub(super) heavy: bool,
}

/// Everything that is placed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Items {
    /// The nodes first, by their numbers.
    pub(super) all: Vec<Item>,
    /// By layer, the pieces that begin in it.
    pub(super) pieces: Vec<Vec<Piece>>,
    /// How many lanes there are. The first has the nodes that are in no group.
    pub(super) lanes: usize,
    /// The lane of each group's own nodes.
    pub(super) lane_of_group: Vec<usize>,
}

pub(super) fn items(diagram: &Diagram, layers: &Layers) -> Items {
    let right = diagram.direction == Direction::Right;
    let mut lane_of_group = vec![0; diagram.groups.len()];
    let mut lanes = 1;
    for step in diagram.outline() {
        if let Step::Begin(group) = step {
            lane_of_group[group] = lanes;
            lanes += 1;
        }
    }
    let ends = ends(layers, diagram.nodes.len(), right);
    let mut items = Vec::with_capacity(diagram.nodes.len());
    for (number, node) in diagram.nodes.iter().enumerate() {
        let content = of_node(node, false);
        let (deep, wide) =
            if right { (content.width, content.height) } else { (content.height, content.width) };
        items.push(Item {
            what: What::Node(number),
            layer: layers.of[number],
            lane: node.group.map_or(0, |group| lane_of_group[group.0]),
            wide: wide.max(ends[number]),
            deep,
        });
    }
    let mut pieces: Vec<Vec<Piece>> = vec![Vec::new(); layers.count];
    for (number, bundle) in layers.bundles.iter().enumerate() {
        let mut by_layer: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for to in bundle.to.keys() {
            by_layer.entry(layers.of[*to]).or_default().push(*to);
        }
        let Some((&last, _)) = by_layer.last_key_value() else { continue };
        let mut from = bundle.from;
        let begun = pieces.iter_mut().enumerate().take(last).skip(layers.of[bundle.from]);
        for (layer, pieces) in begun {
            let mut to = by_layer.remove(&(layer + 1)).unwrap_or_default();
            let mut next = from;
            if layer + 1 < last {
                // Where all that is left is in one lane, the line goes there at once.
                let mut lanes = by_layer.values().flatten().map(|node| items[*node].lane);
                let first = lanes.next();
                let one = first.filter(|first| lanes.all(|lane| lane == *first));
                let lane = one.unwrap_or(items[bundle.from].lane);
                let what = What::Line(number);
                items.push(Item { what, layer: layer + 1, lane, wide: PASSING, deep: 0 });
                next = items.len() - 1;
                to.push(next);
            }
            pieces.push(Piece { bundle: number, from, to, heavy: bundle.style.heavy });
            from = next;
        }
    }
    Items { all: items, pieces, lanes, lane_of_group }
}

/// How much room each node needs across for the lines that end at it.
fn ends(layers: &Layers, nodes: usize, right: bool) -> Vec<i32> {
    let mut arriving = vec![0_i32; nodes];
    let mut leaving = vec![0_usize; nodes];
    for bundle in &layers.bundles {
        leaving[bundle.from] += 1;
        for (to, label) in &bundle.to {
            arriving[*to] += label.as_deref().map_or(APART, |label| apart(label, right));
        }
    }
    let ends = arriving.into_iter().zip(leaving);
    ends.map(|(arriving, leaving)| arriving.max(pixels(leaving) * APART) + APART).collect()
}

/// How far apart lines end that have labels.
pub(super) fn apart(label: &str, right: bool) -> i32 {
    if right { LABELS_APART } else { label_width(label) + 8 }
}
