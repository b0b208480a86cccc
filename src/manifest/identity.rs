//! The digest of what was declared: the same for the same manifests, however they are divided into
//! files and wherever these are.

use serde::Serialize;

use crate::model::{Digest, Kind, Metadata};

/// SHA-256 over a document as JSON.
pub(super) fn of_document<Spec: Serialize>(kind: Kind, metadata: &Metadata, spec: &Spec) -> Digest {
    // A document is about as long as its JSON.
    let mut text = Vec::with_capacity(512);
    // Strings, numbers and maps with text keys, written to memory: nothing of it can fail.
    let _ = serde_json::to_writer(&mut text, &(kind, metadata, spec));
    Digest::of(&text)
}

/// SHA-256 over the digests of all documents, by kind and name: when one document changes, the
/// others need not be looked at again.
pub(super) fn of_all(documents: impl Iterator<Item = Digest>) -> Digest {
    let mut bytes = Vec::new();
    for digest in documents {
        bytes.extend_from_slice(digest.as_bytes());
    }
    Digest::of(&bytes)
}
