//! What diagrams are made of: groups, nodes with their lines, edges, and what the legend explains.

use std::borrow::Cow;

use super::{super::plain, EdgeStyle, End, GroupId, Shape, Tone};

/// What belongs together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    pub(super) key: String,
    pub(super) title: String,
    pub(super) details: Vec<String>,
    pub(super) tone: Tone,
    pub(super) large: bool,
    pub(super) heavy: bool,
    pub(super) parent: Option<GroupId>,
}

impl Group {
    /// A group with a title. The key is what the identifiers in Mermaid and DOT are made of: the
    /// same key, the same text, so that a change of the diagram is a small change of its file.
    pub fn new(key: impl Into<String>, title: &str) -> Self {
        Self {
            key: key.into(),
            title: shown(title),
            details: Vec::new(),
            tone: Tone::Neutral,
            large: false,
            heavy: false,
            parent: None,
        }
    }

    /// Adds a line below the title.
    #[must_use]
    pub fn detail(mut self, text: &str) -> Self {
        self.details.push(shown(text));
        self
    }

    /// Gives it a colour.
    #[must_use]
    pub fn tone(self, tone: Tone) -> Self {
        Self { tone, ..self }
    }

    /// Gives it a title that can be read when a large drawing is looked at as a whole.
    #[must_use]
    pub fn large(self) -> Self {
        Self { large: true, ..self }
    }

    /// Gives it a thick outline.
    #[must_use]
    pub fn heavy(self) -> Self {
        Self { heavy: true, ..self }
    }

    /// Puts it into another group, which has been added before.
    #[must_use]
    pub fn inside(self, group: GroupId) -> Self {
        Self { parent: Some(group), ..self }
    }
}

/// How a line of text looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Face {
    Title,
    Name,
    Text,
}

/// A line of text in a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub(super) text: String,
    pub(super) face: Face,
}

impl Line {
    /// In bold.
    pub fn title(text: &str) -> Self {
        Self { text: shown(text), face: Face::Title }
    }

    /// A name that people type: in a typeface with letters of one width.
    pub fn name(text: &str) -> Self {
        Self { text: shown(text), face: Face::Name }
    }

    /// Smaller, what else there is to say.
    pub fn text(text: &str) -> Self {
        Self { text: shown(text), face: Face::Text }
    }
}

/// A box, or a row of a card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    pub(super) key: String,
    pub(super) shape: Shape,
    pub(super) tone: Tone,
    pub(super) heavy: bool,
    pub(super) lines: Vec<Line>,
    pub(super) badge: Option<String>,
    pub(super) group: Option<GroupId>,
}

impl Node {
    /// A node without text. See [`Group::new`] for the key.
    pub fn new(key: impl Into<String>, shape: Shape) -> Self {
        Self {
            key: key.into(),
            shape,
            tone: Tone::Neutral,
            heavy: false,
            lines: Vec::new(),
            badge: None,
            group: None,
        }
    }

    /// Adds a line of text.
    #[must_use]
    pub fn line(mut self, line: Line) -> Self {
        self.lines.push(line);
        self
    }

    /// Adds a short text that stands at the right end of the first line.
    #[must_use]
    pub fn badge(self, text: &str) -> Self {
        Self { badge: Some(shown(text)), ..self }
    }

    /// Gives it a colour.
    #[must_use]
    pub fn tone(self, tone: Tone) -> Self {
        Self { tone, ..self }
    }

    /// Gives it a thick outline.
    #[must_use]
    pub fn heavy(self) -> Self {
        Self { heavy: true, ..self }
    }

    /// Puts it into a group.
    #[must_use]
    pub fn inside(self, group: GroupId) -> Self {
        Self { group: Some(group), ..self }
    }
}

/// A line between two nodes or groups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edge {
    pub(super) from: End,
    pub(super) to: End,
    pub(super) style: EdgeStyle,
    pub(super) label: Option<String>,
}

impl Edge {
    /// An edge without a label.
    pub fn new(from: impl Into<End>, to: impl Into<End>, style: EdgeStyle) -> Self {
        Self { from: from.into(), to: to.into(), style, label: None }
    }

    /// Gives it a label: a few characters, which stand where it ends.
    #[must_use]
    pub fn label(self, text: &str) -> Self {
        Self { label: Some(shown(text)), ..self }
    }
}

/// What the legend explains.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Sample {
    Edge(EdgeStyle, Option<String>),
    Node(Shape, Tone, bool),
}

/// A sample and what it means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LegendEntry {
    pub(super) sample: Sample,
    pub(super) text: String,
}

/// As much of a text is shown: names are shorter, and what is longer is not read in a diagram.
const LONGEST: usize = 240;
/// The same of a description or a note.
const LONGEST_SENTENCE: usize = 1000;

/// A text from wherever, fit to be shown: on one line, nothing in it that acts, not too long.
pub(super) fn shown(text: &str) -> String {
    cut(text, LONGEST)
}

pub(super) fn sentence(text: &str) -> String {
    cut(text, LONGEST_SENTENCE)
}

fn cut(text: &str, longest: usize) -> String {
    let text = plain(text);
    match text.char_indices().nth(longest) {
        None => Cow::into_owned(text),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}
