//! A file of records that vouches for itself: what all files that are carried by hand have in common.
//!
//! ```text
//! 16 bytes that say what it is, then the version of the format: 4 bytes
//! records: a letter, the length of what follows (8 bytes), and that
//!   E   the last one: the SHA-256 of all bytes before it; nothing comes after it
//! ```
//!
//! Numbers are big-endian. Both ends work while bytes come, in bounded memory; what the other letters
//! mean is the affair of each form.

mod error;
mod reading;
mod writing;

pub use error::SealedError;
pub use reading::SealedReader;
pub use writing::SealedWriter;

/// The letter of the last record.
pub const END: u8 = b'E';

/// The bytes before the first record.
pub const HEAD_BYTES: u64 = 20;

/// The bytes of a record before what it holds.
pub const RECORD_BYTES: u64 = 9;

/// The bytes of a digest.
pub const DIGEST_BYTES: u64 = 32;

/// What a file begins with, and which version of it is written. Those before it are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Form {
    /// What it begins with.
    pub magic: &'static [u8; 16],
    /// The version of the format.
    pub version: u32,
}
