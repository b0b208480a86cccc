//! Patches: what a file needs to become the next version of itself, bit by bit. What is packed with
//! deflate (zip, gzip) is compared unpacked, and packed again as it was: of two versions of a zip file
//! that differ a little, almost no byte is the same.
//!
//! ```text
//!  old file ── streams inflated ──▶ old plain text ─┐
//!                                                   ├─ zstd, the old one before it ──▶ patch
//!  new file ── streams inflated ──▶ new plain text ─┘
//! ```
//!
//! Nothing here writes to a disk. What comes out of a patch is right only if its digest is: a patch
//! comes from a server of somebody else, and nothing in it is believed.

mod apply;
mod deflate;
mod error;
mod format;
mod make;
mod recipe;
mod scan;
#[cfg(test)]
mod tests;

pub(super) use apply::apply;
pub(super) use error::PatchError;
pub(super) use format::Header;
pub(super) use make::make;

/// Files larger than this, and those with more plain text, get no patch. To apply one takes memory for
/// the old and the new plain text and the patch: so at most two and a half times this, 640 MiB, and
/// for most files twice what is in them.
pub(super) const MAX_SIZE: u64 = 256 << 20;
