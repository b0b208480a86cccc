//! Writing `package.xml` as it comes: head, languages, files, then updates in the order of the
//! documents. The form, down to the blanks, is that of `wsusutil export`.

use std::io::{self, Write};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use uuid::Uuid;

use super::ExportedFile;
use crate::{
    model::UpdateIdentity,
    wire::{server_sync::LanguageData, xml::escape_attribute},
};

/// Who exports, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportHead {
    /// `@ServerID`.
    pub server_id: Uuid,
    /// `@CreationTime`.
    pub created: jiff::Timestamp,
}

/// One update, as the list writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedUpdate<'a> {
    /// `@UpdateId` and `@RevisionNumber`.
    pub identity: UpdateIdentity,
    /// `Files`: SHA-1 of each.
    pub file_digests: &'a [Vec<u8>],
    /// `Categories`: products.
    pub categories: &'a [Uuid],
    /// `Classifications`.
    pub classifications: &'a [Uuid],
}

/// Writes the list, part by part in this order.
#[derive(Debug)]
pub struct PackageWriter<W> {
    to: W,
    /// The list that is open, and whether something is in it: one with nothing in it has no end.
    open: Option<(&'static str, bool)>,
}

impl<W: Write> PackageWriter<W> {
    /// Writes the head and the languages.
    ///
    /// # Errors
    ///
    /// The writer refuses, or a name has a character that XML does not allow.
    pub fn begin(to: W, head: &ExportHead, languages: &[LanguageData]) -> io::Result<Self> {
        let mut writer = Self { to, open: None };
        let ExportHead { server_id, created } = head;
        let created = created.strftime("%Y-%m-%dT%H:%M:%SZ");
        write!(
            writer.to,
            "\u{FEFF}<?xml version=\"1.0\" encoding=\"utf-8\"?><ExportPackage \
             ServerID=\"{server_id}\" CreationTime=\"{created}\" FormatVersion=\"1.0\" \
             ProtocolVersion=\"1.20\">"
        )?;
        writer.list("Languages")?;
        for language in languages {
            let (id, enabled) = (language.id.to_string(), u8::from(language.enabled).to_string());
            let values = [
                ("Id", id.as_str()),
                ("ShortName", &language.short_name),
                ("LongName", &language.long_name),
                ("Enabled", &enabled),
            ];
            let tag = tag("Language", &values, " />")?;
            writer.item(&tag)?;
        }
        writer.list("Files")?;
        Ok(writer)
    }

    /// Writes where a file is.
    ///
    /// # Errors
    ///
    /// The writer refuses, or a value has a character that XML does not allow.
    pub fn file(&mut self, file: &ExportedFile) -> io::Result<()> {
        let ExportedFile { digest, publisher_url, name } = file;
        let values = [("Digest", digest.as_str()), ("MUUrl", publisher_url), ("Name", name)];
        let tag = tag("File", &values, " />")?;
        self.item(&tag)
    }

    /// Ends the files; updates come next.
    ///
    /// # Errors
    ///
    /// The writer refuses.
    pub fn updates(&mut self) -> io::Result<()> {
        self.list("Updates")
    }

    /// Writes an update.
    ///
    /// # Errors
    ///
    /// The writer refuses.
    pub fn update(&mut self, update: &ListedUpdate<'_>) -> io::Result<()> {
        let ListedUpdate { identity, file_digests, categories, classifications } = update;
        let (id, revision) = (identity.update_id.to_string(), identity.revision.to_string());
        let mut text = tag("Update", &[("UpdateId", &id), ("RevisionNumber", &revision)], ">")?;
        let digests = file_digests.iter().map(|it| STANDARD.encode(it));
        text.push_str(&items("Files", "File", "Digest", digests)?);
        let guids = |it: &[Uuid]| it.iter().map(Uuid::to_string).collect::<Vec<_>>();
        text.push_str(&items("Categories", "Category", "Value", guids(categories))?);
        let classifications = guids(classifications);
        text.push_str(&items("Classifications", "Classification", "Value", classifications)?);
        text.push_str("</Update>");
        self.item(&text)
    }

    /// Ends the list.
    ///
    /// # Errors
    ///
    /// The writer refuses.
    pub fn end(mut self) -> io::Result<()> {
        self.close()?;
        self.to.write_all(b"</ExportPackage>")?;
        self.to.flush()
    }

    fn list(&mut self, name: &'static str) -> io::Result<()> {
        self.close()?;
        self.open = Some((name, false));
        write!(self.to, "<{name}")
    }

    fn item(&mut self, text: &str) -> io::Result<()> {
        if let Some((_, filled)) = &mut self.open
            && !std::mem::replace(filled, true)
        {
            self.to.write_all(b">")?;
        }
        self.to.write_all(text.as_bytes())
    }

    fn close(&mut self) -> io::Result<()> {
        match self.open.take() {
            None => Ok(()),
            Some((_, false)) => self.to.write_all(b" />"),
            Some((name, true)) => write!(self.to, "</{name}>"),
        }
    }
}

fn items(
    list: &str,
    item: &str,
    attribute: &str,
    values: impl IntoIterator<Item = String>,
) -> io::Result<String> {
    let mut inside = String::new();
    for value in values {
        inside.push_str(&tag(item, &[(attribute, &value)], " />")?);
    }
    let is_empty = inside.is_empty();
    Ok(if is_empty { format!("<{list} />") } else { format!("<{list}>{inside}</{list}>") })
}

fn tag(name: &str, attributes: &[(&str, &str)], end: &str) -> io::Result<String> {
    let mut text = format!("<{name}");
    for (name, value) in attributes {
        text.push(' ');
        text.push_str(name);
        text.push_str("=\"");
        escape_attribute(&mut text, value).map_err(io::Error::other)?;
        text.push('"');
    }
    text.push_str(end);
    Ok(text)
}
