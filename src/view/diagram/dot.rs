//! A diagram in DOT, the language of Graphviz and of what draws like it.

use std::{collections::BTreeMap, fmt::Write};

use super::{
    Diagram, Direction, Edge, EdgeStyle, End, Node, Shape, Stroke, Tone, identifiers::Identifiers,
    outline::Step, parts::Sample,
};

/// A diagram in DOT.
pub fn dot(diagram: &Diagram) -> String {
    let mut writer = Writer::new(diagram);
    writer.head();
    writer.groups_and_nodes();
    for (edge, ranks) in diagram.edges.iter().zip(diagram.ranks()) {
        writer.edge(edge, ranks);
    }
    writer.legend();
    writer.text + "}\n"
}

struct Writer<'a> {
    diagram: &'a Diagram,
    group_names: Vec<String>,
    node_names: Vec<String>,
    /// What stands for groups at the ends of edges: DOT has edges between nodes only, and clips
    /// them at the groups.
    anchors: BTreeMap<usize, String>,
    identifiers: Identifiers,
    text: String,
    depth: usize,
}

impl<'a> Writer<'a> {
    fn new(diagram: &'a Diagram) -> Self {
        let mut identifiers = Identifiers::default();
        // Graphviz takes a subgraph for a box around its nodes when its name begins so.
        let groups = diagram.groups.iter().map(|it| identifiers.give("cluster_", &it.key));
        let group_names: Vec<_> = groups.collect();
        let nodes = diagram.nodes.iter().map(|it| identifiers.give("n_", &it.key));
        let node_names: Vec<_> = nodes.collect();
        let anchors = diagram.group_ends().into_iter().map(|(group, node)| match node {
            Some(node) => (group, node_names[node].clone()),
            None => (group, identifiers.give("anchor_", &diagram.groups[group].key)),
        });
        let anchors = anchors.collect();
        let text = String::new();
        Self { diagram, group_names, node_names, anchors, identifiers, text, depth: 1 }
    }

    fn line(&mut self, text: &str) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.text, "{:indent$}{text}", "", indent = 2 * self.depth);
    }

    fn head(&mut self) {
        let rank = match self.diagram.direction {
            Direction::Down => "TB",
            Direction::Right => "LR",
        };
        let lines = [&self.diagram.title].into_iter().chain(&self.diagram.notes);
        let label = quoted(lines.map(String::as_str));
        self.text += "digraph headwater {\n";
        self.line(&format!("graph [rankdir={rank}, compound=true, labelloc=t, label={label}]"));
        self.line("graph [fontname=\"Helvetica\", ranksep=0.7, nodesep=0.3]");
        self.line("node [fontname=\"Helvetica\", fontsize=11, shape=box]");
        self.line("edge [fontname=\"Helvetica\", fontsize=10, color=\"#57606a\"]");
    }

    fn groups_and_nodes(&mut self) {
        let diagram = self.diagram;
        let ends = diagram.group_ends();
        for step in diagram.outline() {
            match step {
                Step::Begin(number) => {
                    let group = &diagram.groups[number];
                    let lines = [&group.title].into_iter().chain(&group.details);
                    let label = quoted(lines.map(String::as_str));
                    self.line(&format!("subgraph {} {{", self.group_names[number]));
                    self.depth += 1;
                    let colour = colour(group.tone);
                    let width = if group.heavy { "; penwidth=3" } else { "" };
                    let look = format!("label={label}; color=\"{colour}\"; style=rounded{width}");
                    self.line(&look);
                    if let (Some(None), Some(name)) = (ends.get(&number), self.anchors.get(&number))
                    {
                        // It holds the place of a group, and takes none.
                        let anchor =
                            format!("{name} [shape=point, style=invis, width=0, height=0]");
                        self.line(&anchor);
                    }
                }
                Step::Node(number) => {
                    let node = &diagram.nodes[number];
                    let lines = node.lines.iter().map(|line| &line.text).chain(&node.badge);
                    let look = look(node);
                    let label = quoted(lines.map(String::as_str));
                    self.line(&format!("{} [label={label}{look}]", self.node_names[number]));
                }
                Step::End => {
                    self.depth -= 1;
                    self.line("}");
                }
            }
        }
    }

    fn edge(&mut self, edge: &Edge, ranks: usize) {
        let mut attributes = attributes(edge.style, edge.label.as_deref());
        if ranks > 1 {
            attributes.push(format!("minlen={ranks}"));
        }
        let mut end = |end: End, attribute: &str| match end {
            End::Node(node) => self.node_names[node.0].clone(),
            End::Group(group) => {
                attributes.push(format!("{attribute}={}", self.group_names[group.0]));
                self.anchors.get(&group.0).cloned().unwrap_or_default()
            }
        };
        let (from, to) = (end(edge.from, "ltail"), end(edge.to, "lhead"));
        self.arrow(&from, &to, &attributes);
    }

    fn arrow(&mut self, from: &str, to: &str, attributes: &[String]) {
        let attributes = match attributes {
            [] => String::new(),
            some => format!(" [{}]", some.join(", ")),
        };
        self.line(&format!("{from} -> {to}{attributes}"));
    }

    fn legend(&mut self) {
        if self.diagram.legend.is_empty() {
            return;
        }
        let name = self.identifiers.give("cluster_legend", "");
        self.line(&format!("subgraph {name} {{"));
        self.depth += 1;
        self.line("label=\"Legend\"; color=\"#8c959f\"; style=dashed");
        for (number, entry) in (1..).zip(&self.diagram.legend) {
            let first = self.identifiers.give("legend_", &format!("{number}"));
            let label = quoted([entry.text.as_str()]);
            match &entry.sample {
                Sample::Node(shape, tone, heavy) => {
                    let mut node = Node::new("", *shape).tone(*tone);
                    node.heavy = *heavy;
                    self.line(&format!("{first} [label={label}{}]", look(&node)));
                }
                Sample::Edge(style, sample) => {
                    let second = self.identifiers.give("legend_", &format!("{number}_to"));
                    self.line(&format!("{first} [shape=point]"));
                    self.line(&format!("{second} [label={label}, shape=plaintext]"));
                    self.arrow(&first, &second, &attributes(*style, sample.as_deref()));
                }
            }
        }
        self.depth -= 1;
        self.line("}");
    }
}

