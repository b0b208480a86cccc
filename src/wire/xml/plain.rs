//! The quick reader: of documents that are written as plainly as almost all are. It knows elements,
//! attributes, text and references, and looks only at what is asked for; at anything else it gives up
//! ([`XmlError::NotPlain`]), and [`XmlReader`](super::XmlReader) decides. What it reads, that one reads
//! in the same way.

use std::borrow::Cow;

use memchr::{memchr, memchr2};

use super::{
    MAX_DEPTH, Namespace, StartTag, Walk, XmlError,
    character_data::{reference, unescape},
    plain_tag::{Attribute, Attributes, Inside, Name, is_local, is_space},
};

/// Most declarations of namespaces that hold at the same time.
const BINDINGS: usize = 64;

/// Names that XML keeps for itself: whether one of them is bound is a question for the other reader.
const RESERVED: &str = "http://www.w3.org/";

/// Reads one document.
pub struct PlainReader<'a> {
    document: &'a str,
    at: usize,
    /// Names of the elements that are open, as written.
    open: Vec<&'a str>,
    bindings: Vec<Binding<'a>>,
    /// The prefix that was looked up last, and what it stands for as long as nothing is bound anew.
    last: Option<(&'a str, Namespace)>,
    root_seen: bool,
    /// The element that was opened last is empty: its end is still to come, without being there.
    at_end: bool,
}

/// A namespace and what stands for it.
struct Binding<'a> {
    /// Elements that were open where it was declared.
    depth: usize,
    /// Empty for elements without a prefix.
    prefix: &'a str,
    namespace: Namespace,
}

/// A start tag.
#[derive(Debug, Clone, Copy)]
pub struct PlainTag<'a> {
    local_name: &'a str,
    inside: Inside<'a>,
    namespace: Namespace,
}

/// What stands at a `<`.
enum Markup<'a> {
    /// A start tag: its name, the text behind that, and whether the element is empty.
    Start { name: Name<'a>, inside: Inside<'a>, is_empty: bool },
    /// The end tag of the element that is open.
    End,
}

impl<'a> PlainReader<'a> {
    /// Starts at the head of `document`, which may be at most `limit` bytes long.
    pub fn new(document: &'a str, limit: usize) -> Result<Self, XmlError> {
        if document.len() > limit {
            return Err(XmlError::TooLarge { size: document.len(), limit });
        }
        let (open, bindings) = (Vec::with_capacity(16), Vec::with_capacity(16));
        let (root_seen, at_end) = (false, false);
        Ok(Self { document, at: 0, open, bindings, last: None, root_seen, at_end })
    }

