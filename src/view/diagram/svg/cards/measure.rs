//! How large cards are, and where on their sides lines begin and end.

use std::collections::BTreeMap;

use super::{
    super::{
        super::{Diagram, Direction},
        content::{Content, WIDEST, label_width, of_group, of_node},
        scene::pixels,
    },
    forest::Forest,
    routes::{Face, Routes},
};

/// Cards are not narrower than that, so that they look like cards.
const NARROWEST: i32 = 210;
/// What is free below the last row.
const BELOW: i32 = 6;
/// Lines at one side are this far apart, and if they have labels, that far.
const APART: i32 = 10;
const APART_WITH_LABELS: i32 = 18;

/// A card with its rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct CardBox {
    pub(super) width: i32,
    pub(super) height: i32,
    /// The height of the title.
    pub(super) title: i32,
    /// By row: its upper edge and its height.
    pub(super) rows: Vec<(i32, i32)>,
}

/// Cards and terminals, each card with its upper left corner at the origin.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Measures {
    pub(super) cards: Vec<CardBox>,
    /// By terminal: how far along its face it is.
    pub(super) terminals: Vec<i32>,
}

pub(super) fn measures(diagram: &Diagram, forest: &Forest, routes: &Routes) -> Measures {
    let beside = beside(forest, routes);
    let down = diagram.direction == Direction::Down;
    // Growing down, lines of the tree meet the long side of a card, not that of a row.
    let at_long_side = |face: Face| down && matches!(face, Face::Up | Face::Down);
    let mut ends: BTreeMap<(usize, Option<usize>), (usize, i32)> = BTreeMap::new();
    for ((card, row, face), terminals) in &beside {
        let counted = ends.entry((*card, *row)).or_default();
        if !at_long_side(*face) {
            *counted = (counted.0.max(terminals.len()), apart(routes, terminals).max(counted.1));
        }
    }
    let mut measures = Measures { cards: Vec::new(), terminals: vec![0; routes.terminals.len()] };
    let width = width(diagram, forest);
    for (number, card) in forest.cards.iter().enumerate() {
        let high = |content: &Content, row: Option<usize>| match ends.get(&(number, row)) {
            Some((count, apart)) => content.height_for(*count, *apart),
            None => content.height,
        };
        let group = card.group.map(|group| &diagram.groups[group]);
        let title = group.map_or(0, |group| high(&of_group(group, width), None));
        let mut height = title;
        let rows = card.rows.iter().enumerate().map(|(row, node)| {
            let tall = high(&of_node(&diagram.nodes[*node], true), Some(row));
            height += tall;
            (height - tall, tall)
        });
        let rows: Vec<_> = rows.collect();
        let height = if rows.is_empty() { height } else { height + BELOW };
        measures.cards.push(CardBox { width, height, title, rows });
    }
    if let Some(root) = measures.cards.first_mut() {
        *root = CardBox::default();
    }
    for ((card, row, face), terminals) in &beside {
        let card = &measures.cards[*card];
        let middle = match row {
            _ if at_long_side(*face) => card.width / 2,
            Some(row) => card.rows.get(*row).map_or(0, |(top, tall)| top + tall / 2),
            None => card.title / 2,
        };
        let apart = apart(routes, terminals);
        let first = middle - (pixels(terminals.len()) - 1) * apart / 2;
        for (place, terminal) in terminals.iter().enumerate() {
            measures.terminals[*terminal] = first + pixels(place) * apart;
        }
    }
    measures
}

/// The terminals on each side of each row, in the order in which they shall stand there: so that
/// lines that leave side by side also arrive side by side.
fn beside(forest: &Forest, routes: &Routes) -> BTreeMap<(usize, Option<usize>, Face), Vec<usize>> {
    let mut order = vec![0; forest.cards.len()];
    for (place, card) in forest.top_down.iter().enumerate() {
        order[*card] = place;
    }
    let place = |terminal: &usize| {
        let it = &routes.terminals[*terminal];
        (order[it.card], it.row.map_or(0, |row| row + 1))
    };
    let mut of_net: Vec<(Vec<usize>, Vec<usize>)> = vec![Default::default(); routes.nets.len()];
    for (number, terminal) in routes.terminals.iter().enumerate() {
        let (sources, targets) = &mut of_net[terminal.net];
        if terminal.target { targets.push(number) } else { sources.push(number) }
    }
    let mut beside: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (number, terminal) in routes.terminals.iter().enumerate() {
        let (sources, targets) = &of_net[terminal.net];
        let others = if terminal.target { sources } else { targets };
        let other = others.first().map_or((0, 0), place);
        let here = place(&number);
        // In a gutter the line from the lowest row of a card above is the one nearest to the cards.
        let above = other.0 < here.0 && matches!(terminal.face, Face::Low | Face::High);
        let key = if above { (other.0, usize::MAX - other.1) } else { other };
        let places: &mut Vec<_> =
            beside.entry((terminal.card, terminal.row, terminal.face)).or_default();
        places.push((key, number));
    }
    let sorted = beside.into_iter().map(|(side, mut terminals)| {
        terminals.sort_unstable();
        (side, terminals.into_iter().map(|(_, terminal)| terminal).collect())
    });
    sorted.collect()
}

fn apart(routes: &Routes, terminals: &[usize]) -> i32 {
    let labels = terminals.iter().any(|terminal| routes.terminals[*terminal].label.is_some());
    if labels { APART_WITH_LABELS } else { APART }
}

/// The width of all cards: they are alike, so that columns of them are straight.
fn width(diagram: &Diagram, forest: &Forest) -> i32 {
    let in_groups = |node: &usize| forest.of_node[*node].0 != 0;
    let nodes = (0..diagram.nodes.len()).filter(in_groups);
    let nodes = nodes.map(|node| of_node(&diagram.nodes[node], true).width);
    let titles = diagram.groups.iter().map(|group| of_group(group, WIDEST).width);
    nodes.chain(titles).max().unwrap_or(0).max(NARROWEST)
}

/// How much room labels need that stand at terminals; none if there are no labels.
pub(super) fn room_for_labels<'a>(
    routes: &'a Routes,
    terminals: impl Iterator<Item = usize> + 'a,
) -> i32 {
    let labels = terminals.filter_map(|terminal| routes.terminals[terminal].label.as_deref());
    labels.map(|label| label_width(label) + 14).max().unwrap_or(0)
}
