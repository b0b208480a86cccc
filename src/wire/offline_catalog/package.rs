//! Writing `package.xml` as it comes: head, updates, then where files are.

use std::io::{self, Write};

use uuid::Uuid;

use super::{OfflineLinks, OfflineUpdate};
use crate::wire::{
    update_document::UpdateType,
    xml::{ForbiddenCharacter, XmlWriter},
};

/// How dates are written: without a fraction, unlike in documents.
const DATE: &str = "%Y-%m-%dT%H:%M:%SZ";

/// What a catalog is, as its root says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OfflineHead {
    /// `@PackageId`: another one for other content.
    pub package_id: Uuid,
    /// `@SourceId`: the server that it comes from.
    pub source_id: Uuid,
    /// `@CreationDate`.
    pub created: jiff::Timestamp,
}

/// Writes the list, part by part in this order.
#[derive(Debug)]
pub struct OfflinePackageWriter<W> {
    to: W,
}

impl<W: Write> OfflinePackageWriter<W> {
    /// Writes the head; updates come next.
    ///
    /// # Errors
    ///
    /// The writer refuses.
    pub fn begin(mut to: W, head: &OfflineHead) -> io::Result<Self> {
        let OfflineHead { package_id, source_id, created } = head;
        let created = created.strftime(DATE);
        write!(
            to,
            "<?xml version=\"1.0\" encoding=\"utf-8\"?><OfflineSyncPackage \
             xmlns=\"http://schemas.microsoft.com/msus/2004/02/OfflineSync\" \
             MinimumClientVersion=\"5.8.0.2678\" ProtocolVersion=\"1.0\" PackageId=\"{package_id}\" \
             SourceId=\"{source_id}\" CreationDate=\"{created}\" PackageVersion=\"1.1\"><Updates>"
        )?;
        Ok(Self { to })
    }

    /// Writes an update.
    ///
    /// # Errors
    ///
    /// The writer refuses, or a value has a character that XML does not allow.
    pub fn update(&mut self, update: &OfflineUpdate, links: &OfflineLinks) -> io::Result<()> {
        let mut xml = XmlWriter::with_capacity(1 << 10);
        write_update(&mut xml, update, links).map_err(io::Error::other)?;
        self.to.write_all(xml.finish().as_bytes())
    }

    /// Ends the updates; where files are comes next.
    ///
    /// # Errors
    ///
    /// The writer refuses.
    pub fn locations(&mut self) -> io::Result<()> {
        self.to.write_all(b"</Updates><FileLocations>")
    }

    /// Writes where the file with this digest, SHA-1 in base64, is.
    ///
    /// # Errors
    ///
    /// The writer refuses, or a value has a character that XML does not allow.
    pub fn location(&mut self, digest: &str, url: &str) -> io::Result<()> {
        let mut xml = XmlWriter::default();
        let values = [("Id", digest), ("Url", url)];
        xml.empty_with("FileLocation", &values).map_err(io::Error::other)?;
        self.to.write_all(xml.finish().as_bytes())
    }

    /// Ends the list.
    ///
    /// # Errors
    ///
    /// The writer refuses.
    pub fn end(mut self) -> io::Result<()> {
        self.to.write_all(b"</FileLocations></OfflineSyncPackage>")?;
        self.to.flush()
    }
}

fn write_update(
    xml: &mut XmlWriter,
    update: &OfflineUpdate,
    links: &OfflineLinks,
) -> Result<(), ForbiddenCharacter> {
    let number = update.revision_id;
    let bundled_by: Vec<_> = links.bundled_by(number).collect();
    xml.raw("<Update");
    attributes(xml, update, links.is_leaf(number), !bundled_by.is_empty())?;
    xml.raw(">");
    list(xml, "PayloadFiles", "File", "Id", &update.files)?;
    list(xml, "Languages", "Language", "Name", &update.languages)?;
    prerequisites(xml, &update.prerequisites)?;
    list(xml, "BundledBy", "Revision", "Id", bundled_by)?;
    list(xml, "SupersededBy", "Revision", "Id", links.superseded_by(number))?;
    let categories = links.with_those_above(&update.categories);
    if !categories.is_empty() {
        xml.open("Categories");
        for (category_type, id) in categories {
            let values = [("Type", category_type.as_str()), ("Id", &id.to_string())];
            xml.empty_with("Category", &values)?;
        }
        xml.close("Categories");
    }
    xml.close("Update");
    Ok(())
}

/// What is true is said, and what is not is left out, but for `IsSoftware`.
fn attributes(
    xml: &mut XmlWriter,
    update: &OfflineUpdate,
    is_leaf: bool,
    is_bundled: bool,
) -> Result<(), ForbiddenCharacter> {
    if let Some(created) = update.created {
        xml.attribute("CreationDate", &created.strftime(DATE).to_string())?;
    }
    if let Some(language) = &update.default_language {
        xml.attribute("DefaultLanguage", language)?;
    }
    xml.attribute("UpdateId", &update.identity.update_id.to_string())?;
    xml.attribute("RevisionNumber", &update.identity.revision.to_string())?;
    xml.attribute("RevisionId", &update.revision_id.to_string())?;
    for (name, value) in [("IsLeaf", is_leaf), ("IsBundle", update.is_bundle)] {
        if value {
            xml.attribute(name, "true")?;
        }
    }
    if update.update_type != UpdateType::Software {
        xml.attribute("IsSoftware", "false")?;
    }
    let action = match update.update_type {
        UpdateType::Category | UpdateType::Detectoid => Some("Evaluate"),
        UpdateType::Software | UpdateType::Driver => is_bundled.then_some("Bundle"),
    };
    action.map_or(Ok(()), |action| xml.attribute("DeploymentAction", action))
}

fn prerequisites(xml: &mut XmlWriter, groups: &[Vec<Uuid>]) -> Result<(), ForbiddenCharacter> {
    if groups.is_empty() {
        return Ok(());
    }
    xml.open("Prerequisites");
    for group in groups {
        match group.as_slice() {
            [one] => xml.empty_with("UpdateId", &[("Id", &one.to_string())])?,
            any_of => list(xml, "Or", "UpdateId", "Id", any_of)?,
        }
    }
    xml.close("Prerequisites");
    Ok(())
}

/// A list, or nothing where there is nothing in it.
fn list<T: ToString>(
    xml: &mut XmlWriter,
    name: &str,
    item: &str,
    attribute: &str,
    values: impl IntoIterator<Item = T>,
) -> Result<(), ForbiddenCharacter> {
    let mut values = values.into_iter().peekable();
    if values.peek().is_none() {
        return Ok(());
    }
    xml.open(name);
    for value in values {
        xml.empty_with(item, &[(attribute, &value.to_string())])?;
    }
    xml.close(name);
    Ok(())
}
