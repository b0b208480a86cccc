//! A document as a tree of values with positions. Only made when something is wrong with it or has
//! to be shown: the way from text to types does not pass here.

use std::{borrow::Cow, collections::BTreeSet, ops::Range};

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span, StrInput};

use super::source_text::DEEPEST;
use crate::model::{FieldPath, Segment};

/// A value and where it stands.
#[derive(Debug)]
pub(super) struct Node {
    /// The bytes it takes, counted from the beginning of the document.
    pub(super) bytes: Range<usize>,
    pub(super) value: Value,
}

#[derive(Debug)]
pub(super) enum Value {
    /// A text; `plain` if it is written without quotes, so that it may be a number, say.
    Scalar {
        text: String,
        plain: bool,
    },
    Sequence(Vec<Node>),
    /// The entries in the order written, repeated keys included.
    Mapping(Vec<(Node, Node)>),
}

/// Text that is not YAML, or YAML that is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SyntaxError {
    /// Where, in bytes from the beginning of the document.
    pub(super) at: usize,
    pub(super) what: Cow<'static, str>,
    pub(super) help: Option<&'static str>,
}

impl Node {
    /// The key and the value of an entry, at its first or second appearance.
    pub(super) fn entry(&self, key: &str, repeated: bool) -> Option<(&Node, &Node)> {
        let Value::Mapping(entries) = &self.value else { return None };
        let mut found = entries.iter().filter(|(node, _)| node.text() == Some(key));
        let first = found.next();
        if repeated { found.next().or(first) } else { first }.map(|(key, value)| (key, value))
    }

    /// The value of a key.
    pub(super) fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key, false).map(|(_, value)| value)
    }

    /// The text of a scalar.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar { text, .. } => Some(text),
            Value::Sequence(_) | Value::Mapping(_) => None,
        }
    }

    /// Whether nothing is written here, or `null`.
    pub(super) fn is_null(&self) -> bool {
        match &self.value {
            Value::Scalar { text, plain: true } => {
                matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL")
            }
            _ => false,
        }
    }

    /// The value at a path, if there is one.
    pub(super) fn at(&self, path: &[Segment]) -> Option<&Node> {
        path.iter().try_fold(self, |node, segment| match (segment, &node.value) {
            (Segment::Key(key), _) => node.get(key),
            (Segment::Index(index), Value::Sequence(items)) => items.get(*index),
            (Segment::Index(_), _) => None,
        })
    }

    /// The paths of all keys that their mapping has already.
    pub(super) fn repeated_keys(&self) -> Vec<FieldPath> {
        let mut repeated = Vec::new();
        self.collect_repeated(&FieldPath::default(), &mut repeated);
        repeated
    }

    // No deeper than the tree, which is bounded.
    fn collect_repeated(&self, path: &FieldPath, repeated: &mut Vec<FieldPath>) {
        match &self.value {
            Value::Scalar { .. } => {}
            Value::Sequence(items) => {
                for (index, item) in items.iter().enumerate() {
                    item.collect_repeated(&path.clone().index(index), repeated);
                }
            }
            Value::Mapping(entries) => {
                let mut keys = BTreeSet::new();
                let mut told = BTreeSet::new();
                for (key, value) in entries {
                    let Some(text) = key.text() else { continue };
                    let path = path.clone().literal_key(text);
                    if !keys.insert(text) && told.insert(text) {
                        repeated.push(path.clone());
                    }
                    value.collect_repeated(&path, repeated);
                }
            }
        }
    }

    /// The bytes at a path: of the key if wanted and there is one, else of the value. A path that
    /// ends early leads to its last existing part: of a mapping without the key, its own key.
    pub(super) fn bytes_at(&self, path: &[Segment], key: bool, repeated: bool) -> Range<usize> {
        let mut node = self;
        let mut last_key = None;
        for (position, segment) in path.iter().enumerate() {
            let last = position + 1 == path.len();
            let next = match segment {
                Segment::Key(name) => {
                    node.entry(name, repeated && last).map(|(key, value)| (Some(key), value))
                }
                Segment::Index(index) => match &node.value {
                    Value::Sequence(items) => items.get(*index).map(|item| (None, item)),
                    _ => None,
                },
            };
            let Some((next_key, value)) = next else {
                return last_key.map_or_else(|| node.first_bytes(), |key: &Node| key.bytes.clone());
            };
            last_key = next_key.or(last_key);
            if last && key {
                return next_key.map_or_else(|| value.first_bytes(), |key| key.bytes.clone());
            }
            node = value;
        }
        // An empty value takes no room; its key does.
        match last_key {
            Some(key) if node.bytes.is_empty() => key.bytes.clone(),
            _ => node.bytes.clone(),
        }
    }

    /// The bytes of the first key of a mapping: it stands for the whole.
    fn first_bytes(&self) -> Range<usize> {
        match &self.value {
            Value::Mapping(entries) => {
                entries.first().map_or_else(|| self.bytes.clone(), |(key, _)| key.bytes.clone())
            }
            _ => self.bytes.clone(),
        }
    }
}

