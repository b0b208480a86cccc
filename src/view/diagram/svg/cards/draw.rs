//! Cards, rows and lines at their places, as a drawing.

use super::{
    super::{
        super::{Diagram, Direction},
        content::label_width,
        lines::joined,
        scene::{Heading, Net, Panel, Placed, Point, Rect, Scene},
    },
    forest::Forest,
    measure::{Measures, measures},
    place::{Places, places},
    routes::{Face, GutterEnd, HubEnd, Routes, routes},
};

/// How far the middle of a label is from the card, besides half its width: behind the arrowhead.
const BEFORE_LABEL: i32 = 13;

/// Arranges the groups of a diagram as a tree of cards.
pub(in super::super) fn cards(diagram: &Diagram) -> Scene {
    let forest = Forest::of(diagram);
    let routes = routes(diagram, &forest);
    let measures = measures(diagram, &forest, &routes);
    let right = diagram.direction == Direction::Right;
    let places = places(&forest, &routes, &measures, right);
    let (width, height) =
        if right { (places.deep, places.wide) } else { (places.wide, places.deep) };
    let mut scene = Scene { width, height, ..Scene::default() };
    let drawing =
        Drawing { forest: &forest, routes: &routes, measures: &measures, places: &places, right };
    for card in 1..forest.cards.len() {
        drawing.card(card, &mut scene);
    }
    for route in &routes.nets {
        let (style, edges) = (route.style, route.edges.clone());
        scene.nets.push(Net { style, edges, ..Net::default() });
    }
    for terminal in 0..routes.terminals.len() {
        drawing.target(terminal, &mut scene.nets);
    }
    drawing.lines(&mut scene.nets);
    scene
}

struct Drawing<'a> {
    forest: &'a Forest,
    routes: &'a Routes,
    measures: &'a Measures,
    places: &'a Places,
    right: bool,
}