fn look(node: &Node) -> String {
    let mut look = String::new();
    let (shape, styles) = match node.shape {
        Shape::Box | Shape::Pill => ("", "rounded"),
        Shape::Server => (", shape=box", ""),
        Shape::Hexagon => (", shape=hexagon", ""),
        Shape::Cylinder => (", shape=cylinder", ""),
        Shape::Fetching => (", shape=cylinder", "dashed"),
        Shape::Stack => (", peripheries=2", ""),
        Shape::Elsewhere => ("", "rounded,dashed"),
    };
    look += shape;
    if !styles.is_empty() {
        let _ = write!(look, ", style=\"{styles}\"");
    }
    if node.tone != Tone::Neutral {
        let _ = write!(look, ", color=\"{}\"", colour(node.tone));
    }
    if node.heavy {
        look += ", penwidth=3";
    }
    look
}

fn attributes(style: EdgeStyle, label: Option<&str>) -> Vec<String> {
    let mut attributes = Vec::new();
    if let Some(label) = label {
        attributes.push(format!("label={}", quoted([label])));
    }
    match style.stroke {
        Stroke::Solid => {}
        Stroke::Dashed => attributes.push("style=dashed".to_owned()),
        Stroke::Dotted => attributes.push("style=dotted".to_owned()),
    }
    if style.tone != Tone::Neutral {
        attributes.push(format!("color=\"{}\"", colour(style.tone)));
    }
    if style.heavy {
        attributes.push("penwidth=3".to_owned());
    }
    if style.plain {
        attributes.push("arrowhead=none".to_owned());
    }
    attributes
}

/// Colours for a white page: Graphviz paints one.
fn colour(tone: Tone) -> &'static str {
    match tone {
        Tone::Neutral => "#57606a",
        Tone::Blue => "#0969da",
        Tone::Green => "#1a7f37",
        Tone::Amber => "#9a6700",
        Tone::Red => "#cf222e",
        Tone::Violet => "#8250df",
    }
}

/// Lines as a text in quotes. A backslash is doubled, because Graphviz has its own words for it
/// (`\N` is the name of the node), and `&` becomes an entity, because it reads these.
fn quoted<'a>(lines: impl IntoIterator<Item = &'a str>) -> String {
    let lines = lines
        .into_iter()
        .map(|line| line.replace('\\', "\\\\").replace('"', "\\\"").replace('&', "&amp;"));
    format!("\"{}\"", lines.collect::<Vec<_>>().join("\\n"))
}