/// Where readers of YAML differ on a letter: for some it ends the line, or may not be there, and for
/// others it is one like any other. Each would take the document for another one.
pub(super) fn doubtful_letter(document: &str) -> Option<usize> {
    if document.is_ascii() {
        return None;
    }
    let letters = document.char_indices();
    let mut doubtful = letters.filter(|(at, letter)| match letter {
        // What a file may begin with.
        '\u{feff}' => *at > 0,
        '\u{80}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{fffe}' | '\u{ffff}' => true,
        _ => false,
    });
    doubtful.next().map(|(at, _)| at)
}

/// Reads a document.
pub(super) fn parse(document: &str) -> Result<Node, SyntaxError> {
    if let Some(at) = doubtful_letter(document) {
        let what = "readers of YAML differ on the invisible letter that is here".into();
        return Err(SyntaxError { at, what, help: Some("remove it, or end the line") });
    }
    let mut reader = Reader { parser: Parser::new_from_str(document), offsets: offsets(document) };
    loop {
        let (event, span) = reader.next()?;
        match event {
            Event::StreamStart | Event::DocumentStart(_) | Event::Nothing => {}
            Event::StreamEnd | Event::DocumentEnd => {
                let value = Value::Scalar { text: String::new(), plain: true };
                return Ok(Node { bytes: 0..0, value });
            }
            event => {
                let root = reader.node(event, span, 0)?;
                reader.end()?;
                return Ok(root);
            }
        }
    }
}

/// The byte at which each character begins, and the length; the parser counts characters. `None`
/// where both are the same.
fn offsets(text: &str) -> Option<Vec<usize>> {
    if text.is_ascii() {
        return None;
    }
    Some(text.char_indices().map(|(byte, _)| byte).chain([text.len()]).collect())
}

struct Reader<'a> {
    parser: Parser<'a, StrInput<'a>>,
    offsets: Option<Vec<usize>>,
}

impl<'a> Reader<'a> {
    fn byte(&self, character: usize) -> usize {
        match &self.offsets {
            None => character,
            Some(offsets) => offsets.get(character).or(offsets.last()).copied().unwrap_or_default(),
        }
    }

    fn bytes(&self, span: Span) -> Range<usize> {
        let start = self.byte(span.start.index());
        start..self.byte(span.end.index()).max(start)
    }

    fn refused(&self, span: Span, what: &'static str, help: &'static str) -> SyntaxError {
        SyntaxError {
            at: self.byte(span.start.index()),
            what: Cow::Borrowed(what),
            help: Some(help),
        }
    }

    fn next(&mut self) -> Result<(Event<'a>, Span), SyntaxError> {
        match self.parser.next_event() {
            Some(Ok(event)) => Ok(event),
            Some(Err(error)) => Err(self.wrong(&error)),
            // The end of the stream is an event of its own, so this is never asked for.
            None => Ok((Event::StreamEnd, Span::default())),
        }
    }

    fn wrong(&self, error: &ScanError) -> SyntaxError {
        let at = self.byte(error.marker().index());
        SyntaxError {
            at,
            what: Cow::Owned(format!("this is not YAML: {}", error.info())),
            help: None,
        }
    }

    /// After the value nothing may come but the end.
    fn end(&mut self) -> Result<(), SyntaxError> {
        loop {
            let (event, span) = self.next()?;
            match event {
                Event::StreamEnd => return Ok(()),
                Event::DocumentEnd | Event::Nothing => {}
                _ => {
                    return Err(self.refused(
                        span,
                        "another document begins here without a line `---`",
                        "write `---` on a line of its own between two documents",
                    ));
                }
            }
        }
    }

