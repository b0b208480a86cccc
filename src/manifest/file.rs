//! Texts with their documents, read in pieces that do not depend on each other: whoever calls may
//! read them on as many threads as there are.

use std::{path::Path, sync::Arc};

use super::{
    document::{Outcome, read},
    source_text::{LARGEST_FILE, MOST_DOCUMENTS, MOST_PROBLEMS, SourceText},
    split::{Cut, split},
};

/// A text, and what its documents say.
#[derive(Debug)]
pub struct ReadFile {
    pub(super) name: Arc<str>,
    pub(super) directory: Arc<Path>,
    /// Empty if it cannot be read.
    pub(super) text: Arc<str>,
    /// Why it cannot be read as a whole, and what to do.
    pub(super) refused: Option<(String, &'static str)>,
    pub(super) documents: Vec<Document>,
}

/// A document of a text.
#[derive(Debug)]
pub(super) struct Document {
    pub(super) cut: Cut,
    /// None while it has not been read: nothing is, behind too many problems.
    pub(super) outcome: Option<Outcome>,
}

impl ReadFile {
    /// Reads a text.
    pub fn new(text: SourceText) -> Self {
        let UnreadFile(mut file) = UnreadFile::new(text);
        let mut problems = 0;
        for number in 0..file.documents.len() {
            if problems >= MOST_PROBLEMS {
                break;
            }
            let outcome = read(file.document_text(number));
            problems += outcome.problems();
            file.documents[number].outcome = Some(outcome);
        }
        file
    }

    /// The text of a document.
    pub(super) fn document_text(&self, number: usize) -> &str {
        let document = self.documents.get(number);
        document.and_then(|it| self.text.get(it.cut.bytes.clone())).unwrap_or_default()
    }
}

/// A text that is divided into documents, none of which has been read.
#[derive(Debug)]
pub struct UnreadFile(ReadFile);

impl UnreadFile {
    /// Divides a text into documents.
    pub fn new(text: SourceText) -> Self {
        let SourceText { name, directory, text } = text;
        if text.len() > LARGEST_FILE {
            let what = "the file is larger than 64 MiB".to_owned();
            return Self::refused(name, directory, what, "divide it");
        }
        let cuts = split(&text, MOST_DOCUMENTS).into_iter();
        let documents = cuts.map(|cut| Document { cut, outcome: None }).collect();
        let text = text.into();
        Self(ReadFile { name: name.into(), directory, text, refused: None, documents })
    }

    /// A text that cannot be read as a whole: why, and what to do.
    pub fn refused(name: String, directory: Arc<Path>, why: String, help: &'static str) -> Self {
        let refused = Some((why, help));
        let (name, text) = (name.into(), Arc::from(""));
        Self(ReadFile { name, directory, text, refused, documents: Vec::new() })
    }
}

/// Documents that follow each other, and can be read without the others.
#[derive(Debug)]
pub struct Piece<'a> {
    /// The number of the first one, counted over all files.
    first: usize,
    texts: Vec<&'a str>,
}

/// A [`Piece`] that was read.
#[derive(Debug)]
pub struct ReadPiece {
    first: usize,
    outcomes: Vec<Outcome>,
}

impl Piece<'_> {
    /// Reads the documents.
    pub fn read(&self) -> ReadPiece {
        let mut outcomes = Vec::with_capacity(self.texts.len());
        let mut problems = 0;
        for text in &self.texts {
            if problems >= MOST_PROBLEMS {
                break;
            }
            let outcome = read(text);
            problems += outcome.problems();
            outcomes.push(outcome);
        }
        ReadPiece { first: self.first, outcomes }
    }
}

/// The documents of files, in pieces of about the same length.
pub fn pieces(files: &[UnreadFile], count: usize) -> Vec<Piece<'_>> {
    let bytes: usize = files.iter().map(|UnreadFile(file)| file.text.len()).sum();
    let length = bytes / count.max(1) + 1;
    let mut pieces = vec![Piece { first: 0, texts: Vec::new() }];
    let (mut number, mut taken) = (0, 0);
    for UnreadFile(file) in files {
        for document in 0..file.documents.len() {
            let text = file.document_text(document);
            if taken >= length {
                pieces.push(Piece { first: number, texts: Vec::new() });
                taken = 0;
            }
            if let Some(piece) = pieces.last_mut() {
                piece.texts.push(text);
            }
            taken += text.len();
            number += 1;
        }
    }
    pieces
}

/// The files with their pieces, which may come in any order. What is in none of them is read when
/// it is put together with others.
pub fn put_together(files: Vec<UnreadFile>, mut pieces: Vec<ReadPiece>) -> Vec<ReadFile> {
    pieces.sort_by_key(|piece| piece.first);
    let mut files: Vec<ReadFile> = files.into_iter().map(|UnreadFile(file)| file).collect();
    let documents = files.iter_mut().flat_map(|file| &mut file.documents);
    let read = pieces.into_iter().flat_map(|piece| (piece.first..).zip(piece.outcomes));
    let mut read = read.peekable();
    for (number, document) in documents.enumerate() {
        document.outcome = read.next_if(|(of, _)| *of == number).map(|(_, outcome)| outcome);
    }
    files
}
