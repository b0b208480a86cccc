//! Work that does not depend on each other, on all processors. What is done there is pure; only
//! the threads are from here.

use std::{num::NonZeroUsize, panic::resume_unwind, thread};

/// How many threads are worth their beginning for so much work, where one should have at least
/// `least` of it.
pub(super) fn worth(work: usize, least: usize) -> usize {
    let processors = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    (work / least).clamp(1, processors)
}

/// Applies a function to every item, on so many threads; the results are in the order of items.
pub(super) fn each<Item: Send, Made: Send>(
    items: Vec<Item>,
    threads: usize,
    apply: impl Fn(Item) -> Made + Sync,
) -> Vec<Made> {
    let length = items.len().div_ceil(threads.max(1)).max(1);
    let all = |items: Vec<Item>| items.into_iter().map(&apply).collect::<Vec<_>>();
    let mut items = items.into_iter();
    let mut next = || {
        let share: Vec<_> = items.by_ref().take(length).collect();
        (!share.is_empty()).then_some(share)
    };
    // The first share is for this thread.
    let Some(first) = next() else { return Vec::new() };
    thread::scope(|scope| {
        let others: Vec<_> =
            std::iter::from_fn(next).map(|share| scope.spawn(|| all(share))).collect();
        let mut made = all(first);
        for other in others {
            // A panic goes on where the work was given out.
            made.extend(other.join().unwrap_or_else(|panic| resume_unwind(panic)));
        }
        made
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_in_the_order_of_items_however_many_threads_there_are() {
        for (items, threads) in [(0, 4), (1, 4), (10, 1), (10, 3), (10, 20)] {
            let made = each((0..items).collect(), threads, |item: u32| item * 2);
            assert_eq!(made, (0..items).map(|item| item * 2).collect::<Vec<_>>());
        }
    }

    #[test]
    fn little_work_is_for_one_thread() {
        assert_eq!((worth(0, 10), worth(19, 10)), (1, 1));
        assert!(worth(usize::MAX, 1) >= 1);
    }
}
