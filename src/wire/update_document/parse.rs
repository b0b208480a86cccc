//! Indexing: one pass over the document. Applicability rules, the bulk of most documents, are
//! passed over without resolving a name.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use uuid::Uuid;

use super::{
    CategoryType, DocumentError, PatchingType, PrerequisiteGroup, PublicationState, UpdateFile,
    UpdateIndex, UpdateType,
};
use crate::{
    model::UpdateIdentity,
    wire::xml::{Namespace, PlainReader, StartTag, Walk, XmlError, XmlReader, check_characters},
};

/// Largest document that is read, in bytes: the largest known has 47 million characters
/// (protocol §0.4).
pub const MAX_DOCUMENT_BYTES: usize = 128 << 20;

/// Reads update documents.
#[derive(Debug, Clone, Copy)]
pub struct UpdateDocument;

impl UpdateDocument {
    /// Indexes the document `text`.
    pub fn index(text: &str) -> Result<UpdateIndex, DocumentError> {
        Self::index_plainly(text).or_else(|_| Self::index_carefully(text))
    }

    /// The same by the reader that knows all of XML, and decides what the quick one does not take.
    pub fn index_carefully(text: &str) -> Result<UpdateIndex, DocumentError> {
        index(text, XmlReader::new(text, MAX_DOCUMENT_BYTES)?)
    }

    /// The same by the quick reader alone, which takes only what is written plainly.
    pub(super) fn index_plainly(text: &str) -> Result<UpdateIndex, DocumentError> {
        index(text, PlainReader::new(text, MAX_DOCUMENT_BYTES)?)
    }

    /// Reads only the titles, each with its language.
    pub fn titles(text: &str) -> Result<Vec<(String, String)>, DocumentError> {
        let mut xml = open(text)?;
        let mut parts = Parts::default();
        while let Some(tag) = xml.next_child()? {
            if tag.is(Namespace::Update, "LocalizedPropertiesCollection") {
                parts.titles(&mut xml)?;
            } else {
                xml.skip()?;
            }
        }
        Ok(parts.titles)
    }

    /// Reads only the identity, which stands first in every real document.
    pub fn identity(text: &str) -> Result<UpdateIdentity, DocumentError> {
        let mut xml = open(text)?;
        while let Some(tag) = xml.next_child()? {
            if tag.is(Namespace::Update, "UpdateIdentity") {
                return identity(&tag);
            }
            xml.skip()?;
        }
        Err(DocumentError::Missing { what: "UpdateIdentity" })
    }
}

pub(super) fn open(text: &str) -> Result<XmlReader<'_>, DocumentError> {
    let mut xml = XmlReader::new(text, MAX_DOCUMENT_BYTES)?;
    root(&mut xml)?;
    Ok(xml)
}

fn root<'a>(xml: &mut impl Walk<'a>) -> Result<(), DocumentError> {
    let root = xml.next_child()?.ok_or(XmlError::Empty)?;
    if !root.is(Namespace::Update, "Update") {
        let found = root.local_name().chars().take(80).collect();
        return Err(DocumentError::NotAnUpdate { found });
    }
    Ok(())
}

fn index<'a>(text: &str, mut xml: impl Walk<'a>) -> Result<UpdateIndex, DocumentError> {
    root(&mut xml)?;
    check_characters(text)?;
    let mut parts = Parts::default();
    while let Some(tag) = xml.next_child()? {
        if tag.namespace() != Namespace::Update {
            xml.skip()?;
            continue;
        }
        match tag.local_name() {
            "UpdateIdentity" => {
                parts.identity = Some(identity(&tag)?);
                xml.skip()?;
            }
            "Properties" => parts.properties(&mut xml, &tag)?,
            "LocalizedPropertiesCollection" => parts.titles(&mut xml)?,
            "Relationships" => parts.relationships(&mut xml)?,
            "Files" => parts.files(&mut xml)?,
            "HandlerSpecificData" => parts.handler_data(&mut xml)?,
            _ => xml.skip()?,
        }
    }
    xml.finish()?;
    parts.into_index()
}

fn identity(tag: &impl StartTag) -> Result<UpdateIdentity, DocumentError> {
    let (mut update_id, mut revision) = (None, None);
    for attribute in tag.attributes() {
        match attribute? {
            ("UpdateID", value) => update_id = Some(guid(&value)?),
            ("RevisionNumber", value) => {
                let number: Option<i32> = value.trim().parse().ok().filter(|it| *it >= 0);
                revision = Some(number.ok_or_else(|| {
                    DocumentError::invalid("UpdateIdentity/@RevisionNumber", &value)
                })?);
            }
            _ => {}
        }
    }
    Ok(UpdateIdentity {
        update_id: update_id.ok_or(DocumentError::Missing { what: "UpdateIdentity/@UpdateID" })?,
        revision: revision
            .ok_or(DocumentError::Missing { what: "UpdateIdentity/@RevisionNumber" })?,
    })
}

