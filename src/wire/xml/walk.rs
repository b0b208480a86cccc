//! Walking a document element by element: by either reader, with the same result.

use std::borrow::Cow;

use super::{Namespace, Tag, XmlError, XmlReader};

/// A document that is walked. The contract is that of [`XmlReader`]: a tag that was returned is open,
/// and must be closed by reading its text, by passing over it, or by walking its children to the end.
pub trait Walk<'a> {
    /// A start tag.
    type Tag: StartTag;

    /// Opens the next child of the element that is open now; `None` closes that element. The root is
    /// the first child of the document.
    fn next_child(&mut self) -> Result<Option<Self::Tag>, XmlError>;

    /// The text of the element that is open now, and closes it.
    fn text(&mut self) -> Result<Cow<'a, str>, XmlError>;

    /// Passes over the rest of the element that is open now, and closes it.
    fn skip(&mut self) -> Result<(), XmlError>;

    /// Checks that nothing follows the root element.
    fn finish(&mut self) -> Result<(), XmlError>;
}

/// A start tag of a document that is walked.
pub trait StartTag {
    /// The namespace of the element.
    fn namespace(&self) -> Namespace;

    /// The name of the element without a prefix.
    fn local_name(&self) -> &str;

    /// The attributes: names as written (with their prefix, if any), values unescaped.
    fn attributes(&self) -> impl Iterator<Item = Result<(&str, Cow<'_, str>), XmlError>>;

    /// Whether the element is this one.
    fn is(&self, namespace: Namespace, local_name: &str) -> bool {
        self.namespace() == namespace && self.local_name() == local_name
    }

    /// The value of one attribute that has no prefix.
    fn attribute(&self, name: &str) -> Result<Option<Cow<'_, str>>, XmlError> {
        for attribute in self.attributes() {
            let (key, value) = attribute?;
            if key == name {
                return Ok(Some(value));
            }
        }
        Ok(None)
    }
}

impl<'a> Walk<'a> for XmlReader<'a> {
    type Tag = Tag<'a>;

    fn next_child(&mut self) -> Result<Option<Tag<'a>>, XmlError> {
        self.next_child()
    }

    fn text(&mut self) -> Result<Cow<'a, str>, XmlError> {
        self.text()
    }

    fn skip(&mut self) -> Result<(), XmlError> {
        self.skip()
    }

    fn finish(&mut self) -> Result<(), XmlError> {
        self.finish()
    }
}

impl StartTag for Tag<'_> {
    fn namespace(&self) -> Namespace {
        self.namespace()
    }

    fn local_name(&self) -> &str {
        self.local_name()
    }

    fn attributes(&self) -> impl Iterator<Item = Result<(&str, Cow<'_, str>), XmlError>> {
        self.attributes()
    }
}
