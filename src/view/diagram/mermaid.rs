//! A diagram as a Mermaid flowchart, which GitHub, GitLab and many editors draw where it stands.

use std::{collections::BTreeMap, fmt::Write};

use super::{
    Diagram, Direction, EdgeStyle, End, Node, Shape, Stroke, Tone, identifiers::Identifiers,
    outline::Step, parts::Sample,
};

/// A diagram as a Mermaid flowchart.
///
/// Mermaid itself draws no more than 500 edges and 50,000 characters unless it is told to; a larger
/// diagram says so in a comment.
pub fn mermaid(diagram: &Diagram) -> String {
    written(diagram).0
}

/// The same, if Mermaid draws as much without being told to.
pub fn mermaid_if_drawn(diagram: &Diagram) -> Option<String> {
    let (text, drawn) = written(diagram);
    drawn.then_some(text)
}

fn written(diagram: &Diagram) -> (String, bool) {
    let mut writer = Writer::new(diagram);
    writer.groups_and_nodes();
    writer.edges();
    writer.legend();
    writer.colours();
    writer.whole()
}

/// What Mermaid takes when nobody has told it otherwise (`maxEdges`, `maxTextSize`).
const MOST_EDGES: usize = 500;
const MOST_CHARACTERS: usize = 50_000;

struct Writer<'a> {
    diagram: &'a Diagram,
    group_names: Vec<String>,
    node_names: Vec<String>,
    /// What stands for groups at the ends of edges: Mermaid takes edges between groups, but draws
    /// them across everything.
    standing: BTreeMap<usize, String>,
    identifiers: Identifiers,
    text: String,
    /// How many edges are written: `linkStyle` counts them.
    edges: usize,
    edges_of: BTreeMap<EdgeStyle, Vec<usize>>,
    nodes_of: BTreeMap<&'static str, Vec<String>>,
}

impl<'a> Writer<'a> {
    fn new(diagram: &'a Diagram) -> Self {
        let mut identifiers = Identifiers::default();
        let groups = diagram.groups.iter().map(|group| identifiers.give("g_", &group.key));
        let group_names = groups.collect();
        let nodes = diagram.nodes.iter().map(|node| identifiers.give("n_", &node.key));
        let node_names: Vec<_> = nodes.collect();
        let standing = diagram.group_ends().into_iter().map(|(group, node)| match node {
            Some(node) => (group, node_names[node].clone()),
            None => (group, identifiers.give("t_", &diagram.groups[group].key)),
        });
        let standing = standing.collect();
        Self {
            diagram,
            group_names,
            node_names,
            standing,
            identifiers,
            text: String::new(),
            edges: 0,
            edges_of: BTreeMap::new(),
            nodes_of: BTreeMap::new(),
        }
    }

