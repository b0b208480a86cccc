//! Which way each line takes between cards. No line crosses a card, because lines only run in
//! places that are kept free for them:
//!
//! - the hub of a card: the room between it and the cards that hang below it;
//! - the gutters of a card: strips along its two sides, from the hub above to its own.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    super::super::{Diagram, Direction, EdgeStyle},
    forest::Forest,
};

/// A side of a card. The axes are those of the tree: `Up` is where the card above it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Face {
    Up,
    Down,
    /// The side where its earlier neighbour is.
    Low,
    High,
}

/// Where a line begins or ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Terminal {
    pub(super) card: usize,
    /// The row; none is the title.
    pub(super) row: Option<usize>,
    pub(super) face: Face,
    pub(super) net: usize,
    /// Whether a line ends here.
    pub(super) target: bool,
    pub(super) label: Option<String>,
}

/// The lines that begin at one place and look alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NetRoute {
    pub(super) style: EdgeStyle,
    pub(super) edges: Vec<usize>,
}

/// What of a net reaches a hub.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum HubEnd {
    /// A terminal at the card of the hub, or at one of those below it.
    Terminal(usize),
    /// A gutter of the card of the hub.
    Own(Face),
    /// A gutter of a card below it.
    Below(usize, Face),
}

/// What of a net reaches a gutter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum GutterEnd {
    Up,
    Down,
    Terminal(usize),
}

/// By net, what of it reaches a place.
pub(super) type Reaching<End> = BTreeMap<usize, BTreeSet<End>>;

/// The ways of all lines.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Routes {
    pub(super) nets: Vec<NetRoute>,
    pub(super) terminals: Vec<Terminal>,
    /// By card.
    pub(super) hubs: Vec<Reaching<HubEnd>>,
    /// By card and face (`Low` or `High`).
    pub(super) gutters: BTreeMap<(usize, Face), Reaching<GutterEnd>>,
}

type Place = (usize, Option<usize>);
/// What makes a net: where it begins, what it looks like, and whether it holds the tree.
type NetKey = (Place, EdgeStyle, bool);

struct Router<'a> {
    forest: &'a Forest,
    /// Whether lines leave rows into the gutters; otherwise into the hubs.
    by_gutters: bool,
    routes: Routes,
    nets: BTreeMap<NetKey, usize>,
    terminals: BTreeMap<(usize, Place, Face, bool), usize>,
}

/// Which end of an edge a place is; the label stands at its target.
#[derive(Debug, Clone, Copy)]
enum EdgeEnd<'a> {
    Source,
    Target(Option<&'a str>),
}

pub(super) fn routes(diagram: &Diagram, forest: &Forest) -> Routes {
    let hubs = vec![Reaching::new(); forest.cards.len()];
    let mut router = Router {
        forest,
        by_gutters: diagram.direction == Direction::Down,
        routes: Routes { hubs, ..Routes::default() },
        nets: BTreeMap::new(),
        terminals: BTreeMap::new(),
    };
    // What looks alike runs on one side of the cards.
    let mut sides: BTreeMap<EdgeStyle, Face> = BTreeMap::new();
    for (number, edge) in diagram.edges.iter().enumerate() {
        let (from, to) = (forest.at(edge.from), forest.at(edge.to));
        let label = edge.label.as_deref();
        if forest.held_by[to.0] == Some(number) {
            let net = router.net((from, edge.style, true), number);
            let ends = [(from, Face::Down, false), (to, Face::Up, true)];
            for (place, face, target) in ends {
                let terminal = router.terminal(net, place, face, target, label);
                router.hub(from.0, net, HubEnd::Terminal(terminal));
            }
            continue;
        }
        let other = if sides.len().is_multiple_of(2) { Face::Low } else { Face::High };
        let side = *sides.entry(edge.style).or_insert(other);
        let net = router.net((from, edge.style, false), number);
        let meeting = forest.meeting(from.0, to.0);
        router.climb(net, side, from, EdgeEnd::Source, meeting, to);
        router.climb(net, side, to, EdgeEnd::Target(label), meeting, from);
    }
    router.routes
}

impl Router<'_> {
    fn net(&mut self, key: NetKey, edge: usize) -> usize {
        let nets = &mut self.routes.nets;
        let net = *self.nets.entry(key).or_insert_with(|| {
            nets.push(NetRoute { style: key.1, edges: Vec::new() });
            nets.len() - 1
        });
        nets[net].edges.push(edge);
        net
    }

    fn terminal(
        &mut self,
        net: usize,
        place: Place,
        face: Face,
        target: bool,
        label: Option<&str>,
    ) -> usize {
        let terminals = &mut self.routes.terminals;
        let number = *self.terminals.entry((net, place, face, target)).or_insert_with(|| {
            let (card, row) = place;
            terminals.push(Terminal { card, row, face, net, target, label: None });
            terminals.len() - 1
        });
        if let Some(more) = label.filter(|_| target) {
            let label = &mut terminals[number].label;
            *label = Some(match label.take() {
                None => more.to_owned(),
                Some(label) => format!("{label}, {more}"),
            });
        }
        number
    }

    fn hub(&mut self, card: usize, net: usize, end: HubEnd) {
        self.routes.hubs[card].entry(net).or_default().insert(end);
    }

    fn gutter(&mut self, card: usize, face: Face, net: usize, ends: &[GutterEnd]) {
        let reaching = self.routes.gutters.entry((card, face)).or_default();
        reaching.entry(net).or_default().extend(ends);
    }

    /// From a place to the hub in which it meets the other one.
    fn climb(
        &mut self,
        net: usize,
        side: Face,
        place: Place,
        end: EdgeEnd<'_>,
        meeting: usize,
        other: Place,
    ) {
        let (target, label) = match end {
            EdgeEnd::Source => (false, None),
            EdgeEnd::Target(label) => (true, label),
        };
        let card = place.0;
        let downward = card == meeting;
        if self.by_gutters {
            let terminal = self.terminal(net, place, side, target, label);
            let terminal = GutterEnd::Terminal(terminal);
            if card == other.0 {
                self.gutter(card, side, net, &[terminal]);
                return;
            }
            if downward {
                self.gutter(card, side, net, &[terminal, GutterEnd::Down]);
                self.hub(card, net, HubEnd::Own(side));
                return;
            }
            self.gutter(card, side, net, &[terminal, GutterEnd::Up]);
            self.hub(self.forest.cards[card].parent, net, HubEnd::Below(card, side));
        } else {
            let face = if downward { Face::Down } else { Face::Up };
            let terminal = HubEnd::Terminal(self.terminal(net, place, face, target, label));
            if downward {
                self.hub(card, net, terminal);
                return;
            }
            self.hub(self.forest.cards[card].parent, net, terminal);
        }
        let mut passed = self.forest.cards[card].parent;
        while passed != meeting {
            self.hub(passed, net, HubEnd::Own(side));
            self.gutter(passed, side, net, &[GutterEnd::Up, GutterEnd::Down]);
            let above = self.forest.cards[passed].parent;
            self.hub(above, net, HubEnd::Below(passed, side));
            passed = above;
        }
    }
}
