//! Taking the packages of a file into a library.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Read,
    sync::Arc,
};

use super::{
    super::{Intaken, Library, LibraryError, intake::Hash},
    PrestagedError,
    format::{Checking, DIGEST, Kind},
};
use crate::{
    model::{Digest, PackageId, PackageState},
    wire::file_list::FileList,
};

/// Files up to this size are taken into memory and written in one go; of larger ones so much is in
/// memory at a time.
const BLOCK: u64 = 256 << 10;

/// What a record holds, and how many bytes of it.
type Record = (Kind, u64);

/// The packages that have become visible.
pub type Extracted = BTreeMap<PackageId, PackageState>;

impl Library {
    /// Takes all packages of a file of prestaged content in and makes them visible; `source` is what
    /// is remembered of where they came from. Blocks.
    ///
    /// # Errors
    ///
    /// The file is damaged or cut off, or the disk refuses. Nothing of it is visible then, and what
    /// was visible before still is.
    pub fn extract(&self, from: impl Read, source: &str) -> Result<Extracted, PrestagedError> {
        let mut checking = Checking::begin(from)?;
        let (lists, first_file) = lists(&mut checking)?;
        let begun = self.begin_all(&lists);
        let taken = begun.and_then(|()| self.take_files(&mut checking, &lists, first_file));
        let extracted = taken.and_then(|()| {
            let publish = |list: &Arc<FileList>| {
                let state = self.publish(list.package(), BTreeSet::from([source.to_owned()]))?;
                Ok((list.package().clone(), state))
            };
            lists.iter().map(publish).collect()
        });
        if extracted.is_err() {
            self.abandon_all(&lists)?;
        }
        extracted
    }

    fn begin_all(&self, lists: &[Arc<FileList>]) -> Result<(), PrestagedError> {
        for list in lists {
            self.begin(Arc::clone(list))?;
        }
        Ok(())
    }

    /// Removes what has come of packages that are not to become visible.
    fn abandon_all(&self, lists: &[Arc<FileList>]) -> Result<(), LibraryError> {
        // What still waits to take its place would do so after it was removed.
        let settled = self.settle();
        for list in lists {
            let pending = self.pending(list.package());
            if pending.is_some_and(|pending| pending.digest() == list.digest()) {
                self.abandon(list.package())?;
            }
        }
        self.compact();
        settled
    }

    fn take_files(
        &self,
        checking: &mut Checking<impl Read>,
        lists: &[Arc<FileList>],
        first: Record,
    ) -> Result<(), PrestagedError> {
        let mut contents = BTreeMap::new();
        for (digest, size) in lists.iter().flat_map(|list| list.contents()) {
            if contents.insert(digest, size).is_some_and(|other| other != size) {
                let what = format!("{digest} has two sizes");
                return Err(PrestagedError::Damaged(what));
            }
        }
        let missing = contents.iter().filter(|(digest, size)| !self.has(digest, **size));
        self.check_room(&missing.map(|(digest, size)| (*digest, *size)).collect())?;
        let mut next = first;
        for (digest, size) in contents {
            let wanted = (Kind::File, DIGEST.saturating_add(size));
            if next != wanted || checking.digest()? != digest {
                let what = format!("{digest} of {size} bytes is not where it has to be");
                return Err(PrestagedError::Damaged(what));
            }
            self.take_file(checking, digest, size)?;
            next = checking.record()?;
        }
        match next {
            (Kind::End, _) => Ok(()),
            _ => Err(PrestagedError::Damaged("it has more files than its packages".to_owned())),
        }
    }

    fn take_file(
        &self,
        checking: &mut Checking<impl Read>,
        digest: Digest,
        size: u64,
    ) -> Result<(), PrestagedError> {
        let wrong = || PrestagedError::Damaged(format!("the bytes of {digest} are others"));
        let mut block = vec![0; usize::try_from(size.min(BLOCK)).unwrap_or_default()];
        if size <= BLOCK {
            checking.fill(&mut block)?;
            let stored = if self.has(&digest, size) {
                Digest::of(&block) == digest
            } else {
                self.store(None, digest, &block)?
            };
            return if stored { Ok(()) } else { Err(wrong()) };
        }
        // What is there is read all the same, and has to be right.
        let mut intake =
            if self.has(&digest, size) { None } else { Some(self.incoming(digest, size)?) };
        let mut hash = Hash::new();
        let mut left = size;
        while left > 0 {
            let length = usize::try_from(left.min(BLOCK)).unwrap_or_default();
            let block = block.get_mut(..length).unwrap_or_default();
            checking.fill(block)?;
            match &mut intake {
                Some(intake) => intake.write(block)?,
                None => hash.update(block),
            }
            left -= left.min(BLOCK);
        }
        let right = match intake {
            Some(intake) => intake.finish()? == Intaken::Verified,
            None => hash.finish() == digest,
        };
        if right { Ok(()) } else { Err(wrong()) }
    }
}

/// The lists of files that a file begins with, and what comes after them.
fn lists(
    checking: &mut Checking<impl Read>,
) -> Result<(Vec<Arc<FileList>>, Record), PrestagedError> {
    let mut lists: Vec<Arc<FileList>> = Vec::new();
    let mut bytes = 0_u64;
    let most = FileList::MAX_BYTES as u64;
    loop {
        let (kind, length) = checking.record()?;
        if kind != Kind::Package {
            if lists.is_empty() {
                return Err(PrestagedError::Damaged("it has no packages".to_owned()));
            }
            return Ok((lists, (kind, length)));
        }
        bytes = bytes.saturating_add(length);
        if bytes > most {
            return Err(PrestagedError::TooMuch);
        }
        let list = Arc::new(FileList::decode(&take_list(checking, length)?)?);
        if lists.last().is_some_and(|before| before.package() >= list.package()) {
            let what = format!("package {} is not where it has to be", list.package());
            return Err(PrestagedError::Damaged(what));
        }
        lists.push(list);
    }
}

/// Reads a list as it comes: a length that is not true costs no memory.
fn take_list(checking: &mut Checking<impl Read>, length: u64) -> Result<Vec<u8>, PrestagedError> {
    let mut encoded = Vec::new();
    let mut block = vec![0; usize::try_from(length.min(BLOCK)).unwrap_or_default()];
    let mut left = length;
    while left > 0 {
        let length = usize::try_from(left.min(BLOCK)).unwrap_or_default();
        let block = block.get_mut(..length).unwrap_or_default();
        checking.fill(block)?;
        encoded.extend_from_slice(block);
        left -= left.min(BLOCK);
    }
    Ok(encoded)
}
