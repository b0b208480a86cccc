//! The way back from a place to file, line and column. Nothing is kept for it but the texts: a
//! document is read again, with positions, when one of its places is shown.

use std::{ops::Range, sync::Arc};

use super::tree::{self, Node};
use crate::{
    check::{Place, PlaceKind},
    model::DocumentId,
};

/// The texts, and which part of which one each document is.
#[derive(Debug, Clone, Default)]
pub struct SourceMap {
    files: Vec<File>,
    documents: Vec<Document>,
}

#[derive(Debug, Clone)]
struct File {
    name: Arc<str>,
    text: Arc<str>,
}

#[derive(Debug, Clone)]
struct Document {
    file: usize,
    bytes: Range<usize>,
    /// The number of the line it begins on, from 1.
    line: usize,
}

/// A place as people look it up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// The document.
    pub document: DocumentId,
    /// The file, as it is shown.
    pub file: Arc<str>,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// The bytes of the file that are meant, none of them on a later line.
    pub bytes: Range<usize>,
    /// The line itself, without its end.
    pub line_text: String,
    /// The bytes of the line that are meant.
    pub bytes_in_line: Range<usize>,
}

impl SourceMap {
    pub(super) fn add_file(&mut self, name: String, text: String) -> usize {
        self.files.push(File { name: name.into(), text: text.into() });
        self.files.len() - 1
    }

    pub(super) fn text(&self, file: usize) -> &Arc<str> {
        &self.files[file].text
    }

    /// How many documents there are, broken ones included.
    pub fn documents(&self) -> usize {
        self.documents.len()
    }

    /// Documents are added in the order in which they stand in their file, so lines are counted
    /// from the one before.
    pub(super) fn add_document(&mut self, file: usize, bytes: Range<usize>) -> DocumentId {
        let (line, from) = match self.documents.last() {
            Some(before) if before.file == file && before.bytes.start <= bytes.start => {
                (before.line, before.bytes.start)
            }
            _ => (1, 0),
        };
        let between = self.files[file].text.get(from..bytes.start).unwrap_or_default();
        let line = line + between.matches('\n').count();
        // No more documents are added than `MOST_DOCUMENTS`, and one for each file.
        let id = DocumentId(u32::try_from(self.documents.len()).unwrap_or(u32::MAX));
        self.documents.push(Document { file, bytes, line });
        id
    }

    /// Where a place is. To locate many, use a [`Locator`].
    pub fn locate(&self, place: &Place) -> Option<Location> {
        self.locator().locate(place)
    }

    /// Locates places; fast for several of one document after each other.
    pub fn locator(&self) -> Locator<'_> {
        Locator { source_map: self, last: None }
    }
}

/// Locates places of a [`SourceMap`], keeping the last document at hand.
#[derive(Debug)]
pub struct Locator<'a> {
    source_map: &'a SourceMap,
    last: Option<(DocumentId, Option<Node>)>,
}

impl Locator<'_> {
    /// Where a place is; none for a document of another source map.
    pub fn locate(&mut self, place: &Place) -> Option<Location> {
        let source_map = self.source_map;
        let index = usize::try_from(place.document.0).ok()?;
        let document = source_map.documents.get(index)?;
        let file = source_map.files.get(document.file)?;
        let text = file.text.get(document.bytes.clone())?;
        let within = match place.on {
            PlaceKind::Byte(at) => at..at,
            PlaceKind::Key | PlaceKind::Value | PlaceKind::RepeatedKey => {
                if self.last.as_ref().is_none_or(|(last, _)| *last != place.document) {
                    self.last = Some((place.document, tree::parse(text).ok()));
                }
                let repeated = place.on == PlaceKind::RepeatedKey;
                let key = repeated || place.on == PlaceKind::Key;
                // Without a tree, the beginning of the document.
                self.last
                    .as_ref()
                    .and_then(|(_, root)| root.as_ref())
                    .map_or(0..0, |root| root.bytes_at(place.path.segments(), key, repeated))
            }
        };
        Some(location(place.document, document, file, text, within))
    }
}

fn location(
    id: DocumentId,
    document: &Document,
    file: &File,
    text: &str,
    within: Range<usize>,
) -> Location {
    // Clamped to characters of the document: positions come from parsers that read hostile text.
    let start = text.floor_char_boundary(within.start.min(text.len()));
    let line_start = text[..start].rfind('\n').map_or(0, |end| end + 1);
    let line_end = text[start..].find('\n').map_or(text.len(), |length| start + length);
    let line_text = text[line_start..line_end].trim_end_matches('\r');
    let line_end = line_start + line_text.len();
    let start = start.min(line_end);
    let end = text.floor_char_boundary(within.end.clamp(start, line_end)).max(start);
    let breaks = text[..line_start].matches('\n').count();
    Location {
        document: id,
        file: Arc::clone(&file.name),
        line: document.line + breaks,
        column: text[line_start..start].chars().count() + 1,
        bytes: document.bytes.start + start..document.bytes.start + end,
        line_text: line_text.to_owned(),
        bytes_in_line: start - line_start..end - line_start,
    }
}
