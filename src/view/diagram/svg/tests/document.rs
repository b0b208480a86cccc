//! What holds for every document: it is XML, holds nothing but a drawing, and texts keep to their
//! boxes.

use proptest::prelude::*;
use quick_xml::{Reader, events::Event};

use super::super::{
    super::{
        Arrangement, Diagram, Direction, Edge, EdgeStyle, Group, Line, Node, Shape, Stroke, Tone,
    },
    svg,
    text::{GROUP, HEADING, LABEL, LARGE, NAME, TEXT, TITLE},
};
use super::sketch::{diagram, sketch};

const ELEMENTS: [&str; 8] = ["svg", "title", "desc", "style", "g", "rect", "path", "text"];
const ATTRIBUTES: [&str; 19] = [
    "xmlns",
    "class",
    "width",
    "height",
    "viewBox",
    "role",
    "aria-labelledby",
    "id",
    "x",
    "y",
    "rx",
    "d",
    "transform",
    "text-anchor",
    "type",
    "lang",
    "fill",
    "stroke",
    "style",
];

/// An element: its name, its attributes, the text in it.
#[derive(Debug, Clone, Default)]
struct Element {
    name: String,
    attributes: Vec<(String, String)>,
    text: String,
    /// The class of the group that it is in, and the number of that group.
    group: (String, usize),
}

impl Element {
    fn get(&self, name: &str) -> &str {
        let found = self.attributes.iter().find(|(key, _)| key == name);
        found.map_or("", |(_, value)| value)
    }

    fn number(&self, name: &str) -> i32 {
        self.get(name).parse().unwrap_or_else(|_| panic!("{name} of {self:?}"))
    }
}