fn update_id(tag: &impl StartTag) -> Result<Uuid, DocumentError> {
    let value = tag.attribute("UpdateID")?;
    guid(&value.ok_or(DocumentError::Missing { what: "UpdateIdentity/@UpdateID" })?)
}

fn guid(text: &str) -> Result<Uuid, DocumentError> {
    Uuid::try_parse(text.trim())
        .map_err(|_| DocumentError::invalid("UpdateIdentity/@UpdateID", text))
}

fn truth(text: &str) -> bool {
    matches!(text.trim(), "true" | "1")
}

#[derive(Default)]
struct Parts {
    identity: Option<UpdateIdentity>,
    update_type: Option<UpdateType>,
    publication_state: PublicationState,
    creation_date: String,
    default_language: Option<String>,
    titles: Vec<(String, String)>,
    category_type: Option<CategoryType>,
    prerequisites: Vec<PrerequisiteGroup>,
    superseded: Vec<Uuid>,
    bundled: Vec<Vec<UpdateIdentity>>,
    files: Vec<UpdateFile>,
    kb_articles: Vec<String>,
    security_bulletins: Vec<String>,
    msrc_severity: Option<String>,
    secured_fragment: bool,
    eula_id: Option<String>,
}

impl Parts {
    fn properties<'a>(
        &mut self,
        xml: &mut impl Walk<'a>,
        tag: &impl StartTag,
    ) -> Result<(), DocumentError> {
        for attribute in tag.attributes() {
            let (key, value) = attribute?;
            match key {
                "UpdateType" => self.update_type = Some(value.parse()?),
                "PublicationState" => self.publication_state = value.parse()?,
                "CreationDate" => self.creation_date = value.into_owned(),
                "DefaultPropertiesLanguage" => self.default_language = Some(value.into_owned()),
                "MsrcSeverity" => self.msrc_severity = Some(value.into_owned()),
                "EulaID" => self.eula_id = Some(value.into_owned()),
                _ => {}
            }
        }
        while let Some(child) = xml.next_child()? {
            match (child.namespace(), child.local_name()) {
                (Namespace::Update, "KBArticleID") => self.kb_articles.push(trimmed(&xml.text()?)),
                (Namespace::Update, "SecurityBulletinID") => {
                    self.security_bulletins.push(trimmed(&xml.text()?));
                }
                (Namespace::Update, "SecuredFragment") => {
                    self.secured_fragment = true;
                    xml.skip()?;
                }
                _ => xml.skip()?,
            }
        }
        Ok(())
    }

    fn titles<'a>(&mut self, xml: &mut impl Walk<'a>) -> Result<(), DocumentError> {
        while let Some(localized) = xml.next_child()? {
            if !localized.is(Namespace::Update, "LocalizedProperties") {
                xml.skip()?;
                continue;
            }
            let (mut language, mut title) = (String::new(), None);
            while let Some(child) = xml.next_child()? {
                match (child.namespace(), child.local_name()) {
                    (Namespace::Update, "Language") => language = trimmed(&xml.text()?),
                    (Namespace::Update, "Title") => title = Some(xml.text()?.into_owned()),
                    _ => xml.skip()?,
                }
            }
            self.titles.extend(title.map(|title| (language, title)));
        }
        Ok(())
    }

    fn relationships<'a>(&mut self, xml: &mut impl Walk<'a>) -> Result<(), DocumentError> {
        while let Some(kind) = xml.next_child()? {
            match (kind.namespace(), kind.local_name()) {
                (Namespace::Update, "Prerequisites") => self.prerequisites(xml)?,
                (Namespace::Update, "SupersededUpdates") => {
                    self.superseded.append(&mut members(xml, update_id)?);
                }
                (Namespace::Update, "BundledUpdates") => self.bundled(xml)?,
                _ => xml.skip()?,
            }
        }
        Ok(())
    }

    fn prerequisites<'a>(&mut self, xml: &mut impl Walk<'a>) -> Result<(), DocumentError> {
        while let Some(item) = xml.next_child()? {
            match (item.namespace(), item.local_name()) {
                (Namespace::Update, "UpdateIdentity") => {
                    let any_of = vec![update_id(&item)?];
                    self.prerequisites.push(PrerequisiteGroup { is_category: false, any_of });
                    xml.skip()?;
                }
                (Namespace::Update, "AtLeastOne") => {
                    let is_category = item.attribute("IsCategory")?.is_some_and(|it| truth(&it));
                    let any_of = members(xml, update_id)?;
                    self.prerequisites.push(PrerequisiteGroup { is_category, any_of });
                }
                _ => xml.skip()?,
            }
        }
        Ok(())
    }

    fn bundled<'a>(&mut self, xml: &mut impl Walk<'a>) -> Result<(), DocumentError> {
        while let Some(item) = xml.next_child()? {
            match (item.namespace(), item.local_name()) {
                (Namespace::Update, "UpdateIdentity") => {
                    self.bundled.push(vec![identity(&item)?]);
                    xml.skip()?;
                }
                (Namespace::Update, "AtLeastOne") => self.bundled.push(members(xml, identity)?),
                _ => xml.skip()?,
            }
        }
        Ok(())
    }

    fn files<'a>(&mut self, xml: &mut impl Walk<'a>) -> Result<(), DocumentError> {
        while let Some(tag) = xml.next_child()? {
            if tag.is(Namespace::Update, "File") {
                self.files.push(file(xml, &tag)?);
            } else {
                xml.skip()?;
            }
        }
        Ok(())
    }

    fn handler_data<'a>(&mut self, xml: &mut impl Walk<'a>) -> Result<(), DocumentError> {
        while let Some(tag) = xml.next_child()? {
            if tag.is(Namespace::CategoryHandler, "CategoryInformation")
                && let Some(name) = tag.attribute("CategoryType")?
            {
                self.category_type = Some(name.parse()?);
            }
            xml.skip()?;
        }
        Ok(())
    }

    fn into_index(mut self) -> Result<UpdateIndex, DocumentError> {
        let default_language = self.default_language.take().unwrap_or_default();
        let title = self
            .titles
            .iter()
            .find(|(language, _)| language.eq_ignore_ascii_case("en"))
            .or_else(|| {
                let mut titles = self.titles.iter();
                titles.find(|(language, _)| language.eq_ignore_ascii_case(&default_language))
            })
            .or_else(|| self.titles.first())
            .map(|(_, title)| title.clone())
            .unwrap_or_default();
        Ok(UpdateIndex {
            identity: self.identity.ok_or(DocumentError::Missing { what: "UpdateIdentity" })?,
            update_type: self
                .update_type
                .ok_or(DocumentError::Missing { what: "Properties/@UpdateType" })?,
            publication_state: self.publication_state,
            creation_date: self.creation_date,
            title,
            titles: self.titles,
            category_type: self.category_type,
            prerequisites: self.prerequisites,
            superseded: self.superseded,
            bundled: self.bundled,
            files: self.files,
            kb_articles: self.kb_articles,
            security_bulletins: self.security_bulletins,
            msrc_severity: self.msrc_severity,
            secured_fragment: self.secured_fragment,
            eula_id: self.eula_id,
        })
    }
}

