//! Packs of which most is not needed any more: what is left of one is copied behind the others, and
//! the pack goes. Whoever has it open reads on; whenever a crash comes, each file is in one of both.

use std::os::unix::fs::FileExt;

use super::{HEAD, Packs, index_path, lock, pack_path, remove, state::Place};
use crate::{content::LibraryError, model::Digest};

/// So much is copied at a time, in writes of that size.
const COPIED: u64 = 64 << 20;
const BLOCK: usize = 1 << 20;

/// It is not worth the work where less room becomes free.
const WORTH: u64 = 1 << 20;

/// Who takes the bytes of a damaged file.
type Aside<'a> = &'a dyn Fn(&Digest, &[u8]) -> Result<(), LibraryError>;

impl Packs {
    /// Removes packs that nothing needs, and rewrites some of those of which less than half is needed.
    /// Damaged files are given to `aside`, and are not there any more.
    pub(in crate::content) fn compact(&self, aside: Aside<'_>) -> Result<(), LibraryError> {
        let _compacting = lock(&self.compacting);
        self.remove_unneeded()?;
        let mut copied = 0_u64;
        while copied < COPIED
            && let Some(number) = self.less_than_half()
        {
            copied = copied.saturating_add(self.rewrite(number, aside)?).saturating_add(1);
        }
        Ok(())
    }

    /// Gives the room of what nothing needs back at once, where copying would need some; whether there
    /// was any.
    pub(in crate::content) fn make_room(&self) -> Result<bool, LibraryError> {
        let _compacting = lock(&self.compacting);
        let mut freed = self.remove_unneeded()?;
        let numbers: Vec<_> = self.state().packs.keys().copied().collect();
        for number in numbers {
            freed |= self.punch(number)?;
        }
        Ok(freed)
    }

    /// Removes packs of which nothing is needed; whether there were any. Held: `compacting`, as copies
    /// are not known yet.
    fn remove_unneeded(&self) -> Result<bool, LibraryError> {
        let _settling = lock(&self.settling);
        let unneeded: Vec<_> = {
            let (mut writer, mut state) = (self.writer(), self.state());
            let packs = state.packs.iter();
            let unneeded = packs.filter(|(_, it)| it.live == 0 && it.length > HEAD.len() as u64);
            let unneeded: Vec<_> = unneeded.map(|(number, _)| *number).collect();
            for number in &unneeded {
                writer.take_if(|it| it.number == *number);
                state.gone(*number);
            }
            unneeded
        };
        for number in &unneeded {
            remove(&index_path(&self.directory, *number))?;
            remove(&pack_path(&self.directory, *number))?;
        }
        Ok(!unneeded.is_empty())
    }

    /// A pack of which less than half is needed; it takes no more.
    fn less_than_half(&self) -> Option<u32> {
        let (mut writer, state) = (self.writer(), self.state());
        let (number, _) = state.packs.iter().find(|(_, pack)| {
            let dead = pack.length.saturating_sub(pack.live);
            dead > pack.live && dead >= WORTH
        })?;
        writer.take_if(|it| it.number == *number);
        Some(*number)
    }

    /// Copies what is needed of a pack, and removes it; how many bytes were copied.
    fn rewrite(&self, number: u32, aside: Aside<'_>) -> Result<u64, LibraryError> {
        let path = pack_path(&self.directory, number);
        let (records, pack, doubts) = {
            let mut state = self.state();
            (state.of_pack(number), state.open(number, &self.directory), state.doubts)
        };
        let pack = pack.map_err(LibraryError::io("open", &path))?;
        let mut moves: Vec<(Digest, Place, Place)> = Vec::with_capacity(records.len());
        let mut copied = 0_u64;
        let mut block: Vec<(Digest, Place, Vec<u8>)> = Vec::new();
        let mut bytes = 0;
        for (digest, place) in records {
            let mut file = vec![0; usize::try_from(place.length).unwrap_or_default()];
            let read = pack.read_exact_at(&mut file, place.at.into());
            if read.is_err() || Digest::of(&file) != digest {
                tracing::warn!(%digest, "a small file is damaged, and was put aside");
                aside(&digest, if read.is_ok() { &file } else { &[] })?;
                self.forget_at(&digest, place);
                continue;
            }
            if bytes + file.len() > BLOCK {
                self.copy(&mut block, &mut moves)?;
                bytes = 0;
            }
            bytes += file.len();
            copied = copied.saturating_add(file.len() as u64);
            block.push((digest, place, file));
        }
        self.copy(&mut block, &mut moves)?;
        self.settle()?;
        self.replace(moves, doubts);
        self.remove_unneeded()?;
        tracing::debug!(pack = number, copied, "a pack was rewritten");
        Ok(copied)
    }