impl Drawing<'_> {
    /// A place along the tree and across it, on the page.
    fn point(&self, main: i32, cross: i32) -> Point {
        if self.right { Point { x: main, y: cross } } else { Point { x: cross, y: main } }
    }

    fn card(&self, card: usize, scene: &mut Scene) {
        let it = &self.measures.cards[card];
        let (main, cross) = self.places.cards[card];
        let Point { x, y } = self.point(main, cross);
        let rect = Rect { x, y, width: it.width, height: it.height };
        let group = self.forest.cards[card].group;
        scene.panels.push(Panel { rect, group, card: true });
        for (node, (top, height)) in self.forest.cards[card].rows.iter().zip(&it.rows) {
            let rect = Rect { x, y: y + top, width: it.width, height: *height };
            scene.nodes.push(Placed { node: *node, rect, row: true });
        }
    }

    /// What stands where a line ends: its arrowhead and its label.
    fn target(&self, terminal: usize, nets: &mut [Net]) {
        let it = &self.routes.terminals[terminal];
        if !it.target {
            return;
        }
        let (at, heading) = self.terminal(terminal);
        let net = &mut nets[it.net];
        if !net.style.plain {
            net.arrows.push((at, heading));
        }
        if let Some(label) = &it.label {
            let away = BEFORE_LABEL + label_width(label) / 2;
            let middle = match heading {
                Heading::Right => Point { x: at.x - away, y: at.y },
                Heading::Left => Point { x: at.x + away, y: at.y },
                Heading::Down => Point { x: at.x, y: at.y - BEFORE_LABEL - 4 },
                Heading::Up => Point { x: at.x, y: at.y + BEFORE_LABEL + 4 },
            };
            net.labels.push((middle, label.clone()));
        }
    }

    /// The point at which a line meets a card, and where it points to there.
    fn terminal(&self, terminal: usize) -> (Point, Heading) {
        let it = &self.routes.terminals[terminal];
        let (main, cross) = self.places.cards[it.card];
        let card = &self.measures.cards[it.card];
        let (deep, wide) =
            if self.right { (card.width, card.height) } else { (card.height, card.width) };
        let along = self.measures.terminals[terminal];
        let (main, cross) = match it.face {
            Face::Up => (main, cross + along),
            Face::Down => (main + deep, cross + along),
            Face::Low => (main + along, cross),
            Face::High => (main + along, cross + wide),
        };
        let heading = match (it.face, self.right) {
            (Face::Up, false) | (Face::Low, true) => Heading::Down,
            (Face::Down, false) | (Face::High, true) => Heading::Up,
            (Face::Low, false) | (Face::Up, true) => Heading::Right,
            (Face::High, false) | (Face::Down, true) => Heading::Left,
        };
        (self.point(main, cross), heading)
    }

    /// Where a terminal is along the tree and across it.
    fn main_and_cross(&self, terminal: usize) -> (i32, i32) {
        let (Point { x, y }, _) = self.terminal(terminal);
        if self.right { (x, y) } else { (y, x) }
    }

    /// The lines of all nets.
    fn lines(&self, nets: &mut [Net]) {
        let mut pieces: Vec<Vec<(Point, Point)>> = vec![Vec::new(); nets.len()];
        let mut add = |net: usize, a: (i32, i32), b: (i32, i32)| {
            pieces[net].push((self.point(a.0, a.1), self.point(b.0, b.1)));
        };
        for ((card, face), reaching) in &self.routes.gutters {
            for (net, ends) in reaching {
                let Some(&cross) = self.places.gutters.get(&(*card, *face, *net)) else { continue };
                let mut span = Span::default();
                for end in ends {
                    let main = match end {
                        GutterEnd::Up => {
                            let above = self.forest.cards[*card].parent;
                            self.hub_line(above, self.places.row[*card], *net)
                        }
                        GutterEnd::Down => self.hub_line(*card, 0, *net),
                        GutterEnd::Terminal(terminal) => {
                            let (main, at) = self.main_and_cross(*terminal);
                            add(*net, (main, at), (main, cross));
                            main
                        }
                    };
                    span.reach(main);
                }
                add(*net, (span.from, cross), (span.to, cross));
            }
        }
        for (card, reaching) in self.routes.hubs.iter().enumerate() {
            for (net, ends) in reaching {
                self.hub_lines(card, *net, ends.iter().copied(), |a, b| add(*net, a, b));
            }
        }
        for (net, pieces) in nets.iter_mut().zip(&pieces) {
            let joined = joined(pieces);
            (net.lines, net.joints) = (joined.lines, joined.joints);
        }
    }

    fn hub_line(&self, card: usize, row: usize, net: usize) -> i32 {
        self.places.hubs.get(&(card, row, net)).copied().unwrap_or(0)
    }

    fn hub_lines(
        &self,
        card: usize,
        net: usize,
        ends: impl Iterator<Item = HubEnd>,
        mut add: impl FnMut((i32, i32), (i32, i32)),
    ) {
        let mut rows: std::collections::BTreeMap<usize, Span> = std::collections::BTreeMap::new();
        for end in ends {
            let (row, cross) = match end {
                HubEnd::Own(face) => (0, self.places.gutters.get(&(card, face, net)).copied()),
                HubEnd::Below(below, face) => {
                    let cross = self.places.gutters.get(&(below, face, net)).copied();
                    (self.places.row[below], cross)
                }
                HubEnd::Terminal(terminal) => {
                    let at = self.routes.terminals[terminal].card;
                    let row = if at == card { 0 } else { self.places.row[at] };
                    let (main, cross) = self.main_and_cross(terminal);
                    add((main, cross), (self.hub_line(card, row, net), cross));
                    (row, Some(cross))
                }
            };
            if let Some(cross) = cross {
                rows.entry(row).or_default().reach(cross);
            }
        }
        if let Some(&trunk) = self.places.trunks.get(&(card, net)) {
            let mut span = Span::default();
            for (row, reached) in &mut rows {
                span.reach(self.hub_line(card, *row, net));
                reached.reach(trunk);
            }
            add((span.from, trunk), (span.to, trunk));
        }
        for (row, span) in rows {
            let main = self.hub_line(card, row, net);
            add((main, span.from), (main, span.to));
        }
    }
}

/// From the first to the last of some places.
struct Span {
    from: i32,
    to: i32,
}

impl Default for Span {
    fn default() -> Self {
        Self { from: i32::MAX, to: i32::MIN }
    }
}

impl Span {
    fn reach(&mut self, at: i32) {
        self.from = self.from.min(at);
        self.to = self.to.max(at);
    }
}
