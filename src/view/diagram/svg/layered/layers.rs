//! Which layer each node is in: every edge leads from a layer to a later one.

use std::collections::{BTreeMap, BTreeSet};

use super::super::super::{Diagram, EdgeStyle, End, GroupId};

/// Edges that leave one node and look alike, as they are drawn: from an earlier layer to later ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bundle {
    pub(super) style: EdgeStyle,
    /// The node in the earliest layer.
    pub(super) from: usize,
    /// The nodes in later layers, each with the label of the edge.
    pub(super) to: BTreeMap<usize, Option<String>>,
    /// Whether the edges lead to `from`: they would close a ring otherwise.
    pub(super) backward: bool,
    pub(super) edges: Vec<usize>,
}

/// Nodes in layers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Layers {
    /// By node.
    pub(super) of: Vec<usize>,
    pub(super) count: usize,
    pub(super) bundles: Vec<Bundle>,
}

pub(super) fn layers(diagram: &Diagram) -> Layers {
    let first_of_group = first_of_group(diagram);
    let node = |end: End| match end {
        End::Node(node) => Some(node.0),
        End::Group(GroupId(group)) => first_of_group.get(&group).copied(),
    };
    let count = diagram.nodes.len();
    let mut arrows: Vec<(usize, usize, usize)> = Vec::new();
    for (number, edge) in diagram.edges.iter().enumerate() {
        if let (Some(from), Some(to)) = (node(edge.from), node(edge.to))
            && from != to
        {
            arrows.push((from, to, number));
        }
    }
    let backward = backward(count, &arrows);
    let mut forward = vec![BTreeSet::new(); count];
    let mut keys: BTreeMap<(usize, EdgeStyle, bool), usize> = BTreeMap::new();
    let mut bundles: Vec<Bundle> = Vec::new();
    for (from, to, number) in arrows {
        let edge = &diagram.edges[number];
        let turned = backward.contains(&(from, to));
        let (from, to) = if turned { (to, from) } else { (from, to) };
        forward[from].insert(to);
        let bundle = *keys.entry((from, edge.style, turned)).or_insert_with(|| {
            let (style, to) = (edge.style, BTreeMap::new());
            bundles.push(Bundle { style, from, to, backward: turned, edges: Vec::new() });
            bundles.len() - 1
        });
        let bundle = &mut bundles[bundle];
        bundle.edges.push(number);
        let label: &mut Option<String> = bundle.to.entry(to).or_default();
        if let Some(more) = &edge.label {
            *label = Some(match label.take() {
                Some(label) => format!("{label}, {more}"),
                None => more.clone(),
            });
        }
    }
    let of = longest(&forward);
    let count = of.iter().max().map_or(0, |last| last + 1);
    Layers { of, count, bundles }
}

/// The first node in each group or in a group in it: it stands for the group where an edge ends.
fn first_of_group(diagram: &Diagram) -> BTreeMap<usize, usize> {
    let mut first = BTreeMap::new();
    for (number, node) in diagram.nodes.iter().enumerate() {
        let mut group = node.group;
        while let Some(GroupId(it)) = group {
            first.entry(it).or_insert(number);
            group = diagram.groups[it].parent;
        }
    }
    first
}

/// The edges that lead back to where a walk along the edges came from.
fn backward(count: usize, arrows: &[(usize, usize, usize)]) -> BTreeSet<(usize, usize)> {
    let mut next: Vec<Vec<usize>> = vec![Vec::new(); count];
    for (from, to, _) in arrows {
        next[*from].push(*to);
    }
    let mut backward = BTreeSet::new();
    let (mut open, mut done) = (vec![false; count], vec![false; count]);
    for start in 0..count {
        let mut walk = vec![(start, 0)];
        while let Some((node, step)) = walk.pop() {
            if step == 0 {
                if done[node] {
                    continue;
                }
                open[node] = true;
            }
            let Some(&to) = next[node].get(step) else {
                (open[node], done[node]) = (false, true);
                continue;
            };
            walk.push((node, step + 1));
            if open[to] {
                backward.insert((node, to));
            } else if !done[to] {
                walk.push((to, 0));
            }
        }
    }
    backward
}

/// The length of the longest way to each node. What nothing leads to moves up to what follows it.
fn longest(forward: &[BTreeSet<usize>]) -> Vec<usize> {
    let mut missing = vec![0_usize; forward.len()];
    for to in forward.iter().flatten() {
        missing[*to] += 1;
    }
    let first: Vec<usize> = (0..forward.len()).filter(|node| missing[*node] == 0).collect();
    let mut of = vec![0_usize; forward.len()];
    let mut ready = first.clone();
    while let Some(node) = ready.pop() {
        for &to in &forward[node] {
            of[to] = of[to].max(of[node] + 1);
            missing[to] -= 1;
            if missing[to] == 0 {
                ready.push(to);
            }
        }
    }
    for node in first {
        let next = forward[node].iter().map(|to| of[*to]).min();
        of[node] = next.map_or(of[node], |next| next.saturating_sub(1));
    }
    of
}

#[cfg(test)]
mod tests {
    use super::super::super::super::{
        Arrangement, Direction, Edge, Node, NodeId, Shape, Stroke, Tone,
    };
    use super::*;

    #[test]
    fn edges_lead_to_later_layers_even_in_rings() {
        let mut diagram = Diagram::new("", Arrangement::Layered, Direction::Down);
        let nodes: Vec<NodeId> =
            (0..5).map(|it| diagram.add_node(Node::new(it.to_string(), Shape::Box))).collect();
        let style = EdgeStyle::new(Tone::Neutral, Stroke::Solid);
        for (from, to) in [(0, 1), (1, 2), (2, 0), (3, 2), (4, 4), (0, 2)] {
            diagram.add_edge(Edge::new(nodes[from], nodes[to], style));
        }
        let layers = layers(&diagram);
        assert_eq!((layers.of, layers.count), (vec![0, 1, 2, 1, 0], 3));
        let bundles: Vec<_> = layers
            .bundles
            .iter()
            .map(|it| (it.from, it.to.keys().copied().collect::<Vec<_>>(), it.backward))
            .collect();
        let wanted =
            [(0, vec![1, 2], false), (1, vec![2], false), (0, vec![2], true), (3, vec![2], false)];
        assert_eq!(bundles, wanted);
    }
}
