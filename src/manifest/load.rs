//! Texts to documents.

use super::{file::ReadFile, source_map::SourceMap, source_text::SourceText, workspace::Workspace};
use crate::{
    check::{Problem, Unread},
    model::{Declared, Digest},
};

/// What was read.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The documents that could be read.
    pub declared: Declared,
    /// What is wrong with the others, in the order of documents. The rules of `check` have not
    /// been applied.
    pub problems: Vec<Problem>,
    /// The documents that are there but could not be read; for
    /// [`check_beside`](crate::check::check_beside).
    pub unread: Unread,
    /// The way back from a place to file, line and column.
    pub source_map: SourceMap,
    /// SHA-256 over what was declared, without positions and directories.
    pub digest: Digest,
}

/// Reads documents from texts, in their order. Nothing stops it: what is wrong is among the
/// problems, and the rest is read all the same.
pub fn load(texts: Vec<SourceText>) -> Loaded {
    Workspace::new(texts.into_iter().map(ReadFile::new).collect()).into_loaded()
}