    fn copy(
        &self,
        block: &mut Vec<(Digest, Place, Vec<u8>)>,
        moves: &mut Vec<(Digest, Place, Place)>,
    ) -> Result<(), LibraryError> {
        if block.is_empty() {
            return Ok(());
        }
        let files: Vec<_> = block.iter().map(|(digest, _, file)| (*digest, &file[..])).collect();
        let places = self.write(&mut self.writer(), &files)?;
        let old = block.drain(..).map(|(digest, place, _)| (digest, place));
        moves.extend(old.zip(places).map(|((digest, from), to)| (digest, from, to)));
        Ok(())
    }

    /// Files are read from their copies from now on, unless something has become of them meanwhile.
    fn replace(&self, moves: Vec<(Digest, Place, Place)>, doubts: u64) {
        let mut state = self.state();
        // Somebody else was refused by the disk, which may not have the copies: what was copied stays.
        if state.doubts != doubts {
            return;
        }
        for (digest, from, to) in moves {
            if state.place(&digest) == Some(from) {
                let retired = state.retired.contains(&digest);
                state.put(digest, to);
                if retired {
                    state.retired.insert(digest);
                }
            }
        }
    }

    fn forget_at(&self, digest: &Digest, place: Place) {
        let mut state = self.state();
        if state.place(digest) == Some(place) {
            state.forget(digest);
        }
    }

    /// Gives the room between the files of a pack back; whether there was any.
    #[cfg(target_os = "linux")]
    fn punch(&self, number: u32) -> Result<bool, LibraryError> {
        use std::os::unix::fs::MetadataExt;

        use rustix::fs::{FallocateFlags, fallocate};
        let _settling = lock(&self.settling);
        let mut gaps = Vec::new();
        let mut end = u64::try_from(HEAD.len()).unwrap_or_default();
        for (_, place) in self.state().of_pack(number) {
            let gap = u64::from(place.start()).saturating_sub(end);
            if gap >= GAP {
                gaps.push((end, gap));
            }
            end = u64::from(place.end());
        }
        if gaps.is_empty() {
            return Ok(false);
        }
        let path = pack_path(&self.directory, number);
        // The index knows of files that are gone then: without it, the pack is asked.
        crate::content::durable::remove(&index_path(&self.directory, number))?;
        let pack = std::fs::File::options().write(true).open(&path);
        let pack = pack.map_err(LibraryError::io("open", &path))?;
        let taken = || {
            let found = pack.metadata().map_err(LibraryError::io("read", &path))?;
            Ok::<_, LibraryError>(found.blocks())
        };
        let before = taken()?;
        for (at, length) in gaps {
            let flags = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
            if fallocate(&pack, flags, at, length).is_err() {
                // Not every file system can.
                break;
            }
        }
        // Holes that were there already give nothing.
        Ok(taken()? < before)
    }

    #[cfg(not(target_os = "linux"))]
    fn punch(&self, _number: u32) -> Result<bool, LibraryError> {
        Ok(false)
    }
}

/// Smaller gaps give no room back.
#[cfg(target_os = "linux")]
const GAP: u64 = 8 << 10;
