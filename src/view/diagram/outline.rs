//! Groups with what is in them, in the order in which a text has to say it.

use std::collections::BTreeMap;

use super::{Arrangement, Diagram, End, Shape};

/// Edges inside a card are followed over as many ranks.
const MOST_RANKS: usize = 10;

/// A step through the groups of a diagram; the numbers are those of its groups and nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// A group begins.
    Begin(usize),
    /// A node of the group that began last and has not ended.
    Node(usize),
    /// The group that began last ends.
    End,
}

impl Diagram {
    /// By group, whether an edge begins or ends at it; and the node that can stand for it there: a
    /// computer in it, in languages that lay out edges between groups badly or not at all.
    pub(super) fn group_ends(&self) -> BTreeMap<usize, Option<usize>> {
        let ends = self.edges.iter().flat_map(|edge| [edge.from, edge.to]);
        let mut standing: BTreeMap<usize, Option<usize>> = ends
            .filter_map(|end| match end {
                End::Group(group) => Some((group.0, None)),
                End::Node(_) => None,
            })
            .collect();
        for (number, node) in self.nodes.iter().enumerate().rev() {
            let group = node.group.filter(|_| node.shape == Shape::Server);
            if let Some(first) = group.and_then(|group| standing.get_mut(&group.0)) {
                *first = Some(number);
            }
        }
        standing
    }

    /// By edge, over how many ranks it leads. What lays out nodes without regard for groups puts a
    /// card below another one only if the edges between them are longer than those inside.
    pub(super) fn ranks(&self) -> Vec<usize> {
        let group = |end: End| match end {
            End::Group(group) => Some(group.0),
            End::Node(node) => self.nodes[node.0].group.map(|group| group.0),
        };
        let mut depths = vec![0; self.nodes.len()];
        let mut deepest = vec![0; self.groups.len()];
        for _ in 0..MOST_RANKS {
            for edge in &self.edges {
                if let (End::Node(from), End::Node(to)) = (edge.from, edge.to)
                    && let Some(inside) = group(edge.from).filter(|it| Some(*it) == group(edge.to))
                {
                    depths[to.0] = depths[to.0].max(depths[from.0] + 1).min(MOST_RANKS);
                    deepest[inside] = depths[to.0].max(deepest[inside]);
                }
            }
        }
        let cards = self.arrangement == Arrangement::Cards;
        let ranks = self.edges.iter().map(|edge| match group(edge.from) {
            Some(from) if cards && group(edge.to) != Some(from) => deepest[from] + 1,
            _ => 1,
        });
        ranks.collect()
    }

    /// Each group with its nodes, then its groups; first the nodes that are in no group.
    pub(super) fn outline(&self) -> Vec<Step> {
        let mut members = vec![Vec::new(); self.groups.len()];
        let mut steps = Vec::with_capacity(self.nodes.len() + 2 * self.groups.len());
        for (number, node) in self.nodes.iter().enumerate() {
            match node.group {
                Some(group) => members[group.0].push(Step::Node(number)),
                None => steps.push(Step::Node(number)),
            }
        }
        let mut inside = vec![Vec::new(); self.groups.len()];
        // The next step is the last one here: everything goes in backwards.
        let mut open = Vec::new();
        for (number, group) in self.groups.iter().enumerate().rev() {
            match group.parent {
                Some(parent) => inside[parent.0].push(Step::Begin(number)),
                None => open.push(Step::Begin(number)),
            }
        }
        while let Some(step) = open.pop() {
            steps.push(step);
            if let Step::Begin(number) = step {
                steps.append(&mut members[number]);
                open.push(Step::End);
                open.append(&mut inside[number]);
            }
        }
        steps
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Direction, Edge, EdgeStyle, Group, Node, Stroke, Tone};
    use super::*;

    #[test]
    fn groups_begin_and_end_around_what_is_in_them() {
        let mut diagram = Diagram::new("", Arrangement::Layered, Direction::Down);
        let outer = diagram.add_group(Group::new("outer", ""));
        diagram.add_group(Group::new("other", ""));
        let inner = diagram.add_group(Group::new("inner", "").inside(outer));
        diagram.add_node(Node::new("a", Shape::Box).inside(inner));
        diagram.add_node(Node::new("b", Shape::Box));
        diagram.add_node(Node::new("c", Shape::Box).inside(outer));
        let steps = diagram.outline();
        let wanted = [
            Step::Node(1),
            Step::Begin(0),
            Step::Node(2),
            Step::Begin(2),
            Step::Node(0),
            Step::End,
            Step::End,
            Step::Begin(1),
            Step::End,
        ];
        assert_eq!(steps, wanted);
    }
    #[test]
    fn a_computer_stands_for_its_group() {
        let mut diagram = Diagram::new("", Arrangement::Cards, Direction::Down);
        let groups = ["a", "b", "c"].map(|key| diagram.add_group(Group::new(key, "")));
        for (group, shape) in [(1, Shape::Box), (1, Shape::Server), (1, Shape::Server)] {
            diagram.add_node(Node::new("", shape).inside(groups[group]));
        }
        let style = EdgeStyle::new(Tone::Neutral, Stroke::Solid);
        diagram.add_edge(Edge::new(groups[0], groups[1], style));
        assert_eq!(diagram.group_ends(), [(0, None), (1, Some(1))].into());
    }

    #[test]
    fn edges_between_cards_are_longer_than_those_inside() {
        let mut diagram = Diagram::new("", Arrangement::Cards, Direction::Down);
        let groups = ["a", "b"].map(|key| diagram.add_group(Group::new(key, "")));
        let nodes = [0, 0, 0, 1].map(|it| Node::new("", Shape::Box).inside(groups[it]));
        let nodes = nodes.map(|node| diagram.add_node(node));
        let style = EdgeStyle::new(Tone::Neutral, Stroke::Solid);
        for (from, to) in [(0, 1), (1, 2), (2, 1), (0, 3), (3, 0)] {
            diagram.add_edge(Edge::new(nodes[from], nodes[to], style));
        }
        diagram.add_edge(Edge::new(groups[0], groups[1], style));
        assert_eq!(diagram.ranks(), [1, 1, 1, 11, 1, 11]);
        diagram.edges.remove(2);
        assert_eq!(diagram.ranks(), [1, 1, 3, 1, 3]);
    }
}
