//! The page of a drawing: heading, legend, the drawing itself, notes.

use std::{collections::BTreeSet, fmt::Write};

use super::{
    super::{Diagram, EdgeStyle, Node, Tone, parts::Sample},
    content::{BESIDE, Content, MARK, label_text, label_width, of_group, of_node},
    elements::{Document, arrowhead, before_head, escaped, line_class, mark, rounded},
    names::edge_words,
    scene::{Heading, Net, Panel, Placed, Point, Rect, Scene},
    style::style_sheet,
    text::{HEADING, LABEL, TEXT},
};

/// What is free around everything.
const MARGIN: i32 = 28;
/// The page is at least as wide, so that heading and legend have room.
const NARROWEST: i32 = 640;
/// The lines of heading and notes are not longer: nobody reads a line across a wall.
const LONGEST_LINE: i32 = 1100;
/// The length of a line in the legend.
const SAMPLE: i32 = 40;

pub(super) fn page(diagram: &Diagram, scene: &Scene) -> String {
    let room = scene.width.max(NARROWEST);
    let top = head(diagram, room, &mut Document::default());
    let mut notes = Document::default();
    let below = top + scene.height + 20;
    let end = self::notes(diagram, room, below, &mut notes);
    let (width, height) = (room + 2 * MARGIN, end + MARGIN);
    let mut document = Document::default();
    document.add(format_args!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"headwater\" width=\"{width}\" \
         height=\"{height}\" viewBox=\"0 0 {width} {height}\" role=\"img\" \
         aria-labelledby=\"headwater-title headwater-description\">"
    ));
    document.add(format_args!(
        "<title id=\"headwater-title\">{}</title>\n<desc id=\"headwater-description\">{}</desc>",
        escaped(&diagram.title),
        escaped(&diagram.description)
    ));
    document.add(format_args!("<style>\n{}</style>", style_sheet()));
    document.rect("page", Rect { x: 0, y: 0, width, height }, 0);
    head(diagram, room, &mut document);
    let left = MARGIN + (room - scene.width) / 2;
    document.add(format_args!("<g transform=\"translate({left} {top})\">"));
    for panel in &scene.panels {
        self::panel(diagram, panel, &mut document);
    }
    for net in &scene.nets {
        self::net(diagram, net, &mut document);
    }
    // A card without a title has nothing to be ruled off from above its first row.
    let untitled = scene.panels.iter().filter(|panel| panel.card && panel.group.is_none());
    let tops: BTreeSet<(i32, i32)> = untitled.map(|it| (it.rect.x, it.rect.y)).collect();
    for node in &scene.nodes {
        let first = tops.contains(&(node.rect.x, node.rect.y));
        self::node(diagram, node, first, &mut document);
    }
    // Above everything else: they stand on lines.
    for net in &scene.nets {
        labels(net, &mut document);
    }
    document.add(format_args!("</g>"));
    document.text += &notes.text;
    document.add(format_args!("</svg>"));
    document.text
}

/// Heading and legend. Says where what comes below them may begin.
fn head(diagram: &Diagram, room: i32, document: &mut Document) -> i32 {
    let room = room.min(LONGEST_LINE);
    let mut y = MARGIN + HEADING.size;
    document.text(HEADING, MARGIN, y, &HEADING.cut(&diagram.title, room));
    if !diagram.description.is_empty() {
        for line in TEXT.wrap(&diagram.description, room, 4) {
            y += TEXT.line() + 2;
            document.text(TEXT, MARGIN, y, &line);
        }
    }
    if diagram.legend.is_empty() {
        return y + 24;
    }
    y += 26;
    let mut x = MARGIN;
    for entry in &diagram.legend {
        let sample = match &entry.sample {
            Sample::Edge(_, None) => SAMPLE,
            Sample::Edge(_, Some(label)) => SAMPLE.max(label_width(label) + 26),
            Sample::Node(..) => 18,
        };
        let text = TEXT.cut(&entry.text, room - sample - 8);
        let wide = sample + 8 + TEXT.width(&text);
        if x > MARGIN && x + wide > MARGIN + room {
            (x, y) = (MARGIN, y + 22);
        }
        self::sample(&entry.sample, x, y, sample, document);
        document.text(TEXT, x + sample + 8, y, &text);
        x += wide + 22;
    }
    y + 28
}

fn sample(sample: &Sample, x: i32, y: i32, long: i32, document: &mut Document) {
    match sample {
        Sample::Edge(style, label) => {
            let from = Point { x, y: y - 4 };
            let to = Point { x: x + long, y: y - 4 };
            let mut net = Net { style: *style, lines: vec![vec![from, to]], ..Net::default() };
            if !style.plain {
                net.arrows.push((to, Heading::Right));
            }
            if let Some(label) = label {
                let middle = Point { x: x + (long - 10) / 2, y: y - 4 };
                net.labels.push((middle, label.clone()));
            }
            strokes(&net, document);
            labels(&net, document);
        }
        Sample::Node(shape, tone, heavy) => {
            let class = if *heavy { "mark heavy" } else { "mark" };
            let middle = Point { x: x + 8, y: y - 4 };
            document.path(&format!("{class} {}", tone.word()), &mark(*shape, middle));
        }
    }
}

/// The notes below the drawing. Says where they end.
fn notes(diagram: &Diagram, room: i32, from: i32, document: &mut Document) -> i32 {
    let mut y = from;
    for note in &diagram.notes {
        for line in TEXT.wrap(note, room.min(LONGEST_LINE), 4) {
            y += TEXT.line() + 1;
            document.text(TEXT, MARGIN, y, &line);
        }
    }
    y
}

