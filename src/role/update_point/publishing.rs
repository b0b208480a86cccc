//! Updates of local publishers (SYNC-10): published as documents like any other, each change as a
//! further revision. What a revision says is remembered before its document is stored, so that one
//! that was cut off is completed by publishing again.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use uuid::Uuid;

use super::{
    UpdatePoint, UpdatePointError,
    local_file::{LocalFileError, described},
};
use crate::{
    blocking::blocking,
    check::{RuleProblem, rule_problem},
    clock,
    content::{UpdateFileError, UpdateFiles},
    model::{LocalUpdate, LocalUpdateState, UpdateIdentity, classification_id},
    store::{
        StoreError,
        catalog::{Catalog, NewRevision, PackedDocument},
    },
    wire::{
        agent::AgentOutcome,
        update_document::{
            CategoryType, DocumentError, LocalDocumentError, LocalPublication, UpdateDocument,
            local_company, local_product, local_update,
        },
    },
};

/// Why an update of a local publisher was not published.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// A rule that clients could not evaluate.
    #[error("`{rule}` of `{title}`: {problem}")]
    Rule {
        /// The title of the update.
        title: String,
        /// Which rule.
        rule: &'static str,
        /// What is wrong with it.
        problem: RuleProblem,
    },
    /// A classification that the catalog does not have.
    #[error(
        "the catalog has no classification `{0}`: write the title of one that it has, or its GUID"
    )]
    Classification(String),
    /// An update of somebody else.
    #[error(
        "update {0} is in the catalog, and no local publisher has made it: give the local update a \
         GUID of its own"
    )]
    Foreign(Uuid),
    /// There are no higher numbers.
    #[error("update {0} has had as many revisions as there are numbers: publish another one")]
    NoNumberLeft(Uuid),
    /// One of its files cannot be read.
    #[error(transparent)]
    Unreadable(#[from] LocalFileError),
    /// One of its files cannot be kept.
    #[error("failed to keep the file `{name}`")]
    File {
        /// Its name.
        name: String,
        /// Why.
        #[source]
        source: Box<UpdateFileError>,
    },
    /// The document cannot be written.
    #[error("failed to write the document of `{title}`")]
    Document {
        /// The title of the update.
        title: String,
        /// Why.
        #[source]
        source: LocalDocumentError,
    },
    /// The document that was written is none.
    #[error("the document of `{title}` cannot be read back")]
    NotReadBack {
        /// The title of the update.
        title: String,
        /// Why.
        #[source]
        source: DocumentError,
    },
    /// The catalog.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl UpdatePoint {
    /// Publishes an update of a local publisher, unless its last revision says the same. If an import or
    /// synchronization is under way, this waits for it.
    ///
    /// # Errors
    ///
    /// Clients could not evaluate it, its identity belongs to somebody else's update, or the catalog
    /// cannot be written.
    pub async fn publish(&self, update: LocalUpdate) -> Result<AgentOutcome, UpdatePointError> {
        self.settings()?;
        let working = self.working().lock_owned().await;
        let (catalog, files) = (Arc::clone(self.catalog()), self.update_files().clone());
        let published = blocking(move || {
            let revision = publish(&catalog, &files, update)?;
            drop(working);
            Ok(AgentOutcome::Published { revision })
        })
        .await;
        self.changed().await;
        published
    }

    /// Publishes a revision of a local publisher's update that says that it has expired, unless the last
    /// one does.
    ///
    /// # Errors
    ///
    /// The catalog cannot be written.
    pub async fn expire(&self, id: Uuid) -> Result<AgentOutcome, UpdatePointError> {
        self.settings()?;
        let working = self.working().lock_owned().await;
        let catalog = Arc::clone(self.catalog());
        let expired = blocking(move || {
            let revision = expire(&catalog, id)?;
            drop(working);
            Ok(revision.map_or(AgentOutcome::Done, |revision| AgentOutcome::Published { revision }))
        })
        .await;
        self.changed().await;
        expired
    }
}

/// The updates of local publishers that a catalog holds, as a point tells of them.
pub(super) fn states(catalog: &Catalog) -> Result<BTreeMap<Uuid, LocalUpdateState>, StoreError> {
    let all = catalog.local_publications()?.into_iter();
    let states = all.map(|it| {
        let LocalPublication { declared, revision, expired, .. } = it;
        (declared.spec.update_id, LocalUpdateState { declared, revision, expired })
    });
    Ok(states.collect())
}

