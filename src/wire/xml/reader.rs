//! A pull reader over one document: the caller walks children, texts and attributes; namespaces are
//! resolved, prefixes never matter. Depth is counted, not recursed.

use std::{borrow::Cow, sync::LazyLock};

use memchr::memchr;
use quick_xml::{
    XmlVersion,
    escape::resolve_xml_entity,
    events::{BytesRef, BytesStart, Event},
    name::{NamespaceResolver, ResolveResult},
    reader::Reader,
};

use super::{Namespace, XmlError, character_data::unescape};

/// Deepest nesting of elements that is read. Real update documents stay below 40.
pub const MAX_DEPTH: usize = 256;

/// Most attributes that are read of one element. Real update documents stay below 40.
pub const MAX_ATTRIBUTES: usize = 256;

/// The text of a body that must be UTF-8: a byte order mark is dropped, the size is checked first.
pub fn decode_body(bytes: &[u8], limit: usize) -> Result<&str, XmlError> {
    if bytes.len() > limit {
        return Err(XmlError::TooLarge { size: bytes.len(), limit });
    }
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    std::str::from_utf8(bytes).map_err(|error| XmlError::Encoding(error.to_string()))
}

/// Reads one document of at most the given size.
///
/// The contract of walking: a tag that [`XmlReader::next_child`] returns is open, and must be
/// closed by [`XmlReader::text`], by [`XmlReader::skip`], or by walking its own children to the end.
pub struct XmlReader<'a> {
    document: &'a str,
    reader: Reader<&'a [u8]>,
    /// Bytes that were read past the reader's own count.
    passed: u64,
    resolver: NamespaceResolver,
    depth: usize,
    root_seen: bool,
}

/// What comes next in an element whose whole content is wanted. Comments and processing instructions
/// are passed over.
#[derive(Debug, Clone)]
pub enum Node<'a> {
    /// A child was opened, and its content comes next.
    Open(Tag<'a>),
    /// A piece of text, with references resolved.
    Text(Cow<'a, str>),
    /// The element was closed.
    Close,
}

/// A start tag.
#[derive(Debug, Clone)]
pub struct Tag<'a> {
    start: BytesStart<'a>,
    namespace: Namespace,
}

impl<'a> XmlReader<'a> {
    /// Starts at the head of `document`, which may be at most `limit` bytes long.
    pub fn new(document: &'a str, limit: usize) -> Result<Self, XmlError> {
        if document.len() > limit {
            return Err(XmlError::TooLarge { size: document.len(), limit });
        }
        let mut reader = Reader::from_str(document);
        reader.config_mut().expand_empty_elements = true;
        let resolver = NamespaceResolver::default();
        Ok(Self { document, reader, passed: 0, resolver, depth: 0, root_seen: false })
    }