/// All elements of a document. Panics if it is not XML.
fn elements(document: &str) -> Vec<Element> {
    let mut reader = Reader::from_str(document);
    reader.config_mut().check_end_names = true;
    let mut elements: Vec<Element> = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    let mut group = (String::new(), 0);
    loop {
        match reader.read_event().unwrap() {
            Event::Eof => break,
            event @ (Event::Start(_) | Event::Empty(_)) => {
                let (start, empty) = match &event {
                    Event::Start(start) => (start, false),
                    Event::Empty(start) => (start, true),
                    _ => unreachable!(),
                };
                let name = start.name().as_ref().to_owned();
                let attributes = start.attributes().map(|it| {
                    let it = it.unwrap();
                    let key = it.key.as_ref().to_owned();
                    let value = it.value.into_owned();
                    (key, value)
                });
                let element = Element {
                    name,
                    attributes: attributes.collect(),
                    text: String::new(),
                    group: group.clone(),
                };
                if element.name == "g" {
                    group = (element.get("class").to_owned(), elements.len());
                }
                elements.push(element);
                if !empty {
                    open.push(elements.len() - 1);
                }
            }
            Event::End(_) => {
                let ended = open.pop().unwrap();
                if elements[ended].name == "g" {
                    group = elements[ended].group.clone();
                }
            }
            Event::Text(text) => {
                let last = open.last().map(|it| &mut elements[*it].text);
                if let Some(last) = last {
                    *last += &text;
                }
            }
            Event::GeneralRef(entity) => {
                let letter = match &*entity {
                    "amp" => '&',
                    "lt" => '<',
                    "gt" => '>',
                    "quot" => '"',
                    "#39" => '\'',
                    other => panic!("&{other};"),
                };
                elements[*open.last().unwrap()].text.push(letter);
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(open.is_empty());
    elements
}

fn only_a_drawing(elements: &[Element]) {
    assert_eq!(elements[0].name, "svg");
    assert_eq!(elements.iter().filter(|element| element.name == "svg").count(), 1);
    for element in elements {
        assert!(ELEMENTS.contains(&element.name.as_str()), "{element:?}");
        for (key, value) in &element.attributes {
            assert!(ATTRIBUTES.contains(&key.as_str()), "{element:?}");
            assert!(!value.contains("url(") && !value.contains("javascript"), "{element:?}");
        }
    }
}

/// Each text in a node or in the title of a group is in its box.
fn texts_keep_to_their_boxes(elements: &[Element]) {
    let fonts = [HEADING, GROUP, LARGE, TITLE, NAME, TEXT, LABEL];
    for text in elements.iter().filter(|element| element.name == "text") {
        if !["node", "group"].contains(&text.group.0.as_str()) {
            continue;
        }
        let font = fonts.into_iter().find(|font| font.class == text.get("class")).unwrap();
        let width = font.width(&text.text);
        let centred = text.get("text-anchor") == "middle";
        let left = text.number("x") - if centred { width / 2 } else { 0 };
        let box_of = |element: &&Element| {
            let class = element.get("class");
            let kind = ["box", "row", "card", "lane"].iter().any(|it| class.starts_with(it));
            element.name == "rect"
                && element.group == text.group
                && kind
                && !class.contains("behind")
        };
        let around = elements.iter().find(box_of).unwrap_or_else(|| panic!("{text:?}"));
        let right = around.number("x") + around.number("width");
        assert!(left >= around.number("x") && left + width <= right, "{text:?} {around:?}");
        let (top, bottom) = (text.number("y") - font.size, text.number("y") + font.size / 4);
        let lower = around.number("y") + around.number("height");
        assert!(top >= around.number("y") && bottom <= lower, "{text:?} {around:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn every_document_is_a_drawing_whose_texts_keep_to_their_boxes(
        sketch in sketch(),
        layered in any::<bool>(),
    ) {
        let arrangement = if layered { Arrangement::Layered } else { Arrangement::Cards };
        let document = svg(&diagram(&sketch, arrangement));
        let elements = elements(&document);
        only_a_drawing(&elements);
        texts_keep_to_their_boxes(&elements);
        prop_assert_eq!(document, svg(&diagram(&sketch, arrangement)));
    }

    #[test]
    fn texts_are_texts_whatever_they_are(text in ".{0,60}", layered in any::<bool>()) {
        let arrangement = if layered { Arrangement::Layered } else { Arrangement::Cards };
        let elements = elements(&svg(&with_text(&text, arrangement)));
        only_a_drawing(&elements);
        texts_keep_to_their_boxes(&elements);
    }
}

fn with_text(text: &str, arrangement: Arrangement) -> Diagram {
    let mut diagram = Diagram::new(text, arrangement, Direction::Down);
    diagram.describe(text);
    let group = diagram.add_group(Group::new(text, text).detail(text));
    let other = diagram.add_group(Group::new(text, text).large());
    let node = Node::new(text, Shape::Box).line(Line::title(text)).line(Line::text(text));
    let node = diagram.add_node(node.badge(text).inside(group));
    let next = Node::new(text, Shape::Stack).line(Line::name(text)).inside(group);
    let next = diagram.add_node(next);
    let style = EdgeStyle::new(Tone::Blue, Stroke::Solid);
    diagram.add_edge(Edge::new(group, other, style).label(text));
    diagram.add_edge(Edge::new(node, next, style).label(text));
    diagram.explain_edge(style, Some(text), text);
    diagram.explain_node(Shape::Box, Tone::Red, false, text);
    diagram.note(text);
    diagram
}

#[test]
fn hostile_texts_are_shown_and_nothing_else() {
    let hostile = [
        "</text><script>alert(1)</script>",
        "\"><image href=\"http://x\"/>",
        "]]>&lt;&#0;<!-- --><?x?>",
        "\u{0}\u{1b}[31m\u{fffe}\u{202e}",
        "a\nb\r\t\u{2028}",
    ];
    for text in hostile {
        for arrangement in [Arrangement::Cards, Arrangement::Layered] {
            let elements = elements(&svg(&with_text(text, arrangement)));
            only_a_drawing(&elements);
            let title = elements.iter().find(|element| element.name == "title").unwrap();
            let shown = crate::view::plain(text).replace('\u{fffe}', "\u{fffd}");
            assert_eq!(title.text, shown);
        }
    }
}
