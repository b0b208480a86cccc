//! Fetching documents again that are damaged here.

use std::{collections::VecDeque, sync::Arc};

use super::{
    SynchronizationError, Upstream, UpstreamError,
    fetch::{Fetched, fetch},
    session::Session,
};
use crate::{
    blocking::blocking,
    model::{Name, UpdateIdentity},
    store::catalog::Catalog,
};

/// Documents that are asked for at a time.
const BATCH: usize = 100;

/// Fetches the documents of these updates from the upstream server, and puts them in the place of those
/// that are there.
pub(in crate::role::update_point) async fn repair(
    catalog: Arc<Catalog>,
    upstream: Upstream,
    name: &Name,
    damaged: Vec<UpdateIdentity>,
) -> Result<(), SynchronizationError> {
    let of_account = Arc::clone(&catalog);
    let account_guid = blocking(move || Ok::<_, SynchronizationError>(of_account.account_guid()?));
    let session = Session::begin(upstream.clone(), name.as_str(), account_guid.await?).await?;
    let session = Arc::new(session);
    let mut batches: VecDeque<_> = damaged.chunks(BATCH).map(<[_]>::to_vec).collect();
    while let Some(batch) = batches.pop_front() {
        match fetch(Arc::clone(&session), batch).await? {
            Fetched::Documents(batch) => {
                if !batch.left.is_empty() {
                    batches.push_front(batch.left.clone());
                }
                let catalog = Arc::clone(&catalog);
                blocking(move || {
                    Ok::<_, SynchronizationError>(catalog.replace_documents(&batch.revisions)?)
                })
                .await?;
            }
            Fetched::Split(first, second) => batches.extend([first, second]),
            Fetched::Without(without, rest) => {
                // There is nobody else to ask.
                if let Some((identity, _)) = without.first() {
                    return Err(upstream.error(UpstreamError::Withheld(*identity)));
                }
                batches.push_front(rest);
            }
        }
    }
    Ok(())
}
