//! The file that says what was told (`notifications.json`), so that a restart tells nothing twice.

use std::{io, path::Path};

use super::NotifyError;
use crate::{engine::notifications::Memory, store};

/// Longer than any that is written: what it holds is bounded.
const LONGEST: u64 = 256 << 20;

/// The file that says what was told.
#[derive(Debug, Clone, Copy)]
pub struct MemoryFile<'a>(pub &'a Path);

impl MemoryFile<'_> {
    /// What it says; nothing, if it is not there.
    ///
    /// # Errors
    ///
    /// It cannot be read, or holds something else.
    pub fn read(self) -> Result<Memory, NotifyError> {
        let path = || self.0.to_owned();
        let failed = |source| NotifyError::Memory { doing: "read", path: path(), source };
        let Some(bytes) = store::read_bounded(self.0, LONGEST).map_err(failed)? else {
            return Ok(Memory::default());
        };
        serde_json::from_slice(&bytes)
            .map_err(|source| NotifyError::Damaged { path: path(), source })
    }

    /// Says what another one has said, if that makes sense. Blocks.
    ///
    /// # Errors
    ///
    /// It does not, or cannot be written.
    pub fn take_over(self, bytes: &[u8]) -> Result<(), NotifyError> {
        let path = self.0.to_owned();
        let read = serde_json::from_slice::<Memory>(bytes);
        read.map_err(|source| NotifyError::Damaged { path, source })?;
        self.write(bytes)
    }

    /// Replaces what it says.
    pub(super) fn write(self, bytes: &[u8]) -> Result<(), NotifyError> {
        let failed = |source: io::Error| NotifyError::Memory {
            doing: "write",
            path: self.0.to_owned(),
            source,
        };
        // Not for everybody: what failed, and where, is the administrators' affair.
        store::replace_private(self.0, bytes).map_err(failed)
    }
}
