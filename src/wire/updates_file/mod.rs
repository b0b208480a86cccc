//! Our own form of an export (SYNC-7), `FILE.headwater`: all that a catalog holds in one file, of any
//! length, which can be signed. A [sealed](super::sealed) file with these records, in this order:
//!
//! ```text
//! H   who wrote it and when, and how many revisions it has: JSON
//! L   the languages: JSON
//! F   where publishers offer files: JSON, a thousand at a time; any number of records
//! D   documents, prerequisites first: zstd of records as in `metadata.txt` of `wsusutil export`, of a
//!     mebibyte or of one document; any number of records
//! C   files of updates that are in it: JSON, a list of names, sizes and digests
//! B   the bytes of one of them, in the order of the list; a record for each
//! A   approvals: JSON, an empty object where there are none
//! M   the manifest: JSON, kind, length and SHA-256 of every record before it, in this order
//! S   where it is signed: the public key (32 bytes) and the Ed25519 signature of the bytes of M (64)
//! E   as in every sealed file
//! ```
//!
//! A file without files of updates and approvals is of version 1, which earlier versions of Headwater
//! read; with them it is of version 2, which they refuse by its number.
//!
//! A file is gone through twice. First every byte is hashed, the manifest compared and the signature
//! verified, and nothing is decompressed or parsed before that. Then records are read one at a time,
//! and each is hashed once more before it is used: what was changed since then is noticed. So a record
//! that is missing, changed, added, moved or there twice is refused by the manifest.
//!
//! Nothing but the manifest is signed, because it vouches for the rest. The key in S only says which
//! one it was: who verifies brings the key.

mod approvals;
mod carried_content;
mod checking;
mod contents;
mod error;
mod keys;
mod writing;

#[cfg(test)]
mod tests;

pub use checking::{UpdatesFileReader, sign};
pub use contents::{FileAddress, UpdatesHead};
pub use error::{KeyError, UpdatesFileError};
pub use keys::{PublicKey, SigningKey};
pub use writing::{Carries, UpdatesFileWriter};

use super::sealed::Form;

/// What such a file begins with, and the newest version that is read.
pub const FORM: Form = Form { magic: b"HEADWATERUPDATES", version: 2 };

/// The version of files that carry neither files of updates nor approvals.
const PLAIN: u32 = 1;

/// The letters of records.
mod letter {
    pub(super) const HEAD: u8 = b'H';
    pub(super) const LANGUAGES: u8 = b'L';
    pub(super) const FILES: u8 = b'F';
    pub(super) const DOCUMENTS: u8 = b'D';
    pub(super) const CONTENT: u8 = b'C';
    pub(super) const BYTES: u8 = b'B';
    pub(super) const APPROVALS: u8 = b'A';
    pub(super) const MANIFEST: u8 = b'M';
    pub(super) const SIGNATURE: u8 = b'S';
}
