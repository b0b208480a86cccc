//! What a content library knows of itself without looking at the disk.

use std::{collections::BTreeMap, sync::Arc};

use super::record::PackageRecord;
use crate::{
    model::{Digest, PackageId},
    wire::file_list::FileList,
};

/// The packages of a library, those on their way to it, and who needs which file.
#[derive(Debug, Default)]
pub(super) struct Index {
    pub(super) packages: BTreeMap<PackageId, Arc<PackageRecord>>,
    pub(super) pending: BTreeMap<PackageId, Arc<FileList>>,
    uses: BTreeMap<Digest, Use>,
}

#[derive(Debug)]
struct Use {
    size: u64,
    /// How many lists have the file; never 0.
    lists: u32,
}

impl Index {
    /// Makes a package visible instead of what it was. Answers files that nothing needs any more.
    pub(super) fn put_package(&mut self, record: PackageRecord) -> Vec<Digest> {
        self.need(&record.list);
        let before = self.packages.insert(record.list.package().clone(), Arc::new(record));
        before.map(|record| self.leave(&record.list)).unwrap_or_default()
    }

    /// Puts a package on its way. Answers files that nothing needs any more.
    pub(super) fn put_pending(&mut self, list: Arc<FileList>) -> Vec<Digest> {
        self.need(&list);
        let before = self.pending.insert(list.package().clone(), list);
        before.map(|list| self.leave(&list)).unwrap_or_default()
    }

    pub(super) fn remove_package(&mut self, package: &PackageId) -> Vec<Digest> {
        let before = self.packages.remove(package);
        before.map(|record| self.leave(&record.list)).unwrap_or_default()
    }

    pub(super) fn remove_pending(&mut self, package: &PackageId) -> Vec<Digest> {
        let before = self.pending.remove(package);
        before.map(|list| self.leave(&list)).unwrap_or_default()
    }

    /// The size of a file that some package needs.
    pub(super) fn size(&self, digest: &Digest) -> Option<u64> {
        self.uses.get(digest).map(|needed| needed.size)
    }

    /// All files that some package needs, visible or on its way, by digest.
    pub(super) fn contents(&self) -> Vec<(Digest, u64)> {
        self.uses.iter().map(|(digest, needed)| (*digest, needed.size)).collect()
    }

    fn need(&mut self, list: &FileList) {
        for (digest, size) in list.contents() {
            self.uses.entry(digest).or_insert(Use { size, lists: 0 }).lists += 1;
        }
    }

    fn leave(&mut self, list: &FileList) -> Vec<Digest> {
        let mut unneeded = Vec::new();
        for digest in list.contents().into_keys() {
            if let Some(needed) = self.uses.get_mut(&digest) {
                needed.lists = needed.lists.saturating_sub(1);
                if needed.lists == 0 {
                    self.uses.remove(&digest);
                    unneeded.push(digest);
                }
            }
        }
        unneeded
    }
}
