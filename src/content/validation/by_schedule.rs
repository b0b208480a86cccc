//! Validation in the background: one file after the other, as slowly as is wanted, and taken up again
//! where it was interrupted.

use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};

use super::{
    super::{Library, LibraryError, intake::BLOCK},
    hashing::Hashed,
};
use crate::model::Digest;

/// How far a validation has come. Files are hashed in the order of their digests, so that one that
/// was interrupted goes on behind the last one, whatever has come or gone meanwhile.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ValidationProgress {
    /// The last file that was hashed.
    pub last: Option<Digest>,
    /// How many files were hashed.
    pub files: u64,
    /// How many bytes they have.
    pub bytes: u64,
    /// How many of them were damaged.
    pub damaged: u64,
}

impl Library {
    /// Hashes every file that a package needs, one after the other, from where `progress` ends. One
    /// whose bytes are not its own any more is put aside in `quarantine/`, so that it is never served
    /// again and counts as missing. What was put aside before and has been repaired, or is not needed any
    /// more, is removed when a validation begins.
    ///
    /// `hashed` is told how far it is and how many bytes were hashed in this run, at least once for
    /// each mebibyte; it may wait there, or end the run, which answers `None` then.
    ///
    /// # Errors
    ///
    /// The disk refuses more than a file.
    pub fn validate(
        &self,
        mut progress: ValidationProgress,
        hashed: &dyn Fn(&ValidationProgress, u64) -> ControlFlow<()>,
    ) -> Result<Option<ValidationProgress>, LibraryError> {
        if progress.last.is_none() {
            self.clear_quarantine()?;
        }
        self.packs().look();
        let contents = self.index().contents();
        let left = contents.into_iter().filter(|(digest, _)| Some(*digest) > progress.last);
        let mut of_run = 0;
        let mut block = vec![0; BLOCK];
        for (digest, size) in left.collect::<Vec<_>>() {
            // What is not there was noticed already.
            if self.has(&digest, size) {
                let bytes = &mut |read: u64| {
                    of_run += read;
                    hashed(&progress, of_run)
                };
                match self.hash(&digest, size, &mut block, bytes) {
                    Hashed::Ended => return Ok(None),
                    Hashed::Gone => {}
                    Hashed::Right => progress.add(size, false),
                    Hashed::Damaged => progress.add(size, self.put_aside(&digest)?),
                }
            }
            progress.last = Some(digest);
        }
        Ok(Some(progress))
    }
}

impl ValidationProgress {
    fn add(&mut self, size: u64, damaged: bool) {
        self.files += 1;
        self.bytes = self.bytes.saturating_add(size);
        self.damaged += u64::from(damaged);
    }
}
