//! Packed files that no package needs any more: kept for a while, taken back, forgotten. Their bytes
//! stay where they are.

use std::collections::{BTreeMap, HashSet};

use super::Packs;
use crate::model::Digest;

impl Packs {
    /// Puts files aside that are packed; answers those, and the others.
    pub(in crate::content) fn retire(&self, digests: &[Digest]) -> (Vec<Digest>, Vec<Digest>) {
        let mut state = self.state();
        let (packed, alone): (Vec<Digest>, Vec<_>) =
            digests.iter().partition(|digest| state.place(digest).is_some());
        state.retired.extend(&packed);
        (packed, alone)
    }

    /// Takes back what is needed again.
    pub(in crate::content) fn take_back(&self, contents: &BTreeMap<Digest, u64>) {
        let mut state = self.state();
        state.retired.retain(|digest| !contents.contains_key(digest));
    }

    /// Forgets files that nothing needs; answers those that are not packed.
    pub(in crate::content) fn forget(&self, digests: &[Digest]) -> Vec<Digest> {
        let mut state = self.state();
        digests.iter().filter(|digest| state.forget(digest).is_none()).copied().collect()
    }

    /// Forgets everything but what is needed and what is aside.
    pub(in crate::content) fn forget_unneeded(&self, needed: impl Fn(&Digest) -> bool) {
        let mut state = self.state();
        let unneeded = state.digests(|digest, _| !needed(digest));
        for digest in unneeded {
            if !state.retired.contains(&digest) {
                state.forget(&digest);
            }
        }
    }

    /// These are aside, as far as they are there and not needed.
    pub(in crate::content) fn are_retired(
        &self,
        retired: &HashSet<Digest>,
        needed: impl Fn(&Digest) -> bool,
    ) {
        let mut state = self.state();
        let there = |digest: &&Digest| state.place(digest).is_some() && !needed(digest);
        let there: Vec<_> = retired.iter().filter(there).copied().collect();
        state.retired.extend(there);
    }

    /// Forgets what is aside, but for these; how many files that were.
    pub(in crate::content) fn forget_retired(&self, kept: &HashSet<Digest>) -> usize {
        let mut state = self.state();
        let over: Vec<_> = state.retired.difference(kept).copied().collect();
        for digest in &over {
            state.forget(digest);
        }
        over.len()
    }

    /// Small files that lie in `files/`: earlier versions have put them there.
    pub(in crate::content) fn are_unpacked(&self, digests: impl IntoIterator<Item = Digest>) {
        self.state().unpacked.extend(digests);
    }

    /// Whether a small file may lie in `files/`.
    pub(in crate::content) fn maybe_unpacked(&self, digest: &Digest) -> bool {
        self.state().unpacked.contains(digest)
    }

    /// Removes what is there, with the right size, from a list of files.
    pub(in crate::content) fn take_from(&self, contents: &mut BTreeMap<Digest, u64>) {
        let state = self.state();
        contents.retain(|digest, size| state.found(digest, *size).is_none());
    }

    /// The sizes of the files that are aside.
    #[cfg(test)]
    pub(in crate::content) fn retired_sizes(&self) -> Vec<u64> {
        let state = self.state();
        state.retired.iter().filter_map(|it| Some(state.place(it)?.length.into())).collect()
    }
}
