//! Elements of SVG. Texts become text and nothing else: whatever they contain.

use std::fmt::{Arguments, Write};

use super::{
    super::{EdgeStyle, Shape, Stroke},
    scene::{Heading, Point, Rect},
    text::Font,
};

/// An SVG document that grows.
#[derive(Debug, Default)]
pub(in crate::view) struct Document {
    pub(in crate::view) text: String,
}

impl Document {
    pub(in crate::view) fn add(&mut self, arguments: Arguments<'_>) {
        // Writing to a String cannot fail.
        let _ = self.text.write_fmt(arguments);
        self.text.push('\n');
    }

    pub(in crate::view) fn rect(&mut self, class: &str, rect: Rect, round: i32) {
        let Rect { x, y, width, height } = rect;
        self.add(format_args!(
            "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"{round}\"/>"
        ));
    }

    pub(in crate::view) fn text(&mut self, font: Font, x: i32, y: i32, text: &str) {
        let (class, text) = (font.class, escaped(text));
        self.add(format_args!("<text class=\"{class}\" x=\"{x}\" y=\"{y}\">{text}</text>"));
    }

    pub(in crate::view) fn middle(&mut self, font: Font, x: i32, y: i32, text: &str) {
        let (class, text) = (font.class, escaped(text));
        self.add(format_args!(
            "<text class=\"{class}\" x=\"{x}\" y=\"{y}\" text-anchor=\"middle\">{text}</text>"
        ));
    }

    pub(in crate::view) fn path(&mut self, class: &str, path: &str) {
        self.add(format_args!("<path class=\"{class}\" d=\"{path}\"/>"));
    }

    pub(in crate::view) fn title(&mut self, text: &str) {
        self.add(format_args!("<title>{}</title>", escaped(text)));
    }
}

/// A text that means nothing to XML. What XML cannot hold has been replaced before, apart from two
/// characters that are none.
pub(in crate::view) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '"' => escaped += "&quot;",
            '\'' => escaped += "&#39;",
            '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            letter if letter.is_control() => escaped.push('\u{fffd}'),
            letter => escaped.push(letter),
        }
    }
    escaped
}

/// The classes of a line.
pub(super) fn line_class(style: EdgeStyle) -> String {
    let mut class = style.tone.word().to_owned();
    class += match style.stroke {
        Stroke::Solid => "",
        Stroke::Dashed => " dashed",
        Stroke::Dotted => " dotted",
    };
    if style.heavy {
        class += " heavy";
    }
    class
}

/// How long an arrowhead is, and half its width.
const HEAD: (i32, i32) = (9, 4);
/// The same at a thick line.
const HEAVY_HEAD: (i32, i32) = (12, 6);

fn head(style: EdgeStyle) -> (i32, i32) {
    if style.heavy { HEAVY_HEAD } else { HEAD }
}

/// The outline of an arrowhead.
pub(super) fn arrowhead(tip: Point, heading: Heading, style: EdgeStyle) -> String {
    let (long, half) = head(style);
    let wide = 2 * half;
    let Point { x, y } = tip;
    match heading {
        Heading::Down => format!("M{x} {y}l-{half}-{long}h{wide}z"),
        Heading::Up => format!("M{x} {y}l-{half} {long}h{wide}z"),
        Heading::Right => format!("M{x} {y}l-{long}-{half}v{wide}z"),
        Heading::Left => format!("M{x} {y}l{long}-{half}v{wide}z"),
    }
}

/// Where the line ends that has an arrowhead: within it.
pub(super) fn before_head(tip: Point, heading: Heading, style: EdgeStyle) -> Point {
    let back = head(style).0 - 2;
    let Point { x, y } = tip;
    match heading {
        Heading::Down => Point { x, y: y - back },
        Heading::Up => Point { x, y: y + back },
        Heading::Right => Point { x: x - back, y },
        Heading::Left => Point { x: x + back, y },
    }
}

/// Corners are rounded with this radius, where there is room.
const ROUND: i32 = 7;

/// A line with round corners.
pub(super) fn rounded(line: &[Point]) -> String {
    let mut path = String::new();
    for (number, at) in line.iter().enumerate() {
        let before = number.checked_sub(1).and_then(|number| line.get(number));
        let after = line.get(number + 1);
        let _ = match (before, after) {
            (None, _) => write!(path, "M{} {}", at.x, at.y),
            (Some(_), None) => write!(path, "L{} {}", at.x, at.y),
            (Some(before), Some(after)) => {
                let round = ROUND.min(distance(*before, *at) / 2).min(distance(*at, *after) / 2);
                let (from, to) = (toward(*at, *before, round), toward(*at, *after, round));
                write!(path, "L{} {}Q{} {} {} {}", from.x, from.y, at.x, at.y, to.x, to.y)
            }
        };
    }
    path
}

fn distance(a: Point, b: Point) -> i32 {
    (a.x - b.x).abs() + (a.y - b.y).abs()
}

fn toward(from: Point, to: Point, far: i32) -> Point {
    Point { x: from.x + (to.x - from.x).signum() * far, y: from.y + (to.y - from.y).signum() * far }
}

/// The mark of a shape, about 14 pixels wide, with its middle at a place.
pub(super) fn mark(shape: Shape, Point { x, y }: Point) -> String {
    let (left, top) = (x - 6, y - 6);
    match shape {
        Shape::Box => format!("M{left} {top}h12v12h-12z"),
        Shape::Server => format!(
            "M{} {top}h14v5h-14zM{0} {}h14v5h-14zM{} {}h0M{2} {}h0",
            x - 7,
            y + 1,
            x - 4,
            y - 3,
            y + 4
        ),
        Shape::Hexagon => format!("M{} {}l4-6h6l4 6l-4 6h-6z", x - 7, y),
        Shape::Pill => format!("M{} {}h6a4 4 0 0 1 0 8h-6a4 4 0 0 1 0-8z", x - 3, y - 4),
        Shape::Cylinder => {
            format!("M{left} {}v8a6 3 0 0 0 12 0v-8a6 3 0 0 0-12 0a6 3 0 0 0 12 0", y - 4)
        }
        Shape::Fetching => {
            format!("M{left} {}v5h12v-5M{x} {}v8M{} {}l4 4l4-4", y + 1, y - 7, x - 4, y - 3)
        }
        Shape::Stack => {
            format!("M{left} {top}h8v8h-8zM{} {top}h3v9h-9v-3", x + 3)
        }
        Shape::Elsewhere => format!("M{left} {top}h4m4 0h4v4m0 4v4h-4m-4 0h-4v-4m0-4v-4"),
    }
}
