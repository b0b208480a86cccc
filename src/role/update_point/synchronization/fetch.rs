//! One batch of documents: fetched, checked against what was asked for, and indexed.

use std::{collections::BTreeMap, sync::Arc};

use super::{SynchronizationError, UpstreamError, session::Session};
use crate::{
    blocking::spawned,
    error_text::with_causes,
    model::UpdateIdentity,
    store::catalog::{FileLocation, NewRevision, PackedDocument},
    wire::{
        server_sync::{FileDecryption, FileUrl, UpdateData, UpdateDatum},
        soap::ErrorCode,
        update_document::UpdateDocument,
    },
};

/// What came of a batch.
pub(super) enum Fetched {
    /// Documents to store, and updates of the batch that are still to be fetched.
    Documents(Box<Batch>),
    /// Too much at once: to be fetched as these two.
    Split(Vec<UpdateIdentity>, Vec<UpdateIdentity>),
    /// Some of them cannot be had, each for a reason; the rest is still to be fetched.
    Without(Vec<SetAside>, Vec<UpdateIdentity>),
}

/// A revision that cannot be read or had, and why.
pub(super) type SetAside = (UpdateIdentity, String);

/// Documents to store.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) revisions: Vec<NewRevision>,
    pub(super) locations: Vec<FileLocation>,
    /// Of files that are published encrypted.
    pub(super) keys: Vec<FileDecryption>,
    /// Asked for, but not in this answer.
    pub(super) left: Vec<UpdateIdentity>,
    /// Not fit to be stored, or not to be had.
    pub(super) set_aside: Vec<SetAside>,
}

impl Batch {
    /// What its documents take.
    pub(super) fn packed_bytes(&self) -> usize {
        self.revisions.iter().map(|it| it.document.packed_bytes()).sum()
    }

    /// Adds what stands in another one.
    pub(super) fn append(&mut self, other: Self) {
        let Self { revisions, locations, keys, left, set_aside } = other;
        self.revisions.extend(revisions);
        self.locations.extend(locations);
        self.keys.extend(keys);
        self.left.extend(left);
        self.set_aside.extend(set_aside);
    }
}

/// Fetches these updates, whether or not anybody waits for them right now; not any more once the
/// future is dropped.
pub(super) fn fetch(
    session: Arc<Session>,
    identities: Vec<UpdateIdentity>,
) -> impl Future<Output = Result<Fetched, SynchronizationError>> {
    spawned(async move { answer(&session, identities).await })
}

async fn answer(
    session: &Session,
    identities: Vec<UpdateIdentity>,
) -> Result<Fetched, SynchronizationError> {
    let _read = session.turn().await;
    match session.update_data(identities.clone()).await {
        Ok(data) => {
            let checked = session.upstream.reading(move || check(&identities, data));
            let mut fetched = checked.await?;
            if let Fetched::Documents(batch) = &mut fetched {
                keys(session, batch).await;
            }
            Ok(fetched)
        }
        Err(SynchronizationError::Upstream { url, source }) => divide(identities, source)
            .map_err(|source| SynchronizationError::Upstream { url, source }),
        Err(error) => Err(error),
    }
}

/// Fetches the keys of files that are published encrypted (protocol §1.7, step 5). Documents are worth
/// having without them.
async fn keys(session: &Session, batch: &mut Batch) {
    let secured = batch.revisions.iter().filter(|it| it.index.secured_fragment);
    let secured: Vec<_> = secured.map(|it| it.index.identity).collect();
    if secured.is_empty() {
        return;
    }
    match session.decryption_data(secured).await {
        Ok(updates) => batch.keys.extend(updates.into_iter().flat_map(|it| it.files)),
        Err(error) => tracing::warn!(
            error = crate::error_text::with_causes(&error),
            "the keys of encrypted files could not be fetched"
        ),
    }
}

