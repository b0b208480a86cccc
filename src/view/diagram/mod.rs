//! Diagrams: a value that says what belongs together and what leads where, and its writers. Knows
//! nothing of what is shown.

mod dot;
mod identifiers;
mod look;
mod mermaid;
mod outline;
mod parts;
pub(in crate::view) mod svg;
mod whole;

pub use dot::dot;
pub use look::{EdgeStyle, Shape, Stroke, Tone};
pub use mermaid::{mermaid, mermaid_if_drawn};
pub use parts::{Edge, Group, LegendEntry, Line, Node};
pub use svg::svg;
pub use whole::{Arrangement, Diagram, Direction, End, GroupId, NodeId};
