//! The fragments that clients are sent instead of a document (protocol §3): what decides whether an
//! update applies (core), what is needed to install it (extended), and what people read of it, in
//! each language (localized). Each is a row of elements without a common root.
//!
//! How they are made was seen in answers of a genuine server, which `fragments_tests` compares byte
//! by byte: no namespaces, prefixes of one letter for the rules that need telling apart, ` />` at the
//! end of what is empty. No capture shows what becomes of comments: they are left out here.

use std::{borrow::Cow, mem};

use super::{DocumentError, UpdateDocument, parse::open};
use crate::wire::xml::{Namespace, Node, Tag, XmlReader, escape_attribute, escape_text};

/// Most languages of one document that become fragments: servers speak of 511 at most (MS-WSUSSS).
const MOST_LANGUAGES: usize = 511;

/// Attributes of `Properties` that the core has, in its order.
const CORE: [&str; 5] =
    ["UpdateType", "ExplicitlyDeployable", "AutoSelectOnWebSites", "OSUpgrade", "EulaID"];

/// Attributes of `Properties` that `ExtendedProperties` does not have.
const NOT_EXTENDED: [&str; 11] = [
    "UpdateType",
    "ExplicitlyDeployable",
    "AutoSelectOnWebSites",
    "EulaID",
    "PublicationState",
    "PublisherID",
    "CreationDate",
    "IsPublic",
    "LegacyName",
    "DetectoidType",
    "OSUpgrade",
];

/// The fragments of one document.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UpdateFragments {
    /// Identity, type, relationships and applicability rules.
    pub core: String,
    /// `ExtendedProperties`, files and what the handler is told.
    pub extended: String,
    /// One for each language, as the document has them; of a language that is there twice the
    /// first.
    pub localized: Vec<LocalizedFragment>,
    /// `Properties/@DefaultPropertiesLanguage`.
    pub default_language: Option<String>,
    /// `Properties/Language`: the languages that the update is for; none where it is for all.
    pub languages: Vec<String>,
}

/// What people read of an update in one language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalizedFragment {
    /// `LocalizedProperties/Language`, as written.
    pub language: String,
    /// The fragment.
    pub text: String,
}

impl UpdateDocument {
    /// The fragments of the document `text`.
    ///
    /// # Errors
    ///
    /// It is not an update document.
    pub fn fragments(text: &str) -> Result<UpdateFragments, DocumentError> {
        let mut xml = open(text)?;
        let mut fragments = UpdateFragments::default();
        while let Some(tag) = xml.next_child()? {
            if tag.namespace() != Namespace::Update {
                xml.skip()?;
                continue;
            }
            match tag.local_name() {
                "UpdateIdentity" | "Relationships" | "ApplicabilityRules" => {
                    element(&mut xml, &tag, &mut fragments.core)?;
                }
                "Properties" => fragments.properties(&mut xml, &tag)?,
                "Files" | "HandlerSpecificData" => {
                    element(&mut xml, &tag, &mut fragments.extended)?;
                }
                "LocalizedPropertiesCollection" => fragments.localized(&mut xml)?,
                _ => xml.skip()?,
            }
        }
        xml.finish()?;
        if fragments.core.is_empty() {
            return Err(DocumentError::Missing { what: "UpdateIdentity" });
        }
        Ok(fragments)
    }
}

impl UpdateFragments {
    fn properties(&mut self, xml: &mut XmlReader<'_>, tag: &Tag<'_>) -> Result<(), DocumentError> {
        let attributes = attributes(tag)?;
        let value = |name: &str| attributes.iter().find(|(key, _)| key == name).map(|(_, it)| it);
        self.default_language = value("DefaultPropertiesLanguage").map(|it| it.trim().to_owned());
        self.core.push_str("<Properties");
        for name in CORE {
            if let Some(value) = value(name).filter(|it| *it != "false") {
                attribute(&mut self.core, name, value)?;
            }
        }
        self.core.push_str(" />");
        let copy = Copy::begin(&mut self.extended, "ExtendedProperties".to_owned());
        for (name, value) in &attributes {
            if !NOT_EXTENDED.contains(&name.as_str()) {
                attribute(copy.out, name, value)?;
            }
        }
        let languages = &mut self.languages;
        copy.copy_rest(xml, |depth, name, text| {
            if depth == 2 && name == "Language" {
                let text = text.trim();
                if !text.is_empty() && languages.len() < MOST_LANGUAGES {
                    languages.push(text.to_owned());
                }
            }
        })
    }