    // Calls itself no deeper than `DEEPEST`.
    fn node(&mut self, event: Event<'a>, span: Span, depth: usize) -> Result<Node, SyntaxError> {
        if depth > DEEPEST {
            return Err(self.refused(
                span,
                "values are nested deeper than 64 levels",
                "write it flatter: the kinds need seven levels at most",
            ));
        }
        let (anchor, tagged) = match &event {
            Event::Alias(_) => {
                return Err(self.refused(
                    span,
                    "aliases are not supported",
                    "write the value itself instead of `*…`",
                ));
            }
            Event::Scalar(_, _, anchor, tag) => (*anchor, tag.is_some()),
            Event::SequenceStart(anchor, tag) | Event::MappingStart(anchor, tag) => {
                (*anchor, tag.is_some())
            }
            _ => (0, false),
        };
        if anchor != 0 {
            return Err(self.refused(span, "anchors are not supported", "remove `&…`"));
        }
        if tagged {
            return Err(self.refused(span, "tags are not supported", "remove `!…`"));
        }
        let mut bytes = self.bytes(span);
        let value = match event {
            Event::Scalar(text, style, _, _) => Value::Scalar {
                text: text.into_owned(),
                plain: matches!(style, ScalarStyle::Plain),
            },
            Event::SequenceStart(..) => {
                let mut items = Vec::new();
                loop {
                    let (event, span) = self.next()?;
                    if matches!(event, Event::SequenceEnd) {
                        bytes.end = self.end_of(&bytes, span, items.last());
                        break Value::Sequence(items);
                    }
                    items.push(self.node(event, span, depth + 1)?);
                }
            }
            Event::MappingStart(..) => {
                let mut entries = Vec::new();
                loop {
                    let (event, span) = self.next()?;
                    if matches!(event, Event::MappingEnd) {
                        let last = entries.last().map(|(_, value)| value);
                        bytes.end = self.end_of(&bytes, span, last);
                        break Value::Mapping(entries);
                    }
                    let key = self.node(event, span, depth + 1)?;
                    let (event, span) = self.next()?;
                    let value = self.node(event, span, depth + 1)?;
                    entries.push((key, value));
                }
            }
            // The parser keeps its events in balance, so no other one stands for a value.
            _ => return Err(self.refused(span, "a value is missing here", "write one")),
        };
        Ok(Node { bytes, value })
    }

    /// Where a collection ends: at its bracket, or, where it has none, with its last value.
    fn end_of(&self, bytes: &Range<usize>, span: Span, last: Option<&Node>) -> usize {
        if bytes.is_empty() {
            last.map_or(bytes.end, |last| last.bytes.end.max(bytes.start))
        } else {
            self.bytes(span).end.max(bytes.start)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str, path: &FieldPath, key: bool) -> String {
        let root = parse(text).unwrap();
        text[root.bytes_at(path.segments(), key, false)].to_owned()
    }

    #[test]
    fn finds_keys_and_values_also_behind_wide_characters() {
        let text = "spec:\n  é: \"ä\"\n  list:\n  - a\n  - b: x\n  flow: {ö: [1, 2]}\n";
        let spec = FieldPath::new("spec");
        assert_eq!(at(text, &spec.clone().key("é"), false), "\"ä\"");
        assert_eq!(at(text, &spec.clone().key("list").index(1).key("b"), false), "x");
        assert_eq!(at(text, &spec.clone().key("list").index(1).key("b"), true), "b");
        assert_eq!(at(text, &spec.clone().key("flow.ö").index(1), false), "2");
        assert_eq!(at(text, &spec.clone().key("flow.ö"), false), "[1, 2]");
    }

    #[test]
    fn a_path_that_ends_early_shows_its_nearest_parent() {
        let text = "spec:\n  source:\n    type: x\n";
        assert_eq!(at(text, &FieldPath::new("spec.source.file"), true), "source");
        assert_eq!(at(text, &FieldPath::new("status.source"), true), "spec");
        assert_eq!(at("a:\n", &FieldPath::new("a"), false), "a");
    }

    #[test]
    fn repeated_keys_are_told_once_each() {
        let root = parse("a: 1\nb: {c: 1, c: 2, c: 3}\na: 2\n").unwrap();
        let repeated: Vec<_> = root.repeated_keys().iter().map(ToString::to_string).collect();
        assert_eq!(repeated, ["b.c", "a"]);
        assert_eq!(root.bytes_at(FieldPath::new("a").segments(), true, true), 27..28);
    }

    #[test]
    fn aliases_anchors_tags_and_depth_are_refused() {
        let what = |text: &str| parse(text).unwrap_err();
        assert_eq!(
            what("a: 1\nb: *a\n").what,
            "this is not YAML: while parsing node, found unknown anchor"
        );
        assert_eq!(what("a: &x 1\nb: *x\n").what, "anchors are not supported");
        assert_eq!(what("a: !x 1\n").what, "tags are not supported");
        assert_eq!(what(&"[".repeat(100)).what, "values are nested deeper than 64 levels");
        assert_eq!(what(&"- ".repeat(100)).what, "values are nested deeper than 64 levels");
        assert_eq!(what("a: 1\n b: 2\n").at, 7);
    }
}
