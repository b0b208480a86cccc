//! Which pieces of a large file are fetched by whom: runs of pieces that follow each other, the first
//! ones first. Who has nothing left takes the second half of what somebody else has before him.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

/// The most pieces of a run, which is one request: 64 MiB.
const LONGEST: u64 = 16;

/// The pieces of a file that are still to come.
#[derive(Debug)]
pub(super) struct Runs(Mutex<State>);

#[derive(Debug)]
struct State {
    /// In nobody's run.
    left: BTreeSet<u64>,
    /// Each begins with the piece that is being fetched.
    taken: BTreeMap<u64, Span>,
    next: u64,
    longest: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Span {
    at: u64,
    end: u64,
}

/// A run that somebody has taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Run {
    id: u64,
    /// Its first piece.
    pub(super) first: u64,
    /// The piece behind its last one.
    pub(super) end: u64,
}

impl Runs {
    /// These pieces, fetched by so many at once.
    pub(super) fn new(missing: BTreeSet<u64>, fetchers: usize) -> Self {
        let shares = (fetchers as u64).saturating_mul(4).max(1);
        let longest = (missing.len() as u64 / shares).clamp(1, LONGEST);
        let state = State { left: missing, taken: BTreeMap::new(), next: 0, longest };
        Self(Mutex::new(state))
    }

    /// Takes a run; `None` if nothing is left to be taken.
    pub(super) fn take(&self) -> Option<Run> {
        let mut state = self.state();
        let span = state.cut_left().or_else(|| state.cut_taken())?;
        let id = state.next;
        state.next = id.saturating_add(1);
        state.taken.insert(id, span);
        Some(Run { id, first: span.at, end: span.end })
    }

    /// The piece that was being fetched is there; answers the next one of the run, which may have
    /// become shorter.
    pub(super) fn advance(&self, run: Run) -> Option<u64> {
        let mut state = self.state();
        let span = state.taken.get_mut(&run.id)?;
        span.at = span.at.saturating_add(1);
        let at = span.at;
        if at < span.end {
            return Some(at);
        }
        state.taken.remove(&run.id);
        None
    }

    /// The same for somebody whose source sends whole files only: the run goes on beyond its end as
    /// long as pieces are missing there.
    pub(super) fn advance_beyond(&self, run: Run) -> Option<u64> {
        {
            let mut state = self.state();
            let end = state.taken.get(&run.id)?.end;
            if state.left.remove(&end)
                && let Some(span) = state.taken.get_mut(&run.id)
            {
                span.end = end.saturating_add(1);
            }
        }
        self.advance(run)
    }

    /// What is left of a run will be fetched by somebody else.
    pub(super) fn give_back(&self, run: Run) {
        let mut state = self.state();
        if let Some(span) = state.taken.remove(&run.id) {
            state.left.extend(span.at..span.end);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn cut_left(&mut self) -> Option<Span> {
        let at = self.left.pop_first()?;
        let mut end = at.saturating_add(1);
        while end - at < self.longest && self.left.remove(&end) {
            end = end.saturating_add(1);
        }
        Some(Span { at, end })
    }

    /// Cuts the longest of the runs that others have in two; a piece that is being fetched stays with
    /// who fetches it.
    fn cut_taken(&mut self) -> Option<Span> {
        let longest =
            self.taken.values_mut().max_by_key(|span| span.end.saturating_sub(span.at))?;
        let ahead = longest.end.saturating_sub(longest.at).saturating_sub(1);
        if ahead == 0 {
            return None;
        }
        let end = longest.end;
        longest.end = end.saturating_sub(ahead.div_ceil(2));
        Some(Span { at: longest.end, end })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn runs_are_taken_from_the_front_and_not_over_gaps() {
        let runs = Runs::new((0..40).filter(|at| *at != 6).collect(), 2);
        let spans: Vec<_> =
            (0..4).filter_map(|_| runs.take()).map(|it| (it.first, it.end)).collect();
        assert_eq!(spans, [(0, 4), (4, 6), (7, 11), (11, 15)]);
    }

    #[test]
    fn who_has_nothing_left_takes_half_of_what_another_has_before_him() {
        let runs = Runs::new((0..64).collect(), 1);
        let all: Vec<_> = std::iter::from_fn(|| runs.take()).take(4).collect();
        let slow = all[0];
        assert_eq!((slow.first, slow.end), (0, 16));
        for run in &all[1..] {
            while runs.advance(*run).is_some() {}
        }
        let stolen = runs.take().unwrap();
        assert_eq!((stolen.first, stolen.end), (8, 16));
        assert_eq!(
            (1..8).map(|_| runs.advance(slow)).collect::<Option<Vec<_>>>().unwrap(),
            [1, 2, 3, 4, 5, 6, 7]
        );
        assert_eq!(runs.advance(slow), None, "its second half is fetched by another");
    }

    #[test]
    fn a_piece_that_is_being_fetched_is_not_taken_from_anybody() {
        let runs = Runs::new([3].into(), 4);
        let run = runs.take().unwrap();
        assert_eq!(runs.take(), None);
        runs.give_back(run);
        assert_eq!(runs.take().map(|run| run.first), Some(3));
    }

    #[test]
    fn whole_files_go_on_until_somebody_else_has_the_next_piece() {
        let runs = Runs::new((0..8).collect(), 2);
        let (one, other) = (runs.take().unwrap(), runs.take().unwrap());
        assert_eq!((one.first, other.first), (0, 1));
        assert_eq!(runs.advance_beyond(one), None);
        assert_eq!(
            (2..8).map(|_| runs.advance_beyond(other)).collect::<Option<Vec<_>>>().unwrap(),
            [2, 3, 4, 5, 6, 7]
        );
        assert_eq!((runs.advance_beyond(other), runs.take()), (None, None));
    }

    proptest! {
        /// Whatever fetchers do, every piece is fetched, and none twice.
        #[test]
        fn every_piece_is_fetched_once(
            missing in proptest::collection::btree_set(0u64..80, 0..60),
            fetchers in 1usize..6,
            steps in proptest::collection::vec((0usize..6, 0u8..8), 0..400),
        ) {
            let runs = Runs::new(missing.clone(), fetchers);
            let mut having: Vec<Option<(Run, u64)>> = vec![None; 6];
            let mut fetched = Vec::new();
            let rounds = steps.into_iter().chain((0..2_000).map(|step| (step % 6, 1)));
            for (who, what) in rounds {
                having[who] = match (having[who], what) {
                    (None, _) => runs.take().map(|run| (run, run.first)),
                    (Some((run, _)), 0) => {
                        runs.give_back(run);
                        None
                    }
                    (Some((run, at)), what) => {
                        fetched.push(at);
                        let next = if what == 7 { runs.advance_beyond(run) } else { runs.advance(run) };
                        next.map(|at| (run, at))
                    }
                };
            }
            fetched.sort_unstable();
            prop_assert_eq!(fetched, missing.into_iter().collect::<Vec<_>>());
        }
    }
}
