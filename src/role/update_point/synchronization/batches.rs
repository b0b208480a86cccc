//! The documents of a synchronization, batch by batch: some are fetched while others are stored.

use std::{slice::Chunks, sync::Arc};

use futures::{FutureExt, StreamExt, future::BoxFuture, stream::FuturesOrdered};

use super::{
    SynchronizationError,
    fetch::{Batch, Fetched, fetch},
    session::{ANSWERS, Session},
};
use crate::model::UpdateIdentity;

/// Batches that are on their way, or wait to be stored: while some are stored, so many come. Few of them
/// are in memory as they are sent ([`ANSWERS`]), the others packed.
const AHEAD: usize = 8;

/// Bytes of a batch, packed, from which on fewer are on their way. The genuine ones have a tenth of it.
const LARGE: usize = 1 << 20;

/// Batches that are stored in one transaction at most: each transaction is synced, and costs the same
/// however much it stores, but what it stores is fetched again if it is cut off.
const TOGETHER: usize = 4;

/// Batches in the order of a list.
pub(super) struct Batches<'a> {
    session: Arc<Session>,
    to_fetch: Chunks<'a, UpdateIdentity>,
    in_flight: FuturesOrdered<BoxFuture<'static, Come>>,
    /// What came behind batches that were stored together.
    next: Option<Come>,
    /// How many are on their way, by how large the last one was.
    ahead: usize,
}

type Come = Result<Fetched, SynchronizationError>;

impl<'a> Batches<'a> {
    /// Fetches these updates, so many in a batch.
    pub(super) fn new(session: &Arc<Session>, updates: &'a [UpdateIdentity], limit: usize) -> Self {
        let to_fetch = updates.chunks(limit.max(1));
        let (session, in_flight) = (Arc::clone(session), FuturesOrdered::new());
        Self { session, to_fetch, in_flight, next: None, ahead: AHEAD }
    }

    /// What is to be stored or set aside next; `None` once all have come. What came while the last
    /// batches were stored comes together.
    ///
    /// # Errors
    ///
    /// The upstream server fails in a way that is not about some updates alone.
    pub(super) async fn next(&mut self) -> Result<Option<Batch>, SynchronizationError> {
        loop {
            self.refill();
            let come = match self.next.take() {
                Some(come) => come,
                None => match self.in_flight.next().await {
                    Some(come) => come,
                    None => return Ok(None),
                },
            };
            self.refill();
            // What is left of a batch goes before the batches after it: prerequisites stay first.
            match come? {
                Fetched::Documents(mut batch) => {
                    self.ahead = if batch.packed_bytes() > LARGE { ANSWERS } else { AHEAD };
                    self.fetch_first(std::mem::take(&mut batch.left));
                    self.add_what_has_come(&mut batch);
                    return Ok(Some(*batch));
                }
                Fetched::Split(first, second) => {
                    self.fetch_first(second);
                    self.fetch_first(first);
                }
                Fetched::Without(set_aside, rest) => {
                    self.fetch_first(rest);
                    return Ok(Some(Batch { set_aside, ..Batch::default() }));
                }
            }
        }
    }

    fn refill(&mut self) {
        while self.in_flight.len() < self.ahead
            && let Some(batch) = self.to_fetch.next()
        {
            self.in_flight.push_back(fetch(Arc::clone(&self.session), batch.to_vec()).boxed());
        }
    }

    fn fetch_first(&mut self, updates: Vec<UpdateIdentity>) {
        if !updates.is_empty() {
            self.in_flight.push_front(fetch(Arc::clone(&self.session), updates).boxed());
        }
    }

    /// Adds the batches that have come as well, up to the first one that is not whole.
    fn add_what_has_come(&mut self, batch: &mut Batch) {
        for _ in 1..TOGETHER {
            let Some(Some(come)) = self.in_flight.next().now_or_never() else { return };
            match come {
                Ok(Fetched::Documents(more)) if more.left.is_empty() => batch.append(*more),
                come => {
                    self.next = Some(come);
                    return;
                }
            }
        }
    }
}
