//! Where cards stand, and where in the room between them lines run.
//!
//! All along the axes of the tree: `main` leads away from its top, `cross` runs across.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    super::{
        channel::{Pin, Side, Wire, tracks},
        scene::pixels,
    },
    forest::Forest,
    measure::{Measures, room_for_labels},
    pack::{Rows, Size, rows},
    routes::{Face, GutterEnd, HubEnd, Reaching, Routes},
    strip::Strip,
};

/// Between two cards side by side, besides their gutters.
const BETWEEN: i32 = 26;
/// Between a card and the first line beside it: the room of an arrowhead.
const HEAD: i32 = 18;
/// Between the last line and what comes after it.
const BEHIND: i32 = 8;
/// About as much room is between two rows of cards; more where many lines run.
const BETWEEN_ROWS: i32 = 60;
/// Cards whose lines would lie on those of others are moved aside by that much, and as often.
const ASIDE: i32 = 4;
const MOST_TRIES: usize = 8;
/// Further along a gutter than any place on its card.
const FAR: i32 = 1 << 24;

/// Where everything is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Places {
    /// The corner of each card nearest to the origin.
    pub(super) cards: Vec<(i32, i32)>,
    /// By card, in which of the rows below the card above it stands.
    pub(super) row: Vec<usize>,
    /// Across, by card, face and net.
    pub(super) gutters: BTreeMap<(usize, Face, usize), i32>,
    /// Along, by card, row of cards and net.
    pub(super) hubs: BTreeMap<(usize, usize, usize), i32>,
    /// Across, by card and net: the line that leads from row to row.
    pub(super) trunks: BTreeMap<(usize, usize), i32>,
    pub(super) deep: i32,
    pub(super) wide: i32,
}

struct Placing<'a> {
    forest: &'a Forest,
    routes: &'a Routes,
    measures: &'a Measures,
    right: bool,
    gutters: BTreeMap<(usize, Face), Strip>,
    trunks: BTreeMap<usize, Strip>,
    /// By card: how the cards below it are arranged.
    rows: Vec<Rows>,
    /// By card: where it begins in its block, and its block in the room of the card above.
    card_in_block: Vec<i32>,
    block_in_room: Vec<i32>,
    /// By card: where the room for the cards below it begins in its block.
    room_in_block: Vec<i32>,
    /// By card, how far it is moved aside so that its lines do not lie on those of others.
    aside: Vec<i32>,
    places: Places,
}

pub(super) fn places(forest: &Forest, routes: &Routes, measures: &Measures, right: bool) -> Places {
    let count = forest.cards.len();
    let mut placing = Placing {
        forest,
        routes,
        measures,
        right,
        gutters: BTreeMap::new(),
        trunks: BTreeMap::new(),
        rows: vec![Rows::default(); count],
        card_in_block: vec![0; count],
        block_in_room: vec![0; count],
        room_in_block: vec![0; count],
        aside: vec![0; count],
        places: Places { row: vec![0; count], ..Places::default() },
    };
    placing.gutters();
    for _ in 0..MOST_TRIES {
        placing.across();
        if !placing.nudge() {
            break;
        }
    }
    placing.along();
    placing.places
}

