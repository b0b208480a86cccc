//! The patches that a library has beside its files: made where a package is taken in, kept where they
//! were used, and never part of a list of files. All of them can be missing at any time.

use std::{
    fs, io,
    io::{Read, Write},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

use super::{
    Library, LibraryError, StoredFile,
    garbage::{children, remove},
    intake::Temporary,
    patch::Header,
};
use crate::{
    model::Digest,
    store,
    wire::patches::{PatchEntry, PatchList},
};

/// Smaller files have no patches: they come in a moment.
const SMALLEST_PATCHED: u64 = 1 << 20;

/// Nor have larger ones: they would take too much memory.
pub(super) const LARGEST_PATCHED: u64 = super::patch::MAX_SIZE;

/// Whether files of this size have patches.
pub fn may_be_patched(size: u64) -> bool {
    (SMALLEST_PATCHED..=LARGEST_PATCHED).contains(&size)
}

/// The most patches of one file that are looked at.
const MOST: usize = 64;

impl Library {
    /// Whether a file is there, whatever its size.
    pub fn holds(&self, digest: &Digest) -> bool {
        fs::metadata(self.layout().file(digest)).is_ok_and(|found| found.is_file())
    }

    /// The patches that make a file.
    ///
    /// # Errors
    ///
    /// The disk refuses.
    pub fn patches(&self, new: &Digest) -> Result<PatchList, LibraryError> {
        let mut list = PatchList::default();
        for (from, digest, path) in self.patch_files(new)?.into_iter().take(MOST) {
            let opened = fs::File::open(&path).and_then(|file| {
                let mut head = [0; Header::BYTES];
                file.read_exact_at(&mut head, 0)?;
                Ok((file.metadata()?.len(), head))
            });
            // Removed in this moment, or damaged: one patch less.
            let Ok((size, head)) = opened else { continue };
            let Ok(Header { old_plain, new_plain, deflated, .. }) = Header::read(&head) else {
                continue;
            };
            let entry = PatchEntry { from, size, digest, old_plain, new_plain, deflated };
            list.patches.push(entry);
        }
        Ok(list)
    }

    /// Opens the patch that makes a file of another one, with the digest of its bytes.
    ///
    /// # Errors
    ///
    /// The disk refuses.
    pub fn open_patch(
        &self,
        new: &Digest,
        from: &Digest,
    ) -> Result<Option<(Digest, StoredFile)>, LibraryError> {
        let mut files = self.patch_files(new)?.into_iter();
        let Some((_, digest, path)) = files.find(|(it, _, _)| it == from) else { return Ok(None) };
        let Ok(size) = fs::metadata(&path).map(|found| found.len()) else { return Ok(None) };
        Ok(StoredFile::open(&path, size)?.map(|file| (digest, file)))
    }

    /// Keeps a patch for those who ask for it here, as long as the file is needed.
    ///
    /// # Errors
    ///
    /// The disk is full, or refuses.
    pub fn keep_patch(
        &self,
        new: &Digest,
        from: &Digest,
        patch: &[u8],
    ) -> Result<(), LibraryError> {
        let (temporary, mut file) = Temporary::create(self)?;
        let written = file.write_all(patch).and_then(|()| file.sync_data());
        written.map_err(LibraryError::io("write", temporary.path()))?;
        let name = format!("{}-{}", from.to_hex(), Digest::of(patch).to_hex());
        // Held, so that the file does not stop to be needed in this moment.
        let index = self.index();
        if index.size(new).is_none() {
            return Ok(());
        }
        let directory = self.layout().patches(new);
        fs::create_dir_all(&directory).map_err(LibraryError::io("create", &directory))?;
        for (_, _, other) in self.patch_files(new)?.into_iter().filter(|(it, _, _)| it == from) {
            remove(&other)?;
        }
        let place = directory.join(name);
        let kept = fs::rename(temporary.path(), &place);
        kept.map_err(LibraryError::io("move into", &place))?;
        temporary.keep();
        Ok(())
    }

    /// Removes the patches that make a file.
    pub(super) fn remove_patches(&self, new: &Digest) -> Result<(), LibraryError> {
        let directory = self.layout().patches(new);
        store::remove_directory(&directory).map_err(LibraryError::io("remove", &directory))
    }

    /// What a patch begins with, its own digest, and where it lies.
    fn patch_files(&self, new: &Digest) -> Result<Vec<(Digest, Digest, PathBuf)>, LibraryError> {
        let directory = self.layout().patches(new);
        if !directory.exists() {
            return Ok(Vec::new());
        }
        let mut found: Vec<_> = children(&directory)?
            .into_iter()
            .filter_map(|path| {
                let (from, own) = path.file_name()?.to_str()?.split_once('-')?;
                let [from, own] = [from, own].map(|hex| Digest::from_hex(hex).ok());
                Some((from?, own?, path))
            })
            .collect();
        found.sort();
        Ok(found)
    }
}

/// Reads a file of at most that size.
pub(super) fn read_whole(path: &Path, at_most: u64) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(at_most.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok((bytes.len() as u64 <= at_most).then_some(bytes))
}
