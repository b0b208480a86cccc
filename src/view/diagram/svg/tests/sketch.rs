//! Diagrams made by chance.

use proptest::prelude::*;

use super::super::super::{
    Arrangement, Diagram, Direction, Edge, EdgeStyle, End, Group, GroupId, Line, Node, NodeId,
    Shape, Stroke, Tone,
};

/// A diagram by numbers: how many nodes each group has, in which group each group is, edges.
#[derive(Debug, Clone)]
pub(super) struct Sketch {
    groups: Vec<(u8, Option<u8>, u8)>,
    edges: Vec<(u8, u8, u8)>,
    right: bool,
}

pub(super) fn sketch() -> impl Strategy<Value = Sketch> {
    let group = (0..5_u8, proptest::option::of(any::<u8>()), any::<u8>());
    let groups = proptest::collection::vec(group, 1..9);
    let edges = proptest::collection::vec((any::<u8>(), any::<u8>(), any::<u8>()), 0..30);
    (groups, edges, any::<bool>()).prop_map(|(groups, edges, right)| Sketch {
        groups,
        edges,
        right,
    })
}

const SHAPES: [Shape; 4] = [Shape::Box, Shape::Stack, Shape::Server, Shape::Fetching];

fn node(number: u8, look: u8) -> Node {
    let mut node = Node::new(format!("{number}"), SHAPES[usize::from(look % 4)]);
    node = node.line(Line::name(&format!("node-{number}")));
    if look & 8 > 0 {
        node = node.line(Line::text("a line that is somewhat longer than the name above it is"));
    }
    if look & 16 > 0 {
        node = node.badge("HTTP 8530");
    }
    node
}

fn style(look: u8) -> EdgeStyle {
    let tones = [Tone::Blue, Tone::Amber, Tone::Neutral];
    let style = EdgeStyle::new(tones[usize::from(look % 3)], Stroke::Dashed);
    if look & 4 > 0 { style.heavy() } else { style }
}

/// The diagram of a sketch. On cards, the numbers of groups are those of the cards above them; in
/// layers, of the groups around them.
pub(super) fn diagram(sketch: &Sketch, arrangement: Arrangement) -> Diagram {
    let direction = if sketch.right { Direction::Right } else { Direction::Down };
    let mut diagram = Diagram::new("Made by chance", arrangement, direction);
    let mut groups: Vec<GroupId> = Vec::new();
    let mut nodes: Vec<NodeId> = vec![diagram.add_node(node(0, 0))];
    let mut number = 0;
    for (count, parent, look) in &sketch.groups {
        let mut group = Group::new(format!("{look}"), &format!("G{look}")).detail("a group");
        let parent = parent.filter(|_| !groups.is_empty());
        let parent = parent.map(|it| groups[usize::from(it) % groups.len()]);
        if let (Some(parent), Arrangement::Layered) = (parent, arrangement) {
            group = group.inside(parent);
        }
        let group = diagram.add_group(group);
        if let (Some(parent), Arrangement::Cards) = (parent, arrangement) {
            diagram.add_edge(Edge::new(parent, group, style(*look).plain()));
        }
        groups.push(group);
        for _ in 0..*count {
            number += 1;
            nodes.push(diagram.add_node(node(number, look.wrapping_mul(number)).inside(group)));
        }
    }
    for (from, to, look) in &sketch.edges {
        let end = |it: u8| match look & 32 {
            32 if it.is_multiple_of(5) => End::from(groups[usize::from(it) % groups.len()]),
            _ => End::from(nodes[usize::from(it) % nodes.len()]),
        };
        let edge = Edge::new(end(*from), end(*to), style(*look));
        diagram.add_edge(if look & 64 > 0 { edge.label("8530") } else { edge });
    }
    diagram
}
