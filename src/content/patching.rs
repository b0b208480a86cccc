//! Making patches of a new version of a package, and files of patches.

use std::{
    collections::{BTreeSet, HashSet},
    fs::File,
    thread,
};

use super::{
    Claim, Intake, Library, LibraryError,
    garbage::remove,
    intake::Hash,
    patch::{self, Header, PatchError},
    patches::{LARGEST_PATCHED, may_be_patched, read_whole},
};
use crate::{
    error_text::with_causes,
    model::{Digest, PackageId},
    wire::file_list::{FileEntry, FileList},
};

/// For so many bytes of files patches are made when a package is taken in: a minute or two of a
/// processor, while slow links gain hours. The others travel as a whole.
const BUDGET: u64 = 256 << 20;

/// Making patches leaves the processors to everything else.
const NICE: i32 = 10;

/// What came of a patch.
#[derive(Debug)]
pub enum Applied {
    /// The file is the right one: [`Library::settle`] makes it part of the library.
    Verified,
    /// It did not work: the file has to come as a whole.
    Failed {
        /// The right to fetch it.
        claim: Claim,
        /// Why.
        why: String,
    },
}

impl Library {
    /// Makes patches for the large files of a package that were others in the version before, one after
    /// the other, with low priority. What does not work is told in the log: the files are there, and
    /// travel as a whole.
    pub fn make_patches(&self, package: &PackageId, before: &FileList) {
        let Some(list) = self.list(package) else { return };
        let pairs = pairs(before, &list);
        if pairs.is_empty() {
            return;
        }
        let work = || {
            // If it may not, it works as everybody else does.
            #[cfg(target_os = "linux")]
            let _ = rustix::process::nice(NICE);
            for (old, new) in &pairs {
                match self.make_patch(&old.digest, &new.digest) {
                    Ok(Some(size)) => {
                        tracing::info!(path = %new.path, of = new.size, size, "a patch was made");
                    }
                    Ok(None) => {
                        tracing::debug!(path = %new.path, "it has a patch, or one would not save half");
                    }
                    Err(error) => {
                        let error = with_causes(&error);
                        tracing::warn!(path = %new.path, error, "no patch could be made");
                    }
                }
            }
        };
        // A thread of its own: its priority cannot be taken back.
        thread::scope(|scope| drop(scope.spawn(work).join()));
    }

    /// Makes the patch of two files, tries it and keeps it; its size, if it is worth it.
    fn make_patch(&self, old: &Digest, new: &Digest) -> Result<Option<u64>, PatchError> {
        if self.patches(new)?.patches.iter().any(|it| it.from == *old) {
            return Ok(None);
        }
        let layout = self.layout();
        let aside = layout.retired(old);
        let place = Some(layout.file(old)).filter(|path| path.exists()).unwrap_or(aside);
        let read = |path| read_whole(path, LARGEST_PATCHED).map_err(PatchError::Old);
        let (Some(before), Some(after)) = (read(&place)?, read(&layout.file(new))?) else {
            return Ok(None);
        };
        let Some(made) = patch::make(&before, &after) else { return Ok(None) };
        drop((before, after));
        let old_file = File::open(&place).map_err(PatchError::Old)?;
        let mut hash = Hash::new();
        patch::apply(&old_file, &made, |part| {
            hash.update(part);
            Ok(())
        })?;
        if hash.finish() != *new {
            return Err(PatchError::Wrong("it makes another file"));
        }
        self.keep_patch(new, old, &made)?;
        Ok(Some(made.len() as u64))
    }

    /// Makes a file of a patch, which is kept, and of another file that is there. Nothing of a wrong one
    /// stays.
    ///
    /// # Errors
    ///
    /// The disk is full, or refuses.
    pub fn apply_patch(
        &self,
        claim: Claim,
        size: u64,
        from: &Digest,
        patch: &[u8],
    ) -> Result<Applied, LibraryError> {
        let digest = claim.digest();
        let failed = |claim, why: &dyn std::error::Error| {
            Ok(Applied::Failed { claim, why: with_causes(why) })
        };
        match Header::read(patch) {
            Ok(header) if header.new == size => {}
            Ok(_) => return failed(claim, &PatchError::Wrong("it makes a file of another size")),
            Err(error) => return failed(claim, &error),
        }
        let old = match File::open(self.layout().file(from)) {
            Ok(old) => old,
            Err(error) => return failed(claim, &error),
        };
        let mut intake = Intake::incoming(self, digest, size)?;
        match patch::apply(&old, patch, |part| intake.write(part)) {
            Ok(()) if intake.is_right() => {}
            Ok(()) => return failed(claim, &PatchError::Wrong("it makes another file")),
            Err(PatchError::Library(error)) => return Err(error),
            Err(error) => return failed(claim, &error),
        }
        // What was downloaded of it as a whole is not needed any more.
        remove(&self.layout().partial(&digest))?;
        intake.with_claim(claim).finish()?;
        if self.shares_downloads() {
            self.settle()?;
        }
        // For those who take it from here: without it they get the whole file.
        if let Err(error) = self.keep_patch(&digest, from, patch) {
            tracing::warn!(%digest, error = with_causes(&error), "a patch is not kept");
        }
        Ok(Applied::Verified)
    }
}

/// The large files that are new in a version, each with the one that it was before.
fn pairs<'a>(before: &'a FileList, after: &'a FileList) -> Vec<(&'a FileEntry, &'a FileEntry)> {
    let [old, new] = [before, after].map(FileList::contents);
    let large = |file: &&FileEntry| may_be_patched(file.size);
    let gone: Vec<_> =
        before.files().iter().filter(large).filter(|it| !new.contains_key(&it.digest)).collect();
    let (mut seen, mut left) = (BTreeSet::new(), BUDGET);
    let mut pairs = Vec::new();
    for file in after.files().iter().filter(large) {
        if old.contains_key(&file.digest) || !seen.insert(file.digest) || file.size > left {
            continue;
        }
        let same = before.file(&file.path).filter(large);
        let was = same.or_else(|| alike(&gone, file.path.as_str()));
        // Pieces that are the same do not travel anyway.
        let was = was.filter(|was| !mostly_same(was, file));
        if let Some(was) = was {
            left -= file.size;
            pairs.push((was, file));
        }
    }
    pairs
}

/// Whether more than half of the pieces of a file are in another one.
fn mostly_same(was: &FileEntry, is: &FileEntry) -> bool {
    let (Some(was), Some(is)) = (&was.pieces, &is.pieces) else { return false };
    let there: HashSet<_> = was.iter().collect();
    let same = is.iter().filter(|hash| there.contains(hash)).count() as u64;
    same.saturating_mul(2) > is.len()
}

/// The file that went with a name most like this one, such as one with another version in it.
fn alike<'a>(gone: &[&'a FileEntry], path: &str) -> Option<&'a FileEntry> {
    let common = |other: &str| {
        let same = |(a, b): &(u8, u8)| a == b;
        let front = path.bytes().zip(other.bytes()).take_while(same).count();
        let back = path.bytes().rev().zip(other.bytes().rev()).take_while(same).count();
        front.saturating_add(back)
    };
    let most = gone.iter().max_by_key(|file| common(file.path.as_str()))?;
    (common(most.path.as_str()).saturating_mul(2) >= path.len()).then_some(*most)
}