    fn localized(&mut self, xml: &mut XmlReader<'_>) -> Result<(), DocumentError> {
        while let Some(tag) = xml.next_child()? {
            if !tag.is(Namespace::Update, "LocalizedProperties") {
                xml.skip()?;
                continue;
            }
            let (mut language, mut text) = (String::new(), String::new());
            let copy = Copy::begin(&mut text, name(&tag)?);
            copy.copy_rest(xml, |depth, name, piece| {
                if depth == 2 && name == "Language" {
                    language.push_str(piece.trim());
                }
            })?;
            let known = |it: &LocalizedFragment| it.language.eq_ignore_ascii_case(&language);
            if self.localized.len() < MOST_LANGUAGES && !self.localized.iter().any(known) {
                self.localized.push(LocalizedFragment { language, text });
            }
        }
        Ok(())
    }
}

/// Copies the element that was opened by `tag`, and closes it.
fn element(xml: &mut XmlReader<'_>, tag: &Tag<'_>, out: &mut String) -> Result<(), DocumentError> {
    let copy = Copy::begin(out, name(tag)?);
    for (name, value) in attributes(tag)? {
        attribute(copy.out, &name, &value)?;
    }
    copy.copy_rest(xml, |_, _, _| {})
}

/// An element that is being copied.
struct Copy<'a> {
    out: &'a mut String,
    /// The elements that are open.
    names: Vec<String>,
    /// Whether the last tag still lacks its `>`, and may yet turn out to be empty.
    in_tag: bool,
}

impl<'a> Copy<'a> {
    fn begin(out: &'a mut String, name: String) -> Self {
        out.push('<');
        out.push_str(&name);
        Self { out, names: vec![name], in_tag: true }
    }

    /// Copies up to the end of the element. `seen` is told each piece of text, with the name of its
    /// element and how deep that is.
    fn copy_rest(
        mut self,
        xml: &mut XmlReader<'_>,
        mut seen: impl FnMut(usize, &str, &str),
    ) -> Result<(), DocumentError> {
        while let Some(last) = self.names.last() {
            match xml.next_node()? {
                Node::Open(tag) => {
                    self.end_tag();
                    let name = name(&tag)?;
                    self.out.push('<');
                    self.out.push_str(&name);
                    for (name, value) in attributes(&tag)? {
                        attribute(self.out, &name, &value)?;
                    }
                    self.names.push(name);
                    self.in_tag = true;
                }
                Node::Text(text) if text.is_empty() => {}
                Node::Text(text) => {
                    seen(self.names.len(), last, &text);
                    self.end_tag();
                    escape_text(self.out, &text)?;
                }
                Node::Close if mem::take(&mut self.in_tag) => {
                    self.out.push_str(" />");
                    self.names.pop();
                }
                Node::Close => {
                    self.out.push_str("</");
                    self.out.push_str(last);
                    self.out.push('>');
                    self.names.pop();
                }
            }
        }
        Ok(())
    }

    fn end_tag(&mut self) {
        if mem::take(&mut self.in_tag) {
            self.out.push('>');
        }
    }
}

/// The name of an element in a fragment.
fn name(tag: &Tag<'_>) -> Result<String, DocumentError> {
    let prefix = match tag.namespace() {
        Namespace::BaseRules => "b.",
        Namespace::MsiRules => "m.",
        Namespace::WindowsDriver => "d.",
        _ => "",
    };
    Ok(format!("{prefix}{}", plain("name of an element", tag.local_name())?))
}

/// The part of a name behind its prefix. The reader takes what no name of XML is, and without the
/// prefix that could come to mean something else.
fn plain<'a>(what: &'static str, name: &'a str) -> Result<&'a str, DocumentError> {
    let begins = |it: char| it.is_alphabetic() || it == '_';
    let goes_on = |it: char| it.is_alphanumeric() || matches!(it, '_' | '-' | '.');
    if name.starts_with(begins) && name.chars().all(goes_on) {
        return Ok(name);
    }
    Err(DocumentError::invalid(what, name))
}

/// The attributes of an element in a fragment: without declarations of namespaces, and without
/// prefixes.
fn attributes<'a>(tag: &'a Tag<'_>) -> Result<Vec<(String, Cow<'a, str>)>, DocumentError> {
    let mut attributes: Vec<(String, Cow<'_, str>)> = Vec::new();
    for attribute in tag.attributes() {
        let (key, value) = attribute?;
        let (prefix, name) = key.split_once(':').unwrap_or(("", key));
        let is_declaration = prefix == "xmlns" || key == "xmlns";
        if !is_declaration && attributes.iter().all(|(known, _)| known != name) {
            attributes.push((plain("name of an attribute", name)?.to_owned(), value));
        }
    }
    Ok(attributes)
}

fn attribute(out: &mut String, name: &str, value: &str) -> Result<(), DocumentError> {
    out.push(' ');
    out.push_str(name);
    out.push_str("=\"");
    escape_attribute(out, value)?;
    out.push('"');
    Ok(())
}
