//! What is read, and the bounds within which it is.

use std::{path::Path, sync::Arc};

/// The largest file, in bytes: hundreds of thousands of documents, far more than anyone reviews.
pub const LARGEST_FILE: usize = 64 << 20;
/// The largest document: as much as a Kubernetes API server takes, since the documents are custom
/// resources too.
pub(super) const LARGEST_DOCUMENT: usize = 1 << 20;
/// How deep values may be nested. The kinds need seven levels.
pub(super) const DEEPEST: usize = 64;
/// How many documents there may be: ten times the largest hierarchy of TOP-4, and then some.
pub(super) const MOST_DOCUMENTS: usize = 1_000_000;
/// How many problems of one document are kept: whoever has more has one cause for all.
pub(super) const MOST_PROBLEMS_OF_A_DOCUMENT: usize = 1_000;
/// How many problems are kept before reading stops, so that hostile text cannot fill the memory.
pub(super) const MOST_PROBLEMS: usize = 100_000;

/// A text with manifests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceText {
    /// What the text is called when it is shown: a path, or `<stdin>`.
    pub name: String,
    /// The directory that relative paths in it refer to.
    pub directory: Arc<Path>,
    /// The text.
    pub text: String,
}
