//! What an edge is called, for those who point at it or cannot see it.

use std::fmt::Write;

use super::super::{Diagram, End, parts::Face};

/// As many targets are named.
const MOST: usize = 6;

/// From where the edges lead, and where to. All of them begin at one place.
pub(super) fn edge_words(diagram: &Diagram, edges: &[usize]) -> String {
    let mut words = String::new();
    for (place, number) in edges.iter().enumerate() {
        let edge = &diagram.edges[*number];
        if place == 0 {
            words = format!("{} → ", end_words(diagram, edge.from));
        } else if place < MOST {
            words += ", ";
        } else {
            let _ = write!(words, " and {} more", edges.len() - place);
            break;
        }
        words += end_words(diagram, edge.to);
        if let Some(label) = &edge.label {
            let _ = write!(words, " ({label})");
        }
    }
    words
}

fn end_words(diagram: &Diagram, end: End) -> &str {
    match end {
        End::Group(group) => &diagram.groups[group.0].title,
        End::Node(node) => {
            let lines = &diagram.nodes[node.0].lines;
            let name = lines.iter().find(|line| line.face == Face::Name).or(lines.first());
            name.map_or("", |line| &line.text)
        }
    }
}