    /// Opens the root element.
    pub fn root(&mut self) -> Result<Tag<'a>, XmlError> {
        self.next_child()?.ok_or(XmlError::Empty)
    }

    /// Opens the next child of the element that is open now; `None` closes that element.
    pub fn next_child(&mut self) -> Result<Option<Tag<'a>>, XmlError> {
        loop {
            match self.event()? {
                Event::Start(start) => {
                    if self.depth == 0 && self.root_seen {
                        return Err(XmlError::TrailingContent { offset: self.offset() });
                    }
                    self.root_seen = true;
                    return self.open(start).map(Some);
                }
                Event::End(_) => {
                    self.close();
                    return Ok(None);
                }
                Event::Eof if self.depth == 0 => return Ok(None),
                Event::Eof => return Err(XmlError::UnexpectedEnd { offset: self.offset() }),
                Event::GeneralRef(reference) => {
                    self.resolve(&reference)?;
                }
                _ => {}
            }
        }
    }

    /// The text of the element that is open now, with line ends as XML prescribes them, and closes
    /// the element. Elements inside are passed over.
    pub fn text(&mut self) -> Result<Cow<'a, str>, XmlError> {
        let mut text = self.run().unwrap_or_default();
        loop {
            match self.event()? {
                Event::Text(piece) => append(&mut text, piece.xml10_content()),
                Event::CData(piece) => append(&mut text, piece.xml10_content()),
                Event::GeneralRef(reference) => {
                    text.to_mut().push(self.resolve(&reference)?);
                }
                Event::Start(start) => {
                    self.open(start)?;
                    self.skip()?;
                }
                Event::End(_) => {
                    self.close();
                    return Ok(text);
                }
                Event::Eof => return Err(XmlError::UnexpectedEnd { offset: self.offset() }),
                _ => {}
            }
        }
    }

    /// What comes next inside the element that is open now: who walks with this alone sees all of
    /// it, in order.
    pub fn next_node(&mut self) -> Result<Node<'a>, XmlError> {
        loop {
            return match self.event()? {
                Event::Start(start) => self.open(start).map(Node::Open),
                Event::Text(piece) => Ok(Node::Text(piece.xml10_content())),
                Event::CData(piece) => Ok(Node::Text(piece.xml10_content())),
                Event::GeneralRef(reference) => {
                    let character = self.resolve(&reference)?;
                    Ok(Node::Text(Cow::Owned(character.into())))
                }
                Event::End(_) => {
                    self.close();
                    Ok(Node::Close)
                }
                Event::Eof => Err(XmlError::UnexpectedEnd { offset: self.offset() }),
                _ => continue,
            };
        }
    }

    /// The text up to the next markup in one go, where the reader stands behind a start tag: as
    /// events, each reference is one, and an escaped document has one every dozen bytes. `None`, and
    /// nothing is read, if there is anything that the events tell more of.
    fn run(&mut self) -> Option<Cow<'a, str>> {
        let rest = *self.reader.get_ref();
        let at = self.document.len().checked_sub(rest.len())?;
        let (read, rest) = self.document.split_at_checked(at)?;
        if read.ends_with("/>") {
            // Its end tag is still to come, without being there.
            return None;
        }
        let run = &rest[..memchr(b'<', rest.as_bytes())?];
        let text = unescape(run)?;
        *self.reader.get_mut() = rest.as_bytes().get(run.len()..)?;
        self.passed += run.len() as u64;
        Some(text)
    }

    /// Passes over the rest of the element that is open now, and closes it.
    pub fn skip(&mut self) -> Result<(), XmlError> {
        let mut inside = 0_usize;
        loop {
            match self.event()? {
                Event::Start(_) => {
                    inside += 1;
                    if self.depth + inside > MAX_DEPTH {
                        return Err(XmlError::TooDeep { offset: self.offset() });
                    }
                }
                Event::End(_) if inside > 0 => inside -= 1,
                Event::End(_) => {
                    self.close();
                    return Ok(());
                }
                Event::GeneralRef(reference) => {
                    self.resolve(&reference)?;
                }
                Event::Eof => return Err(XmlError::UnexpectedEnd { offset: self.offset() }),
                _ => {}
            }
        }
    }

    /// Checks that nothing but comments and white space follows the root element.
    pub fn finish(&mut self) -> Result<(), XmlError> {
        loop {
            match self.event()? {
                Event::Eof if self.depth == 0 => return Ok(()),
                Event::Eof => return Err(XmlError::UnexpectedEnd { offset: self.offset() }),
                Event::Comment(_) | Event::PI(_) => {}
                Event::Text(text) if text.trim_ascii().is_empty() => {}
                _ => return Err(XmlError::TrailingContent { offset: self.offset() }),
            }
        }
    }

    /// The name of the namespace of `tag`, which must be the tag that was opened last.
    pub fn namespace_name(&self, tag: &Tag<'_>) -> String {
        match self.resolver.resolve_element(tag.start.name()).0 {
            ResolveResult::Bound(namespace) => namespace.0.to_owned(),
            ResolveResult::Unbound | ResolveResult::Unknown(_) => String::new(),
        }
    }

    /// Offset of the reader in the document, in bytes.
    pub fn offset(&self) -> u64 {
        self.reader.buffer_position() + self.passed
    }

    fn event(&mut self) -> Result<Event<'a>, XmlError> {
        let event = self.reader.read_event().map_err(|error| self.malformed(error))?;
        match &event {
            Event::DocType(_) => Err(XmlError::DocumentType { offset: self.offset() }),
            Event::Decl(declaration) => match declaration.encoding() {
                // A text that reached us as a string has been decoded already, so UTF-16 in its
                // declaration only says what it once was.
                Some(Ok(name)) if !is_decoded(&name) => {
                    Err(XmlError::Encoding(format!("it declares `{}`", shortened(&name))))
                }
                _ => Ok(event),
            },
            _ => Ok(event),
        }
    }

    fn open(&mut self, start: BytesStart<'a>) -> Result<Tag<'a>, XmlError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(XmlError::TooDeep { offset: self.offset() });
        }
        // Few tags declare a namespace; those that do not are not looked through.
        let declares = start.contains("xmlns");
        let scope = if declares { self.resolver.push(&start) } else { self.resolver.push(&BARE) };
        scope.map_err(|error| self.malformed(error.into()))?;
        let namespace = match self.resolver.resolve_element(start.name()).0 {
            ResolveResult::Bound(name) => Namespace::from_name(name.0),
            ResolveResult::Unbound => Namespace::None,
            ResolveResult::Unknown(_) => Namespace::Other,
        };
        Ok(Tag { start, namespace })
    }

    fn close(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        self.resolver.pop();
    }

    fn resolve(&self, reference: &BytesRef<'_>) -> Result<char, XmlError> {
        if reference.is_char_ref() {
            let character = reference.resolve_char_ref().ok().flatten();
            return character.filter(|it| is_allowed(*it)).ok_or_else(|| {
                XmlError::CharacterReference {
                    reference: shortened(reference),
                    offset: self.offset(),
                }
            });
        }
        resolve_xml_entity(reference)
            .and_then(|text| text.chars().next())
            .ok_or_else(|| XmlError::Entity { name: shortened(reference), offset: self.offset() })
    }

    fn malformed(&self, source: quick_xml::Error) -> XmlError {
        let offset = self.reader.error_position() + self.passed;
        XmlError::Malformed { offset, source: Box::new(source) }
    }
}

