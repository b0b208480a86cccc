//! Reading what is packed.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    io,
    os::unix::fs::FileExt,
};

use bytes::Bytes;

use super::{Packs, pack_path, state::Place};
use crate::{
    content::{LibraryError, StoredFile},
    model::Digest,
};

/// Files that are no further from each other are read together: to ask for the second one alone costs
/// more than to read so much.
const GAP: u32 = 4 << 10;

/// A packed file that was read to be verified.
pub(in crate::content) struct PackedFile {
    pub(in crate::content) place: Place,
    pub(in crate::content) bytes: io::Result<Vec<u8>>,
}

impl PackedFile {
    /// Whether its bytes are those of a digest.
    pub(in crate::content) fn is(&self, digest: &Digest) -> bool {
        self.bytes.as_ref().is_ok_and(|bytes| Digest::of(bytes) == *digest)
    }
}

impl Packs {
    /// A file, if it is there with the right size.
    pub(in crate::content) fn stored(
        &self,
        digest: &Digest,
        size: u64,
    ) -> Result<Option<StoredFile>, LibraryError> {
        let mut state = self.state();
        let Some(place) = state.found(digest, size) else { return Ok(None) };
        match state.open(place.pack, &self.directory) {
            Ok(file) => Ok(Some(StoredFile::part(file, place.at.into(), size))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => {
                Err(LibraryError::io("open", &pack_path(&self.directory, place.pack))(error))
            }
        }
    }

    /// Reads a file whole, and says where from; `None` if it is not there.
    pub(in crate::content) fn read(&self, digest: &Digest, size: u64) -> Option<PackedFile> {
        let (place, file) = {
            let mut state = self.state();
            let place = state.found(digest, size)?;
            (place, state.open(place.pack, &self.directory))
        };
        let bytes = file.and_then(|file| {
            let mut bytes = vec![0; usize::try_from(place.length).unwrap_or_default()];
            file.read_exact_at(&mut bytes, place.at.into())?;
            Ok(bytes)
        });
        Some(PackedFile { place, bytes })
    }

    /// Reads files one behind the other into memory, those together that are neighbours; `None` if
    /// one of them is not packed, or cannot be read.
    pub(in crate::content) fn read_together(&self, files: &[(Digest, u64)]) -> Option<Bytes> {
        let mut packs = BTreeMap::new();
        let mut wanted = Vec::with_capacity(files.len());
        let mut total = 0_usize;
        {
            let mut state = self.state();
            for (digest, size) in files {
                let place = state.found(digest, *size)?;
                if let Entry::Vacant(vacant) = packs.entry(place.pack) {
                    vacant.insert(state.open(place.pack, &self.directory).ok()?);
                }
                wanted.push((place, total));
                total = total.checked_add(usize::try_from(place.length).ok()?)?;
            }
        }
        wanted.sort_unstable_by_key(|(place, _)| (place.pack, place.at));
        let mut bytes = vec![0; total];
        let mut run = Vec::new();
        let mut left = wanted.as_slice();
        while let Some((first, _)) = left.first() {
            let mut end = first.end();
            let near = |(place, _): &&(Place, usize)| {
                let near = place.pack == first.pack && place.at <= end.saturating_add(GAP);
                end = if near { end.max(place.end()) } else { end };
                near
            };
            let (neighbours, rest) = left.split_at_checked(left.iter().take_while(near).count())?;
            left = rest;
            run.resize(usize::try_from(end.checked_sub(first.at)?).ok()?, 0);
            packs.get(&first.pack)?.read_exact_at(&mut run, first.at.into()).ok()?;
            for (place, to) in neighbours {
                let from = usize::try_from(place.at.checked_sub(first.at)?).ok()?;
                let length = usize::try_from(place.length).ok()?;
                let file = run.get(from..from.checked_add(length)?)?;
                bytes.get_mut(*to..to.checked_add(length)?)?.copy_from_slice(file);
            }
        }
        Some(Bytes::from(bytes))
    }
}