    fn rest(&self) -> &'a str {
        self.document.get(self.at..).unwrap_or_default()
    }

    /// Passes over text up to the next markup.
    fn pass_text(&mut self) -> Option<()> {
        loop {
            let rest = self.rest();
            let found = memchr2(b'<', b'&', rest.as_bytes())?;
            let (_, found) = rest.split_at_checked(found)?;
            let Some(after) = found.strip_prefix('&') else {
                self.at = self.document.len() - found.len();
                return Some(());
            };
            let (_, after) = reference(after)?;
            self.at = self.document.len() - after.len();
        }
    }

    /// Reads a tag, where one begins. The element of an end tag is not open any more.
    fn markup(&mut self) -> Option<Markup<'a>> {
        let rest = self.rest().strip_prefix('<')?;
        if let Some(ending) = rest.strip_prefix('/') {
            let after = ending.strip_prefix(self.open.last().copied()?)?.strip_prefix('>')?;
            self.at = self.document.len() - after.len();
            self.close();
            return Some(Markup::End);
        }
        let (name, behind) = Name::of(rest)?;
        let (mut inside, after) = Inside::of(behind)?;
        let is_empty = inside.text.ends_with('/');
        if is_empty {
            inside.text = inside.text.get(..inside.text.len() - 1)?;
        }
        if !inside.text.is_empty() && !inside.text.starts_with(is_space) {
            return None;
        }
        self.at = self.document.len() - after.len();
        Some(Markup::Start { name, inside, is_empty })
    }

    fn enter(
        &mut self,
        name: Name<'a>,
        inside: Inside<'a>,
        is_empty: bool,
    ) -> Option<PlainTag<'a>> {
        if self.open.len() >= MAX_DEPTH {
            return None;
        }
        self.open.push(name.written);
        self.at_end = is_empty;
        if inside.may_declare() {
            self.bind(inside)?;
        }
        let (prefix, local_name) = name.parts()?;
        Some(PlainTag { local_name, inside, namespace: self.namespace(prefix) })
    }

    fn namespace(&mut self, prefix: &'a str) -> Namespace {
        if let Some((last, namespace)) = self.last
            && last == prefix
        {
            return namespace;
        }
        let bound = self.bindings.iter().rev().find(|it| it.prefix == prefix);
        let namespace = match bound {
            Some(binding) => binding.namespace,
            None if prefix.is_empty() => Namespace::None,
            None => Namespace::Other,
        };
        self.last = Some((prefix, namespace));
        namespace
    }

    fn bind(&mut self, inside: Inside<'a>) -> Option<()> {
        self.last = None;
        for attribute in Attributes::of(inside) {
            let Attribute { key, value, refers } = attribute?;
            let prefix = match key.strip_prefix("xmlns") {
                Some("") => "",
                Some(rest) => match rest.strip_prefix(':') {
                    Some(prefix) => Some(prefix).filter(|it| is_local(it) && !value.is_empty())?,
                    None => continue,
                },
                None => continue,
            };
            if prefix.starts_with("xml")
                || refers
                || value.starts_with(RESERVED) && is_reserved(value)
                || self.bindings.len() >= BINDINGS
            {
                return None;
            }
            let (depth, namespace) = (self.open.len(), Namespace::from_name(value));
            self.bindings.push(Binding { depth, prefix, namespace });
        }
        Some(())
    }

    fn close(&mut self) {
        let depth = self.open.len();
        self.open.pop();
        while self.bindings.pop_if(|it| it.depth >= depth).is_some() {
            self.last = None;
        }
    }

    /// Whether the element that is open is empty; then it is closed.
    fn ends_here(&mut self) -> bool {
        let ends = std::mem::take(&mut self.at_end);
        if ends {
            self.close();
        }
        ends
    }

    fn whole_text(&mut self) -> Option<Cow<'a, str>> {
        if self.ends_here() {
            return Some(Cow::Borrowed(""));
        }
        let rest = self.rest();
        let run = rest.get(..memchr(b'<', rest.as_bytes())?)?;
        let text = unescape(run)?;
        self.at += run.len();
        matches!(self.markup()?, Markup::End).then_some(text)
    }

    fn pass_element(&mut self) -> Option<()> {
        let outside = self.open.len().checked_sub(1)?;
        if self.ends_here() {
            return Some(());
        }
        loop {
            self.pass_text()?;
            match self.markup()? {
                Markup::Start { .. } if self.open.len() >= MAX_DEPTH => return None,
                Markup::Start { is_empty: true, .. } => {}
                Markup::Start { name, .. } => self.open.push(name.written),
                Markup::End if self.open.len() <= outside => return Some(()),
                Markup::End => {}
            }
        }
    }
}

impl<'a> Walk<'a> for PlainReader<'a> {
    type Tag = PlainTag<'a>;

    fn next_child(&mut self) -> Result<Option<PlainTag<'a>>, XmlError> {
        if self.ends_here() {
            return Ok(None);
        }
        if self.open.is_empty() {
            // The root: once, and with nothing before it.
            if std::mem::replace(&mut self.root_seen, true) {
                return Err(XmlError::NotPlain);
            }
            self.at = self.document.len() - self.rest().trim_start_matches(is_space).len();
        } else {
            self.pass_text().ok_or_else(not_plain)?;
        }
        match self.markup().ok_or_else(not_plain)? {
            Markup::Start { name, inside, is_empty } => {
                self.enter(name, inside, is_empty).map(Some).ok_or_else(not_plain)
            }
            Markup::End => Ok(None),
        }
    }

    fn text(&mut self) -> Result<Cow<'a, str>, XmlError> {
        self.whole_text().ok_or_else(not_plain)
    }

    fn skip(&mut self) -> Result<(), XmlError> {
        self.pass_element().ok_or_else(not_plain)
    }

    fn finish(&mut self) -> Result<(), XmlError> {
        let is_over = self.open.is_empty() && self.rest().trim_start_matches(is_space).is_empty();
        is_over.then_some(()).ok_or_else(not_plain)
    }
}

impl StartTag for PlainTag<'_> {
    fn namespace(&self) -> Namespace {
        self.namespace
    }

    fn local_name(&self) -> &str {
        self.local_name
    }

    fn attributes(&self) -> impl Iterator<Item = Result<(&str, Cow<'_, str>), XmlError>> {
        Attributes::of(self.inside).map(|attribute| {
            let Attribute { key, value, refers } = attribute.ok_or_else(not_plain)?;
            if !refers {
                return Ok((key, Cow::Borrowed(value)));
            }
            // What a reference to a line end becomes is a question for the other reader.
            let text = if value.contains("&#") { None } else { unescape(value) };
            Ok((key, text.ok_or_else(not_plain)?))
        })
    }
}

fn is_reserved(namespace: &str) -> bool {
    namespace.ends_with("/namespace") || namespace.ends_with("/xmlns/")
}

fn not_plain() -> XmlError {
    XmlError::NotPlain
}
