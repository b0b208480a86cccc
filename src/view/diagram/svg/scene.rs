//! A drawing as a value: what stands where, in pixels.

use super::super::EdgeStyle;

/// A place. Right is more `x`, down is more `y`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Point {
    pub(super) x: i32,
    pub(super) y: i32,
}

/// A rectangle.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::view) struct Rect {
    pub(in crate::view) x: i32,
    pub(in crate::view) y: i32,
    pub(in crate::view) width: i32,
    pub(in crate::view) height: i32,
}

impl Rect {
    pub(super) const fn bottom(self) -> i32 {
        self.y + self.height
    }
}

/// Where an arrow points to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Heading {
    Down,
    Up,
    Right,
    Left,
}

/// A group: a card, or a lane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Panel {
    pub(super) rect: Rect,
    /// The group, if it has one: its title stands at the upper edge.
    pub(super) group: Option<usize>,
    /// Whether it is a card: solid, with rows.
    pub(super) card: bool,
}

/// A node: a box, or a row of a card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Placed {
    pub(super) node: usize,
    pub(super) rect: Rect,
    pub(super) row: bool,
}

/// The edges that leave one place and look alike: a line with branches.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Net {
    pub(super) style: EdgeStyle,
    /// Lines with corners. None lies on another.
    pub(super) lines: Vec<Vec<Point>>,
    /// Where it branches.
    pub(super) joints: Vec<Point>,
    /// The points of its arrowheads.
    pub(super) arrows: Vec<(Point, Heading)>,
    /// Labels, by the place of their middle.
    pub(super) labels: Vec<(Point, String)>,
    /// The numbers of its edges.
    pub(super) edges: Vec<usize>,
}

/// A drawing without heading and legend.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Scene {
    pub(super) width: i32,
    pub(super) height: i32,
    pub(super) panels: Vec<Panel>,
    pub(super) nodes: Vec<Placed>,
    pub(super) nets: Vec<Net>,
}

/// A count as pixels. No drawing has more things than that.
pub(super) fn pixels(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}
