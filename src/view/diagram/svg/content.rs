//! What stands in a node or in the title of a group: lines of text, and how much room they take.

use super::{
    super::{
        Group, Node,
        parts::{Face, Line},
    },
    scene::{Rect, pixels},
    text::{Font, GROUP, LABEL, LARGE, NAME, TEXT, TITLE},
};

/// The widest that a node becomes; longer lines are broken, longer words cut.
pub(super) const WIDEST: i32 = 330;
/// What is left free at the sides of a node's text, and above and below it.
pub(super) const BESIDE: i32 = 11;
pub(super) const ABOVE: i32 = 7;
/// The room for the mark in front of a row.
pub(super) const MARK: i32 = 22;
/// A text is broken into at most as many lines.
const MOST_LINES: usize = 3;

/// A line of text with the place where it begins: left end and baseline, from the upper left corner
/// of what it stands in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Text {
    pub(super) x: i32,
    pub(super) y: i32,
    pub(super) font: Font,
    pub(super) words: String,
}

/// Lines of text, and the room they take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Content {
    pub(super) texts: Vec<Text>,
    /// The badge and its text. It keeps to the right edge: its `x` is that of a content as narrow as
    /// possible.
    pub(super) badge: Option<(Rect, String)>,
    pub(super) width: i32,
    pub(super) height: i32,
}

/// What stands in a node; with room for a mark if it is a row.
pub(super) fn of_node(node: &Node, row: bool) -> Content {
    let left = BESIDE + if row { MARK } else { 0 };
    let room = WIDEST - left - BESIDE;
    let mut content = Content { texts: Vec::new(), badge: None, width: 0, height: ABOVE };
    let badge = node.badge.as_ref().map(|text| LABEL.cut(text, room - 12));
    let badge_width = badge.as_ref().map_or(0, |text| LABEL.width(text) + 12);
    for (number, Line { text, face }) in node.lines.iter().enumerate() {
        let font = match face {
            Face::Title => TITLE,
            Face::Name => NAME,
            Face::Text => TEXT,
        };
        let beside = number == 0 && badge.is_some();
        let fits = beside && font.width(text) + 10 + badge_width <= room;
        if fits || !beside {
            let lines = font.wrap(text, room, MOST_LINES);
            content.add(left, font, lines);
            if fits {
                content.width += 10 + badge_width;
            }
        } else {
            content.add(left, font, vec![font.cut(text, room)]);
            content.height += LABEL.line() + 4;
        }
        if let (0, Some(text)) = (number, &badge) {
            let top = if fits { ABOVE } else { content.height - LABEL.line() - 3 };
            let rect = Rect { x: 0, y: top, width: badge_width, height: LABEL.line() + 1 };
            content.badge = Some((rect, text.clone()));
            content.width = content.width.max(badge_width);
        }
    }
    content.width += left + BESIDE;
    content.height += ABOVE;
    content
}

/// The title of a group and the lines below it; `widest` is all the room there is.
pub(super) fn of_group(group: &Group, widest: i32) -> Content {
    let room = widest - 2 * BESIDE;
    let mut content = Content { texts: Vec::new(), badge: None, width: 0, height: ABOVE };
    let font = if group.large { LARGE } else { GROUP };
    content.add(BESIDE, font, vec![font.cut(&group.title, room)]);
    for detail in &group.details {
        content.add(BESIDE, TEXT, TEXT.wrap(detail, room, MOST_LINES));
    }
    content.width += 2 * BESIDE;
    content.height += ABOVE;
    content
}

impl Content {
    fn add(&mut self, x: i32, font: Font, lines: Vec<String>) {
        for text in lines {
            self.width = self.width.max(font.width(&text));
            self.height += font.line();
            // A quarter of the size is below the baseline.
            let y = self.height - font.line() / 4;
            self.texts.push(Text { x, y, font, words: text });
        }
    }

    /// The height that a node needs to have that many lines end at one of its sides.
    pub(super) fn height_for(&self, ends: usize, apart: i32) -> i32 {
        self.height.max(pixels(ends).saturating_mul(apart) + 6)
    }
}

/// The longest label of a line; more is cut.
const LONGEST_LABEL: i32 = 140;

/// What is written of a label.
pub(super) fn label_text(label: &str) -> String {
    LABEL.cut(label, LONGEST_LABEL)
}

/// The width of a label with its frame.
pub(super) fn label_width(label: &str) -> i32 {
    LABEL.width(&label_text(label)) + 8
}