impl Tag<'_> {
    /// The namespace of the element.
    pub fn namespace(&self) -> Namespace {
        self.namespace
    }

    /// The name of the element without a prefix.
    pub fn local_name(&self) -> &str {
        self.start.local_name().into_inner()
    }

    /// Whether the element is this one.
    pub fn is(&self, namespace: Namespace, local_name: &str) -> bool {
        self.namespace == namespace && self.local_name() == local_name
    }

    /// The attributes: names as written (with their prefix, if any), values unescaped.
    pub fn attributes(&self) -> impl Iterator<Item = Result<(&str, Cow<'_, str>), XmlError>> {
        self.start.attributes().enumerate().map(|(index, attribute)| {
            if index >= MAX_ATTRIBUTES {
                return Err(XmlError::TooManyAttributes { element: shortened(self.local_name()) });
            }
            let attribute = attribute.map_err(|error| in_tag(error.into()))?;
            let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(in_tag)?;
            Ok((attribute.key.0, value))
        })
    }

    /// The value of one attribute that has no prefix.
    pub fn attribute(&self, name: &str) -> Result<Option<String>, XmlError> {
        for attribute in self.attributes() {
            let (key, value) = attribute?;
            if key == name {
                return Ok(Some(value.into_owned()));
            }
        }
        Ok(None)
    }

    /// Whether the element says that it stands for nothing (`xsi:nil`).
    pub fn is_nil(&self) -> Result<bool, XmlError> {
        for attribute in self.attributes() {
            let (key, value) = attribute?;
            if key.ends_with(":nil") && matches!(value.trim(), "true" | "1") {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// A tag that declares nothing.
static BARE: LazyLock<BytesStart<'static>> = LazyLock::new(|| BytesStart::new("_"));

/// Whether XML 1.0 allows the character.
pub(in crate::wire) fn is_allowed(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='\u{FFFD}' | '\u{10000}'..)
}

/// A tag does not know where it stands, so the offset is not given.
fn in_tag(source: quick_xml::Error) -> XmlError {
    XmlError::MalformedTag { source: Box::new(source) }
}

fn append<'a>(text: &mut Cow<'a, str>, piece: Cow<'a, str>) {
    if text.is_empty() {
        *text = piece;
    } else {
        text.to_mut().push_str(&piece);
    }
}

fn is_decoded(encoding: &str) -> bool {
    ["utf-8", "utf8", "us-ascii", "utf-16", "unicode"]
        .iter()
        .any(|known| encoding.eq_ignore_ascii_case(known))
}

fn shortened(text: &str) -> String {
    text.chars().take(40).collect()
}
