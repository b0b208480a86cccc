//! What is in which pack, in memory: about sixty bytes for each file.

use std::{
    collections::{BTreeMap, HashMap, HashSet, VecDeque},
    fs::File,
    path::Path,
    sync::Arc,
};

use super::{format::RECORD, pack_path};
use crate::model::Digest;

/// So many packs are kept open to be read.
const OPEN: usize = 64;

/// Where a file lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::content) struct Place {
    pub(super) pack: u32,
    /// Where its bytes begin in the pack.
    pub(super) at: u32,
    pub(super) length: u32,
}

#[derive(Debug, Default)]
pub(super) struct State {
    places: HashMap<Digest, Place>,
    /// Those of them that no package needs any more, kept for a while.
    pub(super) retired: HashSet<Digest>,
    /// Small files that lie in `files/`, where earlier versions have put them.
    pub(super) unpacked: HashSet<Digest>,
    pub(super) packs: BTreeMap<u32, Pack>,
    /// Packs that are open to be read, the one that was opened last at the end.
    open: VecDeque<(u32, Arc<File>)>,
    /// Packs that have more than the disk may have.
    pub(super) unsettled: BTreeMap<u32, Unsettled>,
    pub(super) unsettled_bytes: u64,
    /// How often the disk has refused what was appended.
    pub(super) doubts: u64,
    /// The highest number that a pack has had.
    last: u32,
}

/// A pack, by its bytes.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Pack {
    pub(super) length: u64,
    /// Those of records that are read.
    pub(super) live: u64,
}

/// A pack that waits to be settled.
#[derive(Debug)]
pub(super) struct Unsettled {
    pub(super) file: Arc<File>,
    /// What is durable of it.
    pub(super) settled: u32,
    /// Whether its name may not be durable.
    pub(super) new: bool,
    /// It takes no more: it can have an index.
    pub(super) full: bool,
}

impl Place {
    /// The bytes of the record in its pack.
    fn bytes(self) -> u64 {
        u64::from(self.length).saturating_add(u64::from(RECORD))
    }

    /// Where the record begins.
    pub(super) fn start(self) -> u32 {
        self.at.saturating_sub(RECORD)
    }

    /// Where the record ends.
    pub(super) fn end(self) -> u32 {
        self.at.saturating_add(self.length)
    }
}

impl State {
    /// A file lies there from now on, wherever it was before.
    pub(super) fn put(&mut self, digest: Digest, place: Place) {
        if let Some(before) = self.places.insert(digest, place) {
            self.dies(before);
        }
        self.retired.remove(&digest);
        self.pack(place.pack).live += place.bytes();
    }

