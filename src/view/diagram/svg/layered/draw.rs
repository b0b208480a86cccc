//! Layers and lanes as a drawing.

use super::{
    super::{
        super::{Diagram, Direction, outline::Step},
        content::{WIDEST, label_width, of_group},
        lines::joined,
        scene::{Heading, Net, Panel, Placed, Point, Rect, Scene, pixels},
    },
    across::{Across, INSIDE, across},
    along::{Along, along},
    items::{Items, What, items},
    layers::{Layers, layers},
    order::order,
};

/// How far the middle of a label is from the node, besides half its width: behind the arrowhead.
const BEFORE_LABEL: i32 = 13;
/// A group in a group is that much shorter at its ends.
const SHORTER: i32 = 6;
/// More groups around each other than that are not expected.
const DEEPEST: usize = 8;

/// Arranges the nodes of a diagram in layers, and its groups as lanes along them.
pub(in super::super) fn layered(diagram: &Diagram) -> Scene {
    let layers = layers(diagram);
    let items = items(diagram, &layers);
    let order = order(&items, layers.count);
    let mut across = across(diagram, &items, &order);
    let right = diagram.direction == Direction::Right;
    let along = along(&layers, &items, &mut across, right);
    let begin = begin(diagram, right);
    let drawing = Drawing {
        diagram,
        layers: &layers,
        items: &items,
        across: &across,
        along: &along,
        right,
        begin,
    };
    drawing.scene()
}

struct Drawing<'a> {
    diagram: &'a Diagram,
    layers: &'a Layers,
    items: &'a Items,
    across: &'a Across,
    along: &'a Along,
    right: bool,
    /// What is before the first layer.
    begin: i32,
}

/// What is before the first layer: the titles of groups in groups.
fn begin(diagram: &Diagram, right: bool) -> i32 {
    let mut begin = 0;
    let mut open = vec![0];
    for step in diagram.outline() {
        match step {
            Step::Begin(group) => {
                let around = open.last().copied().unwrap_or(0);
                open.push(around + if right { SHORTER } else { title(diagram, group) });
            }
            Step::Node(_) => {}
            Step::End => begin = begin.max(open.pop().unwrap_or(0) + INSIDE),
        }
    }
    begin
}

fn title(diagram: &Diagram, group: usize) -> i32 {
    of_group(&diagram.groups[group], WIDEST).height
}

impl Drawing<'_> {
    fn scene(&self) -> Scene {
        let titles = self.diagram.groups.iter().map(|group| of_group(group, WIDEST).width);
        let around = 2 * SHORTER * pixels(self.diagram.groups.len().min(DEEPEST));
        let widest = if self.right { titles.max().unwrap_or(0) + around } else { 0 };
        let deep = (self.begin + self.along.deep + INSIDE).max(widest);
        let wide = self.across.wide;
        let (width, height) = if self.right { (deep, wide) } else { (wide, deep) };
        let mut scene = Scene { width, height, ..Scene::default() };
        let mut begins = vec![0];
        for step in self.diagram.outline() {
            match step {
                Step::Begin(group) => {
                    let from = begins.last().copied().unwrap_or(0);
                    let to = deep - SHORTER * pixels(begins.len() - 1);
                    let span = self.across.groups[group];
                    let rect = self.rect(from, span.from, to - from, span.to - span.from);
                    scene.panels.push(Panel { rect, group: Some(group), card: false });
                    let title = title(self.diagram, group);
                    begins.push(from + if self.right { SHORTER } else { title });
                }
                Step::Node(node) => {
                    let item = &self.items.all[node];
                    let from = self.begin + self.along.layers[item.layer];
                    let middle = self.across.items[node];
                    let rect = self.rect(from, middle - item.wide / 2, item.deep, item.wide);
                    scene.nodes.push(Placed { node, rect, row: false });
                }
                Step::End => {
                    begins.pop();
                }
            }
        }
        scene.nets = self.nets();
        scene
    }

    fn rect(&self, main: i32, cross: i32, deep: i32, wide: i32) -> Rect {
        if self.right {
            Rect { x: main, y: cross, width: deep, height: wide }
        } else {
            Rect { x: cross, y: main, width: wide, height: deep }
        }
    }

    fn point(&self, main: i32, cross: i32) -> Point {
        if self.right { Point { x: main, y: cross } } else { Point { x: cross, y: main } }
    }

    fn nets(&self) -> Vec<Net> {
        let bundles = self.layers.bundles.iter();
        let mut nets: Vec<_> = bundles
            .map(|it| Net { style: it.style, edges: it.edges.clone(), ..Net::default() })
            .collect();
        let mut pieces: Vec<Vec<(Point, Point)>> = vec![Vec::new(); nets.len()];
        for (layer, begun) in self.items.pieces.iter().enumerate() {
            for (number, piece) in begun.iter().enumerate() {
                let bundle = &self.layers.bundles[piece.bundle];
                let net = &mut nets[piece.bundle];
                let lines = &mut pieces[piece.bundle];
                let line = self.begin + self.along.lines[layer][number];
                let from = self.along.leaving[layer][number];
                let start = self.point(self.end_of(piece.from), from);
                lines.push((start, self.point(line, from)));
                if bundle.backward && matches!(self.items.all[piece.from].what, What::Node(_)) {
                    let heading = if self.right { Heading::Left } else { Heading::Up };
                    net.arrows.push((start, heading));
                }
                let below = self.begin + self.along.layers[layer + 1];
                for (to, at) in piece.to.iter().zip(&self.along.arriving[layer][number]) {
                    lines.push((self.point(line, from), self.point(line, *at)));
                    let end = self.point(below, *at);
                    lines.push((self.point(line, *at), end));
                    let What::Node(node) = self.items.all[*to].what else { continue };
                    if !bundle.backward && !bundle.style.plain {
                        let heading = if self.right { Heading::Right } else { Heading::Down };
                        net.arrows.push((end, heading));
                    }
                    if let Some(label) = bundle.to.get(&node).and_then(Option::as_ref) {
                        let away =
                            BEFORE_LABEL + if self.right { label_width(label) / 2 } else { 6 };
                        let main = below - away;
                        net.labels.push((self.point(main, *at), label.clone()));
                    }
                }
            }
        }
        for (net, pieces) in nets.iter_mut().zip(&pieces) {
            let joined = joined(pieces);
            (net.lines, net.joints) = (joined.lines, joined.joints);
        }
        nets
    }

    /// Where an item ends: a node at its far side, a line that passes where its layer begins.
    fn end_of(&self, item: usize) -> i32 {
        let item = &self.items.all[item];
        self.begin + self.along.layers[item.layer] + item.deep
    }
}
