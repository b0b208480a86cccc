//! The way back from a place to file, line and column. Nothing is kept for it but the texts: a
//! document is read again, with positions, when one of its places is shown.

use std::{collections::VecDeque, ops::Range, sync::Arc};

use super::{
    split::Cut,
    tree::{self, Node},
};
use crate::{
    check::{Place, PlaceKind},
    model::DocumentId,
};

/// The texts, and which part of which one each document is.
#[derive(Debug, Clone, Default)]
pub struct SourceMap {
    files: Vec<File>,
    documents: Vec<Document>,
    /// How many of them stand for the beginning of a file.
    beginnings: usize,
}

#[derive(Debug, Clone)]
struct File {
    name: Arc<str>,
    text: Arc<str>,
    /// The number of its first document.
    first: usize,
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
    pub(super) fn add_file(&mut self, name: Arc<str>, text: Arc<str>) -> usize {
        self.files.push(File { name, text, first: self.documents.len() });
        self.files.len() - 1
    }

    /// How many documents there are, broken ones included. What is said of a file as a whole stands
    /// in none of them.
    pub fn documents(&self) -> usize {
        self.documents.len() - self.beginnings
    }

    pub(super) fn add_document(&mut self, file: usize, cut: &Cut) -> DocumentId {
        // No more documents are added than `MOST_DOCUMENTS`, and one for each file.
        let id = DocumentId(u32::try_from(self.documents.len()).unwrap_or(u32::MAX));
        self.documents.push(Document { file, bytes: cut.bytes.clone(), line: cut.line });
        id
    }

    /// An empty document at the beginning of a file, for what is said of the file as a whole.
    pub(super) fn add_beginning(&mut self, file: usize) -> DocumentId {
        self.beginnings += 1;
        self.add_document(file, &Cut { bytes: 0..0, line: 1 })
    }

    /// The number of the file that a document is in, and that of the document within the file.
    pub(super) fn number(&self, id: DocumentId) -> Option<(usize, usize)> {
        let file = self.documents.get(id.index())?.file;
        Some((file, id.index() - self.files.get(file)?.first))
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
        let document = self.documents.get(id.index())?;
        Some((document, self.files.get(document.file)?))
    }

    /// Locates places; fast for several of a few documents.
    pub fn locator(&self) -> Locator<'_> {
        Locator { source_map: self, opened: VecDeque::with_capacity(MOST_OPENED) }
    }
}

/// How many documents a locator keeps at hand: a problem, what it has to do with, and the same for
/// the next ones, which often belong to the same documents.
const MOST_OPENED: usize = 8;

/// Locates places of a [`SourceMap`], keeping the last few documents at hand.
#[derive(Debug)]
pub struct Locator<'a> {
    source_map: &'a SourceMap,
    /// The last one looked at first.
    opened: VecDeque<Opened>,
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
        let known = self.opened.iter().position(|it| it.document == place.document);
        let opened = match known.and_then(|position| self.opened.remove(position)) {
            Some(opened) => opened,
            None => Opened::new(place.document, text),
        };
        self.opened.truncate(MOST_OPENED - 1);
        self.opened.push_front(opened);
        let opened = &self.opened[0];
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

    /// Whether something is written at a place itself: more than `null`, and not only around it.
    pub fn is_written(&mut self, place: &Place) -> bool {
        // Opens the document.
        if self.locate(place).is_none() {
            return false;
        }
        let root = self.opened.front().and_then(|opened| opened.root.as_ref());
        root.and_then(|root| root.at(place.path.segments())).is_some_and(|node| !node.is_null())
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
