//! `package.xml`: who exported when, which languages, and which updates in which order.

use uuid::Uuid;

use super::{ExportError, MAX_EXPORT_DOCUMENTS};
use crate::{
    model::UpdateIdentity,
    wire::{
        server_sync::LanguageData,
        xml::{Tag, XmlReader, decode_body},
    },
};

/// The list of an export.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ExportPackage {
    /// `@ServerID`: the server that exported.
    pub server_id: Uuid,
    /// `@CreationTime`, as written.
    pub created: String,
    /// `@FormatVersion`: 1.0 everywhere.
    pub format_version: String,
    /// `@ProtocolVersion` of the server that exported, such as 1.20.
    pub protocol_version: String,
    /// `Languages`.
    pub languages: Vec<LanguageData>,
    /// `Files`: where the content of the updates is.
    pub files: Vec<ExportedFile>,
    /// `Updates`, in the order of the documents: prerequisites come first.
    pub updates: Vec<ExportedUpdate>,
}

/// One file of an export.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ExportedFile {
    /// `@Digest`: SHA-1, as written.
    pub digest: String,
    /// `@MUUrl`: at the publisher.
    pub publisher_url: String,
    /// `@Name`, as written: never to be used as a path.
    pub name: String,
}

/// One update of an export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportedUpdate {
    /// `@UpdateId` and `@RevisionNumber`.
    pub identity: UpdateIdentity,
    /// `Categories`: products.
    pub categories: Vec<Uuid>,
    /// `Classifications`.
    pub classifications: Vec<Uuid>,
}

impl ExportPackage {
    /// Reads the list.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, ExportError> {
        let text = decode_body(bytes, bytes.len())?;
        let mut xml = XmlReader::new(text, text.len())?;
        let root = xml.root()?;
        if root.local_name() != "ExportPackage" {
            return Err(ExportError::PackageMissing("root `ExportPackage`"));
        }
        let mut package = Self {
            server_id: guid("ExportPackage/@ServerID", &required(&root, "ServerID")?)?,
            created: required(&root, "CreationTime")?,
            format_version: required(&root, "FormatVersion")?,
            protocol_version: required(&root, "ProtocolVersion")?,
            ..Self::default()
        };
        if package.format_version.split('.').next() != Some("1") {
            return Err(ExportError::FormatVersion(shortened(&package.format_version)));
        }
        while let Some(part) = xml.next_child()? {
            match part.local_name() {
                "Languages" => each(&mut xml, "Language", |xml, tag| {
                    package.languages.push(language(tag)?);
                    Ok(xml.skip()?)
                })?,
                "Files" => each(&mut xml, "File", |xml, tag| {
                    package.files.push(ExportedFile {
                        digest: tag.attribute("Digest")?.unwrap_or_default(),
                        publisher_url: tag.attribute("MUUrl")?.unwrap_or_default(),
                        name: tag.attribute("Name")?.unwrap_or_default(),
                    });
                    Ok(xml.skip()?)
                })?,
                "Updates" => each(&mut xml, "Update", |xml, tag| {
                    if package.updates.len() >= MAX_EXPORT_DOCUMENTS {
                        return Err(ExportError::TooMany(MAX_EXPORT_DOCUMENTS));
                    }
                    package.updates.push(update(xml, tag)?);
                    Ok(())
                })?,
                _ => xml.skip()?,
            }
        }
        xml.finish()?;
        Ok(package)
    }
}

fn each<'a>(
    xml: &mut XmlReader<'a>,
    name: &str,
    mut read: impl FnMut(&mut XmlReader<'a>, &Tag<'a>) -> Result<(), ExportError>,
) -> Result<(), ExportError> {
    while let Some(tag) = xml.next_child()? {
        if tag.local_name() == name {
            read(xml, &tag)?;
        } else {
            xml.skip()?;
        }
    }
    Ok(())
}

fn language(tag: &Tag<'_>) -> Result<LanguageData, ExportError> {
    let id = required(tag, "Id")?;
    Ok(LanguageData {
        id: id.parse().map_err(|_| value("Language/@Id", &id))?,
        short_name: tag.attribute("ShortName")?.unwrap_or_default(),
        long_name: tag.attribute("LongName")?.unwrap_or_default(),
        enabled: matches!(tag.attribute("Enabled")?.as_deref(), Some("1" | "true")),
    })
}

fn update(xml: &mut XmlReader<'_>, tag: &Tag<'_>) -> Result<ExportedUpdate, ExportError> {
    let revision = required(tag, "RevisionNumber")?;
    let number: Option<i32> = revision.parse().ok().filter(|it| *it >= 0);
    let mut update = ExportedUpdate {
        identity: UpdateIdentity {
            update_id: guid("Update/@UpdateId", &required(tag, "UpdateId")?)?,
            revision: number.ok_or_else(|| value("Update/@RevisionNumber", &revision))?,
        },
        categories: Vec::new(),
        classifications: Vec::new(),
    };
    while let Some(part) = xml.next_child()? {
        match part.local_name() {
            "Categories" => update.categories = identifiers(xml)?,
            "Classifications" => update.classifications = identifiers(xml)?,
            _ => xml.skip()?,
        }
    }
    Ok(update)
}

/// The identifiers in a list: `@Value`, as Microsoft's own library for such files writes them, else
/// `@Id`, else the text. No export of WSUS with a filled list is public; anything else is passed
/// over, since nothing depends on it: the documents say the same.
fn identifiers(xml: &mut XmlReader<'_>) -> Result<Vec<Uuid>, ExportError> {
    let mut identifiers = Vec::new();
    while let Some(tag) = xml.next_child()? {
        let attribute = tag.attribute("Value")?.or(tag.attribute("Id")?);
        let text = xml.text()?;
        let candidate = attribute.as_deref().unwrap_or(&text).trim();
        identifiers.extend(Uuid::try_parse(candidate).ok());
    }
    Ok(identifiers)
}

fn required(tag: &Tag<'_>, name: &'static str) -> Result<String, ExportError> {
    tag.attribute(name)?.ok_or(ExportError::PackageMissing(name))
}

fn guid(what: &'static str, text: &str) -> Result<Uuid, ExportError> {
    Uuid::try_parse(text).map_err(|_| value(what, text))
}

fn value(what: &'static str, text: &str) -> ExportError {
    ExportError::PackageValue { what, value: shortened(text) }
}

fn shortened(text: &str) -> String {
    text.chars().take(80).collect()
}
