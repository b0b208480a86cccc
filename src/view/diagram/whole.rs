//! A diagram as a value: groups, nodes and edges, and what they look like. It knows neither what it
//! shows nor how it is written.

use super::{
    Edge, EdgeStyle, Group, LegendEntry, Node, Shape, Tone,
    parts::{Sample, sentence, shown},
};

/// What is shown. Made by adding groups, then nodes, then edges; what has been added is named by
/// the numbers that come back, so that nothing in it leads nowhere.
///
/// ```
/// use headwater::view::diagram::{
///     Arrangement, Diagram, Direction, Edge, EdgeStyle, Group, Line, Node, Shape, Stroke, Tone,
///     mermaid,
/// };
///
/// let mut flows = Diagram::new("Flows of ONE", Arrangement::Layered, Direction::Right);
/// let site = flows.add_group(Group::new("one", "ONE").detail("Primary site"));
/// let server = Node::new("server", Shape::Server).line(Line::name("server"));
/// let server = flows.add_node(server.inside(site));
/// let clients = Node::new("clients", Shape::Pill).line(Line::title("Clients of ONE"));
/// let clients = flows.add_node(clients);
/// let style = EdgeStyle::new(Tone::Blue, Stroke::Dashed);
/// flows.add_edge(Edge::new(clients, server, style).label("TCP 8530"));
/// assert!(mermaid(&flows).contains("|\"TCP 8530\"|"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagram {
    pub(super) title: String,
    pub(super) description: String,
    pub(super) arrangement: Arrangement,
    pub(super) direction: Direction,
    pub(super) groups: Vec<Group>,
    pub(super) nodes: Vec<Node>,
    pub(super) edges: Vec<Edge>,
    pub(super) legend: Vec<LegendEntry>,
    pub(super) notes: Vec<String>,
}

/// How a drawing arranges its groups and nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrangement {
    /// Nodes in layers, each edge from a layer to a later one; a group is a lane along them.
    Layered,
    /// Each group is a card with its nodes as rows. The edges between groups are a tree of cards.
    Cards,
}

/// Where a drawing goes to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Direction {
    /// From the top down.
    #[default]
    Down,
    /// From left to right.
    Right,
}

/// The number of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct GroupId(pub(super) usize);

/// The number of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct NodeId(pub(super) usize);

/// What an edge begins or ends at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum End {
    /// A node.
    Node(NodeId),
    /// A group as a whole.
    Group(GroupId),
}

impl From<NodeId> for End {
    fn from(node: NodeId) -> Self {
        Self::Node(node)
    }
}

impl From<GroupId> for End {
    fn from(group: GroupId) -> Self {
        Self::Group(group)
    }
}

impl Diagram {
    /// An empty diagram.
    pub fn new(title: &str, arrangement: Arrangement, direction: Direction) -> Self {
        Self {
            title: shown(title),
            description: String::new(),
            arrangement,
            direction,
            groups: Vec::new(),
            nodes: Vec::new(),
            edges: Vec::new(),
            legend: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// Says in a sentence what is shown, for those who cannot see it.
    pub fn describe(&mut self, text: &str) {
        self.description = sentence(text);
    }

    /// Adds a group.
    pub fn add_group(&mut self, group: Group) -> GroupId {
        self.groups.push(group);
        GroupId(self.groups.len() - 1)
    }

    /// Adds a node.
    pub fn add_node(&mut self, node: Node) -> NodeId {
        self.nodes.push(node);
        NodeId(self.nodes.len() - 1)
    }

    /// Adds an edge.
    pub fn add_edge(&mut self, edge: Edge) {
        self.edges.push(edge);
    }

    /// Explains edges of a style; `label` is a sample of what stands at them.
    pub fn explain_edge(&mut self, style: EdgeStyle, label: Option<&str>, text: &str) {
        let sample = Sample::Edge(style, label.map(shown));
        self.legend.push(LegendEntry { sample, text: shown(text) });
    }

    /// Explains nodes of a shape and colour.
    pub fn explain_node(&mut self, shape: Shape, tone: Tone, heavy: bool, text: &str) {
        let sample = Sample::Node(shape, tone, heavy);
        self.legend.push(LegendEntry { sample, text: shown(text) });
    }

    /// Leaves out the explanations of what does not occur.
    pub fn explain_only_what_occurs(&mut self) {
        let Self { legend, nodes, edges, .. } = self;
        legend.retain(|entry| match &entry.sample {
            Sample::Edge(style, _) => edges.iter().any(|edge| edge.style == *style),
            Sample::Node(shape, ..) => nodes.iter().any(|node| node.shape == *shape),
        });
    }

    /// Adds a sentence that stands below the drawing.
    pub fn note(&mut self, text: &str) {
        self.notes.push(sentence(text));
    }
}
