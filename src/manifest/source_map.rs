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
    /// The bytes of the file that are the line, without its end.
    pub line_bytes: Range<usize>,
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

    /// The line that a location is on, without its end.
    pub fn line_text(&self, location: &Location) -> &str {
        self.document(location.document)
            .and_then(|(_, file)| file.text.get(location.line_bytes.clone()))
            .unwrap_or_default()
    }

    fn document(&self, id: DocumentId) -> Option<(&Document, &File)> {
        let document = self.documents.get(usize::try_from(id.0).ok()?)?;
        Some((document, self.files.get(document.file)?))
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
    last: Option<Opened>,
}

/// A document that is looked at.
#[derive(Debug)]
struct Opened {
    document: DocumentId,
    /// None for text that is not YAML.
    root: Option<Node>,
    /// The byte at which each line begins.
    lines: Vec<usize>,
}

impl Opened {
    fn new(document: DocumentId, text: &str) -> Self {
        let ends = text.match_indices('\n').map(|(at, _)| at + 1);
        let lines = std::iter::once(0).chain(ends).collect();
        Self { document, root: tree::parse(text).ok(), lines }
    }
}

impl Locator<'_> {
    /// Where a place is; none for a document of another source map.
    pub fn locate(&mut self, place: &Place) -> Option<Location> {
        let source_map = self.source_map;
        let (document, file) = source_map.document(place.document)?;
        let text = file.text.get(document.bytes.clone())?;
        let opened = match self.last.take() {
            Some(last) if last.document == place.document => last,
            _ => Opened::new(place.document, text),
        };
        let opened = self.last.insert(opened);
        let within = match place.on {
            PlaceKind::Byte(at) => at..at,
            PlaceKind::Key | PlaceKind::Value | PlaceKind::RepeatedKey => {
                let repeated = place.on == PlaceKind::RepeatedKey;
                let key = repeated || place.on == PlaceKind::Key;
                let root = opened.root.as_ref();
                // Without a tree, the beginning of the document.
                root.map_or(0..0, |root| root.bytes_at(place.path.segments(), key, repeated))
            }
        };
        Some(location(document, file, text, within, opened))
    }
}

fn location(
    document: &Document,
    file: &File,
    text: &str,
    within: Range<usize>,
    opened: &Opened,
) -> Location {
    // Clamped to characters of the document: positions come from parsers that read hostile text.
    let start = text.floor_char_boundary(within.start.min(text.len()));
    // The first line begins at 0, so there is always one before.
    let line = opened.lines.partition_point(|begin| *begin <= start).saturating_sub(1);
    let line_start = opened.lines.get(line).copied().unwrap_or_default();
    let line_end = opened.lines.get(line + 1).map_or(text.len(), |next| next - 1);
    let line_length = text[line_start..line_end].trim_end_matches('\r').len();
    let line_end = line_start + line_length;
    let start = start.min(line_end);
    let end = text.floor_char_boundary(within.end.clamp(start, line_end)).max(start);
    let offset = document.bytes.start;
    Location {
        document: opened.document,
        file: Arc::clone(&file.name),
        line: document.line + line,
        column: text[line_start..start].chars().count() + 1,
        bytes: offset + start..offset + end,
        line_bytes: offset + line_start..offset + line_end,
    }
}