fn panel(diagram: &Diagram, panel: &Panel, document: &mut Document) {
    let Rect { x, y, width, .. } = panel.rect;
    let Some(group) = panel.group.map(|group| &diagram.groups[group]) else {
        return document.rect("card", panel.rect, 8);
    };
    let content = of_group(group, width);
    document.add(format_args!("<g class=\"group\">"));
    let heavy = if group.heavy { " heavy" } else { "" };
    if panel.card {
        document.rect(&format!("card{heavy}"), panel.rect, 8);
        let band = Rect { height: content.height, ..panel.rect };
        document.path(&format!("band {}", group.tone.word()), &upper_half(band));
    } else {
        document.rect(&format!("lane{heavy}"), panel.rect, 10);
    }
    texts(&content, x, y, width, Tone::Neutral, document);
    document.add(format_args!("</g>"));
}

/// A rectangle of which only the upper corners are round.
fn upper_half(Rect { x, y, width, height }: Rect) -> String {
    let (inner, side) = (width - 16, height - 8);
    format!("M{x} {}a8 8 0 0 1 8-8h{inner}a8 8 0 0 1 8 8v{side}h-{width}z", y + 8)
}

fn texts(content: &Content, x: i32, y: i32, width: i32, tone: Tone, document: &mut Document) {
    for text in &content.texts {
        document.text(text.font, x + text.x, y + text.y, &text.words);
    }
    if let Some((rect, text)) = &content.badge {
        let left = x + width - BESIDE - rect.width;
        let rect = Rect { x: left, y: y + rect.y, ..*rect };
        document.rect(&format!("badge {}", tone.word()), rect, 4);
        let middle = left + rect.width / 2;
        document.middle(LABEL, middle, rect.bottom() - 4, text);
    }
}

/// A node; `first` in a card without a title.
fn node(diagram: &Diagram, placed: &Placed, first: bool, document: &mut Document) {
    let node: &Node = &diagram.nodes[placed.node];
    let Rect { x, y, width, height } = placed.rect;
    document.add(format_args!("<g class=\"node\">"));
    let content = of_node(node, placed.row);
    let tone = node.tone.word();
    if placed.row {
        document.rect("row", placed.rect, 0);
        if node.heavy {
            document.path(&format!("w heavy {tone}"), &format!("M{x} {y}v{height}"));
        }
        if !first {
            document.path("rule", &format!("M{} {y}H{}", x, x + width));
        }
        let middle =
            Point { x: x + BESIDE + MARK / 2 - 4, y: y + (height - content.height) / 2 + 16 };
        document.path(&format!("mark {tone}"), &mark(node.shape, middle));
    } else {
        box_of(node, placed.rect, document);
    }
    let top = y + (height - content.height) / 2;
    texts(&content, x, top, width, node.tone, document);
    document.add(format_args!("</g>"));
}

fn box_of(node: &Node, rect: Rect, document: &mut Document) {
    use super::super::Shape;
    let mut class = format!("box {}", node.tone.word());
    if node.heavy {
        class += " heavy";
    }
    let Rect { x, y, height, .. } = rect;
    match node.shape {
        Shape::Pill => document.rect(&class, rect, height / 2),
        Shape::Elsewhere => document.rect(&(class + " elsewhere"), rect, 6),
        Shape::Stack => {
            // Where no line arrives.
            let behind = Rect { x: x + 4, y: y + 4, ..rect };
            document.rect(&format!("{class} behind"), behind, 6);
            document.rect(&class, rect, 6);
        }
        Shape::Server | Shape::Cylinder | Shape::Fetching => {
            document.rect(&class, rect, 6);
            document.path(&format!("{class} inner"), &format!("M{} {y}v{height}", x + 5));
        }
        Shape::Box | Shape::Hexagon => document.rect(&class, rect, 6),
    }
}

fn net(diagram: &Diagram, net: &Net, document: &mut Document) {
    document.add(format_args!("<g class=\"edge\">"));
    document.title(&edge_words(diagram, &net.edges));
    strokes(net, document);
    document.add(format_args!("</g>"));
}

/// The lines of a net, with what separates them from those that they cross.
fn strokes(net: &Net, document: &mut Document) {
    let EdgeStyle { heavy, .. } = net.style;
    let shortened = |at: Point| {
        let arrow = net.arrows.iter().find(|(tip, _)| *tip == at);
        arrow.map_or(at, |(tip, heading)| before_head(*tip, *heading, net.style))
    };
    let mut path = String::new();
    for line in &net.lines {
        let mut line = line.clone();
        if let Some(first) = line.first_mut() {
            *first = shortened(*first);
        }
        if let Some(last) = line.last_mut() {
            *last = shortened(*last);
        }
        path += &rounded(&line);
    }
    let class = line_class(net.style);
    document.path(if heavy { "o heavy" } else { "o" }, &path);
    document.path(&format!("w {class}"), &path);
    let mut heads = String::new();
    for (tip, heading) in &net.arrows {
        heads += &arrowhead(*tip, *heading, net.style);
    }
    for Point { x, y } in &net.joints {
        let _ = write!(heads, "M{} {y}a3 3 0 1 0 6 0a3 3 0 1 0-6 0", x - 3);
    }
    if !heads.is_empty() {
        document.path(&format!("a {}", net.style.tone.word()), &heads);
    }
}

fn labels(net: &Net, document: &mut Document) {
    for (at, label) in &net.labels {
        let (text, width) = (label_text(label), label_width(label));
        let rect = Rect { x: at.x - width / 2, y: at.y - 8, width, height: 16 };
        document.rect(&format!("label {}", net.style.tone.word()), rect, 8);
        document.middle(LABEL, at.x, at.y + 4, &text);
    }
}
