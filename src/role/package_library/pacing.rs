//! Holding the open hours and the rate limit of a distribution point: all that goes to it comes out
//! of one budget, whatever number of packages, files and connections there are.

use std::{
    collections::{BTreeMap, VecDeque},
    io,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use futures::{Stream, StreamExt, stream};
use tokio::time::Instant;

use crate::{
    clock,
    engine::distribution_pacing::{Grant, Moment, Opening, SendingBudget},
    model::{Pacing, Priority},
};

/// After so long whoever waits for a long pause to end asks again: hours may have closed, and limits
/// may have been changed.
const ASK_AGAIN: Duration = Duration::from_secs(1);

/// The budgets of the distribution points that this site server sends to, by their admin address.
/// They stay between two packages: a pause that the first one has caused holds for the second.
#[derive(Debug, Clone, Default)]
pub(super) struct Budgets(Arc<Mutex<BTreeMap<String, Arc<Line>>>>);

impl Budgets {
    /// The budget of a point, under the limits that were told last: transfers under way obey them
    /// too.
    pub(super) fn of(&self, to: &str, pacing: Option<Pacing>) -> Arc<Line> {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let line = lines.entry(to.to_owned()).or_insert_with(|| Arc::new(Line::new()));
        *line.pacing() = pacing.map(Arc::new);
        Arc::clone(line)
    }
}

/// Everything that goes to one distribution point.
#[derive(Debug)]
pub(super) struct Line {
    pacing: Mutex<Option<Arc<Pacing>>>,
    budget: Mutex<SendingBudget>,
    /// Held while one connection waits for its bytes; the others get theirs in turn.
    turn: tokio::sync::Mutex<()>,
    began: Instant,
}

impl Line {
    fn new() -> Self {
        Self {
            pacing: Mutex::default(),
            budget: Mutex::default(),
            turn: tokio::sync::Mutex::default(),
            began: Instant::now(),
        }
    }

    fn pacing(&self) -> MutexGuard<'_, Option<Arc<Pacing>>> {
        self.pacing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a package of this priority may be sent now.
    pub(super) fn opening(&self, priority: Priority) -> Opening {
        let pacing = self.pacing().clone();
        pacing.map_or(Opening::Open, |pacing| {
            pacing.opening(priority, clock::now(), &clock::time_zone())
        })
    }

    fn ask(&self, priority: Priority, wanted: u64) -> Grant {
        let Some(pacing) = self.pacing().clone() else { return Grant::Send(wanted) };
        let moment = Moment { now: clock::now(), elapsed: self.began.elapsed() };
        let mut budget = self.budget.lock().unwrap_or_else(PoisonError::into_inner);
        budget.ask(&pacing, priority, wanted, moment, &clock::time_zone())
    }

    /// Waits until some of `wanted` bytes may go; how many.
    async fn grant(&self, wanted: u64, passage: &Passage) -> Result<u64, Opening> {
        let _turn = self.turn.lock().await;
        loop {
            match self.ask(passage.priority, wanted) {
                Grant::Send(bytes) => return Ok(bytes),
                Grant::Wait(wait) => tokio::time::sleep(wait.min(ASK_AGAIN)).await,
                Grant::Closed(opening) => return Err(opening),
            }
        }
    }
}

/// A package on its way to a distribution point.
#[derive(Debug)]
pub(super) struct Passage {
    line: Arc<Line>,
    priority: Priority,
    /// What stopped it.
    closed: Mutex<Option<Opening>>,
}

/// What moves on one connection, for whoever watches whether it does.
#[derive(Debug, Default)]
pub(super) struct Movement {
    blocks: AtomicU64,
    waits: AtomicBool,
}

impl Movement {
    /// Blocks that went, and whether the next one waits for the budget.
    pub(super) fn seen(&self) -> (u64, bool) {
        (self.blocks.load(Ordering::Relaxed), self.waits.load(Ordering::Relaxed))
    }
}

impl Passage {
    pub(super) fn new(line: Arc<Line>, priority: Priority) -> Self {
        Self { line, priority, closed: Mutex::default() }
    }

    /// Whether it may go on now.
    pub(super) fn opening(&self) -> Opening {
        self.line.opening(self.priority)
    }

    /// What stopped it, if that were closing hours.
    pub(super) fn closed(&self) -> Option<Opening> {
        *self.closed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether anything limits it now.
    pub(super) fn is_limited(&self) -> bool {
        self.line.pacing().is_some()
    }

    /// The priority of the package.
    pub(super) fn priority(&self) -> Priority {
        self.priority
    }

    async fn grant(&self, wanted: u64, movement: &Movement) -> Result<u64, Opening> {
        movement.waits.store(true, Ordering::Relaxed);
        let granted = self.line.grant(wanted, self).await;
        movement.waits.store(false, Ordering::Relaxed);
        movement.blocks.fetch_add(1, Ordering::Relaxed);
        granted.inspect_err(|opening| {
            *self.closed.lock().unwrap_or_else(PoisonError::into_inner) = Some(*opening);
        })
    }

    /// Takes so many bytes out of the budget before they are sent.
    ///
    /// # Errors
    ///
    /// Its hours close.
    pub(super) async fn spend(&self, bytes: u64, movement: &Movement) -> Result<(), Opening> {
        let mut left = bytes;
        while left > 0 {
            left = left.saturating_sub(self.grant(left, movement).await?);
        }
        Ok(())
    }

    /// Lets blocks through as fast as they may go, cut where that is slower. It ends with an error
    /// when the hours close.
    pub(super) fn through(
        self: &Arc<Self>,
        blocks: impl Stream<Item = io::Result<Bytes>> + Send + 'static,
        movement: &Arc<Movement>,
    ) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
        let passing = (Arc::clone(self), Arc::clone(movement), Box::pin(blocks), VecDeque::new());
        stream::try_unfold(passing, |(passage, movement, mut blocks, mut held)| async move {
            while held.is_empty() {
                let Some(block) = blocks.next().await else { return Ok(None) };
                held.extend(Some(block?).filter(|block| !block.is_empty()));
            }
            let Some(mut block) = held.pop_front() else { return Ok(None) };
            let granted = passage
                .grant(block.len() as u64, &movement)
                .await
                .map_err(|_| io::Error::other("the hours of the distribution point have closed"))?;
            let granted = usize::try_from(granted).unwrap_or(usize::MAX).min(block.len());
            let rest = block.split_off(granted);
            held.extend(Some(rest).filter(|rest| !rest.is_empty()));
            Ok(Some((block, (passage, movement, blocks, held))))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{HourlyRate, OpenHours, RateLimit};

    fn limited(kilobytes_per_second: u32) -> Pacing {
        let per_hour = vec![HourlyRate { from: 0, to: 24, kilobytes_per_second }];
        let rate_limit = Some(RateLimit { per_hour, pulse: None });
        Pacing { priority: Priority::Low, schedule: Vec::new(), rate_limit }
    }

    fn blocks(sizes: &[usize]) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
        let blocks: Vec<_> = sizes.iter().map(|size| Ok(Bytes::from(vec![7; *size]))).collect();
        stream::iter(blocks)
    }

    /// Sends blocks on some connections at once; how long that takes, and the bytes that came.
    async fn send(line: &Arc<Line>, connections: &[&[usize]]) -> (Duration, usize) {
        let begun = Instant::now();
        let passage = Arc::new(Passage::new(Arc::clone(line), Priority::Low));
        let streams = connections.iter().map(|sizes| {
            let passing = passage.through(blocks(sizes), &Arc::default());
            passing.map(|block| block.unwrap().len()).boxed()
        });
        let sum = stream::select_all(streams).fold(0, |sum, size| async move { sum + size });
        let bytes = sum.await;
        (begun.elapsed(), bytes)
    }

    #[tokio::test(start_paused = true)]
    async fn connections_share_one_budget_and_reach_it() {
        let budgets = Budgets::default();
        let line = budgets.of("http://127.0.0.1:1", Some(limited(100)));
        let small: Vec<usize> = vec![10; 1_000];
        let connections: [&[usize]; 4] = [&[400_000], &[1 << 20], &small, &[0, 541_424]];
        let (took, bytes) = send(&line, &connections).await;
        assert_eq!(bytes, 2_000_000);
        // Time is virtual: 20 s at the limit, of which one block is saved.
        assert!((19.0..=20.5).contains(&took.as_secs_f64()), "{took:?}");
        // What the next package may send at once is not a block again.
        let (took, _) =
            send(&budgets.of("http://127.0.0.1:1", Some(limited(100))), &[&[50_000]]).await;
        assert!(took.as_secs_f64() > 0.45, "{took:?}");
        let (took, _) = send(&budgets.of("http://127.0.0.1:1", None), &[&[90 << 20]]).await;
        assert_eq!(took, Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn what_closes_stops_a_transfer_at_the_next_block() {
        let budgets = Budgets::default();
        let line = budgets.of("http://127.0.0.1:1", Some(limited(100)));
        let passage = Arc::new(Passage::new(Arc::clone(&line), Priority::Low));
        let mut passing = Box::pin(passage.through(blocks(&[1 << 20]), &Arc::default()));
        assert!(passing.next().await.unwrap().unwrap().len() < 10_000);
        assert_eq!((passage.opening(), passage.closed()), (Opening::Open, None));
        let schedule =
            vec![OpenHours { days: Vec::new(), from: 0, to: 24, minimum_priority: Priority::High }];
        budgets.of("http://127.0.0.1:1", Some(Pacing { schedule, ..limited(100) }));
        assert!(passing.next().await.unwrap().is_err());
        assert_eq!(passage.closed(), Some(Opening::Never));
        let high = Passage::new(line, Priority::High);
        assert_eq!(high.opening(), Opening::Open);
    }
}