    /// Those of some files that are not there; what is aside comes back.
    pub(super) fn new_ones<'a>(&mut self, files: &[(Digest, &'a [u8])]) -> Vec<(Digest, &'a [u8])> {
        let mut new = Vec::with_capacity(files.len());
        for (digest, file) in files {
            self.retired.remove(digest);
            if self.found(digest, file.len() as u64).is_none() {
                new.push((*digest, *file));
            }
        }
        new
    }

    /// A file is not to be read any more; where it was.
    pub(super) fn forget(&mut self, digest: &Digest) -> Option<Place> {
        self.retired.remove(digest);
        let place = self.places.remove(digest)?;
        self.dies(place);
        Some(place)
    }

    fn dies(&mut self, place: Place) {
        let pack = self.pack(place.pack);
        pack.live = pack.live.saturating_sub(place.bytes());
    }

    fn pack(&mut self, number: u32) -> &mut Pack {
        self.packs.entry(number).or_default()
    }

    /// Where a file lies that can be read and has that size.
    pub(super) fn found(&self, digest: &Digest, size: u64) -> Option<Place> {
        let place = self.places.get(digest).copied()?;
        (u64::from(place.length) == size && !self.retired.contains(digest)).then_some(place)
    }

    /// Where a file lies, retired or not.
    pub(super) fn place(&self, digest: &Digest) -> Option<Place> {
        self.places.get(digest).copied()
    }

    /// All files for which this is so.
    pub(super) fn digests(&self, wanted: impl Fn(&Digest, Place) -> bool) -> Vec<Digest> {
        let places = self.places.iter();
        places
            .filter(|(digest, place)| wanted(digest, **place))
            .map(|(digest, _)| *digest)
            .collect()
    }

    /// The files of a pack, in the order of their places.
    pub(super) fn of_pack(&self, number: u32) -> Vec<(Digest, Place)> {
        let places = self.places.iter().filter(|(_, place)| place.pack == number);
        let mut found: Vec<_> = places.map(|(digest, place)| (*digest, *place)).collect();
        found.sort_unstable_by_key(|(_, place)| place.at);
        found
    }

    pub(super) fn next_number(&mut self) -> u32 {
        self.last = self.last.saturating_add(1);
        self.last
    }

    /// There is a pack.
    pub(super) fn known(&mut self, number: u32, length: u64) {
        self.used(number);
        self.pack(number).length = length;
    }

    /// No pack that is begun gets this number.
    pub(super) fn used(&mut self, number: u32) {
        self.last = self.last.max(number);
    }

    /// A pack was begun.
    pub(super) fn begun(&mut self, number: u32, file: &Arc<File>, length: u64) {
        self.known(number, length);
        let (file, settled) = (Arc::clone(file), 0);
        self.keep_open(number, Arc::clone(&file));
        self.unsettled.insert(number, Unsettled { file, settled, new: true, full: false });
    }

    /// A pack takes no more.
    pub(super) fn full(&mut self, number: u32, file: &Arc<File>) {
        let settled = self.packs.get(&number).map_or(0, |pack| pack.length);
        let settled = u32::try_from(settled).unwrap_or(u32::MAX);
        let waiting = self.unsettled.entry(number);
        let file = Arc::clone(file);
        waiting.or_insert(Unsettled { file, settled, new: false, full: true }).full = true;
    }

    /// A pack has grown.
    pub(super) fn appended(&mut self, number: u32, file: &Arc<File>, from: u32, to: u32) {
        let (length, grown) = (u64::from(to), u64::from(to.saturating_sub(from)));
        self.pack(number).length = length;
        self.unsettled_bytes = self.unsettled_bytes.saturating_add(grown);
        let new = || Unsettled { file: Arc::clone(file), settled: from, new: false, full: false };
        self.unsettled.entry(number).or_insert_with(new);
    }

    /// A pack is gone, in which nothing was left.
    pub(super) fn gone(&mut self, number: u32) {
        self.open.retain(|(open, _)| *open != number);
        self.unsettled.remove(&number);
        self.packs.remove(&number);
    }

    /// A pack is gone, or cut: from there on, there is nothing in it.
    pub(super) fn cut(&mut self, number: u32, end: u64) {
        let behind =
            |_: &Digest, place: Place| place.pack == number && u64::from(place.end()) > end;
        for digest in self.digests(behind) {
            self.forget(&digest);
        }
        if end == 0 {
            self.gone(number);
        } else {
            self.open.retain(|(open, _)| *open != number);
            self.unsettled.remove(&number);
            self.pack(number).length = end;
        }
    }

    /// A pack to be read.
    pub(super) fn open(&mut self, number: u32, directory: &Path) -> std::io::Result<Arc<File>> {
        if let Some((_, file)) = self.open.iter().find(|(open, _)| *open == number) {
            return Ok(Arc::clone(file));
        }
        let file = Arc::new(File::open(pack_path(directory, number))?);
        self.keep_open(number, Arc::clone(&file));
        Ok(file)
    }

    fn keep_open(&mut self, number: u32, file: Arc<File>) {
        if self.open.len() >= OPEN {
            self.open.pop_front();
        }
        self.open.push_back((number, file));
    }
}
