//! One batch of documents: fetched, checked against what was asked for, and indexed.

use std::{collections::BTreeMap, sync::Arc};

use super::{SynchronizationError, Upstream, UpstreamError, session::Session};
use crate::{
    blocking::{blocking, spawned},
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
    /// The server has withdrawn some of them: these are left.
    Retry(Vec<UpdateIdentity>),
}

/// Documents to store.
pub(super) struct Batch {
    pub(super) revisions: Vec<NewRevision>,
    pub(super) locations: Vec<FileLocation>,
    /// Of files that are published encrypted.
    pub(super) keys: Vec<FileDecryption>,
    /// Asked for, but not in this answer.
    pub(super) left: Vec<UpdateIdentity>,
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
    match session.update_data(identities.clone()).await {
        Ok(data) => {
            let upstream = session.upstream.clone();
            let mut fetched = blocking(move || check(&upstream, &identities, data)).await?;
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
    let is_too_large = matches!(error, UpstreamError::TooLarge { .. });
    let fault = error.fault().filter(|it| it.code == ErrorCode::InternalServerError);
    if let Some(fault) = fault {
        let missing = fault.missing_revisions();
        let before = identities.len();
        identities.retain(|it| !missing.contains(it));
        if identities.len() < before {
            tracing::warn!(?missing, "the upstream server lists updates that it has withdrawn");
            return Ok(Fetched::Retry(identities));
        }
    }
    if (is_too_large || fault.is_some()) && identities.len() > 1 {
        let second = identities.split_off(identities.len() / 2);
        return Ok(Fetched::Split(identities, second));
    }
    match (error, identities.as_slice()) {
        (UpstreamError::Fault { fault, .. }, [identity])
            if fault.code == ErrorCode::InternalServerError =>
        {
            Err(UpstreamError::Update { identity: *identity, fault })
        }
        (error, _) => Err(error),
    }
}

/// Takes the documents that were asked for and no others.
fn check(
    upstream: &Upstream,
    identities: &[UpdateIdentity],
    data: UpdateData,
) -> Result<Fetched, SynchronizationError> {
    let mut given: BTreeMap<UpdateIdentity, UpdateDatum> =
        data.updates.into_iter().map(|datum| (datum.identity, datum)).collect();
    let (mut revisions, mut left) = (Vec::with_capacity(identities.len()), Vec::new());
    for identity in identities {
        match given.remove(identity) {
            Some(datum) => {
                revisions.push(revision(datum).map_err(|error| upstream.error(error))?);
            }
            None => left.push(*identity),
        }
    }
    if let (true, Some(identity)) = (revisions.is_empty(), left.first()) {
        return Err(upstream.error(UpstreamError::Withheld(*identity)));
    }
    let key = |url: &FileUrl| FileDecryption {
        file_digest: url.file_digest.clone(),
        decryption_key: url.decryption_key.clone(),
    };
    let keys = data.file_urls.iter().filter(|url| url.decryption_key.is_some()).map(key).collect();
    let locations = data.file_urls.into_iter().filter_map(location).collect();
    Ok(Fetched::Documents(Box::new(Batch { revisions, locations, keys, left })))
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
        let alone = divide(vec![identity(1)], too_large());
        assert!(matches!(alone, Err(UpstreamError::TooLarge { .. })));
    }
}
