//! What groups, nodes and edges look like. Not how: each writer has its own colours and shapes.

/// What a colour stands for is said by the legend; it is never the only sign of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "colours need no explanation")]
pub enum Tone {
    #[default]
    Neutral,
    Blue,
    Green,
    Amber,
    Red,
    Violet,
}

impl Tone {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Neutral => "neutral",
            Self::Blue => "blue",
            Self::Green => "green",
            Self::Amber => "amber",
            Self::Red => "red",
            Self::Violet => "violet",
        }
    }
}

/// The outline of a node; on a card, the small mark in front of its row.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shape {
    /// A plain box.
    #[default]
    Box,
    /// A box with a second line inside: a computer.
    Server,
    /// A lozenge-like hexagon.
    Hexagon,
    /// A box with round ends.
    Pill,
    /// A cylinder: what stores.
    Cylinder,
    /// A cylinder that is not filled, on a card with an arrow: what fetches for itself.
    Fetching,
    /// A stack: several at once.
    Stack,
    /// A box with a dashed outline: not part of it, shown for context.
    Elsewhere,
}

/// How a line is drawn.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "strokes need no explanation")]
pub enum Stroke {
    #[default]
    Solid,
    Dashed,
    Dotted,
}

/// What an edge looks like.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct EdgeStyle {
    /// Its colour.
    pub tone: Tone,
    /// How its line is drawn.
    pub stroke: Stroke,
    /// Whether it is thick.
    pub heavy: bool,
    /// Whether it has no arrowhead.
    pub plain: bool,
}

impl EdgeStyle {
    /// A thin arrow.
    pub const fn new(tone: Tone, stroke: Stroke) -> Self {
        Self { tone, stroke, heavy: false, plain: false }
    }

    /// The same, thick.
    #[must_use]
    pub const fn heavy(self) -> Self {
        Self { heavy: true, ..self }
    }

    /// The same without an arrowhead.
    #[must_use]
    pub const fn plain(self) -> Self {
        Self { plain: true, ..self }
    }
}
