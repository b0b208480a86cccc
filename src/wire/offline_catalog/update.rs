//! What the catalog says of one update out of its own document. It is kept in a file between the two
//! passes that a catalog takes, so it is read as well as written.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    model::UpdateIdentity,
    wire::{
        date_time,
        update_document::{UpdateFragments, UpdateIndex, UpdateType},
    },
};

/// One update of an offline catalog.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfflineUpdate {
    /// `@UpdateId` and `@RevisionNumber`.
    pub identity: UpdateIdentity,
    /// `@RevisionId`: its number in this catalog, under which others name it.
    pub revision_id: u32,
    /// `@CreationDate`; absent where the document has none that can be understood.
    pub created: Option<jiff::Timestamp>,
    /// `@DefaultLanguage`.
    pub default_language: Option<String>,
    /// What it is: nothing but software has no `@IsSoftware`.
    pub update_type: UpdateType,
    /// `@IsBundle`.
    pub is_bundle: bool,
    /// `Prerequisites`: any member of each group satisfies it.
    pub prerequisites: Vec<Vec<Uuid>>,
    /// Products and classifications that it names itself: `Categories` has theirs too.
    pub categories: Vec<Uuid>,
    /// `PayloadFiles`: SHA-1 in base64.
    pub files: Vec<String>,
    /// `Languages`.
    pub languages: Vec<String>,
}

impl OfflineUpdate {
    /// That of a document.
    pub fn of(revision_id: u32, index: &UpdateIndex, fragments: &UpdateFragments) -> Self {
        let is_update = matches!(index.update_type, UpdateType::Software | UpdateType::Driver);
        let categories = index.prerequisites.iter().filter(|it| is_update && it.is_category);
        let mut files: Vec<String> = Vec::with_capacity(index.files.len());
        for file in &index.files {
            let digest = STANDARD.encode(&file.digest_sha1);
            if !files.contains(&digest) {
                files.push(digest);
            }
        }
        Self {
            identity: index.identity,
            revision_id,
            created: date_time::parse(&index.creation_date).ok(),
            default_language: fragments.default_language.clone(),
            update_type: index.update_type,
            is_bundle: !index.bundled.is_empty(),
            prerequisites: index.prerequisites.iter().map(|it| it.any_of.clone()).collect(),
            categories: categories.flat_map(|it| &it.any_of).copied().collect(),
            files,
            languages: fragments.languages.clone(),
        }
    }
}