/// The `UpdateIdentity` children of the element that is open now, each read by `read`.
fn members<'a, W: Walk<'a>, T>(
    xml: &mut W,
    read: impl Fn(&W::Tag) -> Result<T, DocumentError>,
) -> Result<Vec<T>, DocumentError> {
    let mut members = Vec::new();
    while let Some(tag) = xml.next_child()? {
        if tag.is(Namespace::Update, "UpdateIdentity") {
            members.push(read(&tag)?);
        }
        xml.skip()?;
    }
    Ok(members)
}

fn file<'a>(xml: &mut impl Walk<'a>, tag: &impl StartTag) -> Result<UpdateFile, DocumentError> {
    let (mut digest, mut name, mut size, mut modified) = (None, String::new(), 0, None);
    let (mut patching, mut preferred) = (None, None);
    for attribute in tag.attributes() {
        let (key, value) = attribute?;
        match key {
            "Digest" => digest = Some(bytes::<20>("File/@Digest", &value)?),
            "FileName" => name = value.into_owned(),
            "Size" => {
                let number = value.trim().parse();
                size = number.map_err(|_| DocumentError::invalid("File/@Size", &value))?;
            }
            "Modified" => modified = Some(value.into_owned()),
            "PatchingType" => patching = Some(PatchingType::from_name(&value)),
            "PatchingTypePreferred" => preferred = Some(PatchingType::from_name(&value)),
            _ => {}
        }
    }
    let mut digest_sha256 = None;
    while let Some(child) = xml.next_child()? {
        let algorithm = child.attribute("Algorithm")?.unwrap_or_default();
        if child.is(Namespace::Update, "AdditionalDigest")
            && algorithm.eq_ignore_ascii_case("SHA256")
        {
            digest_sha256 = Some(bytes::<32>("File/AdditionalDigest", &xml.text()?)?);
        } else {
            xml.skip()?;
        }
    }
    Ok(UpdateFile {
        digest_sha1: digest.ok_or(DocumentError::Missing { what: "File/@Digest" })?,
        digest_sha256,
        name,
        size,
        modified,
        patching_type: patching.or(preferred).unwrap_or_default(),
    })
}

/// Exactly `N` bytes in base64: a digest of any other length would name no file.
fn bytes<const N: usize>(what: &'static str, text: &str) -> Result<Vec<u8>, DocumentError> {
    let decoded = STANDARD.decode(text.trim().as_bytes());
    decoded.ok().filter(|it| it.len() == N).ok_or_else(|| DocumentError::invalid(what, text))
}

fn trimmed(text: &str) -> String {
    text.trim().to_owned()
}