impl Placing<'_> {
    /// The size of a card along the axis of the tree, and across.
    fn card(&self, card: usize) -> Size {
        let it = &self.measures.cards[card];
        if self.right {
            Size { deep: it.width, wide: it.height }
        } else {
            Size { deep: it.height, wide: it.width }
        }
    }

    fn gutters(&mut self) {
        for ((card, face), reaching) in &self.routes.gutters {
            let deep = self.card(*card).deep;
            let pin = |end: &GutterEnd| match end {
                GutterEnd::Up => Pin { at: -FAR, side: Side::End },
                GutterEnd::Down => Pin { at: deep + FAR, side: Side::End },
                GutterEnd::Terminal(it) => {
                    Pin { at: self.measures.terminals[*it], side: Side::Before }
                }
            };
            let wires = reaching.values();
            let wires: Vec<_> =
                wires.map(|ends| Wire { pins: ends.iter().map(pin).collect() }).collect();
            let terminals = reaching.values().flatten().filter_map(|end| match end {
                GutterEnd::Terminal(terminal) => Some(*terminal),
                _ => None,
            });
            let before = room_for_labels(self.routes, terminals) + HEAD;
            let nets = reaching.keys().copied().collect();
            let strip = Strip::new(nets, tracks(&wires), before, BEHIND);
            self.gutters.insert((*card, *face), strip);
        }
    }

    fn gutter(&self, card: usize, face: Face) -> i32 {
        self.gutters.get(&(card, face)).map_or(0, Strip::thickness)
    }

    /// From the leaves to the top: how much room each block needs across. Then back: where it is.
    fn across(&mut self) {
        let forest = self.forest;
        let mut sizes = vec![Size::default(); forest.cards.len()];
        for &card in forest.top_down.iter().rev() {
            let children = &forest.cards[card].children;
            let blocks: Vec<_> = children.iter().map(|child| sizes[*child]).collect();
            let deep = self.card(card).deep;
            let rows = rows(&blocks, deep, BETWEEN, BETWEEN_ROWS, self.right);
            for (child, row) in children.iter().zip(&rows.of) {
                self.places.row[*child] = *row;
            }
            let trunk = self.trunk(card);
            let mut room = trunk.as_ref().map_or(0, Strip::thickness);
            let first = room;
            let mut begun = usize::MAX;
            let mut at = first;
            for (child, row) in children.iter().zip(&rows.of) {
                if begun != *row {
                    (begun, at) = (*row, first);
                }
                self.block_in_room[*child] = at;
                at += sizes[*child].wide;
                room = room.max(at);
                at += BETWEEN;
            }
            let own = self.card(card);
            let low = self.gutter(card, Face::Low);
            let wide = low + own.wide + self.gutter(card, Face::High);
            let middle = self.middle(children, &rows, first, room);
            let card_at = middle - low - self.centre(card) + self.aside[card];
            let shift = (-card_at).max(0);
            self.room_in_block[card] = shift;
            self.card_in_block[card] = card_at + shift + low;
            let wide = (room + shift).max(card_at + shift + wide);
            let between: i32 = rows.deep.iter().map(|deep| deep + BETWEEN_ROWS).sum();
            sizes[card] = Size { deep: own.deep + between, wide };
            self.rows[card] = rows;
            if let Some(trunk) = trunk {
                self.trunks.insert(card, trunk);
            }
        }
        let mut blocks = vec![0; forest.cards.len()];
        self.places.cards = vec![(0, 0); forest.cards.len()];
        for &card in &forest.top_down {
            let block = blocks[card];
            self.places.cards[card].1 = block + self.card_in_block[card];
            for &child in &forest.cards[card].children {
                blocks[child] = block + self.room_in_block[card] + self.block_in_room[child];
            }
            if let Some(trunk) = self.trunks.get(&card) {
                let from = block + self.room_in_block[card];
                let lines = trunk.lines().map(|(net, into)| ((card, net), from + into));
                self.places.trunks.extend(lines);
            }
        }
        self.places.wide = sizes[0].wide;
        for ((card, face), strip) in &self.gutters {
            let edge = self.places.cards[*card].1;
            let far_edge = edge + self.card(*card).wide;
            // Tracks are counted from the card.
            let lines = strip.lines().map(|(net, away)| {
                let at = match face {
                    Face::Low => edge - away,
                    _ => far_edge + away,
                };
                ((*card, *face, net), at)
            });
            self.places.gutters.extend(lines);
        }
    }

    /// Moves cards whose lines lie on those of cards below them. Says whether there were any.
    fn nudge(&mut self) -> bool {
        let mut nudged = false;
        for card in 0..self.forest.cards.len() {
            if self.hub(card).iter().any(|strip| strip.overlapping) {
                self.aside[card] += ASIDE;
                nudged = true;
            }
        }
        nudged
    }

    /// Where the line of the tree meets a card.
    fn centre(&self, card: usize) -> i32 {
        let it = &self.measures.cards[card];
        if self.right { it.title / 2 } else { it.width / 2 }
    }

    /// Where the middle of a card shall be in the room for the cards below it.
    fn middle(&self, children: &[usize], rows: &Rows, first: i32, room: i32) -> i32 {
        let middle = |child: &usize| {
            self.block_in_room[*child] + self.card_in_block[*child] + self.centre(*child)
        };
        match (children.first(), children.last()) {
            (Some(low), Some(high)) if rows.deep.len() == 1 => {
                i32::midpoint(middle(low), middle(high))
            }
            _ => i32::midpoint(first, room),
        }
    }

    /// The lines that lead from one row of cards below a card to another.
    fn trunk(&self, card: usize) -> Option<Strip> {
        let (mut nets, mut wires) = (Vec::new(), Vec::new());
        for (net, ends) in &self.routes.hubs[card] {
            let rows: BTreeSet<usize> = ends.iter().map(|end| self.row(card, *end)).collect();
            if rows.len() > 1 {
                let pins =
                    rows.iter().map(|row| Pin { at: pixels(*row) * 1000, side: Side::After });
                nets.push(*net);
                wires.push(Wire { pins: pins.collect() });
            }
        }
        (!nets.is_empty()).then(|| Strip::new(nets, tracks(&wires), BEHIND, BEHIND + 6))
    }

    /// The row of cards above which an end of a net is.
    fn row(&self, hub: usize, end: HubEnd) -> usize {
        match end {
            HubEnd::Own(_) => 0,
            HubEnd::Below(card, _) => self.places.row[card],
            HubEnd::Terminal(terminal) => match self.routes.terminals[terminal].card {
                card if card == hub => 0,
                card => self.places.row[card],
            },
        }
    }

    /// From the top to the leaves: where cards begin, and on which tracks lines run between rows.
    fn along(&mut self) {
        let forest = self.forest;
        let hubs: Vec<Vec<Strip>> = (0..forest.cards.len()).map(|card| self.hub(card)).collect();
        let mut deep = vec![0; forest.cards.len()];
        let mut row_deep: Vec<Vec<i32>> = vec![Vec::new(); forest.cards.len()];
        for &card in forest.top_down.iter().rev() {
            let mut rows = vec![0; hubs[card].len()];
            for &child in &forest.cards[card].children {
                let row = &mut rows[self.places.row[child]];
                *row = deep[child].max(*row);
            }
            let strips: i32 = hubs[card].iter().map(Strip::thickness).sum();
            deep[card] = self.card(card).deep + strips + rows.iter().sum::<i32>();
            row_deep[card] = rows;
        }
        self.places.deep = deep[0];
        let mut from = vec![0; forest.cards.len()];
        for &card in &forest.top_down {
            self.places.cards[card].0 = from[card];
            let mut at = from[card] + self.card(card).deep;
            for (row, strip) in hubs[card].iter().enumerate() {
                let lines = strip.lines().map(|(net, into)| ((card, row, net), at + into));
                self.places.hubs.extend(lines);
                at += strip.thickness();
                for &child in &forest.cards[card].children {
                    if self.places.row[child] == row {
                        from[child] = at;
                    }
                }
                at += row_deep[card][row];
            }
        }
    }

    /// The strips above each row of cards below a card.
    fn hub(&self, card: usize) -> Vec<Strip> {
        let reaching = &self.routes.hubs[card];
        let rows = self.rows[card].deep.len().max(usize::from(!reaching.is_empty()));
        let mut strips = vec![(Vec::new(), Vec::new()); rows];
        for (net, ends) in reaching {
            let trunk = self.places.trunks.get(&(card, *net));
            let mut pins: BTreeMap<usize, Vec<Pin>> = BTreeMap::new();
            for end in ends {
                pins.entry(self.row(card, *end)).or_default().push(self.pin(card, *net, *end));
            }
            for (row, mut pins) in pins {
                let side = if row == 0 { Side::After } else { Side::Before };
                pins.extend(trunk.map(|at| Pin { at: *at, side }));
                strips[row].0.push(*net);
                strips[row].1.push(Wire { pins });
            }
        }
        let heads = self.heads(card, reaching);
        let last = card != 0 && self.forest.cards[card].children.is_empty();
        let strips = strips.into_iter().enumerate().map(|(row, (nets, wires))| {
            let (before, after) = heads[row];
            Strip::new(nets, tracks(&wires), before, if last { BEHIND } else { after })
        });
        strips.collect()
    }

    fn pin(&self, hub: usize, net: usize, end: HubEnd) -> Pin {
        let gutter = |card, face| self.places.gutters.get(&(card, face, net)).copied().unwrap_or(0);
        match end {
            HubEnd::Own(face) => Pin { at: gutter(hub, face), side: Side::Before },
            HubEnd::Below(card, face) => Pin { at: gutter(card, face), side: Side::After },
            HubEnd::Terminal(terminal) => {
                let card = self.routes.terminals[terminal].card;
                let at = self.places.cards[card].1 + self.measures.terminals[terminal];
                Pin { at, side: if card == hub { Side::Before } else { Side::After } }
            }
        }
    }

    /// How much room arrowheads and labels need before and after the lines of each row.
    fn heads(&self, hub: usize, reaching: &Reaching<HubEnd>) -> Vec<(i32, i32)> {
        let rows = self.rows[hub].deep.len().max(1);
        let none = if hub == 0 { 0 } else { HEAD };
        let mut heads = vec![(none, HEAD); rows];
        if hub == 0 && reaching.is_empty() {
            heads = vec![(0, 0); rows];
        }
        for end in reaching.values().flatten() {
            if let HubEnd::Terminal(terminal) = end {
                let labels = room_for_labels(self.routes, [*terminal].into_iter());
                let (before, after) = &mut heads[self.row(hub, *end)];
                let own = self.routes.terminals[*terminal].card == hub;
                let side = if own { before } else { after };
                *side = (*side).max(HEAD + labels);
            }
        }
        heads
    }
}
