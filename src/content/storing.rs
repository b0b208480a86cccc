//! Where verified files go: small ones into packs, larger ones to those that wait to be settled.

use std::{fs, io::Write};

use super::{Claim, Library, LibraryError, intake::Temporary, packs::PACKED, staging::Staged};
use crate::model::Digest;

impl Library {
    /// Stores a file that is in memory; `false` if the bytes are not those of the digest. With a
    /// claim, what is written is found again after a crash.
    ///
    /// # Errors
    ///
    /// The disk is full, or refuses.
    pub fn store(
        &self,
        claim: Option<Claim>,
        digest: Digest,
        bytes: &[u8],
    ) -> Result<bool, LibraryError> {
        if Digest::of(bytes) != digest {
            return Ok(false);
        }
        let size = bytes.len() as u64;
        if size <= PACKED {
            self.pack(&[(digest, bytes)])?;
            return Ok(true);
        }
        let path = self.with_room(|| {
            if claim.is_some() {
                let path = self.layout().partial(&digest);
                fs::write(&path, bytes).map_err(LibraryError::io("write", &path))?;
                return Ok(path);
            }
            let (temporary, mut file) = Temporary::create(self)?;
            file.write_all(bytes).map_err(LibraryError::io("write", temporary.path()))?;
            Ok(temporary.keep())
        })?;
        self.stage(Staged { path, digest, size, _claim: claim })?;
        Ok(true)
    }

    /// Stores small files that came together, with one write. The first one with other bytes than its
    /// digest says is answered, and those behind it are not stored.
    ///
    /// # Errors
    ///
    /// The disk is full, or refuses.
    pub fn store_together(
        &self,
        files: Vec<(Claim, &[u8])>,
    ) -> Result<Option<Digest>, LibraryError> {
        let wrong = files.iter().find(|(claim, bytes)| Digest::of(bytes) != claim.digest());
        let wrong = wrong.map(|(claim, _)| claim.digest());
        let (mut small, mut large) = (Vec::with_capacity(files.len()), Vec::new());
        for (claim, bytes) in files {
            if Some(claim.digest()) == wrong {
                break;
            }
            let packed = bytes.len() as u64 <= PACKED;
            if packed { small.push((claim, bytes)) } else { large.push((claim, bytes)) }
        }
        let packed: Vec<_> = small.iter().map(|(claim, bytes)| (claim.digest(), *bytes)).collect();
        if !packed.is_empty() {
            self.pack(&packed)?;
        }
        // They are there: who waits for one of them may look.
        drop(small);
        for (claim, bytes) in large {
            let digest = claim.digest();
            self.store(Some(claim), digest, bytes)?;
        }
        Ok(wrong)
    }

    /// Puts small files into packs, whose digests were verified.
    pub(super) fn pack(&self, files: &[(Digest, &[u8])]) -> Result<(), LibraryError> {
        self.with_room(|| self.packs().append(files))
    }

    /// Takes a file that was written and verified, and lies in `partial/` or `incoming/`.
    pub(super) fn stage(&self, staged: Staged) -> Result<(), LibraryError> {
        if staged.size <= PACKED {
            return self.pack_staged(&staged);
        }
        let digest = staged.digest;
        let many = self.staging().add(staged);
        self.claims().staged(&digest);
        if many { self.settle() } else { Ok(()) }
    }

    /// Moves a small file into a pack. Its claim ends with it.
    fn pack_staged(&self, staged: &Staged) -> Result<(), LibraryError> {
        let path = &staged.path;
        let packed = fs::read(path)
            .map_err(LibraryError::io("read", path))
            .and_then(|bytes| self.store(None, staged.digest, &bytes));
        // A download that has not become a file can be taken up again, but not one that is wrong.
        if packed.is_ok() || path.starts_with(self.layout().incoming()) {
            let removed = fs::remove_file(path).map_err(LibraryError::io("remove", path));
            packed.and(removed)
        } else {
            packed.map(drop)
        }
    }
}
