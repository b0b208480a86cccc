//! Which cards there are, and how they hang below each other.

use super::super::super::{Diagram, End, outline::Step};

/// A card: a group with the nodes in it as rows, or a node in no group.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Card {
    /// The group it is.
    pub(super) group: Option<usize>,
    /// Its nodes.
    pub(super) rows: Vec<usize>,
    /// The card above it.
    pub(super) parent: usize,
    /// The cards below it.
    pub(super) children: Vec<usize>,
    /// How many are above it.
    pub(super) depth: usize,
}

/// The cards. The first one is not drawn: what has nothing above it hangs below that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Forest {
    pub(super) cards: Vec<Card>,
    /// The card and the row of each node.
    pub(super) of_node: Vec<(usize, usize)>,
    /// The card of each group.
    pub(super) of_group: Vec<usize>,
    /// The edges that hold the tree: by card, the edge from the card above.
    pub(super) held_by: Vec<Option<usize>>,
    /// Each card after the one above it.
    pub(super) top_down: Vec<usize>,
}

impl Forest {
    pub(super) fn of(diagram: &Diagram) -> Self {
        let mut forest = Self {
            cards: vec![Card::default()],
            of_node: vec![(0, 0); diagram.nodes.len()],
            of_group: vec![0; diagram.groups.len()],
            held_by: Vec::new(),
            top_down: Vec::new(),
        };
        let mut depth = 0;
        for step in diagram.outline() {
            match step {
                Step::Begin(group) => {
                    if depth == 0 {
                        forest.cards.push(Card { group: Some(group), ..Card::default() });
                    }
                    // A group in a group has no card of its own.
                    forest.of_group[group] = forest.cards.len() - 1;
                    depth += 1;
                }
                Step::Node(node) => {
                    if depth == 0 {
                        forest.cards.push(Card::default());
                    }
                    let card = forest.cards.len() - 1;
                    forest.of_node[node] = (card, forest.cards[card].rows.len());
                    forest.cards[card].rows.push(node);
                }
                Step::End => depth -= 1,
            }
        }
        forest.hang(diagram);
        forest
    }

    /// The card at an end of an edge, and the row; none is its title.
    pub(super) fn at(&self, end: End) -> (usize, Option<usize>) {
        match end {
            End::Node(node) => (self.of_node[node.0].0, Some(self.of_node[node.0].1)),
            End::Group(group) => (self.of_group[group.0], None),
        }
    }

    fn hang(&mut self, diagram: &Diagram) {
        let mut held_by = vec![None; self.cards.len()];
        for (number, edge) in diagram.edges.iter().enumerate() {
            let ((from, None), (to, None)) = (self.at(edge.from), self.at(edge.to)) else {
                continue;
            };
            if held_by[to].is_none() && !self.is_below(from, to) {
                held_by[to] = Some(number);
                self.cards[to].parent = from;
            }
        }
        for card in 1..self.cards.len() {
            let parent = self.cards[card].parent;
            self.cards[parent].children.push(card);
        }
        let mut open = vec![0];
        while let Some(card) = open.pop() {
            self.top_down.push(card);
            let depth = self.cards[card].depth + 1;
            for child in self.cards[card].children.clone().into_iter().rev() {
                self.cards[child].depth = depth;
                open.push(child);
            }
        }
        self.held_by = held_by;
    }

    /// Whether a card is another one or hangs below it.
    fn is_below(&self, mut card: usize, other: usize) -> bool {
        while card != other && card != 0 {
            card = self.cards[card].parent;
        }
        card == other
    }

    /// The card from which both hang, or the one from which the other hangs.
    pub(super) fn meeting(&self, mut a: usize, mut b: usize) -> usize {
        while a != b {
            if self.cards[a].depth >= self.cards[b].depth {
                a = self.cards[a].parent;
            } else {
                b = self.cards[b].parent;
            }
        }
        a
    }
}