/// What can be done about a batch that failed (protocol §1.7).
fn divide(
    mut identities: Vec<UpdateIdentity>,
    error: UpstreamError,
) -> Result<Fetched, UpstreamError> {
    let of_one =
        matches!(error, UpstreamError::TooLarge { .. } | UpstreamError::NotUnderstood { .. });
    let fault = error.fault().filter(|it| it.code == ErrorCode::InternalServerError);
    if let Some(fault) = fault {
        let missing = fault.missing_revisions();
        let before = identities.len();
        identities.retain(|it| !missing.contains(it));
        if identities.len() < before {
            let reason = "the upstream server lists it, and has withdrawn it";
            let without = missing.into_iter().map(|it| (it, reason.to_owned())).collect();
            return Ok(Fetched::Without(without, identities));
        }
    }
    if !of_one && fault.is_none() {
        return Err(error);
    }
    if let [identity] = identities.as_slice() {
        // Whatever is wrong with one of them shall not stop the others.
        return Ok(Fetched::Without(vec![(*identity, with_causes(&error))], Vec::new()));
    }
    let second = identities.split_off(identities.len() / 2);
    Ok(Fetched::Split(identities, second))
}

/// Takes the documents that were asked for and no others.
fn check(identities: &[UpdateIdentity], data: UpdateData) -> Fetched {
    let mut given: BTreeMap<UpdateIdentity, UpdateDatum> =
        data.updates.into_iter().map(|datum| (datum.identity, datum)).collect();
    let (mut revisions, mut left) = (Vec::with_capacity(identities.len()), Vec::new());
    let mut set_aside = Vec::new();
    for identity in identities {
        match given.remove(identity).map(revision) {
            Some(Ok(revision)) => revisions.push(revision),
            Some(Err(error)) => set_aside.push((*identity, with_causes(&error))),
            None => left.push(*identity),
        }
    }
    if revisions.is_empty() && set_aside.is_empty() {
        // Of one alone it is plain that it is not given.
        if let [identity] = left.as_slice() {
            let reason = with_causes(&UpstreamError::Withheld(*identity));
            return Fetched::Without(vec![(*identity, reason)], Vec::new());
        }
        let second = left.split_off(left.len() / 2);
        return Fetched::Split(left, second);
    }
    let key = |url: &FileUrl| FileDecryption {
        file_digest: url.file_digest.clone(),
        decryption_key: url.decryption_key.clone(),
    };
    let keys = data.file_urls.iter().filter(|url| url.decryption_key.is_some()).map(key).collect();
    let locations = data.file_urls.into_iter().filter_map(location).collect();
    Fetched::Documents(Box::new(Batch { revisions, locations, keys, left, set_aside }))
}

fn revision(datum: UpdateDatum) -> Result<NewRevision, UpstreamError> {
    let UpdateDatum { identity, document, file_digests } = datum;
    let index = UpdateDocument::index(document.as_str())
        .map_err(|source| UpstreamError::Document { identity, source })?;
    if index.identity != identity {
        return Err(UpstreamError::OtherDocument { identity, found: index.identity });
    }
    Ok(NewRevision { index, document: PackedDocument::pack(document.as_str()), file_digests })
}

/// Addresses are told on, and never used here.
fn location(url: FileUrl) -> Option<FileLocation> {
    let publisher_url = url.publisher_url.filter(|it| !it.is_empty())?;
    (url.file_digest.len() == 20).then_some(FileLocation { digest: url.file_digest, publisher_url })
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn an_answer_that_is_too_large_is_asked_for_in_halves() {
        let identity = |number| UpdateIdentity { update_id: Uuid::from_u128(number), revision: 1 };
        let too_large = || UpstreamError::TooLarge { call: "GetUpdateData", limit: 1 };
        let three: Vec<_> = (1..=3).map(identity).collect();
        let Ok(Fetched::Split(first, second)) = divide(three, too_large()) else {
            panic!("not split")
        };
        assert_eq!((first, second), (vec![identity(1)], vec![identity(2), identity(3)]));
        let Ok(Fetched::Without(aside, rest)) = divide(vec![identity(1)], too_large()) else {
            panic!("not set aside")
        };
        assert_eq!((aside.len(), aside[0].0, rest), (1, identity(1), Vec::new()));
    }
}
