//! From written to durable.

use std::{collections::BTreeMap, fs::File, io, os::unix::fs::FileExt, path::Path};

use super::{
    Packs,
    format::{DAMAGED, STATE, write_index},
    index_path, lock, pack_path, remove,
    scanning::heads,
    state::{Place, Unsettled},
};
use crate::{
    content::{LibraryError, durable},
    model::Digest,
};

impl Packs {
    /// Makes all files durable that were appended. Who finds nothing waiting waits for what is on its
    /// way.
    pub(in crate::content) fn settle(&self) -> Result<(), LibraryError> {
        let _settling = lock(&self.settling);
        let waiting = {
            let mut state = self.state();
            state.unsettled_bytes = 0;
            std::mem::take(&mut state.unsettled)
        };
        if let Err(error) = sync(&self.directory, &waiting) {
            self.doubt(&waiting);
            return Err(LibraryError::io("sync", &self.directory)(error));
        }
        for (number, pack) in waiting.iter().filter(|(_, pack)| pack.full) {
            // Without its index it is hashed when the library opens, no more than that.
            if let Err(error) = write_index_of(&self.directory, *number, &pack.file) {
                tracing::warn!(pack = number, %error, "a pack has no index");
            }
        }
        Ok(())
    }

    /// How much is durable of packs that wait to be settled.
    #[cfg(test)]
    pub(super) fn durable(&self) -> BTreeMap<u32, u32> {
        let state = self.state();
        state.unsettled.iter().map(|(number, pack)| (*number, pack.settled)).collect()
    }

    /// Forgets what the disk has refused: it may say that it has it when it is asked again.
    fn doubt(&self, waiting: &BTreeMap<u32, Unsettled>) {
        let mut writer = self.writer();
        if writer.as_ref().is_some_and(|it| waiting.contains_key(&it.number)) {
            *writer = None;
        }
        let mut state = self.state();
        state.doubts = state.doubts.saturating_add(1);
        for (number, pack) in waiting {
            let doubted =
                |_: &Digest, place: Place| place.pack == *number && place.start() >= pack.settled;
            for digest in state.digests(doubted) {
                state.forget(&digest);
            }
        }
    }

    /// Marks a damaged record, so that it is not read any more. Whether it was still in use: it may
    /// have been replaced meanwhile.
    pub(in crate::content) fn bury(
        &self,
        digest: &Digest,
        place: Place,
    ) -> Result<bool, LibraryError> {
        let _settling = lock(&self.settling);
        if self.state().place(digest) != Some(place) {
            return Ok(false);
        }
        let path = pack_path(&self.directory, place.pack);
        // The index says what is to be read: without it, the pack is asked.
        durable::remove(&index_path(&self.directory, place.pack))?;
        let marked = File::options().write(true).open(&path).and_then(|pack| {
            mark(&pack, place.start())?;
            pack.sync_data()
        });
        // A disk that cannot read it may not take the mark either: it is hashed at the next start.
        if let Err(error) = marked {
            tracing::warn!(%digest, path = %path.display(), %error, "a record was not marked");
        }
        Ok(self.state().forget(digest).is_some())
    }

    /// Forgets what is not on the disk any more: packs that somebody has removed or cut.
    pub(in crate::content) fn look(&self) {
        let known: Vec<_> =
            self.state().packs.iter().map(|(number, pack)| (*number, pack.length)).collect();
        let found = |number| match std::fs::metadata(pack_path(&self.directory, number)) {
            Ok(found) => Some(if found.is_file() { found.len() } else { 0 }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Some(0),
            // Who cannot look does not know: it is as it was.
            Err(_) => None,
        };
        let lost: Vec<_> = known
            .into_iter()
            .filter_map(|(number, length)| Some((number, length, found(number)?)))
            .filter(|(_, length, found)| found < length)
            .collect();
        if lost.is_empty() {
            return;
        }
        let mut writer = self.writer();
        let mut state = self.state();
        for (number, length, found) in lost {
            // Unless it was rewritten and removed by this process in this moment.
            if state.packs.contains_key(&number) {
                tracing::warn!(pack = number, length, found, "a pack was removed or cut");
                writer.take_if(|it| it.number == number);
                state.cut(number, found);
            }
        }
    }
}

/// Marks the record that begins there as damaged.
pub(super) fn mark(pack: &File, start: u32) -> io::Result<()> {
    pack.write_all_at(&[DAMAGED], u64::from(start).saturating_add(u64::from(STATE)))
}

fn sync(directory: &Path, waiting: &BTreeMap<u32, Unsettled>) -> io::Result<()> {
    waiting.values().try_for_each(|pack| pack.file.sync_data())?;
    if waiting.values().any(|pack| pack.new) { File::open(directory)?.sync_all() } else { Ok(()) }
}

/// Writes the index of a pack that is durable, of which every record was verified when it was written
/// or when the library was opened.
pub(super) fn write_index_of(
    directory: &Path,
    number: u32,
    pack: &File,
) -> Result<(), LibraryError> {
    let path = pack_path(directory, number);
    let length = pack.metadata().map_err(LibraryError::io("read", &path))?.len();
    let scanned = heads(pack, u32::try_from(length).unwrap_or_default());
    match scanned.filter(|scanned| !scanned.gaps) {
        Some(scanned) => {
            durable::write(&index_path(directory, number), &write_index(&scanned.records))
        }
        // What is between the records may look like some: such a pack is hashed each time.
        None => remove(&index_path(directory, number)),
    }
}
