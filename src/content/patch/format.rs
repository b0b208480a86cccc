//! The head of a patch, and what is allowed to stand there.
//!
//! ```text
//! "hwpatch1"                       8 bytes
//! seven numbers, 8 bytes each      the sizes below, in their order
//! the recipe                       a zstd frame ([`super::recipe`])
//! the new plain text               a zstd frame, with the old plain text as its prefix
//! ```

use super::{MAX_SIZE, PatchError};

const MAGIC: &[u8; 8] = b"hwpatch1";

/// The most bytes of a recipe: a file with a hundred thousand streams has one of about that size.
const MAX_RECIPE: u64 = 2 << 20;

/// Sizes in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::content) struct Header {
    /// Of the file that it begins with.
    pub(in crate::content) old: u64,
    /// Of the file that it makes.
    pub(in crate::content) new: u64,
    /// Of the plain text of the old one, as far as it is needed.
    pub(in crate::content) old_plain: u64,
    /// Of the plain text of the new one.
    pub(in crate::content) new_plain: u64,
    /// How much of that has to be deflated: what takes most of the time.
    pub(in crate::content) deflated: u64,
    /// Of the recipe.
    pub(super) recipe: u64,
    /// Of the recipe as it stands here.
    pub(super) packed_recipe: u64,
}

impl Header {
    /// How many bytes it takes.
    pub(in crate::content) const BYTES: usize = 64;

    pub(super) fn write(&self) -> Vec<u8> {
        let Self { old, new, old_plain, new_plain, deflated, recipe, packed_recipe } = *self;
        let mut bytes = MAGIC.to_vec();
        for number in [old, new, old_plain, new_plain, deflated, recipe, packed_recipe] {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        bytes
    }

    /// Reads the head of a patch, and refuses one that would take too much memory.
    ///
    /// # Errors
    ///
    /// It is none.
    pub(in crate::content) fn read(patch: &[u8]) -> Result<Self, PatchError> {
        let head = patch.get(..Self::BYTES).ok_or(PatchError::Wrong("it is too short"))?;
        let (parts, _) = head.as_chunks::<8>();
        let &[magic, ref numbers @ ..] = parts else {
            return Err(PatchError::Wrong("it is too short"));
        };
        if magic != *MAGIC {
            return Err(PatchError::Wrong("it is of another kind"));
        }
        let &[old, new, old_plain, new_plain, deflated, recipe, packed_recipe] = numbers else {
            return Err(PatchError::Wrong("it is too short"));
        };
        let [old, new, old_plain, new_plain, deflated, recipe, packed_recipe] =
            [old, new, old_plain, new_plain, deflated, recipe, packed_recipe]
                .map(u64::from_le_bytes);
        let small = [old, new, old_plain, new_plain].into_iter().all(|size| size <= MAX_SIZE);
        if !small || deflated > new_plain || recipe.max(packed_recipe) > MAX_RECIPE {
            return Err(PatchError::Wrong("it would take too much memory"));
        }
        Ok(Self { old, new, old_plain, new_plain, deflated, recipe, packed_recipe })
    }
}

/// A size of something that is in memory, or may be: on every computer that this runs on it fits.
pub(super) fn in_memory(size: u64) -> usize {
    usize::try_from(size).unwrap_or(usize::MAX)
}