/// Publishes it, and tells the number of its last revision.
pub(super) fn publish(
    catalog: &Catalog,
    files: &UpdateFiles,
    update: LocalUpdate,
) -> Result<i32, PublishError> {
    let spec = &update.spec;
    let id = spec.update_id;
    rules(&update)?;
    let classification = classification(catalog, &spec.classification)?;
    let before = catalog.local_publication(id)?;
    let newest = catalog.newest_revision(id)?;
    if before.is_none() && newest.is_some() {
        return Err(PublishError::Foreign(id));
    }
    let publication = match before {
        Some(before) if !before.expired && before.declared.reads_as(&update) => {
            LocalPublication { declared: update, ..before }
        }
        before => LocalPublication {
            revision: next(id, before.map(|it| it.revision), newest)?,
            files: update.spec.files.iter().map(described).collect::<Result<_, _>>()?,
            declared: update,
            classification,
            expired: false,
            published_at: clock::now(),
        },
    };
    for (declared, published) in publication.declared.spec.files.iter().zip(&publication.files) {
        let kept = published.content().map(|it| files.put_file(&it, Path::new(&declared.path)));
        let failed = |source: UpdateFileError| PublishError::File {
            name: published.name.clone(),
            source: Box::new(source),
        };
        kept.transpose().map_err(failed)?;
    }
    keep(catalog, &publication)
}

pub(super) fn expire(catalog: &Catalog, id: Uuid) -> Result<Option<i32>, PublishError> {
    let Some(before) = catalog.local_publication(id)? else { return Ok(None) };
    let publication = if before.expired {
        before
    } else {
        LocalPublication {
            revision: next(id, Some(before.revision), catalog.newest_revision(id)?)?,
            expired: true,
            published_at: clock::now(),
            ..before
        }
    };
    keep(catalog, &publication).map(Some)
}

/// The number of the next revision.
fn next(id: Uuid, remembered: Option<i32>, newest: Option<i32>) -> Result<i32, PublishError> {
    let last = remembered.max(newest).unwrap_or(0);
    last.checked_add(1).ok_or(PublishError::NoNumberLeft(id))
}

/// Remembers a publication, and stores what is not there yet of its documents.
fn keep(catalog: &Catalog, publication: &LocalPublication) -> Result<i32, PublishError> {
    let documents = documents(publication)?;
    catalog.remember_local_publication(publication)?;
    catalog.store(&documents, &[], clock::now())?;
    Ok(publication.revision)
}

/// The documents of a publication: the categories first, because the update names them.
fn documents(publication: &LocalPublication) -> Result<Vec<NewRevision>, PublishError> {
    let spec = &publication.declared.spec;
    let failed = |source| PublishError::Document { title: spec.title.clone(), source };
    let texts = [
        local_company(&spec.publisher).map_err(failed)?,
        local_product(&spec.publisher, &spec.product).map_err(failed)?,
        local_update(publication).map_err(failed)?,
    ];
    let read = |text: &String| {
        let index = UpdateDocument::index(text)
            .map_err(|source| PublishError::NotReadBack { title: spec.title.clone(), source })?;
        let file_digests = index.files.iter().map(|file| file.digest_sha1.clone()).collect();
        Ok(NewRevision { index, document: PackedDocument::pack(text), file_digests })
    };
    texts.iter().map(read).collect()
}

/// Writes documents again that are damaged, as far as they are the last ones of what was published
/// here. Tells which are left.
pub(super) fn repair(
    catalog: &Catalog,
    mut damaged: Vec<UpdateIdentity>,
) -> Result<Vec<UpdateIdentity>, PublishError> {
    for publication in catalog.local_publications()? {
        let mut again = documents(&publication)?;
        again.retain(|it| damaged.contains(&it.index.identity));
        if !again.is_empty() {
            catalog.replace_documents(&again)?;
            damaged.retain(|id| again.iter().all(|it| it.index.identity != *id));
        }
    }
    Ok(damaged)
}

fn rules(update: &LocalUpdate) -> Result<(), PublishError> {
    let rules = &update.spec.applicability;
    for (rule, text) in [
        ("isInstalled", Some(&rules.is_installed)),
        ("isInstallable", Some(&rules.is_installable)),
        ("isSuperseded", rules.is_superseded.as_ref()),
    ] {
        if let Some(problem) = text.and_then(|text| rule_problem(text)) {
            let title = update.spec.title.clone();
            return Err(PublishError::Rule { title, rule, problem });
        }
    }
    Ok(())
}

/// The classification that is meant. One that every catalog has need not have come yet.
fn classification(catalog: &Catalog, written: &str) -> Result<Uuid, PublishError> {
    let unknown = || PublishError::Classification(written.to_owned());
    let id = classification_id(written).ok_or_else(unknown)?;
    if Uuid::try_parse(written.trim()).is_err() {
        return Ok(id);
    }
    let offered = catalog.categories(CategoryType::UpdateClassification)?;
    let is_offered = offered.is_empty() || offered.iter().any(|it| it.id == id);
    if is_offered { Ok(id) } else { Err(unknown()) }
}