    fn line(&mut self, depth: usize, text: &str) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.text, "{:indent$}{text}", "", indent = 2 * (depth + 1));
    }

    fn groups_and_nodes(&mut self) {
        let diagram = self.diagram;
        let mut depth = 0;
        let ends = diagram.group_ends();
        for step in diagram.outline() {
            match step {
                Step::Begin(number) => {
                    let group = &diagram.groups[number];
                    if group.heavy {
                        let name = self.group_names[number].clone();
                        self.nodes_of.entry("heavy").or_default().push(name);
                    }
                    let lines = [&group.title].into_iter().chain(&group.details);
                    let label = lines.map(|it| escaped(it)).collect::<Vec<_>>().join("<br/>");
                    self.line(
                        depth,
                        &format!("subgraph {}[\"{label}\"]", self.group_names[number]),
                    );
                    depth += 1;
                    if let (Some(None), Some(name)) =
                        (ends.get(&number), self.standing.get(&number))
                    {
                        let text =
                            format!("{name}{}", bracketed(Shape::Pill, &escaped(&group.title)));
                        self.line(depth, &text);
                    }
                }
                Step::Node(number) => self.node(depth, number),
                Step::End => {
                    depth -= 1;
                    self.line(depth, "end");
                }
            }
        }
    }

    fn node(&mut self, depth: usize, number: usize) {
        let node = &self.diagram.nodes[number];
        let name = self.node_names[number].clone();
        let text = format!("{name}{}", bracketed(node.shape, &label(node)));
        self.line(depth, &text);
        self.colour(node.shape, node.tone, node.heavy, name);
    }

    fn colour(&mut self, shape: Shape, tone: Tone, heavy: bool, name: String) {
        if tone != Tone::Neutral {
            self.nodes_of.entry(tone.word()).or_default().push(name.clone());
        }
        if heavy {
            self.nodes_of.entry("heavy").or_default().push(name.clone());
        }
        if matches!(shape, Shape::Fetching | Shape::Elsewhere) {
            self.nodes_of.entry("broken").or_default().push(name);
        }
    }

    fn edges(&mut self) {
        for (edge, ranks) in self.diagram.edges.iter().zip(self.diagram.ranks()) {
            let from = self.name(edge.from).to_owned();
            let to = self.name(edge.to).to_owned();
            self.edge(&from, edge.style, ranks, edge.label.as_deref(), &to);
        }
    }

    fn name(&self, end: End) -> &str {
        match end {
            End::Node(node) => &self.node_names[node.0],
            End::Group(group) => self.standing.get(&group.0).unwrap_or(&self.group_names[group.0]),
        }
    }

    fn edge(&mut self, from: &str, style: EdgeStyle, ranks: usize, label: Option<&str>, to: &str) {
        let more = ranks.saturating_sub(1);
        let line = match (style.stroke, style.heavy, style.plain) {
            (Stroke::Solid, false, false) => format!("--{}>", "-".repeat(more)),
            (Stroke::Solid, false, true) => format!("---{}", "-".repeat(more)),
            (Stroke::Solid, true, false) => format!("=={}>", "=".repeat(more)),
            (Stroke::Solid, true, true) => format!("==={}", "=".repeat(more)),
            (Stroke::Dashed | Stroke::Dotted, _, false) => format!("-.{}->", ".".repeat(more)),
            (Stroke::Dashed | Stroke::Dotted, _, true) => format!("-.{}-", ".".repeat(more)),
        };
        let label = label.map(|text| format!("|\"{}\"|", escaped(text))).unwrap_or_default();
        self.line(0, &format!("{from} {line}{label} {to}"));
        self.edges_of.entry(style).or_default().push(self.edges);
        self.edges += 1;
    }

    fn legend(&mut self) {
        if self.diagram.legend.is_empty() {
            return;
        }
        let name = self.identifiers.give("legend", "");
        self.line(0, &format!("subgraph {name}[\"Legend\"]"));
        for (number, entry) in (1..).zip(&self.diagram.legend) {
            let first = self.identifiers.give("legend_", &format!("{number}"));
            match &entry.sample {
                Sample::Node(shape, tone, heavy) => {
                    let text = format!("{first}{}", bracketed(*shape, &escaped(&entry.text)));
                    self.line(1, &text);
                    self.colour(*shape, *tone, *heavy, first);
                }
                Sample::Edge(style, label) => {
                    let second = self.identifiers.give("legend_", &format!("{number}_to"));
                    self.line(1, &format!("{first}[\" \"]"));
                    self.line(1, &format!("{second}[\"{}\"]", escaped(&entry.text)));
                    self.edge(&first, *style, 1, label.as_deref(), &second);
                }
            }
        }
        self.line(0, "end");
    }

    fn colours(&mut self) {
        for (class, names) in std::mem::take(&mut self.nodes_of) {
            let look = match class {
                "heavy" => "stroke-width:4px".to_owned(),
                "broken" => "stroke-dasharray:5 3".to_owned(),
                tone => format!("stroke:{}", colour(tone)),
            };
            self.line(0, &format!("classDef {class} {look}"));
            // A line with thousands of names is slow to read for some of its readers.
            for names in names.chunks(50) {
                self.line(0, &format!("class {} {class}", names.join(",")));
            }
        }
        for (style, numbers) in std::mem::take(&mut self.edges_of) {
            let mut look = Vec::new();
            if style.tone != Tone::Neutral {
                look.push(format!("stroke:{}", colour(style.tone.word())));
            }
            if style.heavy && style.stroke != Stroke::Solid {
                look.push("stroke-width:3px".to_owned());
            }
            if style.stroke == Stroke::Dotted {
                look.push("stroke-dasharray:2 3".to_owned());
            }
            if look.is_empty() {
                continue;
            }
            let look = look.join(",");
            for numbers in numbers.chunks(50) {
                let numbers: Vec<_> = numbers.iter().map(ToString::to_string).collect();
                self.line(0, &format!("linkStyle {} {look}", numbers.join(",")));
            }
        }
    }

    /// The whole, and whether Mermaid draws it.
    fn whole(self) -> (String, bool) {
        let Self { diagram, text, edges, .. } = self;
        let direction = match diagram.direction {
            Direction::Down => "TB",
            Direction::Right => "LR",
        };
        let mut whole = format!("---\ntitle: {}\n---\n", quoted(&diagram.title));
        let _ = writeln!(whole, "flowchart {direction}");
        for note in &diagram.notes {
            let _ = writeln!(whole, "  %% {}", note.replace(['{', '}', '%'], " "));
        }
        let characters = whole.len() + text.len();
        let drawn = edges <= MOST_EDGES && characters <= MOST_CHARACTERS;
        if !drawn {
            let _ = writeln!(
                whole,
                "  %% {edges} edges and {characters} characters: Mermaid has to be told to draw as \
                 many, by `maxEdges` and `maxTextSize`"
            );
        }
        (whole + &text, drawn)
    }
}

fn label(node: &Node) -> String {
    let mut lines: Vec<_> = node.lines.iter().map(|line| escaped(&line.text)).collect();
    lines.extend(node.badge.as_deref().map(escaped));
    lines.join("<br/>")
}

fn bracketed(shape: Shape, label: &str) -> String {
    let (before, after) = match shape {
        Shape::Box | Shape::Server | Shape::Elsewhere => ("[", "]"),
        Shape::Hexagon => ("{{", "}}"),
        Shape::Pill => ("([", "])"),
        Shape::Cylinder | Shape::Fetching => ("[(", ")]"),
        Shape::Stack => ("[[", "]]"),
    };
    format!("{before}\"{label}\"{after}")
}

/// Colours that can be told from both a white and a black page.
fn colour(word: &str) -> &'static str {
    match word {
        "blue" => "#2f81f7",
        "green" => "#2da44e",
        "amber" => "#c27c0e",
        "red" => "#e5534b",
        "violet" => "#986ee2",
        _ => "#8b949e",
    }
}

/// A text as part of a label. Everything that could mean something to Mermaid, to the Markdown in
/// its labels or to HTML becomes a number: `#34;`. The colon too, because Mermaid looks for
/// `style…:` in every line.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        let safe = letter.is_alphanumeric() || " .,/()+-=…×·→".contains(letter);
        if safe {
            escaped.push(letter);
        } else {
            let _ = write!(escaped, "#{};", u32::from(letter));
        }
    }
    escaped
}

/// A text in the front matter, which is YAML: what a JSON text is, a YAML text is too.
fn quoted(text: &str) -> String {
    let text = text.replace('%', "％").replace('{', "(").replace('}', ")");
    serde_json::Value::String(text).to_string()
}
