//! Manifests for what is there, as files with comments.

use std::collections::BTreeMap;

use crate::{
    adopt::{Adopted, AdoptionNote},
    manifest::{ManifestFile, comment, write},
    model::ResourceId,
};

use super::plain::{add, plain};

/// What stands at the head of each file.
const HEAD: &str = "Written by `headwater import-state`: what the site systems reported, as \
                    manifests. Defaults are left out.\nSite systems report no labels, annotations \
                    and comments, and not the names of port settings and groups.\n";

/// Manifests as files. What they cannot say stands as a comment before the document it is about.
pub fn adopted_files(adopted: &Adopted) -> Vec<ManifestFile> {
    let mut comments: BTreeMap<ResourceId, Vec<String>> = BTreeMap::new();
    for AdoptionNote { resource, message } in &adopted.notes {
        comments.entry(resource.clone()).or_default().push(format!("NOTE: {message}."));
    }
    let head = comment(HEAD);
    let files = write(&adopted.declared, &comments).into_iter();
    files.map(|file| ManifestFile { text: format!("{head}\n{}", file.text), ..file }).collect()
}

/// What manifests for what is there cannot say, one note a line.
pub fn adoption_notes(notes: &[AdoptionNote]) -> String {
    let mut text = String::new();
    for AdoptionNote { resource, message } in notes {
        add(&mut text, format_args!("note: {resource}: {}\n", plain(message)));
    }
    text
}
